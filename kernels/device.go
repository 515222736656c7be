package kernels

import (
	"errors"
	"math"
	"unsafe"

	"github.com/lodestone-wasm/lodestone/kernels/lean"
)

// Alignment is that of everything a Device hands out, in bytes: a cache line.
const Alignment = 64

// MaxMemory is the largest memory a Device asks for: what 32-bit offsets reach,
// less a page.
const MaxMemory = 1<<32 - 1<<16

// ErrMemory is wrapped when the device's memory cannot grow to what is needed.
var ErrMemory = errors.New("out of device memory")

// ErrArgument is wrapped when an argument does not have the shape or the extent
// that the operation needs.
var ErrArgument = errors.New("invalid argument")

// Device is checked access to a Backend: memory handed out from a growing stack,
// and the operations.
//
// Operations report their first error through [Device.Err]; after one, the
// following do nothing. So a model is written without a test behind every line,
// and asks once, at the end. A Device is not safe for concurrent use.
type Device struct {
	b     Backend
	top   uint64
	peak  uint64
	err   error
	zeros []byte
	still bool // see Measure
}

// NewDevice makes a Device of a backend whose memory nobody else uses.
func NewDevice(b Backend) *Device {
	d := &Device{b: b, top: align(uint64(b.Base()))}
	if d.top == 0 {
		d.top = Alignment // offset 0 stands for "absent"
	}
	return d
}

// Backend is the backend underneath.
func (d *Device) Backend() Backend { return d.b }

// Err returns the first error since the last call, and forgets it.
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

// Used is the number of bytes handed out and not released.
func (d *Device) Used() uint64 { return d.top }

// Peak is the largest value that Used had since the last call of ResetPeak.
func (d *Device) Peak() uint64 { return d.peak }

// ResetPeak makes Peak start again from Used.
func (d *Device) ResetPeak() { d.peak = d.top }

// Mark returns a point that Release goes back to.
func (d *Device) Mark() uint64 { return d.top }

// Release gives back everything handed out since mark was taken.
func (d *Device) Release(mark uint64) {
	if mark <= d.top {
		d.top = mark
	}
}

func align(n uint64) uint64 { return (n + Alignment - 1) &^ (Alignment - 1) }

// Alloc hands out n bytes, aligned to Alignment, with undefined contents. It
// returns 0 when there is no room (see [Device.Err]).
func (d *Device) Alloc(n uint64) uint32 {
	if d.err != nil {
		return 0
	}
	// The SIMD loops may load (never store) up to 60 bytes past an operand.
	end := d.top + align(n) + Alignment
	if n > MaxMemory || end > MaxMemory {
		d.fail(ErrMemory, "%d bytes on top of %d; a WebAssembly memory holds %d", n, d.top, uint64(MaxMemory))
		return 0
	}
	if end > d.b.Size() && !d.still {
		if err := d.b.Grow(end); err != nil {
			d.fail(ErrMemory, "%d bytes on top of %d: %v", n, d.top, err)
			return 0
		}
	}
	at := d.top
	d.top += align(n)
	d.peak = max(d.peak, d.top)
	return uint32(at)
}

// NewTensor hands out an f32 matrix with undefined contents.
func (d *Device) NewTensor(rows, cols int) Tensor {
	if !fits32(rows, cols) || uint64(rows)*uint64(cols) > MaxMemory/4 {
		d.fail(ErrMemory, "a tensor of %d×%d", rows, cols)
		return Tensor{}
	}
	return Tensor{At: d.Alloc(uint64(rows) * uint64(cols) * 4), Rows: rows, Cols: cols, Stride: cols}
}

// Floats hands out a vector that holds v.
func (d *Device) Floats(v []float32) Vector {
	at := d.Alloc(uint64(len(v)) * 4)
	d.Write(at, f32Bytes(v))
	return Vector{At: at, Len: len(v)}
}

// inside tells whether n bytes at at lie in memory that was handed out.
func (d *Device) inside(at uint32, n uint64) bool {
	return at != 0 && uint64(at)+n <= d.top && n <= d.top
}

// Write copies p to offset at.
func (d *Device) Write(at uint32, p []byte) {
	if d.err != nil || len(p) == 0 {
		return
	}
	if !d.inside(at, uint64(len(p))) {
		d.fail(ErrArgument, "write of %d bytes at %d, of %d handed out", len(p), at, d.top)
		return
	}
	if d.still {
		return
	}
	d.b.Write(at, p)
}

// Read copies len(p) bytes at offset at into p.
func (d *Device) Read(at uint32, p []byte) {
	if d.err != nil || len(p) == 0 {
		return
	}
	if !d.inside(at, uint64(len(p))) {
		d.fail(ErrArgument, "read of %d bytes at %d, of %d handed out", len(p), at, d.top)
		return
	}
	if d.still {
		clear(p)
		return
	}
	d.b.Read(at, p)
}

// Set copies v, row-major, into t.
func (d *Device) Set(t Tensor, v []float32) {
	if len(v) != t.Rows*t.Cols {
		d.fail(ErrArgument, "%d numbers for a tensor of %d×%d", len(v), t.Rows, t.Cols)
		return
	}
	for r := 0; r < t.Rows; r++ {
		if t.contiguous() {
			d.Write(t.At, f32Bytes(v))
			return
		}
		d.Write(t.Slice(r, r+1).At, f32Bytes(v[r*t.Cols:(r+1)*t.Cols]))
	}
}

// Get copies t, row-major, into dst, which must hold Rows*Cols numbers.
func (d *Device) Get(dst []float32, t Tensor) {
	if len(dst) != t.Rows*t.Cols {
		d.fail(ErrArgument, "room for %d numbers, a tensor of %d×%d", len(dst), t.Rows, t.Cols)
		return
	}
	for r := 0; r < t.Rows; r++ {
		if t.contiguous() {
			d.Read(t.At, f32Bytes(dst))
			return
		}
		d.Read(t.Slice(r, r+1).At, f32Bytes(dst[r*t.Cols:(r+1)*t.Cols]))
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

// f32Bytes is the memory of v. All our targets are little-endian.
func f32Bytes(v []float32) []byte {
	if len(v) == 0 {
		return nil
	}
	return unsafe.Slice((*byte)(unsafe.Pointer(&v[0])), len(v)*4)
}

func i32Bytes(v []int32) []byte {
	if len(v) == 0 {
		return nil
	}
	return unsafe.Slice((*byte)(unsafe.Pointer(&v[0])), len(v)*4)
}

// fits32 tells whether every number is a count that a kernel's 32-bit arithmetic
// can take.
func fits32(ns ...int) bool {
	for _, n := range ns {
		if n < 0 || n > math.MaxInt32/4 {
			return false
		}
	}
	return true
}
