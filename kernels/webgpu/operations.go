package webgpu

import "github.com/lodestone-wasm/lodestone/kernels"

// The methods of kernels.Operations, except linear layers and attention.

// EmbedF32 implements kernels.Operations.
func (r *Recorder) EmbedF32(y, table, ids, n, d uint32, mul float32, accumulate uint32) {
	r.each(kEmbedF32, n*d, r.all(y, table, ids), n, d, bits(mul), accumulate)
}

// EmbedF16 implements kernels.Operations.
func (r *Recorder) EmbedF16(y, table, ids, n, d uint32, mul float32, accumulate uint32) {
	o := r.first(y, table)
	r.words(&o, ids)
	r.each(kEmbedF16, n*d, o, n, d, bits(mul), accumulate)
}

// EmbedQ8 implements kernels.Operations.
func (r *Recorder) EmbedQ8(y, table, scale, ids, n, d uint32, mul float32, accumulate uint32) {
	o := r.first(y, table)
	r.words(&o, ids)
	r.words(&o, scale)
	r.each(kEmbedQ8, n*d, o, n, d, bits(mul), accumulate)
}

// LayerNorm implements kernels.Operations.
func (r *Recorder) LayerNorm(y, x, w, b, n, d uint32, eps float32) {
	r.rows(kLayerNorm, n, r.all(y, x, w, b), n, d, bits(eps))
}

// RMSNorm implements kernels.Operations.
func (r *Recorder) RMSNorm(y, x, w, n, d uint32, eps float32) {
	r.rows(kRMSNorm, n, r.all(y, x, w), n, d, bits(eps))
}

// L2Normalize implements kernels.Operations.
func (r *Recorder) L2Normalize(y, x, n, d uint32, eps float32) {
	r.rows(kL2Normalize, n, r.all(y, x), n, d, bits(eps))
}

// MeanRows implements kernels.Operations.
func (r *Recorder) MeanRows(y, x, n, d uint32) { r.each(kMeanRows, d, r.all(y, x), n, d) }

// Activate implements kernels.Operations.
func (r *Recorder) Activate(y, x, n uint32, act kernels.Activation) {
	r.each(kActivate, n, r.all(y, x), n, uint32(act))
}

// Add implements kernels.Operations.
func (r *Recorder) Add(y, a, b, n uint32, alpha float32) {
	r.each(kAdd, n, r.all(y, a, b), n, bits(alpha))
}

// Gate implements kernels.Operations.
func (r *Recorder) Gate(y, a, b, n uint32, act kernels.Activation) {
	r.each(kGate, n, r.all(y, a, b), n, uint32(act))
}

// ScanQ8 implements kernels.Operations.
func (r *Recorder) ScanQ8(y, q, x, s, keep, n, k uint32) {
	var flags uint32
	if keep != 0 {
		flags = 1
	}
	o := r.all(y, q, x, s)
	r.bytes(&o, keep)
	r.each(kScanQ8, n, o, n, k, flags)
}

// TopK implements kernels.Operations.
func (r *Recorder) TopK(ids, y, x, ldx, m, n, k uint32) {
	r.rows(kTopK, m, r.all(ids, y, x), ldx, m, n, k)
}

// Rotate implements kernels.Operations.
func (r *Recorder) Rotate(x, ldx, n, heads, h, cos, sin uint32) {
	r.each(kRotate, n*heads*(h/2), r.all(x, cos, sin), ldx, n, heads, h)
}

// RotateHalves implements kernels.Operations.
func (r *Recorder) RotateHalves(x, ldx, n, heads, h, turn, cos, sin uint32) {
	r.each(kRotateHalves, n*heads*(turn/2), r.all(x, cos, sin), ldx, n, heads, h, turn)
}
