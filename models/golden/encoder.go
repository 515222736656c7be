package golden

import (
	"fmt"

	"github.com/lodestone-wasm/lodestone/kernels"
	"github.com/lodestone-wasm/lodestone/models/transformer"
)

// load reads the model of a directory whose config.json is torchscale's or a family's.
func load(dev *kernels.Device, config []byte, v *Vectors, weights transformer.Stream, dtype string) (*transformer.Model, error) {
	c, err := transformer.ParseConfig(config)
	if err != nil {
		return nil, err
	}
	_, head := v.Outputs["logits"]
	return transformer.Load(dev, c, []transformer.Stream{weights}, transformer.LoadOptions{DType: dtype, Head: head})
}

// padded is a batch of every column of tokens [B,T], with the padding that mask (the
// name of an input [B,T], true at padding) marks, if it is there.
func (v *Vectors) padded(tokens, mask string) (b transformer.Batch, rows, columns int, err error) {
	ids, err := v.input(tokens, 2)
	if err != nil {
		return b, 0, 0, err
	}
	rows, columns = ids.Shape[0], ids.Shape[1]
	b = transformer.Batch{IDs: ids.Ints(), Lengths: make([]int, rows)}
	for i := range b.Lengths {
		b.Lengths[i] = columns
	}
	if pad, ok := v.Inputs[mask]; ok {
		if len(pad.Data) != rows*columns {
			return b, 0, 0, fmt.Errorf("golden: %w: %s is %v, %s %v", ErrVectors, mask, pad.Shape, tokens, ids.Shape)
		}
		b.Keep = make([]byte, rows*columns)
		for i, p := range pad.Data {
			if p == 0 {
				b.Keep[i] = 1
			}
		}
	}
	return b, rows, columns, nil
}

// runEncoder computes what torchscale's Encoder returns for inputs src_tokens [B,T],
// encoder_padding_mask [B,T] and optionally attn_mask [T,T]: features (after the final
// norm), logits, embed, layer0 … layerN−1, all at every column, padding too; l_aux of
// each mixture of experts; and features_nomask_row0, the first row run alone, without
// its padding mask.
func runEncoder(dev *kernels.Device, config []byte, v *Vectors, weights transformer.Stream, dtype string) (*outputs, error) {
	m, err := load(dev, config, v, weights, dtype)
	if err != nil {
		return nil, err
	}
	batch, b, t, err := v.padded("src_tokens", "encoder_padding_mask")
	if err != nil {
		return nil, err
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
	o := collect(dev)
	o.watch(&batch)
	x, err := m.Forward(batch)
	if err != nil {
		return nil, err
	}
	o.add("features", x)
	if _, ok := v.Outputs["logits"]; ok {
		y, err := m.Logits(x)
		if err != nil {
			return nil, err
		}
		o.add("logits", y)
	}
	if _, ok := v.Outputs["features_nomask_row0"]; ok && b > 0 {
		x, err := m.Forward(transformer.Batch{IDs: batch.IDs[:t], Lengths: []int{t}})
		if err != nil {
			return nil, err
		}
		o.add("features_nomask_row0", x)
	}
	return o, dev.Err()
}
