package transformer

import (
	"github.com/lodestone-wasm/lodestone/kernels"
	"github.com/lodestone-wasm/lodestone/kernels/lean"
)

// Patches makes the embeddings of an image: pixels (C, H, W), normalised as the model
// wants them, become one token for the whole and one for each patch, row by row: (n, D)
// in device memory, for a Span at the start of a sequence. The size must be the model's.
func (m *Model) Patches(pixels []float32) (kernels.Tensor, error) {
	v := m.Config.Vision
	if v == nil {
		return kernels.Tensor{}, lean.Errorf("transformer: %w: a %s model takes no images", ErrInput, m.Config.Family)
	}
	size, p := v.ImageSize, v.PatchSize
	if len(pixels) != v.Channels*size*size {
		return kernels.Tensor{}, lean.Errorf("transformer: %w: %d numbers for an image of %d×%d×%d", ErrInput, len(pixels), v.Channels, size, size)
	}
	// Unfold: one row a patch, its pixels as the convolution's weights lie, (C, P, P).
	rows := make([]float32, 0, len(pixels))
	for top := 0; top < size; top += p {
		for left := 0; left < size; left += p {
			for c := range v.Channels {
				for y := range p {
					at := (c*size+top+y)*size + left
					rows = append(rows, pixels[at:at+p]...)
				}
			}
		}
	}
	d, n := m.dev, v.Tokens()
	y := d.NewTensor(n, m.Dim())
	x := d.NewTensor(n-1, len(rows)/(n-1))
	d.Set(x, rows)
	d.Gather(y.Slice(0, 1), m.wholeView, []int32{0})
	d.Linear(y.Slice(1, n), x, m.patches, kernels.None, nil)
	return y, d.Err()
}
