package kerneltest

import (
	"bytes"

	"github.com/lodestone-wasm/lodestone/kernels"
)

// Deferred is a backend that records its calls and runs them on another backend when a
// result is waited for, as the command queue of a GPU does. A caller that works on it
// depends on no more than what kernels.Backend promises about the order of calls.
//
// Its memory is divided into segments, as a memory of several GPU buffers is: Place moves
// an object that would straddle two of them.
type Deferred struct {
	on       kernels.Backend
	segment  uint64
	recorded []func()
	ran      int // commands so far
}

// NewDeferred makes a Deferred on a backend whose memory nothing else uses. segment is the
// size of a segment in bytes, a multiple of kernels.Alignment; 0 means one segment.
func NewDeferred(on kernels.Backend, segment uint64) *Deferred {
	return &Deferred{on: on, segment: segment}
}

var _ kernels.Backend = (*Deferred)(nil)

// Recorded is the number of commands that have not run yet.
func (b *Deferred) Recorded() int { return len(b.recorded) }

// The methods that answer from their arguments alone answer at once.

// Name implements kernels.Backend.
func (b *Deferred) Name() string { return b.on.Name() }

// Base implements kernels.Memory.
func (b *Deferred) Base() uint32 { return b.on.Base() }

// Size implements kernels.Memory.
func (b *Deferred) Size() uint64 { return b.on.Size() }

// Grow implements kernels.Memory.
func (b *Deferred) Grow(size uint64) error { return b.on.Grow(size) }

// PackedSize implements kernels.Loading.
func (b *Deferred) PackedSize(t kernels.DType, n, k uint32) uint64 { return b.on.PackedSize(t, n, k) }

// Levels implements kernels.Operations.
func (b *Deferred) Levels(t kernels.DType, k uint32) uint32 { return b.on.Levels(t, k) }

// LinearScratch implements kernels.Operations.
func (b *Deferred) LinearScratch(t kernels.DType, m, k uint32) uint64 {
	return b.on.LinearScratch(t, m, k)
}

// AttentionScratch implements kernels.Operations.
func (b *Deferred) AttentionScratch(tq, tk, h uint32) uint64 { return b.on.AttentionScratch(tq, tk, h) }

// Place implements kernels.Memory.
func (b *Deferred) Place(from, n uint64) uint64 {
	if b.segment == 0 || n == 0 || from/b.segment == (from+n-1)/b.segment {
		return from
	}
	return (from + b.segment - 1) / b.segment * b.segment // what is larger than a segment starts one
}

// Write implements kernels.Memory.
func (b *Deferred) Write(at uint32, p []byte) {
	p = bytes.Clone(p)
	b.do(func() { b.on.Write(at, p) })
}

// Read implements kernels.Memory.
func (b *Deferred) Read(at uint32, p []byte) kernels.Pending {
	b.do(func() { b.on.Read(at, p) })
	return pending{b, b.ran + len(b.recorded)}
}

// pending is a Read that the first commands of a backend include.
type pending struct {
	b        *Deferred
	commands int
}

// Wait runs the commands up to the Read, on another goroutine.
func (p pending) Wait() error {
	done := make(chan struct{})
	go func() {
		defer close(done)
		for p.b.ran < p.commands {
			p.b.recorded[0]()
			p.b.recorded = p.b.recorded[1:]
			p.b.ran++
		}
	}()
	<-done
	return nil
}

func (b *Deferred) do(command func()) { b.recorded = append(b.recorded, command) }

// PackF32 implements kernels.Loading.
func (b *Deferred) PackF32(dst, src, n, k uint32) {
	b.do(func() { b.on.PackF32(dst, src, n, k) })
}

// PackF16 implements kernels.Loading.
func (b *Deferred) PackF16(dst, src, n, k uint32) {
	b.do(func() { b.on.PackF16(dst, src, n, k) })
}

// PackQ8 implements kernels.Loading.
func (b *Deferred) PackQ8(dst, src, n, k uint32) {
	b.do(func() { b.on.PackQ8(dst, src, n, k) })
}

// PackQ4 implements kernels.Loading.
func (b *Deferred) PackQ4(dst, src, scale, n, k uint32) {
	b.do(func() { b.on.PackQ4(dst, src, scale, n, k) })
}

// QuantizeRows implements kernels.Loading.
func (b *Deferred) QuantizeRows(q, scale, src, n, k uint32) {
	b.do(func() { b.on.QuantizeRows(q, scale, src, n, k) })
}

// QuantizeQ4 implements kernels.Loading.
func (b *Deferred) QuantizeQ4(q, scale, src, n, k uint32) {
	b.do(func() { b.on.QuantizeQ4(q, scale, src, n, k) })
}

// WidenF16 implements kernels.Loading.
func (b *Deferred) WidenF16(dst, src, n uint32) { b.do(func() { b.on.WidenF16(dst, src, n) }) }

// WidenBF16 implements kernels.Loading.
func (b *Deferred) WidenBF16(dst, src, n uint32) { b.do(func() { b.on.WidenBF16(dst, src, n) }) }

// NarrowF16 implements kernels.Loading.
func (b *Deferred) NarrowF16(dst, src, n, beyond uint32) {
	b.do(func() { b.on.NarrowF16(dst, src, n, beyond) })
}

// SHA256 implements kernels.Loading.
func (b *Deferred) SHA256(state, src, n uint32) { b.do(func() { b.on.SHA256(state, src, n) }) }

// EmbedF32 implements kernels.Operations.
func (b *Deferred) EmbedF32(y, table, ids, n, d uint32, mul float32, accumulate uint32) {
	b.do(func() { b.on.EmbedF32(y, table, ids, n, d, mul, accumulate) })
}

// EmbedF16 implements kernels.Operations.
func (b *Deferred) EmbedF16(y, table, ids, n, d uint32, mul float32, accumulate uint32) {
	b.do(func() { b.on.EmbedF16(y, table, ids, n, d, mul, accumulate) })
}

// EmbedQ8 implements kernels.Operations.
func (b *Deferred) EmbedQ8(y, table, scale, ids, n, d uint32, mul float32, accumulate uint32) {
	b.do(func() { b.on.EmbedQ8(y, table, scale, ids, n, d, mul, accumulate) })
}

// LinearF32 implements kernels.Operations.
func (b *Deferred) LinearF32(y, ldy, x, ldx, w, bias, res, ldres, m, k, n uint32, act kernels.Activation, alpha float32) {
	b.do(func() { b.on.LinearF32(y, ldy, x, ldx, w, bias, res, ldres, m, k, n, act, alpha) })
}

// LinearF16 implements kernels.Operations.
func (b *Deferred) LinearF16(y, ldy, x, ldx, w, bias, res, ldres, m, k, n uint32, act kernels.Activation, alpha float32, scratch uint32) {
	b.do(func() { b.on.LinearF16(y, ldy, x, ldx, w, bias, res, ldres, m, k, n, act, alpha, scratch) })
}

// LinearQ8 implements kernels.Operations.
func (b *Deferred) LinearQ8(y, ldy, x, ldx, w, ws, bias, res, ldres, m, k, n uint32, act kernels.Activation, alpha float32, levels, scratch uint32) {
	b.do(func() {
		b.on.LinearQ8(y, ldy, x, ldx, w, ws, bias, res, ldres, m, k, n, act, alpha, levels, scratch)
	})
}

// LinearQ4 implements kernels.Operations.
func (b *Deferred) LinearQ4(y, ldy, x, ldx, w, bias, res, ldres, m, k, n uint32, act kernels.Activation, alpha float32, levels, scratch uint32) {
	b.do(func() {
		b.on.LinearQ4(y, ldy, x, ldx, w, bias, res, ldres, m, k, n, act, alpha, levels, scratch)
	})
}

// LayerNorm implements kernels.Operations.
func (b *Deferred) LayerNorm(y, x, w, bias, n, d uint32, eps float32) {
	b.do(func() { b.on.LayerNorm(y, x, w, bias, n, d, eps) })
}

// RMSNorm implements kernels.Operations.
func (b *Deferred) RMSNorm(y, x, w, n, d uint32, eps float32) {
	b.do(func() { b.on.RMSNorm(y, x, w, n, d, eps) })
}

// L2Normalize implements kernels.Operations.
func (b *Deferred) L2Normalize(y, x, n, d uint32, eps float32) {
	b.do(func() { b.on.L2Normalize(y, x, n, d, eps) })
}

// MeanRows implements kernels.Operations.
func (b *Deferred) MeanRows(y, x, n, d uint32) { b.do(func() { b.on.MeanRows(y, x, n, d) }) }

// Activate implements kernels.Operations.
func (b *Deferred) Activate(y, x, n uint32, act kernels.Activation) {
	b.do(func() { b.on.Activate(y, x, n, act) })
}

// Add implements kernels.Operations.
func (b *Deferred) Add(y, a, c, n uint32, alpha float32) {
	b.do(func() { b.on.Add(y, a, c, n, alpha) })
}

// ScanQ8 implements kernels.Operations.
func (b *Deferred) ScanQ8(y, q, x, s, keep, n, k uint32) {
	b.do(func() { b.on.ScanQ8(y, q, x, s, keep, n, k) })
}

// TopK implements kernels.Operations.
func (b *Deferred) TopK(ids, y, x, ldx, m, n, k uint32) {
	b.do(func() { b.on.TopK(ids, y, x, ldx, m, n, k) })
}

// Gate implements kernels.Operations.
func (b *Deferred) Gate(y, a, c, n uint32, act kernels.Activation) {
	b.do(func() { b.on.Gate(y, a, c, n, act) })
}

// Attention implements kernels.Operations.
func (b *Deferred) Attention(y, ldy, q, ldq, k, v, ldkv, tq, tk, heads, group, h uint32, scale float32,
	keep, mask, ldmask, rel, ldrel uint32, relbase int32, causal, scratch uint32) {
	b.do(func() {
		b.on.Attention(y, ldy, q, ldq, k, v, ldkv, tq, tk, heads, group, h, scale, keep, mask, ldmask, rel, ldrel, relbase, causal, scratch)
	})
}

// Rotate implements kernels.Operations.
func (b *Deferred) Rotate(x, ldx, n, heads, h, cos, sin uint32) {
	b.do(func() { b.on.Rotate(x, ldx, n, heads, h, cos, sin) })
}

// RotateHalves implements kernels.Operations.
func (b *Deferred) RotateHalves(x, ldx, n, heads, h, turn, cos, sin uint32) {
	b.do(func() { b.on.RotateHalves(x, ldx, n, heads, h, turn, cos, sin) })
}
