package webgpu

// The methods of kernels.Loading.

// PackF32 implements kernels.Loading.
func (r *Recorder) PackF32(dst, src, n, k uint32) {
	r.each(kPackF32, n*uint32(roundUp(uint64(k), 4)), r.all(dst, src), n, k)
}

// PackF16 implements kernels.Loading.
func (r *Recorder) PackF16(dst, src, n, k uint32) {
	r.each(kPackF16, n*uint32(roundUp(uint64(k), 8)/2), r.first(dst, src), n, k)
}

// PackQ8 implements kernels.Loading.
func (r *Recorder) PackQ8(dst, src, n, k uint32) {
	r.each(kPackQ8, n*uint32(roundUp(uint64(k), 16)/4), r.first(dst, src), n, k)
	r.each(kSumQ8, n, r.all(dst), n, k)
}

// PackQ4 implements kernels.Loading.
func (r *Recorder) PackQ4(dst, src, scale, n, k uint32) {
	o := r.first(dst, src)
	r.words(&o, scale)
	r.each(kPackQ4, n*uint32(blocksQ4(k)*5), o, n, k)
}

// QuantizeRows implements kernels.Loading.
func (r *Recorder) QuantizeRows(q, scale, src, n, k uint32) {
	r.rows(kRowScales, n, r.all(scale, src), n, k)
	var o operands
	r.bytes(&o, q)
	r.words(&o, scale)
	r.words(&o, src)
	r.each(kQuantizeRows, n*k/4+2, o, n, k)
}

// QuantizeQ4 implements kernels.Loading.
func (r *Recorder) QuantizeQ4(q, scale, src, n, k uint32) {
	r.each(kQuantizeQ4, n*((k+7)/8), r.all(q, scale, src), n, k)
}

// WidenF16 implements kernels.Loading.
func (r *Recorder) WidenF16(dst, src, n uint32) { r.each(kWidenF16, n, r.first(dst, src), n) }

// WidenBF16 implements kernels.Loading.
func (r *Recorder) WidenBF16(dst, src, n uint32) { r.each(kWidenBF16, n, r.first(dst, src), n) }

// NarrowF16 implements kernels.Loading.
func (r *Recorder) NarrowF16(dst, src, n, beyond uint32) {
	var o operands
	r.bytes(&o, dst)
	r.words(&o, src)
	r.words(&o, beyond)
	r.each(kNarrowF16, n/2+2, o, n)
}

// SHA256 implements kernels.Loading.
func (r *Recorder) SHA256(state, src, n uint32) { r.each(kSHA256, 1, r.first(state, src), n) }

// first are an operand whose offset is in words and one whose offset is in bytes.
func (r *Recorder) first(words, bytes uint32) operands {
	var o operands
	r.words(&o, words)
	r.bytes(&o, bytes)
	return o
}
