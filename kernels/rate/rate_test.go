package rate

import (
	"errors"
	"testing"

	"github.com/lodestone-wasm/lodestone/kernels"
)

// counting is a reference backend whose linear layers take cost milliseconds each, on a clock
// of their own.
type counting struct {
	*kernels.Reference
	calls, took, cost int
}

func (c *counting) call() {
	c.calls++
	c.took += c.cost
}

func (c *counting) LinearF32(y, ldy, x, ldx, w, bias, res, ldres, m, k, n uint32, act kernels.Activation, alpha float32) {
	c.call()
}

func (c *counting) LinearQ8(y, ldy, x, ldx, w, ws, bias, res, ldres, m, k, n uint32, act kernels.Activation, alpha float32, levels, scratch uint32) {
	c.call()
}

func (c *counting) LinearQ4(y, ldy, x, ldx, w, bias, res, ldres, m, k, n uint32, act kernels.Activation, alpha float32, levels, scratch uint32) {
	c.call()
}

// A layer of 2×32×48 that takes a millisecond makes 3.072 million multiply-adds per second.
func TestLinearCountsMultiplyAddsASecond(t *testing.T) {
	for _, dtype := range []kernels.DType{kernels.F32, kernels.I8, kernels.Q4} {
		b := &counting{Reference: kernels.NewReference(1 << 30), cost: 1}
		d := kernels.NewDevice(b)
		used := d.Used()
		got, err := Linear(d, dtype, 2, 32, 48, 100, Clock{Now: func() float64 { return float64(b.calls) }})
		if err != nil {
			t.Fatal(err)
		}
		if want := 2.0 * 32 * 48 * 1000; got != want {
			t.Errorf("%s: %g multiply-adds a second, want %g", dtype, got, want)
		}
		if b.calls < 100 {
			t.Errorf("%s: ended after %d ms, asked for 100", dtype, b.calls)
		}
		if d.Used() != used {
			t.Errorf("%s: %d bytes are left in device memory", dtype, d.Used()-used)
		}
	}
}

// The fastest round counts: here every other call takes ten times as long.
func TestLinearTakesTheFastestRound(t *testing.T) {
	b := &counting{Reference: kernels.NewReference(1 << 30), cost: 1}
	d := kernels.NewDevice(b)
	got, err := Linear(d, kernels.F32, 1, 16, 16, 1000, Clock{
		Now: func() float64 { return float64(b.took) },
		Pause: func() error {
			b.cost = 11 - b.cost // the machine is busy in every other round
			return nil
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	if want := 256.0 * 1000; got != want {
		t.Errorf("%g multiply-adds per second, want those of an idle machine, %g", got, want)
	}
}

func TestLinearRefusesShapesAndTypes(t *testing.T) {
	d := kernels.NewDevice(kernels.NewReference(1 << 30))
	clock := Clock{Now: func() float64 { return 0 }}
	for _, c := range []struct {
		name          string
		dtype         kernels.DType
		rows, in, out int
	}{
		{"no rows", kernels.F32, 0, 8, 8}, {"negative width", kernels.F32, 1, -8, 8}, {"too large", kernels.F32, 1, 1 << 13, 1 << 12},
		{"overflow", kernels.F32, 1 << 62, 1 << 62, 2}, {"unknown type", kernels.DType(99), 1, 8, 8},
	} {
		if _, err := Linear(d, c.dtype, c.rows, c.in, c.out, 1, clock); !errors.Is(err, ErrShape) && !errors.Is(err, kernels.ErrArgument) {
			t.Errorf("%s: %v, want ErrShape", c.name, err)
		}
	}
	stop := errors.New("stop")
	n := 0
	_, err := Linear(d, kernels.F32, 1, 8, 8, 1, Clock{Now: func() float64 { n++; return float64(n) }, Pause: func() error { return stop }})
	if !errors.Is(err, stop) {
		t.Errorf("%v, want the error of Pause", err)
	}
}
