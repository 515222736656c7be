package kernels

import (
	"errors"
	"slices"
	"strings"
	"testing"
)

// late is a reference whose reads finish when they are waited for, or fail.
type late struct {
	*Reference
	err error
}

func (l *late) Read(at uint32, p []byte) Pending { return lateRead{l, at, p} }

type lateRead struct {
	l  *late
	at uint32
	p  []byte
}

func (r lateRead) Wait() error {
	r.l.Reference.Read(r.at, r.p)
	return r.l.err
}

func TestReadsAreWaitedFor(t *testing.T) {
	b := &late{Reference: NewReference(0)}
	d := NewDevice(b)
	x := tensor(d, 2, 1, 2, 3, 4)
	near(t, get(t, d, x), []float32{1, 2, 3, 4}, 0)
	near(t, get(t, d, x.Columns(1, 2)), []float32{2, 4}, 0)

	// NIST's example for FIPS 180-4: SHA-256("abc") = ba7816bf….
	at := d.Alloc(3)
	d.Write(at, []byte("abc"))
	h := d.NewHash()
	h.Update(at, 1)
	h.Update(at+1, 2)
	if sum := h.Sum(); !slices.Equal(sum[:4], []byte{0xba, 0x78, 0x16, 0xbf}) {
		t.Errorf("the hash begins with %x", sum[:4])
	}
}

// What goes wrong in a backend that runs calls later is an error of the Read that waits
// for them, and sticks as any other.
func TestAFailedReadIsTheDevicesError(t *testing.T) {
	lost := errors.New("the device is lost")
	d := NewDevice(&late{NewReference(0), lost})
	x := tensor(d, 2, 1, 2)
	d.Get(make([]float32, 2), x)
	d.Add(x, x, Tensor{}, 1) // does nothing, and is no new error
	if err := d.Err(); !errors.Is(err, lost) || !strings.HasPrefix(err.Error(), "kernels: read of 8 bytes at ") {
		t.Errorf("error %v", err)
	}
}

// pieces is a reference whose memory is divided every 1024 bytes.
type pieces struct{ *Reference }

func (pieces) Place(from, n uint64) uint64 {
	if from/1024 == (from+n-1)/1024 {
		return from
	}
	return (from + 1023) / 1024 * 1024
}

// Everything lies where the backend places it, with the bytes behind it that a kernel may
// load, and Release and Measure count what lies between.
func TestMemoryIsPlacedByTheBackend(t *testing.T) {
	d := NewDevice(pieces{NewReference(0)})
	if at := d.Alloc(500); at != 64 {
		t.Errorf("500 bytes at %d, expected 64", at)
	}
	mark := d.Mark() // 576
	run := func() error {
		if at := d.Alloc(400); at != 1024 { // 576+448+64 > 1024
			t.Errorf("400 bytes at %d, expected 1024", at)
		}
		return nil
	}
	if n, err := d.Measure(run); err != nil || n != 1024+448-576 || d.Used() != 576 {
		t.Errorf("measured %d bytes (%v), expected 896; %d are in use", n, err, d.Used())
	}
	if err := run(); err != nil || d.Used() != 1024+448 {
		t.Errorf("%d bytes are in use (%v), expected 1472", d.Used(), err)
	}
	d.Release(mark)
	if at := d.Alloc(100); at != 576 {
		t.Errorf("100 bytes at %d after a release, expected 576", at)
	}
}
