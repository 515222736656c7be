package transformer

import (
	"github.com/lodestone-wasm/lodestone/kernels/lean"
)

// llamaConfig reads a Hugging Face LlamaConfig or MistralConfig.
func llamaConfig(r *rawConfig) (*Config, error) {
	c := &Config{Family: "llama", Causal: true, Norm: PreLN, RMSNorm: true, Gated: true, Alpha: 1, EmbedScale: 1, FinalNorm: true, HasHead: true}
	if !r.boolOr("is_causal", true) {
		return nil, lean.Errorf("transformer: %w: a llama that sees what follows (\"is_causal\" in config.json)", ErrUnsupported)
	}
	if err := refuse(r, refused{"use_qk_norm", "norms of queries and keys"}, refused{"qk_layernorm", "norms of queries and keys"}, refused{"clip_qkv", "queries and keys that are cut"},
		refused{"attn_logit_softcapping", "scores that are capped"}, refused{"final_logit_softcapping", "logits that are capped"}); err != nil {
		return nil, err
	}
	if err := r.sizes(c, "hidden_size", "num_hidden_layers", "num_attention_heads", "intermediate_size"); err != nil {
		return nil, err
	}
	var err error
	for _, f := range []struct {
		to        *int
		key       string
		high, def int
	}{{&c.NumKeyValueHeads, "num_key_value_heads", maxHidden, c.NumHeads}, {&c.HeadDim, "head_dim", maxHidden, 0},
		{&c.MaxPositions, "max_position_embeddings", maxRows, 2048}} {
		if *f.to, err = r.countOr(f.key, 1, f.high, f.def); err != nil {
			return nil, err
		}
	}
	// A window matters to sequences that are longer than it: they are refused.
	window, err := r.countOr("sliding_window", 0, maxRows*1024, 0)
	if err != nil {
		return nil, err
	}
	if window > 0 {
		c.MaxPositions = min(c.MaxPositions, window)
	}
	c.NoQKVBias = !r.boolOr("attention_bias", false)
	c.NoOutBias = c.NoQKVBias
	c.NoFFNBias = !r.boolOr("mlp_bias", false)
	c.TiedHead = r.boolOr("tie_word_embeddings", false)
	c.Eps = float32(r.floatOr("rms_norm_eps", 1e-6))
	if r.floats["pad_token_id"] >= 0 { // −1 in some: there is none
		if c.PadTokenID, err = r.countOr("pad_token_id", 0, c.VocabSize-1, 0); err != nil {
			return nil, err
		}
	}
	if c.HeadDim == 0 && c.HiddenSize%c.NumHeads != 0 {
		return nil, lean.Errorf("transformer: %w: %d attention heads do not divide a width of %d, and there is no \"head_dim\"", ErrConfig, c.NumHeads, c.HiddenSize)
	}
	if c.Rope, err = ropeConfig(r, c.headDim(), c.MaxPositions); err != nil {
		return nil, err
	}
	c.Activation, err = activation(r, "hidden_act", "silu")
	return c, err
}

// ropeConfig reads rope_theta, partial_rotary_factor and rope_scaling, which transformers 5
// has in one object, rope_parameters. h is the width of a head, longest the number of positions.
func ropeConfig(r *rawConfig, h, longest int) (*RopeConfig, error) {
	y := &RopeConfig{Theta: r.floatOr("rope_theta", 10000), Dim: h, Factor: 1}
	part := r.floatOr("partial_rotary_factor", 1)
	key := "rope_scaling"
	if _, newer := r.objects["rope_parameters"]; newer {
		key = "rope_parameters"
	}
	if text, scaled := r.objects[key]; scaled {
		s, err := readRaw(text)
		if err != nil {
			return nil, err
		}
		y.Theta, part = s.floatOr("rope_theta", y.Theta), s.floatOr("partial_rotary_factor", part)
		kind := s.strings["rope_type"]
		if kind == "" {
			kind = s.strings["type"] // of old
		}
		switch kind {
		case "", "default":
			if len(s.floats) > 0 && kind == "" && s.floats["factor"] != 0 {
				return nil, lean.Errorf("transformer: %w: %s without \"rope_type\"", ErrConfig, key)
			}
		case "llama3":
			if y.Original, err = s.countOr("original_max_position_embeddings", 1, maxRows, longest); err != nil {
				return nil, err
			}
			y.LowFreq, y.HighFreq = s.floatOr("low_freq_factor", 1), s.floatOr("high_freq_factor", 4)
			y.Factor = s.floatOr("factor", 0)
		case "linear":
			y.Factor = s.floatOr("factor", 0)
		default:
			return nil, lean.Errorf("transformer: %w: %s of type %q; supported: default, linear, llama3", ErrUnsupported, key, kind)
		}
	}
	if !(part > 0 && part <= 1) {
		return nil, lean.Errorf("transformer: %w: partial_rotary_factor %v, expected more than 0 and at most 1", ErrConfig, part)
	}
	y.Dim = int(float64(h) * part)
	return y, nil
}
