package kerneltest

import (
	"encoding/binary"
	"fmt"
	"maps"
	"math"
	"slices"

	"github.com/lodestone-wasm/lodestone/kernels"
)

// Cases is the whole table.
func Cases() []Case {
	var all []Case
	for _, part := range []func() []Case{linearCases, attentionCases, normCases, elementCases, embedCases, weightCases, narrowCases, shaCases} {
		all = append(all, part()...)
	}
	return all
}

// sizes are those of rows: around every multiple of 4, 8 and 16 that a kernel may
// treat apart.
var sizes = []int{1, 2, 3, 4, 5, 6, 7, 8, 9, 11, 15, 16, 17, 23, 32, 33, 47, 64, 67}

// inPlace gives an output that is the input too, or an input and an output.
func inPlace(e *Env, same bool, v []float32) (y, x uint32) {
	if same {
		y = e.Out("y", v, len(v), len(v))
		return y, y
	}
	x = e.In("x", v)
	return e.Out("y", make([]float32, len(v)), len(v), len(v)), x
}

func normCases() (cases []Case) {
	for i, d := range sizes {
		for _, n := range []int{1, 3} {
			for _, same := range []bool{false, true} {
				name := fmt.Sprintf("n=%d d=%d same=%t", n, d, same)
				shift := []float32{0, 5, 1000}[i%3]
				cases = append(cases, Case{"layer norm", name, func(e *Env) {
					v := e.Normal(n * d)
					for i := range v {
						v[i] += shift
					}
					y, x := inPlace(e, same, v)
					e.B.LayerNorm(y, x, e.In("w", e.Normal(d)), e.In("b", e.Normal(d)), uint32(n), uint32(d), 1e-5)
				}}, Case{"rms norm", name, func(e *Env) {
					v := e.Normal(n * d)
					if n == 3 {
						fill(v[:d], 0)       // eps alone is left
						fill(v[d:2*d], 3e30) // the square is no float32
					}
					y, x := inPlace(e, same, v)
					e.B.RMSNorm(y, x, e.In("w", e.Normal(d)), uint32(n), uint32(d), 1e-6)
				}}, Case{"l2 normalize", name, func(e *Env) {
					v := e.Normal(n * d)
					if n == 3 {
						fill(v[:d], 0)       // shorter than eps
						fill(v[d:2*d], 3e30) // the square is no float32
					}
					y, x := inPlace(e, same, v)
					e.B.L2Normalize(y, x, uint32(n), uint32(d), 1e-12)
				}})
			}
			cases = append(cases, Case{"mean", fmt.Sprintf("n=%d d=%d", 5*n-4, d), func(e *Env) {
				x := e.In("x", e.Normal((5*n-4)*d))
				e.B.MeanRows(e.Out("y", make([]float32, d), d, d), x, uint32(5*n-4), uint32(d))
			}}, Case{"rotate", fmt.Sprintf("n=%d h=%d", n, 2*d), func(e *Env) {
				heads, h, gap := n, 2*d, i%3
				x := e.Out("x", e.Normal(n*heads*h), heads*h, heads*h+gap)
				cos, sin := e.In("cos", e.Normal(n*d)), e.In("sin", e.Normal(n*d))
				e.B.Rotate(x, uint32(heads*h+gap), uint32(n), uint32(heads), uint32(h), cos, sin)
			}}, Case{"rotate halves", fmt.Sprintf("n=%d turn=%d", n, 2*d), func(e *Env) {
				heads, turn, gap := n, 2*d, i%3
				h := turn + []int{0, 1, 6}[(i+n)%3] // the columns behind stay
				x := e.Out("x", e.Normal(n*heads*h), heads*h, heads*h+gap)
				cos, sin := e.In("cos", e.Normal(n*d)), e.In("sin", e.Normal(n*d))
				e.B.RotateHalves(x, uint32(heads*h+gap), uint32(n), uint32(heads), uint32(h), uint32(turn), cos, sin)
			}})
		}
	}
	for _, special := range []string{"nan", "inf", "zeros", "equal"} {
		cases = append(cases, Case{"rms norm", special, func(e *Env) {
			v := e.Normal(3 * 10)
			weird[special](v[10:20])
			y, x := inPlace(e, false, v)
			e.B.RMSNorm(y, x, e.In("w", e.Normal(10)), 3, 10, 1e-5)
		}}, Case{"layer norm", special, func(e *Env) {
			v := e.Normal(3 * 10)
			weird[special](v[10:20])
			y, x := inPlace(e, false, v)
			e.B.LayerNorm(y, x, e.In("w", e.Normal(10)), e.In("b", e.Normal(10)), 3, 10, 1e-5)
		}}, Case{"l2 normalize", special, func(e *Env) {
			v := e.Normal(3 * 10)
			weird[special](v[10:20])
			y, x := inPlace(e, false, v)
			e.B.L2Normalize(y, x, 3, 10, 1e-12)
		}})
	}
	return cases
}

func elementCases() (cases []Case) {
	for i, n := range sizes {
		for _, act := range activations {
			cases = append(cases, Case{"activate", fmt.Sprintf("%s n=%d", act, n), func(e *Env) {
				v := e.Normal(n)
				for i := range v {
					v[i] *= 4
				}
				y, x := inPlace(e, i%2 == 0, v)
				e.B.Activate(y, x, uint32(n), act)
			}})
		}
		for _, where := range []string{"apart", "y=a", "y=b"} {
			for _, act := range activations {
				cases = append(cases, Case{"gate", fmt.Sprintf("%s %s n=%d", act, where, n), func(e *Env) {
					y, other := inPlace(e, where != "apart", e.Normal(n))
					a, b := other, e.In("b", e.Normal(n))
					if where == "y=b" {
						a, b = b, a
					}
					e.B.Gate(y, a, b, uint32(n), act)
				}})
			}
			cases = append(cases, Case{"add", fmt.Sprintf("%s n=%d", where, n), func(e *Env) {
				y, other := inPlace(e, where != "apart", e.Normal(n))
				a, b := other, e.In("b", e.Normal(n))
				if where == "y=b" {
					a, b = b, a
				}
				e.B.Add(y, a, b, uint32(n), -0.75)
			}})
		}
	}
	for _, act := range activations {
		cases = append(cases, Case{"activate", act.String() + " over the whole range", func(e *Env) {
			var v []float32
			for x := -110.0; x <= 110; x += 0.0173 {
				v = append(v, float32(x))
			}
			for _, x := range []float64{0, math.Copysign(0, -1), math.NaN(), math.Inf(1), math.Inf(-1), 1e-40, -1e-40, 1e30, -1e30, 3e38, -3e38} {
				v = append(v, float32(x))
			}
			y, x := inPlace(e, false, v)
			e.B.Activate(y, x, uint32(len(v)), act)
		}}, Case{"activate", act.String() + " of tiny numbers", func(e *Env) {
			v := e.Normal(100)
			for i := range v {
				v[i] *= 1e-3
			}
			y, x := inPlace(e, false, v)
			e.B.Activate(y, x, uint32(len(v)), act)
		}}, Case{"activate", act.String() + " of infinities", func(e *Env) {
			v := e.Normal(7)
			v[0], v[3], v[6] = float32(math.Inf(1)), float32(math.NaN()), float32(math.Inf(-1))
			y, x := inPlace(e, false, v)
			e.B.Activate(y, x, uint32(len(v)), act)
		}})
	}
	return cases
}

func embedCases() (cases []Case) {
	for i, d := range sizes {
		for _, accumulate := range []uint32{0, 1} {
			ids := []int32{2, 0, -1, 4, 4, math.MinInt32, 1}[:1+i%7]
			n, mul := len(ids), float32(1)
			if i%2 == 0 {
				mul = 1.5
			}
			name := fmt.Sprintf("d=%d n=%d accumulate=%d", d, n, accumulate)
			cases = append(cases, Case{"embed f32", name, func(e *Env) {
				table, at := e.In("table", e.Normal(5*d)), e.InInts("ids", ids)
				e.B.EmbedF32(e.Out("y", e.Normal(n*d), n*d, n*d), table, at, uint32(n), uint32(d), mul, accumulate)
			}}, Case{"embed f16", name, func(e *Env) {
				v := e.Halves(5 * d)
				if i%4 == 3 {
					v[0], v[d] = 0x7c00, 0xfe01
				}
				table, at := e.InHalves("table", v), e.InInts("ids", ids)
				e.B.EmbedF16(e.Out("y", e.Normal(n*d), n*d, n*d), table, at, uint32(n), uint32(d), mul, accumulate)
			}}, Case{"embed q8", name, func(e *Env) {
				p := make([]byte, 5*d)
				for i := range p {
					p[i] = byte(e.Rand.Uint32())
				}
				table, scale, at := e.InBytes("table", p), e.In("scale", e.Normal(5)), e.InInts("ids", ids)
				e.B.EmbedQ8(e.Out("y", e.Normal(n*d), n*d, n*d), table, scale, at, uint32(n), uint32(d), mul, accumulate)
			}})
		}
	}
	return cases
}

func weightCases() (cases []Case) {
	quantize := func(name string, n, k int, change func(v []float32)) {
		cases = append(cases, Case{"quantize rows", name, func(e *Env) {
			v := e.Normal(n * k)
			if change != nil {
				change(v[:k])
			}
			src := e.In("src", v)
			e.B.QuantizeRows(e.OutBytes("q", n*k), e.OutBytes("scale", 4*n), src, uint32(n), uint32(k))
		}}, Case{"quantize q4", name, func(e *Env) {
			v := e.Normal(n * k)
			if change != nil {
				change(v[:k])
			}
			src := e.In("src", v)
			blocks := (k + kernels.BlockQ4 - 1) / kernels.BlockQ4
			e.B.QuantizeQ4(e.OutBytes("q", n*int(kernels.Q4.RowSize(k))), e.OutBytes("scale", 4*n*blocks), src, uint32(n), uint32(k))
		}})
	}
	for i, k := range sizes {
		quantize(fmt.Sprintf("k=%d", k), 1+i%4, k, nil)
		for _, bf16 := range []bool{false, true} {
			cases = append(cases, Case{"widen", fmt.Sprintf("bf16=%t n=%d", bf16, k), func(e *Env) {
				widenCase(e, bf16, uint32(k), func(i int) uint16 { return uint16(e.Rand.Uint32()) })
			}})
		}
	}
	for _, name := range slices.Sorted(maps.Keys(weird)) {
		if name == "nan" {
			continue // the sign of the scale, which is NaN, is not defined
		}
		quantize(name, 3, 21, weird[name])
	}
	// Ties go to the even neighbour.
	quantize("ties", 1, 8, func(v []float32) { copy(v, []float32{127, 0.5, 1.5, 2.5, -0.5, -1.5, -2.5, -127}) })
	for _, bf16 := range []bool{false, true} {
		cases = append(cases, Case{"widen", fmt.Sprintf("bf16=%t all 65536", bf16), func(e *Env) {
			widenCase(e, bf16, 1<<16, func(i int) uint16 { return uint16(i) })
		}})
	}
	return cases
}

func widenCase(e *Env, bf16 bool, n uint32, half func(i int) uint16) {
	p := make([]byte, 2*n)
	for i := range int(n) {
		binary.LittleEndian.PutUint16(p[2*i:], half(i))
	}
	src, dst := e.InBytes("src", p), e.OutBytes("dst", int(4*n))
	if bf16 {
		e.B.WidenBF16(dst, src, n)
	} else {
		e.B.WidenF16(dst, src, n)
	}
}

// narrowCases are numbers of every magnitude, both neighbours of every half and the ties
// between halves.
func narrowCases() (cases []Case) {
	add := func(name string, make func(e *Env) []float32) {
		cases = append(cases, Case{"narrow", name, func(e *Env) {
			v := make(e)
			src, dst, beyond := e.In("src", v), e.OutBytes("dst", 2*len(v)), e.OutBytes("beyond", 4)
			e.B.Write(beyond, []byte{byte(e.B.NarrowF16(dst, src, uint32(len(v)))), 0, 0, 0})
		}})
	}
	for _, n := range sizes {
		add(fmt.Sprintf("n=%d", n), func(e *Env) []float32 {
			v := e.Normal(n)
			for i := range v {
				v[i] *= float32(math.Exp2(float64(e.Rand.IntN(80) - 50)))
			}
			return v
		})
	}
	for _, name := range slices.Sorted(maps.Keys(weird)) {
		add(name, func(e *Env) []float32 {
			v := e.Normal(21)
			weird[name](v)
			return v
		})
	}
	for _, step := range []int{-1, 0, 1} {
		add(fmt.Sprintf("halves and ties, %d", step), func(e *Env) (v []float32) {
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
		})
	}
	return cases
}

func shaCases() (cases []Case) {
	for _, n := range []int{1, 2, 17} {
		cases = append(cases, Case{"sha256", fmt.Sprintf("n=%d", n), func(e *Env) {
			p := make([]byte, 64*n)
			for i := range p {
				p[i] = byte(e.Rand.Uint32())
			}
			src, state := e.InBytes("src", p), e.OutBytes("state", 32)
			e.B.SHA256(state, src, uint32(n))
		}})
	}
	return cases
}
