package transformer

import (
	"math"
	"strings"

	"github.com/lodestone-wasm/lodestone/kernels/lean"
)

// The families of fairseq, whose configurations are the options that a checkpoint was
// trained with, "arch" among them, and the number of words in its dictionaries.

// fairseqConfig reads the options of a transformer (transformer_wmt_en_de_big and its
// kin), of a language model (transformer_lm…) or of a RoBERTa.
func fairseqConfig(r *rawConfig) (*Config, error) {
	arch := r.strings["arch"]
	if arch == "" {
		arch = r.strings["_name"]
	}
	if err := refuse(r,
		refused{"adaptive_input", "adaptive embeddings"}, refused{"adaptive_softmax_cutoff", "adaptive softmax"},
		refused{"character_embeddings", "embeddings of characters"}, refused{"cross_self_attention", "attention to both at once"},
		refused{"no_cross_attention", "a decoder that does not read its encoder"}, refused{"encoder_layers_to_keep", "layers left out"},
		refused{"decoder_layers_to_keep", "layers left out"}, refused{"alibi", "ALiBi"}, refused{"use_alibi", "ALiBi"},
		refused{"scale_attn", "NormFormer"}, refused{"scale_fc", "NormFormer"}, refused{"scale_heads", "NormFormer"}, refused{"scale_resids", "NormFormer"},
		refused{"base_layers", "BASE layers"}, refused{"moe_freq", "mixtures of experts"}, refused{"untie_weights_roberta", "a head of its own"}); err != nil {
		return nil, err
	}
	switch {
	case strings.HasPrefix(arch, "roberta") || strings.HasPrefix(arch, "xlmr"):
		return fairseqRoberta(r)
	case strings.HasPrefix(arch, "transformer_lm"):
		return fairseqStack(r, "decoder")
	case strings.HasPrefix(arch, "transformer"):
		enc, err := fairseqStack(r, "encoder")
		if err != nil {
			return nil, err
		}
		dec, err := fairseqStack(r, "decoder")
		if err != nil {
			return nil, err
		}
		dec.Encoder, dec.CrossAttention = enc, true
		return dec, nil
	}
	return nil, lean.Errorf("transformer: %w: fairseq's arch %q; supported: transformer…, transformer_lm…, roberta…, xlmr…", ErrUnsupported, arch)
}

// fairseqStack reads one stack: side is "encoder" or "decoder".
func fairseqStack(r *rawConfig, side string) (*Config, error) {
	c := &Config{Family: "fairseq", Causal: side == "decoder", Alpha: 1, EmbedScale: 1, Eps: 1e-5, PadTokenID: 1, PositionOffset: 2}
	words, positions := "src_vocab_size", "max_source_positions"
	if c.Causal {
		words, positions = "tgt_vocab_size", "max_target_positions"
	}
	shared := r.boolOr("share_all_embeddings", false)
	if _, two := r.ints[words]; two && !shared {
		r.ints["vocab_size"], r.floats["vocab_size"] = r.ints[words], r.floats[words]
	}
	if err := r.sizes(c, side+"_embed_dim", side+"_layers", side+"_attention_heads", side+"_ffn_embed_dim"); err != nil {
		return nil, err
	}
	if c.Causal {
		for _, key := range []string{"decoder_input_dim", "decoder_output_dim"} {
			if n, given := r.ints[key]; given && int(n) != c.HiddenSize {
				return nil, lean.Errorf("transformer: %w: %q of %d, expected decoder_embed_dim, %d", ErrUnsupported, key, n, c.HiddenSize)
			}
		}
		c.HasHead, c.TiedHead = true, shared || r.boolOr("share_decoder_input_output_embed", false)
	}
	if shared {
		c.Family += " shared"
	}
	c.Family += " " + side
	if c.Norm = PostLN; r.boolOr(side+"_normalize_before", false) {
		c.Norm = PreLN
		c.FinalNorm = !c.Causal || !r.boolOr("no_decoder_final_norm", false)
	}
	c.EmbedNorm = r.boolOr("layernorm_embedding", false)
	if !r.boolOr("no_scale_embedding", false) {
		c.EmbedScale = float32(math.Sqrt(float64(c.HiddenSize)))
	}
	if !r.boolOr("no_token_positional_embeddings", false) {
		c.LearnedPositions = r.boolOr(side+"_learned_pos", false)
		c.Sinusoidal = !c.LearnedPositions
	}
	var err error
	if c.MaxPositions, err = r.countOr(positions, 1, maxRows, 1024); err != nil {
		return nil, err
	}
	c.Activation, err = activation(r, "activation_fn", "relu")
	return c, err
}

// fairseqRoberta reads the options of a RoBERTa or XLM-R. Of old, encoder_normalize_before
// was not among them.
func fairseqRoberta(r *rawConfig) (*Config, error) {
	c := &Config{Family: "fairseq roberta", Norm: PostLN, Alpha: 1, EmbedScale: 1, Eps: 1e-5, LearnedPositions: true, PadTokenID: 1, PositionOffset: 2}
	if err := r.sizes(c, "encoder_embed_dim", "encoder_layers", "encoder_attention_heads", "encoder_ffn_embed_dim"); err != nil {
		return nil, err
	}
	if r.boolOr("encoder_normalize_before", false) {
		c.Norm, c.FinalNorm = PreLN, true
	}
	c.EmbedNorm = r.boolOr("layernorm_embedding", true)
	if !r.boolOr("encoder_learned_pos", true) || !r.boolOr("no_scale_embedding", true) {
		return nil, lean.Errorf("transformer: %w: a fairseq RoBERTa with encoder_learned_pos or no_scale_embedding false", ErrUnsupported)
	}
	var err error
	if c.MaxPositions, err = r.countOr("max_positions", 1, maxRows, 512); err != nil {
		return nil, err
	}
	c.Activation, err = activation(r, "activation_fn", "gelu")
	return c, err
}

// kosmosConfig reads the text_config of a Hugging Face Kosmos2Config, or that alone: a
// Sub-LN decoder with sines for positions. Images are the business of a caller, who docks
// their vectors as spans (see Span).
func kosmosConfig(r *rawConfig) (*Config, error) {
	if text, whole := r.objects["text_config"]; whole {
		tied, given := r.bools["tie_word_embeddings"]
		inner, err := readRaw(text)
		if err != nil {
			return nil, err
		}
		if r = inner; given {
			r.bools["tie_word_embeddings"] = tied
		}
	}
	c := &Config{Family: "kosmos-2", Causal: true, Norm: SubLN, Alpha: 1, EmbedScale: 1, Sinusoidal: true, FinalNorm: true, HasHead: true}
	if err := refuse(r, refused{"add_cross_attention", "cross-attention"}); err != nil {
		return nil, err
	}
	if err := r.sizes(c, "embed_dim", "layers", "attention_heads", "ffn_dim"); err != nil {
		return nil, err
	}
	if r.boolOr("scale_embedding", true) {
		c.EmbedScale = float32(math.Sqrt(float64(c.HiddenSize)))
	}
	c.TiedHead = r.boolOr("tie_word_embeddings", true)
	c.Eps = float32(r.floatOr("layer_norm_eps", 1e-5))
	var err error
	if c.MaxPositions, err = r.countOr("max_position_embeddings", 1, maxRows, 2048); err != nil {
		return nil, err
	}
	if c.PadTokenID, err = r.countOr("pad_token_id", 0, c.VocabSize-1, min(1, c.VocabSize-1)); err != nil {
		return nil, err
	}
	c.PositionOffset = c.PadTokenID + 1
	c.Activation, err = activation(r, "activation_function", "gelu")
	return c, err
}
