//go:build js && wasm

package simd

// The exports of the kernel module. Each call goes directly from module to module.

//go:wasmimport kernels variant
func wVariant() uint32

//go:wasmimport kernels base
func wBase() uint32

//go:wasmimport kernels size
func wSize() uint32

//go:wasmimport kernels grow
func wGrow(pages uint32) int32

//go:wasmimport kernels peek32
func wPeek32(at uint32) uint32

//go:wasmimport kernels poke32
func wPoke32(at, v uint32)

//go:wasmimport kernels pack_f32
func wPackF32(dst, src, n, k uint32)

//go:wasmimport kernels pack_q8
func wPackQ8(dst, src, n, k uint32)

//go:wasmimport kernels pack_q4
func wPackQ4(dst, src, scale, n, k uint32)

//go:wasmimport kernels quantize_q4
func wQuantizeQ4(q, scale, src, n, k uint32)

//go:wasmimport kernels pack_f16
func wPackF16(dst, src, n, k uint32)

//go:wasmimport kernels narrow_f16
func wNarrowF16(dst, src, n uint32) uint32

//go:wasmimport kernels embed_f16
func wEmbedF16(y, table, ids, n, d uint32, mul float32, accumulate uint32)

//go:wasmimport kernels linear_f16
func wLinearF16(y, ldy, x, ldx, w, bias, res, ldres, m, k, n uint32, act uint32, alpha float32, scratch uint32)

//go:wasmimport kernels quantize_rows
func wQuantizeRows(q, scale, src, n, k uint32)

//go:wasmimport kernels widen_f16
func wWidenF16(dst, src, n uint32)

//go:wasmimport kernels widen_bf16
func wWidenBf16(dst, src, n uint32)

//go:wasmimport kernels embed_f32
func wEmbedF32(y, table, ids, n, d uint32, mul float32, accumulate uint32)

//go:wasmimport kernels embed_q8
func wEmbedQ8(y, table, scale, ids, n, d uint32, mul float32, accumulate uint32)

//go:wasmimport kernels linear_f32
func wLinearF32(y, ldy, x, ldx, w, bias, res, ldres, m, k, n uint32, act uint32, alpha float32)

//go:wasmimport kernels linear_q8
func wLinearQ8(y, ldy, x, ldx, w, ws, bias, res, ldres, m, k, n uint32, act uint32, alpha float32, levels, scratch uint32)

//go:wasmimport kernels linear_q4
func wLinearQ4(y, ldy, x, ldx, w, bias, res, ldres, m, k, n uint32, act uint32, alpha float32, levels, scratch uint32)

//go:wasmimport kernels layer_norm
func wLayerNorm(y, x, w, bias, n, d uint32, eps float32)

//go:wasmimport kernels rms_norm
func wRMSNorm(y, x, w, n, d uint32, eps float32)

//go:wasmimport kernels scan_q8
func wScanQ8(y, q, x, s, keep, n, k uint32)

//go:wasmimport kernels gate
func wGate(y, a, b, n uint32, act uint32)

//go:wasmimport kernels rotate_halves
func wRotateHalves(x, ldx, n, heads, h, turn, cos, sin uint32)

//go:wasmimport kernels activate
func wActivate(y, x, n uint32, act uint32)

//go:wasmimport kernels add
func wAdd(y, a, c, n uint32, alpha float32)

//go:wasmimport kernels attention
func wAttention(y, ldy, q, ldq, k, v, ldkv, tq, tk, heads, group, h uint32, scale float32, keep, mask, ldmask, rel, ldrel uint32, relbase int32, causal, scratch uint32)

//go:wasmimport kernels rotate
func wRotate(x, ldx, n, heads, h, cos, sin uint32)

//go:wasmimport kernels mean_rows
func wMeanRows(y, x, n, d uint32)

//go:wasmimport kernels l2_normalize
func wL2Normalize(y, x, n, d uint32, eps float32)

//go:wasmimport kernels sha256
func wSha256(state, src, n uint32)
