package rate

import (
	"errors"
	"testing"

	"github.com/lodestone-wasm/lodestone/kernels"
)

// The clock adds a millisecond whenever it is read, twice a pass.
func TestPassTakesTheTimeOfTheClock(t *testing.T) {
	d := kernels.NewDevice(kernels.NewReference(0))
	used, now := d.Used(), 0.0
	clock := Clock{Now: func() float64 { now++; return now }}
	for _, dtype := range []kernels.DType{kernels.F32, kernels.F16, kernels.I8, kernels.Q4} {
		ms, err := Pass(d, dtype, 2, 8, clock)
		if err != nil || ms != 1 {
			t.Errorf("%s: %g ms, %v, want 1", dtype, ms, err)
		}
	}
	if d.Used() != used {
		t.Errorf("%d bytes are in use, %d before", d.Used(), used)
	}
	if _, err := Pass(d, kernels.F32, 0, 8, clock); !errors.Is(err, ErrShape) {
		t.Errorf("error %v, want %v", err, ErrShape)
	}
	stop := errors.New("stop")
	clock.Pause = func() error { return stop }
	if _, err := Pass(d, kernels.F32, 2, 8, clock); err != stop {
		t.Errorf("error %v, want %v", err, stop)
	}
}
