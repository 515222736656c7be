package quant

import (
	"github.com/lodestone-wasm/lodestone/kernels/lean"
	"slices"
	"strings"

	"github.com/lodestone-wasm/lodestone/weights/safetensors"
)

// The names that the convention gives to a matrix of 4 bits.
const (
	packedSuffix = ".weight_packed"
	shapeSuffix  = ".weight_shape"
)

// Packed is a matrix [rows, cols] of 4 bits as the convention stores it (pack-quantized).
type Packed struct {
	Weight safetensors.Tensor // X.weight_packed I32 [rows, ⌈cols/8⌉]
	Scale  safetensors.Tensor // X.weight_scale F32, F16 or BF16 [rows, groups]
	Shape  safetensors.Tensor // X.weight_shape I64 or I32 [2]: rows, cols
}

// PackedOf finds the matrices of 4 bits among tensors, by the name of their module. One of
// which a part is missing or has another type is [ErrScale].
func PackedOf(tensors []safetensors.Tensor) (map[string]Packed, error) {
	at := make(map[string]safetensors.Tensor, len(tensors))
	for _, t := range tensors {
		at[t.Name] = t
	}
	found := map[string]Packed{}
	for _, t := range tensors {
		if name, ok := strings.CutSuffix(t.Name, shapeSuffix); ok {
			if _, ok := at[name+packedSuffix]; !ok {
				return nil, refuse(ErrScale, "tensor %q has no %q beside it", lean.Clip(t.Name), lean.Clip(name+packedSuffix))
			}
		}
		name, ok := strings.CutSuffix(t.Name, packedSuffix)
		if !ok {
			continue
		}
		p := Packed{Weight: t}
		for _, part := range []struct {
			suffix string
			to     *safetensors.Tensor
		}{{scaleSuffix, &p.Scale}, {shapeSuffix, &p.Shape}} {
			if *part.to, ok = at[name+part.suffix]; !ok {
				return nil, refuse(ErrScale, "tensor %q has no %q beside it", lean.Clip(t.Name), lean.Clip(name+part.suffix))
			}
		}
		found[name] = p
	}
	return found, nil
}

// Groups is the number of scales that each row of a matrix [rows, cols] has: one, or one
// for each group of neighbours, whose number is a multiple of [Block]. Tensors that do not
// fit each other or the matrix are [ErrShape], other sizes of groups [ErrUnsupported].
func (p Packed) Groups(rows, cols int) (int, error) {
	words := (cols + packFactor - 1) / packFactor
	switch {
	case p.Weight.DType != safetensors.I32 || !slices.Equal(p.Weight.Shape, []int{rows, words}):
		return 0, refuse(ErrShape, "tensor %q is %s %v, expected I32 [%d %d] for a matrix of %d×%d", lean.Clip(p.Weight.Name), p.Weight.DType, p.Weight.Shape, rows, words, rows, cols)
	case p.Shape.DType != safetensors.I64 && p.Shape.DType != safetensors.I32 || !slices.Equal(p.Shape.Shape, []int{2}):
		return 0, refuse(ErrShape, "tensor %q is %s %v, expected I64 [2]", lean.Clip(p.Shape.Name), p.Shape.DType, p.Shape.Shape)
	case !p.Scale.DType.IsFloat():
		return 0, refuse(ErrScale, "tensor %q is %s, expected F32, F16 or BF16", lean.Clip(p.Scale.Name), p.Scale.DType)
	case len(p.Scale.Shape) < 1 || len(p.Scale.Shape) > 2 || p.Scale.Shape[0] != rows:
		return 0, refuse(ErrScale, "tensor %q has shape %v, expected [%d groups] for a matrix of %d×%d", lean.Clip(p.Scale.Name), p.Scale.Shape, rows, rows, cols)
	}
	n := 1
	if len(p.Scale.Shape) == 2 {
		n = p.Scale.Shape[1]
	}
	if n != 1 && n != (cols+Block-1)/Block && (n < 1 || cols%n != 0 || cols/n%Block != 0) {
		return 0, refuse(ErrUnsupported, "tensor %q has %d scales for rows of %d weights; supported: one, or one for each group of a multiple of %d", lean.Clip(p.Scale.Name), n, cols, Block)
	}
	return n, nil
}

// Spread writes the scales of one row, one for each group of a row of cols weights, as one
// for each block: dst [⌈cols/32⌉].
func Spread(dst, groups []float32) {
	per := max(1, (len(dst)+len(groups)-1)/len(groups))
	for i := range dst {
		dst[i] = groups[min(i/per, len(groups)-1)]
	}
}

// CheckShape holds the bytes of a weight_shape against the matrix that is expected.
func CheckShape(src []byte, t safetensors.Tensor, rows, cols int) error {
	got := readShape(src, t)
	if got != [2]int64{int64(rows), int64(cols)} {
		return refuse(ErrShape, "tensor %q says [%d %d], expected [%d %d]", lean.Clip(t.Name), got[0], got[1], rows, cols)
	}
	return nil
}

// readShape reads two little-endian integers; what is not there is −1.
func readShape(src []byte, t safetensors.Tensor) [2]int64 {
	size := t.DType.Size()
	out := [2]int64{-1, -1}
	for i := range out {
		if len(src) < (i+1)*size {
			return out
		}
		v := uint64(0)
		for j := range size {
			v |= uint64(src[i*size+j]) << (8 * j)
		}
		out[i] = int64(v)
		if size == 4 {
			out[i] = int64(int32(v))
		}
	}
	return out
}

// DecodeGroups is [DecodeScales] for the scales of 4 bits, which can be negative.
func DecodeGroups(dst []float32, src []byte, t safetensors.Tensor) error {
	if n := safetensors.DecodeFloats(dst, src, t.DType); n != len(dst) || int64(n) != t.NumElements() {
		return refuse(ErrScale, "tensor %q: %d bytes hold %d scales, expected %d", lean.Clip(t.Name), len(src), n, len(dst))
	}
	return finite(dst, t.Name)
}

func finite(scales []float32, name string) error {
	for i, s := range scales {
		if s-s != 0 {
			return refuse(ErrScale, "tensor %q: scale %d is %v, expected a finite number", lean.Clip(name), i, s)
		}
	}
	return nil
}
