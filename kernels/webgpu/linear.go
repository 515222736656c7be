package webgpu

import "github.com/lodestone-wasm/lodestone/kernels"

// Linear layers and attention.

// Division is how the recorder divides work among workgroups: the rows and columns of a tile,
// those of a layer of few rows, and the queries and columns of attention. It is that of
// package gen's standard variant, whose test compares them.
func Division() [6]int {
	return [...]int{tileRows, tileColumns, fewRows, fewColumns, attentionQueries, attentionColumns}
}

const (
	tileRows, tileColumns = 32, 64
	fewRows, fewColumns   = 4, 4
	attentionQueries      = 4
	attentionColumns      = 256
)

// fewest is the number of rows up to which a layer reads each weight in one thread, instead of
// through a tile that would be mostly empty.
const fewest = 8

// layer is a linear layer whose input is x, or scratch with quantised rows.
type layer struct {
	y, ldy, x, ldx, w, ws, bias, res, ldres, m, k, n uint32
	act                                              kernels.Activation
	alpha                                            float32
}

func (r *Recorder) linear(tile, few uint32, l layer) {
	var flags uint32
	if l.bias != 0 {
		flags |= 1
	}
	if l.res != 0 {
		flags |= 2
	}
	o := r.all(l.y, l.x, l.w, l.bias, l.res)
	if l.ws != 0 {
		r.words(&o, l.ws)
	}
	kernel, rows, columns := tile, uint32(tileRows), uint32(tileColumns)
	if l.m <= fewest {
		kernel, rows, columns = few, fewRows, fewColumns
	}
	x, z := r.plane((l.n + columns - 1) / columns)
	r.command(kernel, x, (l.m+rows-1)/rows, z, o,
		l.ldy, l.ldx, l.ldres, l.m, l.k, l.n, uint32(l.act), bits(l.alpha), flags)
}

// LinearF32 implements kernels.Operations.
func (r *Recorder) LinearF32(y, ldy, x, ldx, w, bias, res, ldres, m, k, n uint32, act kernels.Activation, alpha float32) {
	r.linear(kLinearF32, kFewF32, layer{y, ldy, x, ldx, w, 0, bias, res, ldres, m, k, n, act, alpha})
}

// LinearF16 implements kernels.Operations.
func (r *Recorder) LinearF16(y, ldy, x, ldx, w, bias, res, ldres, m, k, n uint32, act kernels.Activation, alpha float32, scratch uint32) {
	r.linear(kLinearF16, kFewF16, layer{y, ldy, x, ldx, w, 0, bias, res, ldres, m, k, n, act, alpha})
}

// LinearQ8 implements kernels.Operations.
func (r *Recorder) LinearQ8(y, ldy, x, ldx, w, ws, bias, res, ldres, m, k, n uint32, act kernels.Activation, alpha float32, levels, scratch uint32) {
	r.rows(kQuantizeX8, m, r.all(scratch, x), ldx, m, k, levels)
	r.linear(kLinearQ8, kFewQ8, layer{y, ldy, scratch, 0, w, ws, bias, res, ldres, m, k, n, act, alpha})
}

// LinearQ4 implements kernels.Operations.
func (r *Recorder) LinearQ4(y, ldy, x, ldx, w, bias, res, ldres, m, k, n uint32, act kernels.Activation, alpha float32, levels, scratch uint32) {
	r.rows(kQuantizeX4, m, r.all(scratch, x), ldx, m, k, levels)
	r.linear(kLinearQ4, kFewQ4, layer{y, ldy, scratch, 0, w, 0, bias, res, ldres, m, k, n, act, alpha})
}

// Attention implements kernels.Operations.
func (r *Recorder) Attention(y, ldy, q, ldq, k, v, ldkv, tq, tk, heads, group, h uint32, scale float32,
	keep, mask, ldmask, rel, ldrel uint32, relbase int32, causal, scratch uint32) {
	var flags uint32
	for i, at := range [...]uint32{keep, mask, rel} {
		if at != 0 {
			flags |= 1 << i
		}
	}
	o := r.all(y, q, k, v)
	r.bytes(&o, keep)
	r.words(&o, mask)
	r.words(&o, rel)
	r.command(kAttention, (tq+attentionQueries-1)/attentionQueries, heads, (h+attentionColumns-1)/attentionColumns, o,
		ldy, ldq, ldkv, tq, tk, group, h, bits(scale), ldmask, ldrel, uint32(relbase), causal, flags)
}
