package kerneltest

import (
	"fmt"
	"math"
	"math/rand/v2"

	"github.com/lodestone-wasm/lodestone/kernels"
)

// Random calls of every operation. The source of randomness is a generator (Random) or the
// bytes of a fuzzer (fuzz_test.go).

// dice returns a number from 0 to n−1.
type dice func(n int) int

// fuzzed takes its numbers from bytes, as many for a number as needed, and 0 when they have
// run out.
func fuzzed(p []byte) dice {
	return func(n int) int {
		v := 0
		for limit := 1; limit < n; limit <<= 8 {
			if v <<= 8; len(p) > 0 {
				v |= int(p[0])
				p = p[1:]
			}
		}
		return v % n
	}
}

func (d dice) bool() bool { return d(2) == 1 }

// size returns a number from 1 to limit, small ones more often than large ones.
func (d dice) size(limit int) int { return 1 + d(1+d(limit)) }

func one[T any](d dice, of []T) T { return of[d(len(of))] }

// drawn is an operation of Budgets and the function that draws a call of it. share is its
// relative frequency in Random, highest where the kernel's loops are the most complex.
type drawn struct {
	op    string
	share int
	draw  func(d dice) Case
}

var draws = []drawn{
	{"linear f32", 6, func(d dice) Case { return cancels(.25, drawLinear(d).f32()) }},
	{"linear f16", 6, func(d dice) Case { return cancels(.25, drawLinear(d).f16()) }},
	{"linear q8", 6, func(d dice) Case { return cancels(.25, drawLinear(d).q8()) }},
	{"linear q4", 6, func(d dice) Case { return cancels(.25, drawLinear(d).q4()) }},
	{"attention", 8, drawAttention},
	{"layer norm", 2, drawLayerNorm},
	{"rms norm", 1, func(d dice) Case { c := drawNorm(d); return c.rms(c.String()) }},
	{"l2 normalize", 1, func(d dice) Case { c := drawNorm(d); return c.l2(c.String()) }},
	{"mean", 1, func(d dice) Case { return mean(d.size(200), d.size(150)) }},
	{"rotate", 1, func(d dice) Case { return drawTurned(d, 2).rotate() }},
	{"rotate halves", 1, func(d dice) Case {
		c := drawTurned(d, 1)
		c.h++
		return c.halves(2 * d.size(c.h/2))
	}},
	{"activate", 2, func(d dice) Case {
		n, scale := d.size(300), scaleOf(d(8))
		return activate(fmt.Sprintf("n=%d scale=%g", n, scale), one(d, activations), d.bool(), scaled(n, scale))
	}},
	{"gate", 2, func(d dice) Case { return cancels(3, gate(one(d, activations), one(d, places), d.size(300))) }},
	{"add", 1, func(d dice) Case {
		alpha := one(d, []float32{1, -1, 0, -0.75, 1e3, -3e-5})
		return cancels(math.Abs(float64(alpha)), add(one(d, places), d.size(300), alpha))
	}},
	{"top k", 1, func(d dice) Case {
		n := d.size(300)
		return topK(d.size(4), n, 1+d(min(n, kernels.MaxTopK)), d(3), []string{"", "ties", "zeros", "not finite"}[d(4)])
	}},
	{"scan q8", 1, func(d dice) Case { return scan(d.size(20), 16*d.size(20), d.bool()) }},
	{"embed f32", 1, func(d dice) Case { return drawEmbed(d, embed.f32) }},
	{"embed f16", 1, func(d dice) Case { return drawEmbed(d, embed.f16) }},
	{"embed q8", 1, func(d dice) Case { return drawEmbed(d, embed.q8) }},
	{"quantize rows", 1, func(d dice) Case {
		n, k := d.size(5), d.size(150)
		return quantizeRows(fmt.Sprintf("n=%d k=%d", n, k), n, k, drawNumbers(d, n*k))
	}},
	{"quantize q4", 1, func(d dice) Case {
		n, k := d.size(5), d.size(150)
		return quantizeQ4(fmt.Sprintf("n=%d k=%d", n, k), n, k, drawNumbers(d, n*k))
	}},
	{"widen", 1, func(d dice) Case {
		n := d.size(300)
		return widen(fmt.Sprintf("n=%d", n), d.bool(), n, func(e *Env, i int) uint16 { return uint16(e.Rand.Uint32()) })
	}},
	{"narrow", 1, func(d dice) Case {
		n := d.size(300)
		return narrow(fmt.Sprintf("n=%d", n), drawNumbers(d, n))
	}},
	{"sha256", 1, func(d dice) Case { return sha256(d.size(9)) }},
}

// drawAny draws a call of a random operation.
func drawAny(r *rand.Rand) Case {
	all := 0
	for _, c := range draws {
		all += c.share
	}
	at := r.IntN(all)
	for _, c := range draws {
		if at -= c.share; at < 0 {
			return seasoned(c.draw(r.IntN), r.IntN)
		}
	}
	panic("kerneltest: no operation has a share")
}

// grains are numbers that a matrix may hold anywhere without a larger error in the other
// results.
var grains = []uint32{
	0x7fc00000, 0xffc00001, 0x7f800001, // NaN, the last one signalling
	0x7f800000, 0xff800000, // infinities
	0, 0x80000000,
	1, 0x80000001, 0x007fffff, 0x807fffff, // subnormal
	0x00800000, 0x80800000, // the smallest normal numbers
	0x3f800000, 0xbf800000, 0x3effffff,
}

// seasoned is c with up to three grains in its matrices, in every other call.
func seasoned(c Case, d dice) Case {
	var salt []grain
	for range d(2) * (1 + d(3)) {
		salt = append(salt, grain{d(6), d(1 << 12), one(d, grains)})
	}
	if salt == nil {
		return c
	}
	name := c.Name
	for _, g := range salt {
		name += fmt.Sprintf(" %d[%d]=%#x", g.matrix, g.at, g.bits)
	}
	return Case{c.Op, name, func(e *Env) {
		e.salt = salt
		c.Do(e)
	}}
}

// cancels is c with an error that is relative to the terms of its sums, because these may
// cancel. The terms are up to four standard deviations, times times.
func cancels(times float64, c Case) Case {
	return Case{c.Op, c.Name, func(e *Env) {
		e.Magnitude = 4 * times
		c.Do(e)
	}}
}

// layerSpecials and attendSpecials are the inputs of layers and attention; most are ordinary.
var (
	layerSpecials  = []string{"", "", "", "", "", "", "nan", "inf", "-inf", "zeros", "denormal", "huge", "equal", "mixed", "large", "odd weights"}
	attendSpecials = []string{"", "", "", "", "", "", "nothing", "hidden", "nan key", "nan query", "nan value", "inf key", "inf value", "large", "extreme"}
)

func drawLinear(d dice) linear {
	return linear{
		m: d.size(40), k: d.size(200), n: d.size(70), act: one(d, activations),
		bias: d.bool(), res: one(d, residuals), gap: d(9), special: one(d, layerSpecials),
	}
}

func drawAttention(d dice) Case {
	c := attend{
		tq: d.size(d.size(90)), tk: d.size(140), group: d.size(3), h: d.size(70), gap: d(9), causal: max(-1, d(100)-50),
		keep: d.bool(), mask: d(3) == 0, rel: d(3) == 0, special: one(d, attendSpecials),
	}
	c.heads = c.group * d.size(4)
	return c.build()
}

// scaleOf is 2^(10·(i−3)), from 2⁻³⁰ to 2⁴⁰ for i = 0 … 7.
func scaleOf(i int) float32 { return float32(math.Exp2(float64(10 * (i - 3)))) }

// scaled returns n normally distributed numbers times scale.
func scaled(n int, scale float32) func(e *Env) []float32 {
	return func(e *Env) []float32 {
		v := e.Normal(n)
		for i := range v {
			v[i] *= scale
		}
		return v
	}
}

// drawNorm draws a norm of numbers of a random magnitude.
func drawNorm(d dice) norm {
	c := norm{n: d.size(9), d: d.size(300), same: d.bool(), eps: one(d, []float32{1e-5, 1e-6, 1e-12})}
	c.input = scaled(c.n*c.d, scaleOf(d(8)))
	return c
}

// drawLayerNorm also draws a mean. Two numbers of each row lie one standard deviation from
// it, because a variance that is small by chance would magnify the error of the mean beyond
// any budget.
func drawLayerNorm(d dice) Case {
	c := norm{n: d.size(9), d: d.size(300), same: d.bool(), eps: one(d, []float32{1e-5, 1e-6, 1e-12})}
	shift := one(d, []float32{0, 1, 5, 100, -1000})
	c.input = func(e *Env) []float32 {
		v := e.Normal(c.n * c.d)
		for i := range v {
			switch at := i % c.d; {
			case c.d > 1 && at < 2:
				v[i] = shift + float32(2*at-1)
			default:
				v[i] += shift
			}
		}
		return v
	}
	return c.layer(fmt.Sprintf("%s shift=%g", c, shift))
}

// drawTurned draws a rotation of heads whose width is a multiple of step.
func drawTurned(d dice, step int) turned {
	return turned{n: d.size(9), heads: d.size(5), h: step * d.size(60), gap: d(5)}
}

func drawEmbed(d dice, build func(c embed) Case) Case {
	c := embed{d: d.size(150), mul: one(d, []float32{1, 16, -0.3}), accumulate: uint32(d(2)), odd: d.bool()}
	for range d.size(9) {
		c.ids = append(c.ids, one(d, []int32{0, 1, 2, 3, embedRows - 1, -1, math.MinInt32}))
	}
	return cancels(math.Abs(float64(c.mul)), build(c))
}

// drawNumbers returns n numbers with random bits, or all of one random magnitude.
func drawNumbers(d dice, n int) func(e *Env) []float32 {
	power := 8*d(32) - 120
	if d(3) > 0 {
		return scaled(n, float32(math.Exp2(float64(power))))
	}
	return func(e *Env) []float32 {
		v := make([]float32, n)
		for i := range v {
			v[i] = math.Float32frombits(e.Rand.Uint32())
		}
		return v
	}
}
