package kerneltest

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"

	"github.com/lodestone-wasm/lodestone/kernels"
)

// linear is a call of a linear layer on weights of any type.
type linear struct {
	m, k, n int
	act     kernels.Activation
	bias    bool
	res     string // "", "apart" or "in place"
	gap     int    // columns between the rows of every matrix
	special string // a key of weird, or empty
}

func (c linear) String() string {
	return fmt.Sprintf("m=%d k=%d n=%d %s bias=%t res=%q gap=%d %s", c.m, c.k, c.n, c.act, c.bias, c.res, c.gap, c.special)
}

// input is x [m,k]; its first row has the special numbers.
func (c linear) input(e *Env) []float32 {
	x := e.Normal(c.m * c.k)
	if w := weird[c.special]; w != nil {
		w(x[:c.k])
		e.infinite = strings.HasSuffix(c.special, "inf")
		for _, v := range x[:c.k] {
			if a := math.Abs(float64(v)); a > e.Magnitude && !math.IsInf(a, 0) {
				e.Magnitude = a
			}
		}
	}
	return x
}

// weird are the inputs that are not normally distributed. Each changes some of v.
var weird = map[string]func(v []float32){
	"nan":      func(v []float32) { v[len(v)/2] = float32(math.NaN()) },
	"inf":      func(v []float32) { v[len(v)/2] = float32(math.Inf(1)) },
	"-inf":     func(v []float32) { v[len(v)-1] = float32(math.Inf(-1)) },
	"zeros":    func(v []float32) { fill(v, 0) },
	"denormal": func(v []float32) { fill(v, 1e-44) },
	"huge":     func(v []float32) { fill(v, 1e30) },
	"large":    func(v []float32) { v[len(v)-1] = 65537 },
	"equal":    func(v []float32) { fill(v, -3) },
	"mixed": func(v []float32) {
		for i := range v {
			v[i] = []float32{1e-40, 3e35, -1, 0, float32(math.Copysign(0, -1))}[i%5]
		}
	},
}

func fill(v []float32, x float32) {
	for i := range v {
		v[i] = x
	}
}

// place places the operands that layers of all types share.
func (c linear) place(e *Env) (y, x, bias, res uint32, ldy, ldx, ldres int, alpha float32) {
	ldx, ldy, ldres = c.k+c.gap, c.n+2*c.gap, c.n+c.gap
	x = e.In("x", Strided(c.input(e), c.k, ldx))
	if c.bias {
		bias = e.In("bias", e.Normal(c.n))
	}
	y = e.Out("y", e.Normal(c.m*c.n), c.n, ldy)
	switch c.res {
	case "apart":
		res = e.In("res", Strided(e.Normal(c.m*c.n), c.n, ldres))
	case "in place":
		res, ldres = y, ldy
	}
	return y, x, bias, res, ldy, ldx, ldres, 1.75
}

func (c linear) f32() Case {
	return Case{"linear f32", c.String(), func(e *Env) {
		y, x, bias, res, ldy, ldx, ldres, alpha := c.place(e)
		e.Magnitude *= math.Sqrt(float64(c.k))
		w := e.Packed(e.Normal(c.n*c.k), c.n, c.k)
		e.B.LinearF32(y, uint32(ldy), x, uint32(ldx), w, bias, res, uint32(ldres), uint32(c.m), uint32(c.k), uint32(c.n), c.act, alpha)
	}}
}

func (c linear) f16() Case {
	return Case{"linear f16", c.String(), func(e *Env) {
		y, x, bias, res, ldy, ldx, ldres, alpha := c.place(e)
		e.Magnitude *= math.Sqrt(float64(c.k))
		weights := e.Halves(c.n * c.k)
		if c.special == "odd weights" {
			// In the first and the last column only: the others must stay correct.
			weights[0] = 0x7c00
			weights[len(weights)-1] = 0xfe01
		}
		w := e.PackedF16(weights, c.n, c.k)
		scratch := e.Scratch(e.B.LinearScratch(kernels.F16, uint32(min(c.m, kernels.RowBlockF16)), uint32(c.k)))
		for r := 0; r < c.m; r += kernels.RowBlockF16 { // a call takes no more
			at := res
			if res != 0 {
				at += uint32(4 * r * ldres)
			}
			e.B.LinearF16(y+uint32(4*r*ldy), uint32(ldy), x+uint32(4*r*ldx), uint32(ldx), w, bias, at, uint32(ldres),
				uint32(min(kernels.RowBlockF16, c.m-r)), uint32(c.k), uint32(c.n), c.act, alpha, scratch)
		}
	}}
}

func (c linear) q8() Case {
	return Case{"linear q8", c.String(), func(e *Env) {
		y, x, bias, res, ldy, ldx, ldres, alpha := c.place(e)
		weights, ws := make([]int8, c.n*c.k), e.Normal(c.n)
		for i := range weights {
			weights[i] = int8(e.Rand.IntN(256) - 128)
			if c.special == "equal" {
				weights[i] = -128 // with equal x this gives the largest possible sum
			}
		}
		for i := range ws {
			ws[i] *= 0.01
		}
		w, scale := e.PackedQ8(weights, c.n, c.k), e.In("scale", ws)
		e.B.LinearQ8(y, uint32(ldy), x, uint32(ldx), w, scale, bias, res, uint32(ldres), uint32(c.m), uint32(c.k), uint32(c.n), c.act, alpha,
			e.Levels(kernels.I8, uint32(c.k)), e.Scratch(e.B.LinearScratch(kernels.I8, uint32(c.m), uint32(c.k))))
	}}
}

func (c linear) q4() Case {
	return Case{"linear q4", c.String(), func(e *Env) {
		y, x, bias, res, ldy, ldx, ldres, alpha := c.place(e)
		e.Magnitude *= 8 * math.Sqrt(float64(c.k))
		blocks := (c.k + kernels.BlockQ4 - 1) / kernels.BlockQ4
		weights, ws := make([]byte, c.n*int(kernels.Q4.RowSize(c.k))), e.Normal(c.n*blocks)
		for i := range weights {
			weights[i] = byte(e.Rand.Uint32()) // padding too
			if c.special == "equal" {
				weights[i] = 0 // all −8
			}
		}
		w := e.PackedQ4(weights, ws, c.n, c.k)
		e.B.LinearQ4(y, uint32(ldy), x, uint32(ldx), w, bias, res, uint32(ldres), uint32(c.m), uint32(c.k), uint32(c.n), c.act, alpha,
			e.Levels(kernels.Q4, uint32(c.k)), e.Scratch(e.B.LinearScratch(kernels.Q4, uint32(c.m), uint32(c.k))))
	}}
}

var (
	activations = []kernels.Activation{kernels.None, kernels.ReLU, kernels.GELU, kernels.SiLU, kernels.GELUTanh}
	residuals   = []string{"", "apart", "in place"}
)

// linearCases are all triples of odd sizes, with the options in turn, and some special
// calls.
func linearCases() (cases []Case) {
	i := 0
	all := func(c linear) { cases = append(cases, c.f32(), c.f16(), c.q8(), c.q4()) }
	next := func(m, k, n int) {
		all(linear{m: m, k: k, n: n, act: activations[i%len(activations)], bias: i%7 != 0, res: residuals[i/4%3], gap: i % 3})
		i++
	}
	for _, m := range []int{1, 2, 3, 4, 5, 7, 8, 11} {
		for _, k := range []int{1, 2, 3, 7, 8, 13, 16, 31, 32, 33, 67} {
			for _, n := range []int{1, 2, 3, 4, 6, 9, 15, 16, 17, 29, 48} {
				next(m, k, n)
			}
		}
	}
	next(130, 67, 67)
	next(65, 129, 33)
	next(12, 256, 256)
	next(1, 3072, 40)
	next(6, 3071, 19)
	// More rows than one call of an integer or half-precision layer takes.
	for _, m := range []int{256, 511, 512} {
		next(m, 67, 35)
		next(m, 33, 16)
	}
	for _, special := range slices.Sorted(maps.Keys(weird)) {
		for _, k := range []int{1, 9, 40} {
			all(linear{m: 5, k: k, n: 21, bias: true, special: special})
			all(linear{m: 1, k: k, n: 21, act: kernels.GELU, res: "apart", special: special})
		}
	}
	all(linear{m: 4, k: 4096, n: 16, special: "equal"})
	// Half precision is widened in blocks of 256 inputs. Up to three rows are multiplied
	// without widening, if activations and weights are moderate.
	for i, k := range []int{255, 256, 257, 513, 700} {
		for _, m := range []int{1, 2, 3, 4, 256} {
			for _, special := range []string{"", "odd weights", "large"} {
				cases = append(cases, linear{m: m, k: k, n: 35, bias: i%2 == 0, res: residuals[i%3], act: activations[(i+m)%len(activations)], gap: i, special: special}.f16())
			}
		}
	}
	return cases
}
