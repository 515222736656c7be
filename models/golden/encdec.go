package golden

import (
	"github.com/lodestone-wasm/lodestone/kernels"
	"github.com/lodestone-wasm/lodestone/models/transformer"
)

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
