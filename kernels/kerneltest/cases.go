package kerneltest

import (
	"fmt"
	"maps"
	"math"
	"slices"

	"github.com/lodestone-wasm/lodestone/kernels"
)

// Cases is the whole table.
func Cases() []Case {
	var all []Case
	for _, part := range []func() []Case{linearCases, attentionCases, normCases, elementCases, scanCases, topKCases, embedCases, weightCases, narrowCases, shaCases} {
		all = append(all, part()...)
	}
	return all
}

// sizes are lengths of rows around the multiples of 4, 8 and 16 that a kernel may treat
// separately.
var sizes = []int{1, 2, 3, 4, 5, 6, 7, 8, 9, 11, 15, 16, 17, 23, 32, 33, 47, 64, 67}

func normCases() (cases []Case) {
	for i, d := range sizes {
		for _, n := range []int{1, 3} {
			for _, same := range []bool{false, true} {
				c := norm{n: n, d: d, same: same}
				shift := []float32{0, 5, 1000}[i%3]
				shifted := func(e *Env) []float32 {
					v := e.Normal(n * d)
					for i := range v {
						v[i] += shift
					}
					return v
				}
				uneven := func(e *Env) []float32 {
					v := e.Normal(n * d)
					if n == 3 {
						fill(v[:d], 0)       // eps alone decides
						fill(v[d:2*d], 3e30) // the square overflows float32
					}
					return v
				}
				c.eps, c.input = 1e-5, shifted
				cases = append(cases, c.layer(c.String()))
				c.eps, c.input = 1e-6, uneven
				cases = append(cases, c.rms(c.String()))
				c.eps = 1e-12
				cases = append(cases, c.l2(c.String()))
			}
			t := turned{n: n, heads: n, h: 2 * d, gap: i % 3}
			cases = append(cases, mean(5*n-4, d), t.rotate())
			t.h += []int{0, 1, 6}[(i+n)%3]
			cases = append(cases, t.halves(2*d))
		}
	}
	for _, special := range []string{"nan", "inf", "zeros", "equal"} {
		c := norm{n: 3, d: 10, eps: 1e-5, input: func(e *Env) []float32 {
			v := e.Normal(3 * 10)
			weird[special](v[10:20])
			return v
		}}
		cases = append(cases, c.rms(special), c.layer(special))
		c.eps = 1e-12
		cases = append(cases, c.l2(special))
	}
	return cases
}

func elementCases() (cases []Case) {
	for i, n := range sizes {
		for _, act := range activations {
			cases = append(cases, activate(fmt.Sprintf("n=%d", n), act, i%2 == 0, func(e *Env) []float32 {
				v := e.Normal(n)
				for i := range v {
					v[i] *= 4
				}
				return v
			}))
		}
		for _, where := range places {
			for _, act := range activations {
				cases = append(cases, gate(act, where, n))
			}
			cases = append(cases, add(where, n, -0.75))
		}
	}
	for _, act := range activations {
		cases = append(cases, activate("over the whole range", act, false, func(e *Env) (v []float32) {
			for x := -110.0; x <= 110; x += 0.0173 {
				v = append(v, float32(x))
			}
			for _, x := range []float64{0, math.Copysign(0, -1), math.NaN(), math.Inf(1), math.Inf(-1), 1e-40, -1e-40, 1e30, -1e30, 3e38, -3e38} {
				v = append(v, float32(x))
			}
			return v
		}), activate("of tiny numbers", act, false, func(e *Env) []float32 {
			v := e.Normal(100)
			for i := range v {
				v[i] *= 1e-3
			}
			return v
		}), activate("of infinities", act, false, func(e *Env) []float32 {
			v := e.Normal(7)
			v[0], v[3], v[6] = float32(math.Inf(1)), float32(math.NaN()), float32(math.Inf(-1))
			return v
		}))
	}
	return cases
}

func scanCases() (cases []Case) {
	for i, n := range sizes {
		for _, some := range []bool{false, true} {
			cases = append(cases, scan(n, 16*(1+i%5), some))
		}
	}
	return append(cases, scan(5, 1024, false))
}

func topKCases() (cases []Case) {
	for i, n := range sizes {
		for j, special := range []string{"", "ties", "zeros", "not finite"} {
			cases = append(cases, topK(1+(i+j)%3, n, 1, j, special), topK(1+i%2, n, min(n, kernels.MaxTopK, 2+3*i), j, special))
		}
	}
	return append(cases, topK(2, 5000, kernels.MaxTopK, 3, "ties"), topK(1, 50257, 1, 0, ""), topK(1, 50257, 50, 0, ""))
}

func embedCases() (cases []Case) {
	for i, d := range sizes {
		for _, accumulate := range []uint32{0, 1} {
			c := embed{d: d, ids: []int32{2, 0, -1, 4, 4, math.MinInt32, 1}[:1+i%7], mul: 1, accumulate: accumulate, odd: i%4 == 3}
			if i%2 == 0 {
				c.mul = 1.5
			}
			cases = append(cases, c.f32(), c.f16(), c.q8())
		}
	}
	return cases
}

func weightCases() (cases []Case) {
	quantize := func(name string, n, k int, change func(v []float32)) {
		input := func(e *Env) []float32 {
			v := e.Normal(n * k)
			if change != nil {
				change(v[:k])
			}
			return v
		}
		cases = append(cases, quantizeRows(name, n, k, input), quantizeQ4(name, n, k, input))
	}
	for i, k := range sizes {
		quantize(fmt.Sprintf("k=%d", k), 1+i%4, k, nil)
		for _, bf16 := range []bool{false, true} {
			cases = append(cases, widen(fmt.Sprintf("n=%d", k), bf16, k, func(e *Env, i int) uint16 { return uint16(e.Rand.Uint32()) }))
		}
	}
	for _, name := range slices.Sorted(maps.Keys(weird)) {
		quantize(name, 3, 21, weird[name])
	}
	// Ties round to even.
	quantize("ties", 1, 8, func(v []float32) { copy(v, []float32{127, 0.5, 1.5, 2.5, -0.5, -1.5, -2.5, -127}) })
	for _, bf16 := range []bool{false, true} {
		cases = append(cases, widen("all 65536", bf16, 1<<16, func(e *Env, i int) uint16 { return uint16(i) }))
	}
	return cases
}

// narrowCases are numbers of every magnitude, every half-precision number, the ties between
// them, and the float32 numbers next to these.
func narrowCases() (cases []Case) {
	for _, n := range sizes {
		cases = append(cases, narrow(fmt.Sprintf("n=%d", n), func(e *Env) []float32 {
			v := e.Normal(n)
			for i := range v {
				v[i] *= float32(math.Exp2(float64(e.Rand.IntN(80) - 50)))
			}
			return v
		}))
	}
	for _, name := range slices.Sorted(maps.Keys(weird)) {
		cases = append(cases, narrow(name, func(e *Env) []float32 {
			v := e.Normal(21)
			weird[name](v)
			return v
		}))
	}
	for _, step := range []int{-1, 0, 1} {
		cases = append(cases, narrow(fmt.Sprintf("halves and ties, %d", step), func(e *Env) (v []float32) {
			for h := range uint16(0x7c00) {
				a, b := kernels.FromF16(h), float32(65536)
				if h+1 < 0x7c00 {
					b = kernels.FromF16(h + 1)
				}
				for _, x := range []float32{a, (a + b) / 2} {
					x = math.Float32frombits(math.Float32bits(x) + uint32(max(step, 0)))
					if step < 0 && x > 0 {
						x = math.Float32frombits(math.Float32bits(x) - 1)
					}
					v = append(v, x, -x)
				}
			}
			return v
		}))
	}
	return cases
}

func shaCases() []Case { return []Case{sha256(1), sha256(2), sha256(17)} }
