package kernels

import (
	"errors"

	"github.com/lodestone-wasm/lodestone/kernels/lean"
)

// Alignment is the alignment of everything that a Device allocates, in bytes: a cache line.
const Alignment = 64

// MaxMemory is the size of the largest memory that a Device asks for: what offsets of 32
// bits reach, less a page of WebAssembly.
const MaxMemory = 1<<32 - 1<<16

// ErrMemory is wrapped when the device's memory cannot grow as far as needed.
var ErrMemory = errors.New("out of device memory")

// ErrLost is wrapped when the device's results are gone: a GPU that the browser has lost. No
// later call gives any.
var ErrLost = errors.New("the device was lost")

// ErrArgument is wrapped when an argument does not have the shape or the extent that the
// operation needs.
var ErrArgument = errors.New("invalid argument")

// Device is checked access to a Backend. It allocates the memory as a stack and checks
// every argument of an operation before it calls the backend.
//
// The first error sticks: [Device.Err] returns it, and until then later operations do
// nothing. So a model is written without a check after every line, and asks once at the
// end. A Device is not safe for concurrent use.
type Device struct {
	b     Backend
	top   uint64
	peak  uint64
	err   error
	zeros []byte

	numbers []float32 // what TopK reads, kept between calls
}

// NewDevice makes a Device of a backend whose memory nothing else uses.
func NewDevice(b Backend) *Device {
	d := &Device{b: b, top: align(uint64(b.Base()))}
	if d.top == 0 {
		d.top = Alignment // offset 0 means "absent"
	}
	return d
}

// Backend returns the backend.
func (d *Device) Backend() Backend { return d.b }

// Err returns the first error since the last call and clears it.
func (d *Device) Err() error {
	err := d.err
	d.err = nil
	return err
}

func (d *Device) fail(kind error, format string, args ...any) {
	if d.err == nil {
		d.err = lean.Errorf("kernels: %w: %s", kind, lean.Sprintf(format, args...))
	}
}

// Used is the number of bytes allocated and not released.
func (d *Device) Used() uint64 { return d.top }

// Peak is the largest value of Used since the last call of ResetPeak.
func (d *Device) Peak() uint64 { return d.peak }

// ResetPeak sets Peak to Used.
func (d *Device) ResetPeak() { d.peak = d.top }

// Mark returns the top of the stack, for Release.
func (d *Device) Mark() uint64 { return d.top }

// Release frees everything that was allocated after mark was taken.
func (d *Device) Release(mark uint64) {
	if mark <= d.top {
		d.top = mark
	}
}

func align(n uint64) uint64 { return (n + Alignment - 1) &^ (Alignment - 1) }

// Alloc allocates n bytes, aligned to Alignment, with undefined contents. It returns 0
// when there is no room (see [Device.Err]).
func (d *Device) Alloc(n uint64) uint32 {
	if d.err != nil {
		return 0
	}
	if n > MaxMemory {
		d.fail(ErrMemory, "%d bytes on top of %d, at most %d in all", n, d.top, uint64(MaxMemory))
		return 0
	}
	// A kernel may load up to 60 bytes past an operand.
	size := align(n) + Alignment
	at := d.b.Place(d.top, size)
	end := at + size
	if end > MaxMemory {
		d.fail(ErrMemory, "%d bytes on top of %d, at most %d in all", n, d.top, uint64(MaxMemory))
		return 0
	}
	if end > d.b.Size() {
		if err := d.b.Grow(end); err != nil {
			d.fail(ErrMemory, "%d bytes on top of %d: %v", n, d.top, err)
			return 0
		}
	}
	d.top = end - Alignment
	d.peak = max(d.peak, d.top)
	return uint32(at)
}

// inside reports whether n bytes at offset at lie in allocated memory.
func (d *Device) inside(at uint32, n uint64) bool {
	return at != 0 && uint64(at)+n <= d.top && n <= d.top
}

// Write copies p to offset at.
func (d *Device) Write(at uint32, p []byte) {
	if d.err != nil || len(p) == 0 {
		return
	}
	if !d.inside(at, uint64(len(p))) {
		d.fail(ErrArgument, "write of %d bytes at %d, %d bytes are allocated", len(p), at, d.top)
		return
	}
	d.b.Write(at, p)
}

// Read copies len(p) bytes at offset at into p. It waits until everything that they depend
// on has been computed; see [Pending.Wait].
func (d *Device) Read(at uint32, p []byte) {
	if d.err != nil || len(p) == 0 {
		return
	}
	if !d.inside(at, uint64(len(p))) {
		d.fail(ErrArgument, "read of %d bytes at %d, %d bytes are allocated", len(p), at, d.top)
		return
	}
	if pending := d.b.Read(at, p); pending != nil {
		if err := pending.Wait(); err != nil {
			d.err = lean.Errorf("kernels: read of %d bytes at %d: %w", len(p), at, err)
		}
	}
}

// Zero fills n bytes at offset at with zeros.
func (d *Device) Zero(at uint32, n uint64) {
	if d.zeros == nil {
		d.zeros = make([]byte, 4096)
	}
	for n > 0 {
		part := min(n, uint64(len(d.zeros)))
		d.Write(at, d.zeros[:part])
		at += uint32(part)
		n -= part
	}
}
