package golden

import (
	"fmt"

	"github.com/lodestone-wasm/lodestone/kernels"
	"github.com/lodestone-wasm/lodestone/models/transformer"
)

// runEncoder computes what torchscale's Encoder returns for inputs src_tokens [B,T],
// encoder_padding_mask [B,T] and optionally attn_mask [T,T]: features (after the final
// norm), logits, embed, layer0 … layerN−1, all at every column, padding too; and
// features_nomask_row0, the first row run alone, without its padding mask.
func runEncoder(dev *kernels.Device, config []byte, v *Vectors, weights transformer.Stream, dtype string) (map[string][]float32, error) {
	c, err := transformer.ParseConfig(config)
	if err != nil {
		return nil, err
	}
	_, logits := v.Outputs["logits"]
	m, err := transformer.Load(dev, c, []transformer.Stream{weights}, transformer.LoadOptions{DType: dtype, Head: logits})
	if err != nil {
		return nil, err
	}
	tokens, err := v.input("src_tokens", 2)
	if err != nil {
		return nil, err
	}
	b, t := tokens.Shape[0], tokens.Shape[1]
	batch := transformer.Batch{IDs: tokens.Ints(), Lengths: make([]int, b)}
	for i := range batch.Lengths {
		batch.Lengths[i] = t
	}
	if pad, ok := v.Inputs["encoder_padding_mask"]; ok {
		if len(pad.Data) != b*t {
			return nil, fmt.Errorf("golden: %w: encoder_padding_mask is %v, src_tokens %v", ErrVectors, pad.Shape, tokens.Shape)
		}
		batch.Keep = make([]byte, b*t)
		for i, p := range pad.Data {
			if p == 0 {
				batch.Keep[i] = 1
			}
		}
	}
	if mask, ok := v.Inputs["attn_mask"]; ok {
		// torchscale's Encoder turns every non-zero entry into −1e8.
		batch.Mask = make([]float32, len(mask.Data))
		for i, x := range mask.Data {
			if x != 0 {
				batch.Mask[i] = -1e8
			}
		}
	}
	got := map[string][]float32{}
	read := func(x kernels.Tensor) []float32 {
		y := make([]float32, x.Rows*x.Cols)
		dev.Get(y, x)
		return y
	}
	batch.Layer = func(i int, x kernels.Tensor) {
		if i < 0 {
			got["embed"] = read(x)
		} else {
			got[fmt.Sprintf("layer%d", i)] = read(x)
		}
	}
	x, err := m.Forward(batch)
	if err != nil {
		return nil, err
	}
	got["features"] = read(x)
	if logits {
		y, err := m.Logits(x)
		if err != nil {
			return nil, err
		}
		got["logits"] = read(y)
	}
	if _, ok := v.Outputs["features_nomask_row0"]; ok && b > 0 {
		x, err := m.Forward(transformer.Batch{IDs: batch.IDs[:t], Lengths: []int{t}})
		if err != nil {
			return nil, err
		}
		got["features_nomask_row0"] = read(x)
	}
	return got, dev.Err()
}
