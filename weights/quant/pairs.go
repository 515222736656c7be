package quant

import (
	"github.com/lodestone-wasm/lodestone/kernels/lean"
	"math"
	"strings"

	"github.com/lodestone-wasm/lodestone/weights/safetensors"
)

// The names of the compressed-tensors convention.
const (
	weightSuffix = ".weight"
	scaleSuffix  = ".weight_scale"
)

// other is what the convention stores for schemes that are not this one.
var other = []string{".weight_zero_point", ".weight_g_idx", ".weight_global_scale", ".input_scale", ".input_zero_point", ".output_scale"}

// Pairs finds each quantised weight's scales: X.weight (I8 [rows, cols]) → X.weight_scale
// (F32, F16 or BF16, [rows, 1] or [rows]). A weight without scales, scales without a
// weight and shapes that do not fit are [ErrScale]; tensors of other schemes, such as
// X.weight_zero_point, are [ErrUnsupported]. Weights of 4 bits are left to [PackedOf].
func Pairs(tensors []safetensors.Tensor) (map[string]safetensors.Tensor, error) {
	at := make(map[string]safetensors.Tensor, len(tensors))
	for _, t := range tensors {
		at[t.Name] = t
		for _, suffix := range other {
			if strings.HasSuffix(t.Name, suffix) {
				return nil, refuse(ErrUnsupported, "tensor %q belongs to a scheme other than symmetric integers; use the unquantised model", lean.Clip(t.Name))
			}
		}
	}
	pairs := map[string]safetensors.Tensor{}
	for _, t := range tensors {
		if name, ok := strings.CutSuffix(t.Name, scaleSuffix); ok {
			if _, packed := at[name+packedSuffix]; packed {
				continue
			}
			w, ok := at[name+weightSuffix]
			if !ok || w.DType != safetensors.I8 {
				return nil, refuse(ErrScale, "tensor %q has no I8 %q beside it", lean.Clip(t.Name), lean.Clip(name+weightSuffix))
			}
			continue
		}
		name, ok := strings.CutSuffix(t.Name, weightSuffix)
		if !ok || t.DType != safetensors.I8 {
			continue
		}
		s, ok := at[name+scaleSuffix]
		switch {
		case !ok:
			return nil, refuse(ErrScale, "tensor %q is I8 but has no %q", lean.Clip(t.Name), lean.Clip(name+scaleSuffix))
		case len(t.Shape) != 2:
			return nil, refuse(ErrScale, "tensor %q is I8 of shape %v, expected [rows, cols]", lean.Clip(t.Name), t.Shape)
		case !s.DType.IsFloat():
			return nil, refuse(ErrScale, "tensor %q is %s, expected F32, F16 or BF16", lean.Clip(s.Name), s.DType)
		case len(s.Shape) < 1 || len(s.Shape) > 2 || s.Shape[0] != t.Shape[0] || len(s.Shape) == 2 && s.Shape[1] != 1:
			return nil, refuse(ErrScale, "tensor %q has shape %v, expected [%d 1] for weights %v", lean.Clip(s.Name), s.Shape, t.Shape[0], t.Shape)
		}
		pairs[t.Name] = s
	}
	return pairs, nil
}

// DecodeScales converts the bytes of a scale tensor to dst, which has a place for each
// row. A scale that is negative, NaN or infinite is [ErrScale].
func DecodeScales(dst []float32, src []byte, t safetensors.Tensor) error {
	if n := safetensors.DecodeFloats(dst, src, t.DType); n != len(dst) || int64(n) != t.NumElements() {
		return refuse(ErrScale, "tensor %q: %d bytes hold %d scales, expected %d", lean.Clip(t.Name), len(src), n, len(dst))
	}
	for i, s := range dst {
		if !(s >= 0) || s > math.MaxFloat32 {
			return refuse(ErrScale, "tensor %q: the scale of row %d is %v, expected a finite number ≥ 0", lean.Clip(t.Name), i, s)
		}
	}
	return nil
}
