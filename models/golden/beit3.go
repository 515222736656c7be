package golden

import (
	"fmt"

	"github.com/lodestone-wasm/lodestone/kernels"
	"github.com/lodestone-wasm/lodestone/models/transformer"
)

// runBEiT3 computes BEiT-3's three uses for src_tokens and text_padding [B,T] and image
// [B,C,H,W]: vl (image, then text), text_only, vision_only, all after the final norm.
func runBEiT3(dev *kernels.Device, config []byte, v *Vectors, weights transformer.Stream, dtype string) (*outputs, error) {
	m, err := load(dev, config, v, weights, dtype)
	if err != nil {
		return nil, err
	}
	text, b, t, err := v.padded("src_tokens", "text_padding")
	if err != nil {
		return nil, err
	}
	images, err := v.input("image", 4)
	if err != nil {
		return nil, err
	}
	if images.Shape[0] != b {
		return nil, fmt.Errorf("golden: %w: image is %v, src_tokens [%d %d]", ErrVectors, images.Shape, b, t)
	}
	var patches []kernels.Tensor
	size := len(images.Data) / max(1, b)
	for i := range b {
		x, err := m.Patches(images.Floats()[i*size : (i+1)*size])
		if err != nil {
			return nil, err
		}
		patches = append(patches, x)
	}
	o := collect(dev)
	for _, use := range []struct {
		name        string
		image, text bool
	}{{"vl", true, true}, {"text_only", false, true}, {"vision_only", true, false}} {
		var batch transformer.Batch
		for i := range b {
			n := 0
			if use.image {
				n = patches[i].Rows
				batch.Spans = append(batch.Spans, transformer.Span{At: len(batch.IDs), X: patches[i]})
				for range n {
					batch.IDs, batch.Keep = append(batch.IDs, 0), append(batch.Keep, 1)
				}
			}
			batch.Images = append(batch.Images, n)
			if use.text {
				batch.IDs = append(batch.IDs, text.IDs[i*t:(i+1)*t]...)
				for j := range t {
					keep := byte(1)
					if text.Keep != nil {
						keep = text.Keep[i*t+j]
					}
					batch.Keep = append(batch.Keep, keep)
				}
				n += t
			}
			batch.Lengths = append(batch.Lengths, n)
		}
		x, err := m.Forward(batch)
		if err != nil {
			return nil, err
		}
		o.add(use.name, x)
	}
	return o, dev.Err()
}
