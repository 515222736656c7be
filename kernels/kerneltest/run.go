package kerneltest

import (
	"encoding/binary"
	"fmt"
	"math"

	"github.com/lodestone-wasm/lodestone/kernels"
)

// Case is one call of an operation.
type Case struct {
	Op   string // a key of Budgets
	Name string // its arguments
	Do   func(e *Env)
}

// Largest is the largest whole number among the arguments, its size in some dimension.
func (c Case) Largest() int {
	largest, n := 0, 0
	for _, r := range c.Name + " " {
		if r >= '0' && r <= '9' {
			n = min(10*n+int(r-'0'), 1<<30)
			continue
		}
		largest, n = max(largest, n), 0
	}
	return largest
}

// Result is the outcome of a case.
type Result struct {
	Op, Name string
	// NMSE and Abs are the errors of the worst buffer; see Budget.
	NMSE, Abs float64
	// Err describes what is wrong, or is empty.
	Err string
}

// Run runs cases on the reference and on b and compares what they write. It uses the memory
// of both from their bases on; nothing else may use it. A backend with a method
// FlushesSubnormals() bool that returns true is given no subnormal numbers beside infinities.
func Run(ref, b kernels.Backend, cases []Case) []Result {
	results := make([]Result, 0, len(cases))
	for i, c := range cases {
		results = append(results, run(ref, b, c, uint64(i)))
	}
	return results
}

// Record runs a case on b without looking at the results, for a backend that does not compute.
func Record(b kernels.Backend, c Case) { c.Do(newEnv(b, 0)) }

func run(ref, b kernels.Backend, c Case, seed uint64) Result {
	r := Result{Op: c.Op, Name: c.Name}
	budget, ok := Budgets[c.Op]
	if !ok {
		r.Err = "no budget"
		return r
	}
	want, have := newEnv(ref, seed), newEnv(b, seed)
	want.Levels = b.Levels
	if f, ok := b.(interface{ FlushesSubnormals() bool }); ok {
		want.flushes, have.flushes = f.FlushesSubnormals(), f.FlushesSubnormals()
	}
	c.Do(want)
	c.Do(have)
	if d := want.damage(); d != "" {
		r.Err = "reference: " + d
		return r
	}
	if d := have.damage(); d != "" {
		r.Err = d
		return r
	}
	buffers, wants := want.outputs()
	_, haves := have.outputs()
	if len(wants) == 0 || len(wants) != len(haves) {
		r.Err = fmt.Sprintf("%d and %d outputs", len(wants), len(haves))
		return r
	}
	for i, w := range buffers {
		if !w.float {
			if string(wants[i]) != string(haves[i]) {
				r.Err = fmt.Sprintf("%s: %s", w.name, firstDifference(wants[i], haves[i]))
				return r
			}
			continue
		}
		nmse, abs, err := compare(wants[i], haves[i], want.Magnitude)
		r.NMSE, r.Abs = max(r.NMSE, nmse), max(r.Abs, abs)
		switch {
		case err != "":
			r.Err = w.name + ": " + err
		case nmse > budget.NMSE:
			r.Err = fmt.Sprintf("%s: NMSE %.2g, budget %.2g", w.name, nmse, budget.NMSE)
		case abs > budget.Abs:
			r.Err = fmt.Sprintf("%s: error %.2g of the largest, budget %.2g", w.name, abs, budget.Abs)
		}
		if r.Err != "" {
			return r
		}
	}
	return r
}

func firstDifference(a, b []byte) string {
	for i := range a {
		if a[i] != b[i] {
			return fmt.Sprintf("byte %d is %#x, reference %#x", i, b[i], a[i])
		}
	}
	return "lengths differ"
}

// compare returns the errors of have against want, both f32. Numbers that are not finite
// must be of the same kind and sign. magnitude is that of Env.
func compare(want, have []byte, magnitude float64) (nmse, abs float64, err string) {
	var sum, square, worst, largest float64
	finite := 0
	for i := 0; i < len(want); i += 4 {
		w := float64(math.Float32frombits(binary.LittleEndian.Uint32(want[i:])))
		h := float64(math.Float32frombits(binary.LittleEndian.Uint32(have[i:])))
		if math.IsNaN(w) && math.IsNaN(h) || w == h {
			if !math.IsNaN(w) && !math.IsInf(w, 0) {
				finite++
				sum += w * w
				largest = max(largest, math.Abs(w))
			}
			continue
		}
		if math.IsNaN(w-h) || math.IsInf(w-h, 0) {
			return 0, 0, fmt.Sprintf("number %d is %g, reference %g", i/4, h, w)
		}
		finite++
		sum += w * w
		square += (w - h) * (w - h)
		worst = max(worst, math.Abs(w-h))
		largest = max(largest, math.Abs(w))
	}
	// A few numbers may all be small by cancellation: for them only Abs counts.
	if square > 0 && finite >= 64 {
		nmse = square / max(sum, magnitude*magnitude, 1e-30)
	}
	return nmse, worst / max(largest, 1, magnitude), ""
}
