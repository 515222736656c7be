package kerneltest

import (
	"fmt"
	"math"
	"slices"
	"strings"
)

// attend is a call of attention.
type attend struct {
	tq, tk, heads, h int
	group            int // heads that share keys and values; 0 means 1
	keep, mask, rel  bool
	causal           int // −1 means no causal mask
	// Every query attends to the first prefix keys, and causally to the others: an additive
	// mask of 0 and −∞, because the operation's own causal mask has no prefix. 0 means none.
	prefix  int
	gap     int
	special string
}

func (c attend) String() string {
	name := fmt.Sprintf("tq=%d tk=%d heads=%d group=%d h=%d keep=%t mask=%t rel=%t causal=%d gap=%d %s", c.tq, c.tk, c.heads, c.group, c.h, c.keep, c.mask, c.rel, c.causal, c.gap, c.special)
	if c.prefix > 0 {
		name += fmt.Sprintf("prefix=%d", c.prefix)
	}
	return name
}

// unmixed removes from salt what would multiply a value that is not finite by a weight that
// is 0 because of a score of −∞, not of a mask, or by underflow. The contract leaves open
// whether the product is NaN or is skipped.
func (c attend) unmixed(salt []grain) []grain {
	values := 2
	for _, before := range []bool{c.mask, c.rel} {
		if before {
			values++
		}
	}
	infinite := c.special == "inf key" || c.special == "large" || c.special == "extreme"
	odd := c.special == "nan value" || c.special == "inf value" || c.special == "hidden"
	var left []grain
	for _, g := range salt {
		big := g.bits&0x7fffffff >= 0x7f800000
		switch {
		case g.matrix == values && big:
			if infinite {
				continue
			}
			odd = true
		case g.infinite():
			if odd {
				continue
			}
			infinite = true
		}
		left = append(left, g)
	}
	return left
}

func (c attend) build() Case {
	return Case{"attention", c.String(), func(e *Env) {
		e.salt = c.unmixed(e.salt)
		group := max(c.group, 1)
		width, shared := c.heads*c.h, c.heads/group*c.h
		ldy, ldq, ldkv := width+c.gap, width+2*c.gap, shared+3*c.gap
		nan := float32(math.NaN())
		qs, ks, vs := e.Normal(c.tq*width), e.Normal(c.tk*shared), e.Normal(c.tk*shared)
		row := func(v []float32, r int) []float32 { return v[r*shared : (r+1)*shared] }
		var keep, mask, rel uint32
		ldmask := c.tk + c.gap
		if c.keep {
			p := make([]byte, c.tk)
			for j := range p {
				p[j] = byte(j * 7 % 3 * 85) // 0, 85 or 170
			}
			if c.special == "nothing" {
				clearBytes(p)
			}
			if c.special == "hidden" {
				for j := range p {
					if p[j] == 0 {
						fill(row(ks, j), nan)
						fill(row(vs, j), nan)
					}
				}
			}
			keep = e.InBytes("keep", p)
		}
		if c.mask || c.prefix > 0 {
			v := make([]float32, c.tq*c.tk)
			if c.mask {
				v = e.Normal(len(v))
			}
			for i := range v {
				row, j := i/c.tk, i%c.tk
				if c.prefix > 0 && j >= c.prefix && j > row+c.causal || c.mask && i%4 == 1 {
					v[i] = float32(math.Inf(-1))
				}
			}
			mask = e.In("mask", Strided(v, c.tk, ldmask))
		}
		ldrel, relbase := c.tq+c.tk-1+c.gap, c.tq-1
		if c.rel {
			rel = e.In("rel", Strided(e.Normal(c.heads*(c.tq+c.tk-1)), c.tq+c.tk-1, ldrel))
		}
		causal := c.tk
		if c.prefix > 0 {
			// No query attends to the values after the prefix and after the last query.
			for j := max(c.prefix, c.tq+c.causal); j < c.tk; j++ {
				fill(row(vs, j), nan)
			}
		} else if c.causal >= 0 {
			causal = min(c.causal, c.tk)
			if c.special == "hidden" {
				// Keys that the causal mask hides from the first query.
				for j := causal + 1; j < c.tk; j++ {
					fill(row(vs, j), nan)
				}
			}
		}
		e.infinite = strings.HasPrefix(c.special, "inf")
		switch c.special {
		case "nan key":
			ks[0] = nan
		case "nan query":
			qs[len(qs)-1] = nan
		case "nan value":
			vs[len(vs)/2] = nan
		case "inf key":
			ks[0] = float32(math.Inf(1))
		case "inf value":
			vs[len(vs)/2] = float32(math.Inf(1))
		case "extreme":
			// Float32 rounds a score S by S·2⁻²⁴, which is the relative error of its weight.
			e.Magnitude = 1e4
			// Scores of ±10⁴ that rise and fall, so that the running maximum changes often.
			for r := range c.tq {
				fill(row(qs, r), float32(math.Sqrt(float64(c.h))))
			}
			for j := range c.tk {
				fill(ks[j*shared:(j+1)*shared], float32(1e4*math.Sin(float64(j*j)))/float32(c.h))
			}
		case "large":
			// Scores of a thousand; see "extreme". The relative error of each weight adds up
			// over many numbers.
			e.Magnitude = max(100, 8*math.Sqrt(float64(c.tq*width)))
			for i := range qs {
				qs[i] *= 300
			}
		}
		q := e.In("q", Strided(qs, width, ldq))
		k := e.In("k", Strided(ks, shared, ldkv))
		v := e.In("v", Strided(vs, shared, ldkv))
		y := e.Out("y", make([]float32, c.tq*width), width, ldy)
		scratch := e.Scratch(e.B.AttentionScratch(uint32(c.tq), uint32(c.tk), uint32(c.h)))
		e.B.Attention(y, uint32(ldy), q, uint32(ldq), k, v, uint32(ldkv), uint32(c.tq), uint32(c.tk), uint32(c.heads), uint32(group), uint32(c.h),
			float32(1/math.Sqrt(float64(c.h))), keep, mask, uint32(ldmask), rel, uint32(ldrel), int32(relbase), uint32(causal), scratch)
	}}
}

func clearBytes(p []byte) {
	for i := range p {
		p[i] = 0
	}
}

// attentionCases are odd sizes, with every combination of masks in turn.
func attentionCases() (cases []Case) {
	i := 0
	for _, tq := range []int{1, 2, 3, 4, 5, 9} {
		for _, tk := range []int{1, 2, 3, 4, 7, 16, 67} {
			for _, h := range []int{1, 2, 3, 4, 5, 8, 12, 17, 32, 64} {
				c := attend{tq: tq, tk: tk, heads: 1 + i%3, h: h, keep: i&1 != 0, mask: i&2 != 0, rel: i&4 != 0, causal: -1, gap: i % 5}
				if i&8 != 0 {
					c.causal = i % 6
				}
				cases = append(cases, c.build())
				if i%3 == 0 { // grouped keys and values, or one head of them for all
					c.group = []int{2, 3, 4}[i/3%3]
					c.heads = c.group * (1 + i/9%2)
					cases = append(cases, c.build())
				}
				i++
			}
		}
	}
	for _, special := range []string{"nothing", "hidden", "nan key", "nan query", "nan value", "inf key", "large"} {
		for _, tq := range []int{1, 6} {
			for _, causal := range []int{-1, 1} {
				cases = append(cases,
					attend{tq: tq, tk: 11, heads: 2, h: 10, keep: true, causal: causal, special: special}.build(),
					attend{tq: tq, tk: 11, heads: 2, h: 10, causal: causal, special: special}.build())
			}
		}
	}
	return slices.Concat(cases, longAttentionCases(), prefixCases(), farCases())
}

// prefixCases have a bidirectional prefix followed by a causal answer: all queries at once,
// as a model reads a text, and the last queries alone.
func prefixCases() (cases []Case) {
	for i, size := range []int{2, 7, 12, 33, 64, 67, 150} {
		for _, prefix := range []int{1, size / 2, size - 1} {
			c := attend{tq: size, tk: size, heads: 2, h: 8 + i, causal: 0, prefix: prefix, gap: i % 3, rel: i%2 == 1}
			cases = append(cases, c.build())
			c.keep = true
			cases = append(cases, c.build())
			c.tq = (size + 1) / 2
			c.causal = size - c.tq
			cases = append(cases, c.build())
		}
	}
	return cases
}

// farCases have many keys: the running maximum and sum pass through dozens of blocks, and
// the scores of few queries take more scratch than elsewhere. From 12 queries on the blocked
// form runs.
func farCases() (cases []Case) {
	for _, tk := range []int{1000, 2048} {
		for _, tq := range []int{1, 3, 13, 20} {
			whole := attend{tq: tq, tk: tk, heads: 2, h: 16, causal: -1, gap: 1}
			causal, early, prefix, padded := whole, whole, whole, whole
			causal.causal = tk - tq // the last queries of a text
			early.causal = tk / 3   // most keys are hidden
			prefix.causal, prefix.prefix = tk/2, tk/2+tq/2
			padded.keep, padded.group = true, 2
			for _, c := range []attend{whole, causal, early, prefix, padded} {
				cases = append(cases, c.build())
				c.rel, c.keep = true, true
				cases = append(cases, c.build())
			}
		}
	}
	return cases
}

// longAttentionCases are around the sizes at which attention of many queries and keys
// changes its form: 12 queries and 32 keys, chunks of 64, 32 or 16 queries, blocks of up to
// 64 keys, heads of up to 64, 128 and 256.
func longAttentionCases() (cases []Case) {
	i := 0
	next := func(tq, tk, h int) {
		c := attend{tq: tq, tk: tk, heads: 1 + i%2, group: 1, h: h, keep: i&1 != 0, mask: i&2 != 0, rel: i&4 != 0, causal: -1, gap: i % 5}
		if i%3 == 0 {
			c.causal = (i * 7) % (tk + 3)
		}
		if i%5 == 0 {
			c.heads, c.group = 4, 2
		}
		cases = append(cases, c.build())
		i++
	}
	for _, tq := range []int{11, 12, 13, 16, 17, 31, 33} {
		for _, tk := range []int{31, 32, 33, 63, 64, 65, 67, 130} {
			next(tq, tk, 1+i*11%67)
		}
	}
	for _, tq := range []int{64, 75, 76, 77, 129, 140} {
		for _, tk := range []int{64, 129, 301} {
			next(tq, tk, 16)
			next(tq, tk, 19)
		}
	}
	for _, h := range []int{64, 65, 80, 96, 127, 128, 129, 200, 255, 256, 257} {
		next(17, 70, h)
		next(45, 100, h)
	}
	for _, special := range []string{"nothing", "hidden", "nan key", "nan query", "nan value", "inf value", "inf key", "large", "extreme"} {
		for _, causal := range []int{-1, 0, 40} {
			for _, masks := range []int{0, 1, 2, 7} {
				cases = append(cases, attend{tq: 80, tk: 150, heads: 2, group: 1, h: 20, keep: masks&1 != 0, mask: masks&2 != 0, rel: masks&4 != 0,
					causal: causal, gap: 3, special: special}.build())
			}
		}
	}
	return cases
}
