//go:build !js

package simd

import (
	"context"
	_ "embed" // the kernel module
	"fmt"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"

	"github.com/lodestone-wasm/lodestone/kernels"
)

//go:embed simd128.wasm
var module []byte

// Backend runs the kernel module under wazero. It is not safe for concurrent use.
type Backend struct {
	v       variant // plain
	ctx     context.Context
	runtime wazero.Runtime
	mem     api.Memory
	fn      map[string]api.Function
	stack   [24]uint64
	row     []byte // of TopK
}

var _ kernels.Backend = (*Backend)(nil)

// New compiles and instantiates the kernel module. Close the Backend after use.
func New(ctx context.Context) (*Backend, error) {
	r := wazero.NewRuntime(ctx)
	inst, err := r.InstantiateWithConfig(ctx, module, wazero.NewModuleConfig().WithName(""))
	if err != nil {
		r.Close(ctx)
		return nil, fmt.Errorf("kernels/simd: the embedded module %s: %w", Name, err)
	}
	return backendOf(ctx, r, inst), nil
}

// backendOf is the backend of an instance of simd128.wasm or simd128-shared.wasm.
func backendOf(ctx context.Context, r wazero.Runtime, inst api.Module) *Backend {
	b := &Backend{ctx: ctx, runtime: r, mem: inst.Memory(), fn: map[string]api.Function{}}
	for name := range inst.ExportedFunctionDefinitions() {
		b.fn[name] = inst.ExportedFunction(name)
	}
	return b
}

// Close releases the instance and its memory.
func (b *Backend) Close() error { return b.runtime.Close(b.ctx) }

// call calls a kernel. It panics, as a slice does, where an offset is outside memory: the
// caller has broken the contract.
func (b *Backend) call(name string, args ...uint64) uint64 {
	copy(b.stack[:], args)
	if err := b.fn[name].CallWithStack(b.ctx, b.stack[:]); err != nil {
		panic("kernels/simd: " + name + ": " + err.Error())
	}
	return b.stack[0]
}

func u(n uint32) uint64  { return uint64(n) }
func f(x float32) uint64 { return api.EncodeF32(x) }

// Base is the end of the module's own tables.
func (b *Backend) Base() uint32 { return uint32(b.call("base")) }

// Size is the memory's size in bytes.
func (b *Backend) Size() uint64 { return uint64(uint32(b.call("size"))) * pageSize }

// Grow makes the memory at least size bytes long.
func (b *Backend) Grow(size uint64) error {
	return growBy(b.Size(), size, func(pages uint32) bool { return int32(b.call("grow", u(pages))) >= 0 })
}

// Write copies p to memory.
func (b *Backend) Write(at uint32, p []byte) {
	if !b.mem.Write(at, p) {
		panic(fmt.Sprintf("kernels/simd: write of %d bytes at %d is outside memory", len(p), at))
	}
}

// Read copies memory to p.
func (b *Backend) Read(at uint32, p []byte) kernels.Pending {
	v, ok := b.mem.Read(at, uint32(len(p)))
	if !ok {
		panic(fmt.Sprintf("kernels/simd: read of %d bytes at %d is outside memory", len(p), at))
	}
	copy(p, v)
	return nil
}

// The methods of kernels.Loading and kernels.Operations that call the module.

// PackF32 implements kernels.Backend.
func (b *Backend) PackF32(dst, src, n, k uint32) { b.call("pack_f32", u(dst), u(src), u(n), u(k)) }

// PackQ8 implements kernels.Backend.
func (b *Backend) PackQ8(dst, src, n, k uint32) { b.call("pack_q8", u(dst), u(src), u(n), u(k)) }

// PackQ4 implements kernels.Backend.
func (b *Backend) PackQ4(dst, src, scale, n, k uint32) {
	b.call("pack_q4", u(dst), u(src), u(scale), u(n), u(k))
}

// QuantizeQ4 implements kernels.Backend.
func (b *Backend) QuantizeQ4(q, scale, src, n, k uint32) {
	b.call("quantize_q4", u(q), u(scale), u(src), u(n), u(k))
}

// LinearQ4 implements kernels.Backend.
func (b *Backend) LinearQ4(y, ldy, x, ldx, w, bias, res, ldres, m, k, n uint32, act kernels.Activation, alpha float32, levels, scratch uint32) {
	b.call("linear_q4", u(y), u(ldy), u(x), u(ldx), u(w), u(bias), u(res), u(ldres), u(m), u(k), u(n), uint64(act), f(alpha), u(levels), u(scratch))
}

// PackF16 implements kernels.Backend.
func (b *Backend) PackF16(dst, src, n, k uint32) { b.call("pack_f16", u(dst), u(src), u(n), u(k)) }

// NarrowF16 implements kernels.Backend.
func (b *Backend) NarrowF16(dst, src, n, beyond uint32) {
	if b.call("narrow_f16", u(dst), u(src), u(n)) != 0 {
		b.call("poke32", u(beyond), 1)
	}
}

// EmbedF16 implements kernels.Backend.
func (b *Backend) EmbedF16(y, table, ids, n, d uint32, mul float32, accumulate uint32) {
	b.call("embed_f16", u(y), u(table), u(ids), u(n), u(d), f(mul), u(accumulate))
}

// LinearF16 implements kernels.Backend.
func (b *Backend) LinearF16(y, ldy, x, ldx, w, bias, res, ldres, m, k, n uint32, act kernels.Activation, alpha float32, scratch uint32) {
	b.call("linear_f16", u(y), u(ldy), u(x), u(ldx), u(w), u(bias), u(res), u(ldres), u(m), u(k), u(n), uint64(act), f(alpha), u(scratch))
}

// QuantizeRows implements kernels.Backend.
func (b *Backend) QuantizeRows(q, scale, src, n, k uint32) {
	b.call("quantize_rows", u(q), u(scale), u(src), u(n), u(k))
}

// WidenF16 implements kernels.Backend.
func (b *Backend) WidenF16(dst, src, n uint32) { b.call("widen_f16", u(dst), u(src), u(n)) }

// WidenBF16 implements kernels.Backend.
func (b *Backend) WidenBF16(dst, src, n uint32) { b.call("widen_bf16", u(dst), u(src), u(n)) }

// EmbedF32 implements kernels.Backend.
func (b *Backend) EmbedF32(y, table, ids, n, d uint32, mul float32, accumulate uint32) {
	b.call("embed_f32", u(y), u(table), u(ids), u(n), u(d), f(mul), u(accumulate))
}

// EmbedQ8 implements kernels.Backend.
func (b *Backend) EmbedQ8(y, table, scale, ids, n, d uint32, mul float32, accumulate uint32) {
	b.call("embed_q8", u(y), u(table), u(scale), u(ids), u(n), u(d), f(mul), u(accumulate))
}

// LinearF32 implements kernels.Backend.
func (b *Backend) LinearF32(y, ldy, x, ldx, w, bias, res, ldres, m, k, n uint32, act kernels.Activation, alpha float32) {
	b.call("linear_f32", u(y), u(ldy), u(x), u(ldx), u(w), u(bias), u(res), u(ldres), u(m), u(k), u(n), uint64(act), f(alpha))
}

// LinearQ8 implements kernels.Backend.
func (b *Backend) LinearQ8(y, ldy, x, ldx, w, ws, bias, res, ldres, m, k, n uint32, act kernels.Activation, alpha float32, levels, scratch uint32) {
	b.call("linear_q8", u(y), u(ldy), u(x), u(ldx), u(w), u(ws), u(bias), u(res), u(ldres), u(m), u(k), u(n), uint64(act), f(alpha), u(levels), u(scratch))
}

// LayerNorm implements kernels.Backend.
func (b *Backend) LayerNorm(y, x, w, bias, n, d uint32, eps float32) {
	b.call("layer_norm", u(y), u(x), u(w), u(bias), u(n), u(d), f(eps))
}

// RMSNorm implements kernels.Backend.
func (b *Backend) RMSNorm(y, x, w, n, d uint32, eps float32) {
	b.call("rms_norm", u(y), u(x), u(w), u(n), u(d), f(eps))
}

// Activate implements kernels.Backend.
func (b *Backend) Activate(y, x, n uint32, act kernels.Activation) {
	b.call("activate", u(y), u(x), u(n), uint64(act))
}

// Add implements kernels.Backend.
func (b *Backend) Add(y, a, c, n uint32, alpha float32) {
	b.call("add", u(y), u(a), u(c), u(n), f(alpha))
}

// ScanQ8 implements kernels.Backend.
func (b *Backend) ScanQ8(y, q, x, s, keep, n, k uint32) {
	b.call("scan_q8", u(y), u(q), u(x), u(s), u(keep), u(n), u(k))
}

// TopK implements kernels.Backend.
func (b *Backend) TopK(ids, y, x, ldx, m, n, k uint32) {
	b.row = kernels.TopKOnHost(b, b.row, ids, y, x, ldx, m, n, k)
}

// Gate implements kernels.Backend.
func (b *Backend) Gate(y, a, c, n uint32, act kernels.Activation) {
	b.call("gate", u(y), u(a), u(c), u(n), uint64(act))
}

// Attention implements kernels.Backend.
func (b *Backend) Attention(y, ldy, q, ldq, k, v, ldkv, tq, tk, heads, group, h uint32, scale float32,
	keep, mask, ldmask, rel, ldrel uint32, relbase int32, causal, scratch uint32) {
	b.call("attention", u(y), u(ldy), u(q), u(ldq), u(k), u(v), u(ldkv), u(tq), u(tk), u(heads), u(group), u(h), f(scale),
		u(keep), u(mask), u(ldmask), u(rel), u(ldrel), uint64(uint32(relbase)), u(causal), u(scratch))
}

// Rotate implements kernels.Backend.
func (b *Backend) Rotate(x, ldx, n, heads, h, cos, sin uint32) {
	b.call("rotate", u(x), u(ldx), u(n), u(heads), u(h), u(cos), u(sin))
}

// RotateHalves implements kernels.Backend.
func (b *Backend) RotateHalves(x, ldx, n, heads, h, turn, cos, sin uint32) {
	b.call("rotate_halves", u(x), u(ldx), u(n), u(heads), u(h), u(turn), u(cos), u(sin))
}

// MeanRows implements kernels.Backend.
func (b *Backend) MeanRows(y, x, n, d uint32) { b.call("mean_rows", u(y), u(x), u(n), u(d)) }

// L2Normalize implements kernels.Backend.
func (b *Backend) L2Normalize(y, x, n, d uint32, eps float32) {
	b.call("l2_normalize", u(y), u(x), u(n), u(d), f(eps))
}

// SHA256 implements kernels.Backend.
func (b *Backend) SHA256(state, src, n uint32) { b.call("sha256", u(state), u(src), u(n)) }
