package kerneltest

import (
	"slices"
	"testing"

	"github.com/lodestone-wasm/lodestone/kernels"
)

func TestDeferredCallsAgreeWithReference(t *testing.T) {
	for _, r := range Random(kernels.NewReference(0), NewDeferred(kernels.NewReference(0), 0), 4, 1500) {
		t.Errorf("%s: %s: %s", r.Op, r.Name, r.Err)
	}
}

// Nothing runs before a Read is waited for; then everything before it has run, and nothing
// after it.
func TestDeferredRunsWhatAReadNeeds(t *testing.T) {
	b := NewDeferred(kernels.NewReference(0), 0)
	if err := b.Grow(1024); err != nil {
		t.Fatal(err)
	}
	x := floatBytes([]float32{1, 2})
	b.Write(64, x)
	x[0] = 0xff // Write has its copy
	b.Add(128, 64, 64, 2, 1)
	have := make([]byte, 8)
	first := b.Read(128, have)
	b.Add(128, 128, 128, 2, 1)
	if b.Recorded() != 4 || !slices.Equal(have, make([]byte, 8)) {
		t.Errorf("%d commands are recorded, expected 4; the Read has %v", b.Recorded(), have)
	}
	if err := first.Wait(); err != nil {
		t.Fatal(err)
	}
	if want := floatBytes([]float32{2, 4}); b.Recorded() != 1 || !slices.Equal(have, want) {
		t.Errorf("%d commands are recorded, expected 1; the Read has %v, expected %v", b.Recorded(), have, want)
	}
}

// An object that fits into a segment lies in one.
func TestDeferredPlace(t *testing.T) {
	b := NewDeferred(kernels.NewReference(0), 1024)
	for _, c := range []struct{ from, n, want uint64 }{
		{64, 960, 64}, {64, 961, 1024}, {1024, 1024, 1024}, {1088, 0, 1088}, {1088, 3000, 2048}, {2048, 3000, 2048},
	} {
		if at := b.Place(c.from, c.n); at != c.want {
			t.Errorf("%d bytes from %d are placed at %d, expected %d", c.n, c.from, at, c.want)
		}
	}
	d := kernels.NewDevice(b)
	for n := range uint64(900) {
		if at := uint64(d.Alloc(n)); at/1024 != (at+n)/1024 {
			t.Fatalf("%d bytes at %d straddle two segments", n, at)
		}
	}
	if err := d.Err(); err != nil {
		t.Error(err)
	}
}
