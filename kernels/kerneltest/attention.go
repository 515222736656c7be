package kerneltest

import (
	"fmt"
	"math"
)

// attend is a call of attention.
type attend struct {
	tq, tk, heads, h int
	group            int // heads that share keys and values; 0 is 1
	keep, mask, rel  bool
	causal           int // −1 for none
	gap              int
	special          string
}

func (c attend) String() string {
	return fmt.Sprintf("tq=%d tk=%d heads=%d group=%d h=%d keep=%t mask=%t rel=%t causal=%d gap=%d %s", c.tq, c.tk, c.heads, c.group, c.h, c.keep, c.mask, c.rel, c.causal, c.gap, c.special)
}

func (c attend) build() Case {
	return Case{"attention", c.String(), func(e *Env) {
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
		if c.mask {
			v := e.Normal(c.tq * c.tk)
			for i := range v {
				if i%4 == 1 {
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
		if c.causal >= 0 {
			causal = min(c.causal, c.tk)
			if c.special == "hidden" {
				// No row sees beyond the last row's keys, and the first sees few.
				for j := causal + 1; j < c.tk; j++ {
					fill(row(vs, j), nan)
				}
			}
		}
		switch c.special {
		case "nan key":
			ks[0] = nan
		case "nan query":
			qs[len(qs)-1] = nan
		case "nan value":
			vs[len(vs)/2] = nan
		case "inf key":
			ks[0] = float32(math.Inf(1))
		case "large":
			for i := range qs {
				qs[i] *= 300
			}
		}
		q := e.In("q", Strided(qs, width, ldq))
		k := e.In("k", Strided(ks, shared, ldkv))
		v := e.In("v", Strided(vs, shared, ldkv))
		y := e.Out("y", make([]float32, c.tq*width), width, ldy)
		scratch := e.Scratch(uint64(4 * ((c.tk + 3) &^ 3) * 4))
		e.B.Attention(y, uint32(ldy), q, uint32(ldq), k, v, uint32(ldkv), uint32(c.tq), uint32(c.tk), uint32(c.heads), uint32(group), uint32(c.h),
			float32(1/math.Sqrt(float64(c.h))), keep, mask, uint32(ldmask), rel, uint32(ldrel), int32(relbase), uint32(causal), scratch)
	}}
}

func clearBytes(p []byte) {
	for i := range p {
		p[i] = 0
	}
}

// attentionCases are odd sizes with every set of masks in turn.
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
				if i%3 == 0 { // grouped keys and values, one for all heads too
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
	return cases
}
