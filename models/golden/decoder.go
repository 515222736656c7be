package golden

import (
	"fmt"

	"github.com/lodestone-wasm/lodestone/kernels"
	"github.com/lodestone-wasm/lodestone/models/transformer"
)

// runDecoder computes what torchscale's Decoder returns for prev_output_tokens [B,T]:
// logits, embed, layer0 … layerN−1, l_aux; and incremental_logits [B,n,V], those of the
// last n columns when the first T−n+1 tokens are the prompt and the others follow one
// at a time.
func runDecoder(dev *kernels.Device, config []byte, v *Vectors, weights transformer.Stream, dtype string) (*outputs, error) {
	m, err := load(dev, config, v, weights, dtype)
	if err != nil {
		return nil, err
	}
	batch, b, t, err := v.padded("prev_output_tokens", "")
	if err != nil {
		return nil, err
	}
	o := collect(dev)
	o.watch(&batch)
	x, err := m.Forward(batch)
	if err != nil {
		return nil, err
	}
	y, err := m.Logits(x)
	if err != nil {
		return nil, err
	}
	o.add("logits", y)
	if want, ok := v.Outputs["incremental_logits"]; ok {
		if len(want.Shape) != 3 || want.Shape[1] < 1 || want.Shape[1] > t {
			return nil, fmt.Errorf("golden: %w: incremental_logits is %v, %d tokens", ErrVectors, want.Shape, t)
		}
		o.got["incremental_logits"], err = incremental(m, batch.IDs, b, t, want.Shape[1])
		if err != nil {
			return nil, err
		}
	}
	return o, dev.Err()
}

// incremental is the logits [b, n, V] of the last n of t columns, with a cache.
func incremental(m *transformer.Model, ids []int32, b, t, n int) ([]float32, error) {
	dev, vocab := m.Device(), m.Config.VocabSize
	cache, err := m.NewCache(transformer.CacheOptions{Sequences: b, Capacity: t})
	if err != nil {
		return nil, err
	}
	got := make([]float32, b*n*vocab)
	for step, from := 0, 0; step < n; step++ {
		to := t - n + 1 + step
		batch := transformer.Batch{Cache: cache, Lengths: make([]int, b)}
		for i := range b {
			batch.IDs = append(batch.IDs, ids[i*t+from:i*t+to]...)
			batch.Lengths[i] = to - from
			batch.Select = append(batch.Select, int32((i+1)*(to-from)-1))
		}
		mark := dev.Mark()
		x, err := m.Forward(batch)
		if err != nil {
			return nil, err
		}
		y, err := m.Logits(x)
		if err != nil {
			return nil, err
		}
		for i := range b {
			dev.Get(got[(i*n+step)*vocab:(i*n+step+1)*vocab], y.Slice(i, i+1))
		}
		dev.Release(mark)
		from = to
	}
	return got, dev.Err()
}

// runEncoderDecoder computes what torchscale's encoder and decoder return for
// src_tokens and encoder_padding_mask [B,S], prev_output_tokens [B,T]: encoder_out,
// logits, and logits_EncoderDecoder_forward_nomask, where neither knows of the padding.
func runEncoderDecoder(dev *kernels.Device, config []byte, v *Vectors, weights transformer.Stream, dtype string) (*outputs, error) {
	m, err := load(dev, config, v, weights, dtype)
	if err != nil {
		return nil, err
	}
	source, _, _, err := v.padded("src_tokens", "encoder_padding_mask")
	if err != nil {
		return nil, err
	}
	target, _, _, err := v.padded("prev_output_tokens", "")
	if err != nil {
		return nil, err
	}
	o := collect(dev)
	both := func(name string) error {
		x, err := m.Encoder.Forward(source)
		if err != nil {
			return err
		}
		if source.Keep != nil || o.got["encoder_out"] == nil {
			o.add("encoder_out", x)
		}
		target.Source, target.SourceLengths, target.SourceKeep = x, source.Lengths, source.Keep
		y, err := m.Forward(target)
		if err != nil {
			return err
		}
		if y, err = m.Logits(y); err != nil {
			return err
		}
		o.add(name, y)
		return nil
	}
	if err := both("logits"); err != nil {
		return nil, err
	}
	if _, ok := v.Outputs["logits_EncoderDecoder_forward_nomask"]; ok {
		source.Keep = nil
		if err := both("logits_EncoderDecoder_forward_nomask"); err != nil {
			return nil, err
		}
	}
	return o, dev.Err()
}

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
