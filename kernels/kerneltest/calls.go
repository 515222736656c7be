package kerneltest

import (
	"encoding/binary"
	"fmt"
	"math"
	"slices"

	"github.com/lodestone-wasm/lodestone/kernels"
)

// The calls of the smaller operations. The table (cases.go) and random draws (draw.go)
// choose their arguments.

// inPlace returns an output that is also the input, or an output and an input.
func inPlace(e *Env, same bool, v []float32) (y, x uint32) {
	if same {
		y = e.Out("y", v, len(v), len(v))
		return y, y
	}
	x = e.In("x", v)
	return e.Out("y", make([]float32, len(v)), len(v), len(v)), x
}

// norm is a call of one of the norms on n rows of d numbers.
type norm struct {
	n, d  int
	same  bool
	eps   float32
	input func(e *Env) []float32
}

func (c norm) String() string { return fmt.Sprintf("n=%d d=%d same=%t", c.n, c.d, c.same) }

func (c norm) layer(name string) Case {
	return Case{"layer norm", name, func(e *Env) {
		y, x := inPlace(e, c.same, c.input(e))
		e.B.LayerNorm(y, x, e.In("w", e.Normal(c.d)), e.In("b", e.Normal(c.d)), uint32(c.n), uint32(c.d), c.eps)
	}}
}

func (c norm) rms(name string) Case {
	return Case{"rms norm", name, func(e *Env) {
		y, x := inPlace(e, c.same, c.input(e))
		e.B.RMSNorm(y, x, e.In("w", e.Normal(c.d)), uint32(c.n), uint32(c.d), c.eps)
	}}
}

func (c norm) l2(name string) Case {
	return Case{"l2 normalize", name, func(e *Env) {
		y, x := inPlace(e, c.same, c.input(e))
		e.B.L2Normalize(y, x, uint32(c.n), uint32(c.d), c.eps)
	}}
}

func mean(n, d int) Case {
	return Case{"mean", fmt.Sprintf("n=%d d=%d", n, d), func(e *Env) {
		x := e.In("x", e.Normal(n*d))
		e.B.MeanRows(e.Out("y", make([]float32, d), d, d), x, uint32(n), uint32(d))
	}}
}

// turned is a rotation of n rows of heads of h numbers, with gap numbers between the rows.
type turned struct{ n, heads, h, gap int }

func (c turned) rotate() Case {
	return Case{"rotate", fmt.Sprintf("n=%d heads=%d h=%d gap=%d", c.n, c.heads, c.h, c.gap), func(e *Env) {
		width := c.heads * c.h
		x := e.Out("x", e.Normal(c.n*width), width, width+c.gap)
		cos, sin := e.In("cos", e.Normal(c.n*c.h/2)), e.In("sin", e.Normal(c.n*c.h/2))
		e.B.Rotate(x, uint32(width+c.gap), uint32(c.n), uint32(c.heads), uint32(c.h), cos, sin)
	}}
}

// halves rotates the first turn columns of each head; the others stay.
func (c turned) halves(turn int) Case {
	return Case{"rotate halves", fmt.Sprintf("n=%d heads=%d h=%d turn=%d gap=%d", c.n, c.heads, c.h, turn, c.gap), func(e *Env) {
		width := c.heads * c.h
		x := e.Out("x", e.Normal(c.n*width), width, width+c.gap)
		cos, sin := e.In("cos", e.Normal(c.n*turn/2)), e.In("sin", e.Normal(c.n*turn/2))
		e.B.RotateHalves(x, uint32(width+c.gap), uint32(c.n), uint32(c.heads), uint32(c.h), uint32(turn), cos, sin)
	}}
}

func activate(name string, act kernels.Activation, same bool, input func(e *Env) []float32) Case {
	return Case{"activate", act.String() + " " + name, func(e *Env) {
		v := input(e)
		y, x := inPlace(e, same, v)
		e.B.Activate(y, x, uint32(len(v)), act)
	}}
}

// places is where the output of an operation on a and b lies.
var places = []string{"apart", "y=a", "y=b"}

// operands places a and b of n numbers, and y, which may be one of them.
func operands(e *Env, where string, n int) (y, a, b uint32) {
	y, a = inPlace(e, where != "apart", e.Normal(n))
	b = e.In("b", e.Normal(n))
	if where == "y=b" {
		a, b = b, a
	}
	return y, a, b
}

func gate(act kernels.Activation, where string, n int) Case {
	return Case{"gate", fmt.Sprintf("%s %s n=%d", act, where, n), func(e *Env) {
		if act > kernels.ReLU {
			// The contract: an activation that underflows, times an infinity, is NaN in float32.
			e.salt = slices.DeleteFunc(slices.Clone(e.salt), grain.infinite)
		}
		y, a, b := operands(e, where, n)
		e.B.Gate(y, a, b, uint32(n), act)
	}}
}

func add(where string, n int, alpha float32) Case {
	return Case{"add", fmt.Sprintf("%s n=%d alpha=%g", where, n, alpha), func(e *Env) {
		y, a, b := operands(e, where, n)
		e.B.Add(y, a, b, uint32(n), alpha)
	}}
}

// embed looks up rows of d numbers in a table of embedRows.
type embed struct {
	d          int
	ids        []int32
	mul        float32
	accumulate uint32
	odd        bool // f16: two numbers of the table are not finite
}

// embedRows is the number of rows of the embedding tables.
const embedRows = 5

func (c embed) String() string {
	return fmt.Sprintf("d=%d n=%d mul=%g accumulate=%d", c.d, len(c.ids), c.mul, c.accumulate)
}

func (c embed) f32() Case {
	return Case{"embed f32", c.String(), func(e *Env) {
		n := len(c.ids)
		table, at := e.In("table", e.Normal(embedRows*c.d)), e.InInts("ids", c.ids)
		e.B.EmbedF32(e.Out("y", e.Normal(n*c.d), n*c.d, n*c.d), table, at, uint32(n), uint32(c.d), c.mul, c.accumulate)
	}}
}

func (c embed) f16() Case {
	return Case{"embed f16", c.String(), func(e *Env) {
		n, v := len(c.ids), e.Halves(embedRows*c.d)
		if c.odd {
			v[0], v[c.d] = 0x7c00, 0xfe01
		}
		table, at := e.InHalves("table", v), e.InInts("ids", c.ids)
		e.B.EmbedF16(e.Out("y", e.Normal(n*c.d), n*c.d, n*c.d), table, at, uint32(n), uint32(c.d), c.mul, c.accumulate)
	}}
}

func (c embed) q8() Case {
	return Case{"embed q8", c.String(), func(e *Env) {
		n := len(c.ids)
		table, scale, at := e.InBytes("table", e.Bytes(embedRows*c.d)), e.In("scale", e.Normal(embedRows)), e.InInts("ids", c.ids)
		e.B.EmbedQ8(e.Out("y", e.Normal(n*c.d), n*c.d, n*c.d), table, scale, at, uint32(n), uint32(c.d), c.mul, c.accumulate)
	}}
}

// scan compares a query with n rows of k numbers. some hides rows.
func scan(n, k int, some bool) Case {
	return Case{"scan q8", fmt.Sprintf("n=%d k=%d some=%t", n, k, some), func(e *Env) {
		q, x, s := e.InBytes("q", e.Bytes(k)), e.InBytes("x", e.Bytes(n*k)), e.In("s", e.Normal(n))
		keep := uint32(0)
		if some {
			p := e.Bytes(n)
			for i := range p {
				if i%8 < 4 { // four rows in a row, and single ones
					p[i] = 0
				} else if p[i]&1 == 0 {
					p[i] = 0
				}
			}
			keep = e.InBytes("keep", p)
		}
		e.B.ScanQ8(e.Out("y", make([]float32, n), n, n), q, x, s, keep, uint32(n), uint32(k))
	}}
}

// topK takes the k largest of each of m rows of n numbers, with gap numbers between the rows.
func topK(m, n, k, gap int, special string) Case {
	return Case{"top k", fmt.Sprintf("m=%d n=%d k=%d gap=%d %s", m, n, k, gap, special), func(e *Env) {
		v := e.Normal(m * n)
		switch special {
		case "ties":
			for i := range v {
				v[i] = float32(math.Round(float64(v[i])))
			}
		case "zeros": // of both signs, which are equal
			for i := range v {
				v[i] = float32(math.Copysign(0, float64(v[i])))
			}
		case "not finite":
			for i := range v {
				v[i] = []float32{float32(math.NaN()), float32(math.Inf(-1)), v[i], float32(math.Inf(1))}[(i/2)%4]
			}
		}
		x := e.In("x", Strided(v, n, n+gap))
		ids := e.OutBytes("ids", 4*m*k)
		e.B.TopK(ids, e.OutNumbers("y", m*k), x, uint32(n+gap), uint32(m), uint32(n), uint32(k))
	}}
}

func quantizeRows(name string, n, k int, input func(e *Env) []float32) Case {
	return Case{"quantize rows", name, func(e *Env) {
		src := e.In("src", input(e))
		e.B.QuantizeRows(e.OutBytes("q", n*k), e.OutScales(n), src, uint32(n), uint32(k))
	}}
}

func quantizeQ4(name string, n, k int, input func(e *Env) []float32) Case {
	return Case{"quantize q4", name, func(e *Env) {
		src := e.In("src", input(e))
		blocks := (k + kernels.BlockQ4 - 1) / kernels.BlockQ4
		e.B.QuantizeQ4(e.OutBytes("q", n*int(kernels.Q4.RowSize(k))), e.OutScales(n*blocks), src, uint32(n), uint32(k))
	}}
}

func widen(name string, bf16 bool, n int, half func(e *Env, i int) uint16) Case {
	return Case{"widen", fmt.Sprintf("bf16=%t %s", bf16, name), func(e *Env) {
		p := make([]byte, 2*n)
		for i := range n {
			binary.LittleEndian.PutUint16(p[2*i:], half(e, i))
		}
		src, dst := e.InBytes("src", p), e.OutBytes("dst", 4*n)
		if bf16 {
			e.B.WidenBF16(dst, src, uint32(n))
		} else {
			e.B.WidenF16(dst, src, uint32(n))
		}
	}}
}

func narrow(name string, input func(e *Env) []float32) Case {
	return Case{"narrow", name, func(e *Env) {
		v := input(e)
		src, dst, beyond := e.In("src", v), e.OutBytes("dst", 2*len(v)), e.OutBytes("beyond", 4)
		e.B.NarrowF16(dst, src, uint32(len(v)), beyond)
	}}
}

func sha256(n int) Case {
	return Case{"sha256", fmt.Sprintf("n=%d", n), func(e *Env) {
		src, state := e.InBytes("src", e.Bytes(64*n)), e.OutBytes("state", 32)
		e.B.SHA256(state, src, uint32(n))
	}}
}
