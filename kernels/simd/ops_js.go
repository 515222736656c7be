//go:build js && wasm

package simd

import "github.com/lodestone-wasm/lodestone/kernels"

// The methods of kernels.Loading and kernels.Operations that call the module.

// PackF32 implements kernels.Backend.
func (b *Backend) PackF32(dst, src, n, k uint32) {
	wPackF32(dst, src, n, k)
}

// PackQ8 implements kernels.Backend.
func (b *Backend) PackQ8(dst, src, n, k uint32) {
	wPackQ8(dst, src, n, k)
}

// PackQ4 implements kernels.Backend.
func (b *Backend) PackQ4(dst, src, scale, n, k uint32) { wPackQ4(dst, src, scale, n, k) }

// QuantizeQ4 implements kernels.Backend.
func (b *Backend) QuantizeQ4(q, scale, src, n, k uint32) { wQuantizeQ4(q, scale, src, n, k) }

// LinearQ4 implements kernels.Backend.
func (b *Backend) LinearQ4(y, ldy, x, ldx, w, bias, res, ldres, m, k, n uint32, act kernels.Activation, alpha float32, levels, scratch uint32) {
	wLinearQ4(y, ldy, x, ldx, w, bias, res, ldres, m, k, n, uint32(act), alpha, levels, scratch)
}

// PackF16 implements kernels.Backend.
func (b *Backend) PackF16(dst, src, n, k uint32) { wPackF16(dst, src, n, k) }

// NarrowF16 implements kernels.Backend.
func (b *Backend) NarrowF16(dst, src, n, beyond uint32) {
	if wNarrowF16(dst, src, n) != 0 {
		wPoke32(beyond, 1)
	}
}

// EmbedF16 implements kernels.Backend.
func (b *Backend) EmbedF16(y, table, ids, n, d uint32, mul float32, accumulate uint32) {
	wEmbedF16(y, table, ids, n, d, mul, accumulate)
}

// LinearF16 implements kernels.Backend.
func (b *Backend) LinearF16(y, ldy, x, ldx, w, bias, res, ldres, m, k, n uint32, act kernels.Activation, alpha float32, scratch uint32) {
	wLinearF16(y, ldy, x, ldx, w, bias, res, ldres, m, k, n, uint32(act), alpha, scratch)
}

// QuantizeRows implements kernels.Backend.
func (b *Backend) QuantizeRows(q, scale, src, n, k uint32) {
	wQuantizeRows(q, scale, src, n, k)
}

// WidenF16 implements kernels.Backend.
func (b *Backend) WidenF16(dst, src, n uint32) {
	wWidenF16(dst, src, n)
}

// WidenBF16 implements kernels.Backend.
func (b *Backend) WidenBF16(dst, src, n uint32) {
	wWidenBf16(dst, src, n)
}

// EmbedF32 implements kernels.Backend.
func (b *Backend) EmbedF32(y, table, ids, n, d uint32, mul float32, accumulate uint32) {
	wEmbedF32(y, table, ids, n, d, mul, accumulate)
}

// EmbedQ8 implements kernels.Backend.
func (b *Backend) EmbedQ8(y, table, scale, ids, n, d uint32, mul float32, accumulate uint32) {
	wEmbedQ8(y, table, scale, ids, n, d, mul, accumulate)
}

// LinearF32 implements kernels.Backend.
func (b *Backend) LinearF32(y, ldy, x, ldx, w, bias, res, ldres, m, k, n uint32, act kernels.Activation, alpha float32) {
	wLinearF32(y, ldy, x, ldx, w, bias, res, ldres, m, k, n, uint32(act), alpha)
}

// LinearQ8 implements kernels.Backend.
func (b *Backend) LinearQ8(y, ldy, x, ldx, w, ws, bias, res, ldres, m, k, n uint32, act kernels.Activation, alpha float32, levels, scratch uint32) {
	wLinearQ8(y, ldy, x, ldx, w, ws, bias, res, ldres, m, k, n, uint32(act), alpha, levels, scratch)
}

// LayerNorm implements kernels.Backend.
func (b *Backend) LayerNorm(y, x, w, bias, n, d uint32, eps float32) {
	wLayerNorm(y, x, w, bias, n, d, eps)
}

// RMSNorm implements kernels.Backend.
func (b *Backend) RMSNorm(y, x, w, n, d uint32, eps float32) {
	wRMSNorm(y, x, w, n, d, eps)
}

// Activate implements kernels.Backend.
func (b *Backend) Activate(y, x, n uint32, act kernels.Activation) {
	wActivate(y, x, n, uint32(act))
}

// Add implements kernels.Backend.
func (b *Backend) Add(y, a, c, n uint32, alpha float32) {
	wAdd(y, a, c, n, alpha)
}

// ScanQ8 implements kernels.Backend.
func (b *Backend) ScanQ8(y, q, x, s, keep, n, k uint32) {
	wScanQ8(y, q, x, s, keep, n, k)
}

// TopK implements kernels.Backend.
func (b *Backend) TopK(ids, y, x, ldx, m, n, k uint32) {
	b.row = kernels.TopKOnHost(b, b.row, ids, y, x, ldx, m, n, k)
}

// Gate implements kernels.Backend.
func (b *Backend) Gate(y, a, c, n uint32, act kernels.Activation) {
	wGate(y, a, c, n, uint32(act))
}

// Attention implements kernels.Backend.
func (b *Backend) Attention(y, ldy, q, ldq, k, v, ldkv, tq, tk, heads, group, h uint32, scale float32, keep, mask, ldmask, rel, ldrel uint32, relbase int32, causal, scratch uint32) {
	wAttention(y, ldy, q, ldq, k, v, ldkv, tq, tk, heads, group, h, scale, keep, mask, ldmask, rel, ldrel, relbase, causal, scratch)
}

// Rotate implements kernels.Backend.
func (b *Backend) Rotate(x, ldx, n, heads, h, cos, sin uint32) {
	wRotate(x, ldx, n, heads, h, cos, sin)
}

// RotateHalves implements kernels.Backend.
func (b *Backend) RotateHalves(x, ldx, n, heads, h, turn, cos, sin uint32) {
	wRotateHalves(x, ldx, n, heads, h, turn, cos, sin)
}

// MeanRows implements kernels.Backend.
func (b *Backend) MeanRows(y, x, n, d uint32) {
	wMeanRows(y, x, n, d)
}

// L2Normalize implements kernels.Backend.
func (b *Backend) L2Normalize(y, x, n, d uint32, eps float32) {
	wL2Normalize(y, x, n, d, eps)
}

// SHA256 implements kernels.Backend.
func (b *Backend) SHA256(state, src, n uint32) {
	wSha256(state, src, n)
}
