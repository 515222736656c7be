package kerneltest

import (
	"math"
	"strings"
	"testing"

	"github.com/lodestone-wasm/lodestone/kernels"
)

// faulty is the reference with one fault.
type faulty struct {
	*kernels.Reference
	add func(r *kernels.Reference, y, a, b, n uint32, alpha float32)
}

func (f faulty) Add(y, a, b, n uint32, alpha float32) { f.add(f.Reference, y, a, b, n, alpha) }

// Run detects every kind of fault.
func TestRunFindsFaults(t *testing.T) {
	c := Case{"add", "fault", func(e *Env) {
		a, b := e.In("a", e.Normal(20)), e.In("b", e.Normal(20))
		e.B.Add(e.Out("y", Strided(e.Normal(20), 20, 20), 20, 20), a, b, 20, 2)
	}}
	strided := Case{"add", "gap", func(e *Env) {
		a, b := e.In("a", e.Normal(20)), e.In("b", e.Normal(20))
		y := e.Out("y", e.Normal(20), 5, 7)
		for r := range uint32(4) {
			e.B.Add(y+r*7*4, a+r*5*4, b+r*5*4, 5, 2)
		}
	}}
	many := Case{"add", "many", func(e *Env) {
		a, b := e.In("a", e.Normal(400)), e.In("b", e.Normal(400))
		e.B.Add(e.Out("y", e.Normal(400), 400, 400), a, b, 400, 2)
	}}
	one := []byte{0, 0, 128, 63}
	for _, f := range []struct {
		name, want string
		c          Case
		add        func(r *kernels.Reference, y, a, b, n uint32, alpha float32)
	}{
		{"no fault", "", c, (*kernels.Reference).Add},
		{"a store behind the output", "y: the guard band", c, func(r *kernels.Reference, y, a, b, n uint32, alpha float32) {
			r.Add(y, a, b, n, alpha)
			r.Write(y+n*4, one)
		}},
		{"a store before the output", "y: the guard band", c, func(r *kernels.Reference, y, a, b, n uint32, alpha float32) {
			r.Add(y, a, b, n, alpha)
			r.Write(y-4, one)
		}},
		{"a store between rows", "y: byte 20", strided, func(r *kernels.Reference, y, a, b, n uint32, alpha float32) {
			r.Add(y, a, b, n, alpha)
			r.Write(y+n*4, one)
		}},
		{"a changed input", "a: byte 0", c, func(r *kernels.Reference, y, a, b, n uint32, alpha float32) {
			r.Add(y, a, b, n, alpha)
			r.Write(a, one)
		}},
		{"a load behind the input", "NaN", c, func(r *kernels.Reference, y, a, b, n uint32, alpha float32) {
			r.Add(y, a+4, b, n, alpha)
		}},
		{"one wrong number", "error", c, func(r *kernels.Reference, y, a, b, n uint32, alpha float32) {
			r.Add(y, a, b, n, alpha)
			r.Write(y+8, one)
		}},
		{"nothing done", "error", c, func(r *kernels.Reference, y, a, b, n uint32, alpha float32) {}},
		{"all a little wrong", "NMSE", many, func(r *kernels.Reference, y, a, b, n uint32, alpha float32) {
			r.Add(y, a, b, n, alpha*(1+1e-6))
		}},
		{"NaN for a number", "NaN", c, func(r *kernels.Reference, y, a, b, n uint32, alpha float32) {
			r.Add(y, a, b, n, float32(math.NaN()))
		}},
	} {
		t.Run(f.name, func(t *testing.T) {
			r := Run(kernels.NewReference(0), faulty{kernels.NewReference(0), f.add}, []Case{f.c})[0]
			if f.want == "" && r.Err != "" || !strings.Contains(r.Err, f.want) {
				t.Errorf("found %q, want %q", r.Err, f.want)
			}
		})
	}
}

func TestRunRefusesAnOperationWithoutBudget(t *testing.T) {
	r := Run(kernels.NewReference(0), kernels.NewReference(0), []Case{{"unknown", "", func(*Env) {}}})[0]
	if r.Err != "no budget" {
		t.Errorf("found %q", r.Err)
	}
}

// Infinities must have the same sign; NaN equals NaN.
func TestCompareOfWhatIsNotFinite(t *testing.T) {
	inf, nan := float32(math.Inf(1)), float32(math.NaN())
	for _, c := range []struct {
		want, have float32
		ok         bool
	}{
		{inf, inf, true}, {inf, -inf, false}, {nan, nan, true}, {nan, 1, false}, {1, nan, false}, {inf, 3e38, false}, {0, inf, false},
	} {
		_, _, err := compare(floatBytes([]float32{c.want}), floatBytes([]float32{c.have}), 0)
		if (err == "") != c.ok {
			t.Errorf("reference %g, found %g: %q", c.want, c.have, err)
		}
	}
}
