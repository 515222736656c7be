package transformer

import (
	"math"

	"github.com/lodestone-wasm/lodestone/kernels/lean"
	"github.com/lodestone-wasm/lodestone/models/routing"
)

// The families of checkpoints: how their config.json becomes a Config.

// torchscaleKinds are the kinds of golden vectors whose config is torchscale's own.
var torchscaleKinds = map[string]bool{"encoder": true, "decoder": true, "encdec": true, "beit3": true}

// torchscaleConfig reads the options of torchscale's EncoderConfig, DecoderConfig or
// EncoderDecoderConfig: which of them is told by the layers it names.
func torchscaleConfig(r *rawConfig) (*Config, error) {
	if err := refuse(r,
		refused{"segment_length", "dilated attention"}, refused{"dilated_ratio", "dilated attention"},
		refused{"use_glu", "gated feed-forward"}, refused{"rms_norm", "RMSNorm"}, refused{"sope_rel_pos", "SoPE, as xpos was called"}); err != nil {
		return nil, err
	}
	_, enc := r.floats["encoder_layers"]
	_, dec := r.floats["decoder_layers"]
	if !dec {
		return torchscaleStack(r, "encoder", 0)
	}
	if !enc {
		return torchscaleStack(r, "decoder", 0)
	}
	layers, err := r.count("decoder_layers", 1, maxLayers)
	if err != nil {
		return nil, err
	}
	e, err := torchscaleStack(r, "encoder", layers)
	if err != nil {
		return nil, err
	}
	c, err := torchscaleStack(r, "decoder", e.NumLayers)
	if err != nil {
		return nil, err
	}
	c.Encoder, c.CrossAttention = e, true
	c.SharedTokens = r.boolOr("share_all_embeddings", false)
	return c, nil
}

// torchscaleStack reads one stack: side is "encoder" or "decoder", other the number
// of layers of the other stack, 0 if there is none.
func torchscaleStack(r *rawConfig, side string, other int) (*Config, error) {
	c := &Config{Family: "torchscale", Alpha: 1, HasHead: true, Causal: side == "decoder"}
	positions := "max_source_positions"
	if c.Causal {
		c.Family, positions = "torchscale decoder", "max_target_positions"
	}
	if err := r.sizes(c, side+"_embed_dim", side+"_layers", side+"_attention_heads", side+"_ffn_embed_dim"); err != nil {
		return nil, err
	}
	if err := c.torchscaleNorm(r, side, other); err != nil {
		return nil, err
	}
	c.Eps = float32(r.floatOr("layernorm_eps", 1e-5))
	c.EmbedNorm = r.boolOr("layernorm_embedding", false)
	c.EmbedScale = 1
	if !r.boolOr("no_scale_embedding", true) {
		c.EmbedScale = float32(math.Sqrt(float64(c.HiddenSize)))
	}
	c.TiedHead = r.boolOr("share_"+side+"_input_output_embed", false) || r.boolOr("share_all_embeddings", false)
	if err := c.torchscalePositions(r, positions); err != nil {
		return nil, err
	}
	var err error
	if c.PadTokenID, err = r.countOr("pad_token_id", 0, c.VocabSize-1, min(1, c.VocabSize-1)); err != nil {
		return nil, err
	}
	if c.Activation, err = activation(r, "activation_fn", "gelu"); err != nil {
		return nil, err
	}
	if r.boolOr("multiway", false) {
		if err := c.multiway(r); err != nil {
			return nil, err
		}
	}
	c.MoE, err = torchscaleMoE(r)
	return c, err
}

// torchscaleNorm resolves the places of LayerNorm as torchscale does: SubLN is the
// default, DeepNorm turns it off. The decoder's decoder_normalize_before is true
// unless it is given, with DeepNorm too: then it is Pre-LN whose residual is scaled.
func (c *Config) torchscaleNorm(r *rawConfig, side string, other int) error {
	deep := r.boolOr("deepnorm", false)
	sub := r.boolOr("subln", true) && !deep
	before := r.boolOr(side+"_normalize_before", !deep || c.Causal)
	switch {
	case sub && c.Causal && !before:
		return lean.Errorf("transformer: %w: subln without decoder_normalize_before", ErrUnsupported)
	case sub:
		c.Norm = SubLN
	case deep && before && !c.Causal:
		return lean.Errorf("transformer: %w: deepnorm with encoder_normalize_before", ErrUnsupported)
	case deep && !before:
		c.Norm = DeepNorm
	case before:
		c.Norm = PreLN
	default:
		// α is not among the weights, so a DeepNorm checkpoint that does not say so would load and give wrong states.
		if _, said := r.bools["deepnorm"]; !said {
			return lean.Errorf("transformer: %w: %s_normalize_before is false and deepnorm is not given; say deepnorm true (the residual is scaled) or false (Post-LN)", ErrConfig, side)
		}
		c.Norm = PostLN
	}
	if deep {
		key := "alpha"
		if other > 0 {
			key += "_" + side[:3]
		}
		c.Alpha = float32(r.floatOr(key, deepAlpha(c.NumLayers, other, c.Causal)))
	}
	c.FinalNorm = c.Norm.pre() && (c.Causal || r.boolOr("normalize_output", true))
	return nil
}

// deepAlpha is α of DeepNorm (arXiv 2203.00555, table 2) for a stack of n layers;
// other is the number of layers of the other stack of an encoder–decoder, or 0.
func deepAlpha(n, other int, decoder bool) float64 {
	switch {
	case other == 0:
		return math.Pow(2*float64(n), 0.25)
	case decoder:
		return math.Pow(3*float64(n), 0.25)
	}
	return 0.81 * math.Pow(math.Pow(float64(n), 4)*float64(other), 1.0/16)
}

func (c *Config) torchscalePositions(r *rawConfig, maxKey string) (err error) {
	if c.RelBuckets, err = r.countOr("rel_pos_buckets", 0, maxRows, 0); err != nil {
		return err
	}
	if c.RelMaxDistance, err = r.countOr("max_rel_pos", 0, maxRows, 0); err != nil {
		return err
	}
	if c.RelBuckets > 0 && (c.RelBuckets < 4 || c.RelBuckets%2 != 0 || c.RelMaxDistance <= c.RelBuckets/4) {
		return lean.Errorf("transformer: %w: rel_pos_buckets %d with max_rel_pos %d", ErrConfig, c.RelBuckets, c.RelMaxDistance)
	}
	c.XPos = r.boolOr("xpos_rel_pos", false)
	if c.XPosScaleBase, err = r.countOr("xpos_scale_base", 1, maxRows, 512); err != nil {
		return err
	}
	c.Sinusoidal = r.strings["positions"] == "sinusoidal" // not torchscale's own: MetaLM's decoder
	if !c.Sinusoidal {
		c.LearnedPositions = r.boolOr("positions", true)
	}
	if c.LearnedPositions {
		if c.MaxPositions, err = r.count(maxKey, 1, maxRows); err != nil {
			return err
		}
	}
	// torchscale's PositionalEmbedding starts from row 2.
	c.PositionOffset, err = r.countOr("position_offset", 0, maxRows, 2)
	return err
}

// multiway reads BEiT-3's: an encoder over an image and a text.
func (c *Config) multiway(r *rawConfig) error {
	if c.Causal || r.floats["moe_freq"] > 0 || c.EmbedNorm || c.RelBuckets > 0 || c.XPos {
		return lean.Errorf("transformer: %w: multiway with a decoder, experts, layernorm_embedding or relative positions", ErrUnsupported)
	}
	c.Family, c.Vision = "beit3", &VisionConfig{}
	var err error
	for _, f := range []struct {
		to        *int
		key       string
		high, def int
	}{{&c.Vision.ImageSize, "img_size", 1 << 13, 224}, {&c.Vision.PatchSize, "patch_size", 1 << 13, 16}, {&c.Vision.Channels, "in_chans", 1 << 8, 3}} {
		if *f.to, err = r.countOr(f.key, 1, f.high, f.def); err != nil {
			return err
		}
	}
	// max_source_positions is the number of rows of the text's table.
	if c.MaxPositions -= c.PositionOffset; c.MaxPositions < 1 {
		return lean.Errorf("transformer: %w: max_source_positions leaves no position after offset %d", ErrConfig, c.PositionOffset)
	}
	return nil
}

// beit3Config reads the options of BEiT-3: torchscale's with its own defaults, which
// microsoft/unilm sets in beit3/modeling_utils.py.
func beit3Config(r *rawConfig) (*Config, error) {
	for key, n := range map[string]int64{"vocab_size": 64010, "max_source_positions": 1024} {
		if _, given := r.floats[key]; !given {
			r.ints[key], r.floats[key] = n, float64(n)
		}
	}
	if !r.boolOr("multiway", true) {
		return nil, lean.Errorf("transformer: %w: a beit3 without multiway", ErrUnsupported)
	}
	r.bools["multiway"] = true
	return torchscaleConfig(r)
}

// torchscaleMoE reads the options of torchscale's MOELayer. The checkpoint asks for
// its capacity by naming moe_eval_capacity_token_fraction.
func torchscaleMoE(r *rawConfig) (*MoEConfig, error) {
	freq, err := r.countOr("moe_freq", 0, maxLayers, 0)
	if err != nil || freq == 0 {
		return nil, err
	}
	m := &MoEConfig{Freq: freq, TopK: 2, NormalizeBefore: r.boolOr("moe_normalize_gate_prob_before_dropping", false)}
	if m.Experts, err = r.count("moe_expert_count", 1, maxExperts); err != nil {
		return nil, err
	}
	if r.boolOr("moe_top1_expert", false) {
		m.TopK = 1
	}
	if r.boolOr("use_xmoe", false) {
		m.Router, m.RoutingDim, m.NormalizeBefore = RouterUnit, 16, true
	}
	if f, ok := r.floats["moe_eval_capacity_token_fraction"]; ok {
		m.Capacity = routing.Capacity{Kind: routing.FractionOfTokens, Fraction: f}
	}
	return m, nil
}

// bertConfig reads a Hugging Face BertConfig or RobertaConfig.
func bertConfig(r *rawConfig, modelType string) (*Config, error) {
	c := &Config{Family: "bert", Norm: PostLN, Alpha: 1, EmbedScale: 1, EmbedNorm: true, LearnedPositions: true}
	if err := r.sizes(c, "hidden_size", "num_hidden_layers", "num_attention_heads", "intermediate_size"); err != nil {
		return nil, err
	}
	if p := r.strings["position_embedding_type"]; p != "" && p != "absolute" {
		return nil, lean.Errorf("transformer: %w: position_embedding_type %q", ErrUnsupported, p)
	}
	if err := refuse(r, refused{"is_decoder", "a decoder"}, refused{"add_cross_attention", "cross-attention"}); err != nil {
		return nil, err
	}
	rows, err := r.count("max_position_embeddings", 1, maxRows)
	if err != nil {
		return nil, err
	}
	if c.PadTokenID, err = r.countOr("pad_token_id", 0, c.VocabSize-1, 0); err != nil {
		return nil, err
	}
	if modelType != "bert" {
		c.Family = "roberta"
		c.PositionOffset = c.PadTokenID + 1 // fairseq: positions follow the padding index
	}
	if c.MaxPositions = rows - c.PositionOffset; c.MaxPositions < 1 {
		return nil, lean.Errorf("transformer: %w: max_position_embeddings %d leaves no position after offset %d", ErrConfig, rows, c.PositionOffset)
	}
	if c.TypeVocabSize, err = r.countOr("type_vocab_size", 1, maxRows, 2); err != nil {
		return nil, err
	}
	c.Eps = float32(r.floatOr("layer_norm_eps", 1e-12))
	c.Activation, err = activation(r, "hidden_act", "gelu")
	return c, err
}

// distilConfig reads a Hugging Face DistilBertConfig.
func distilConfig(r *rawConfig) (*Config, error) {
	c := &Config{Family: "distilbert", Norm: PostLN, Alpha: 1, EmbedScale: 1, EmbedNorm: true, LearnedPositions: true, Eps: 1e-12}
	if err := r.sizes(c, "dim", "n_layers", "n_heads", "hidden_dim"); err != nil {
		return nil, err
	}
	var err error
	// sinusoidal_pos_embds only says how the table began; it is stored.
	if c.MaxPositions, err = r.count("max_position_embeddings", 1, maxRows); err != nil {
		return nil, err
	}
	if c.PadTokenID, err = r.countOr("pad_token_id", 0, c.VocabSize-1, 0); err != nil {
		return nil, err
	}
	c.Activation, err = activation(r, "activation", "gelu")
	return c, err
}

// m2mConfig reads a Hugging Face M2M100Config: fairseq's pre-norm transformer with
// sines for positions and one table of tokens for everything. NLLB has it, too.
func m2mConfig(r *rawConfig) (*Config, error) {
	stack := func(side string) (*Config, error) {
		c := &Config{Family: "m2m_100", Norm: PreLN, Alpha: 1, Eps: 1e-5, Sinusoidal: true, FinalNorm: true, EmbedScale: 1}
		if err := r.sizes(c, "d_model", side+"_layers", side+"_attention_heads", side+"_ffn_dim"); err != nil {
			return nil, err
		}
		if r.boolOr("scale_embedding", true) {
			c.EmbedScale = float32(math.Sqrt(float64(c.HiddenSize)))
		}
		var err error
		if c.MaxPositions, err = r.countOr("max_position_embeddings", 1, maxRows, 1024); err != nil {
			return nil, err
		}
		if c.PadTokenID, err = r.countOr("pad_token_id", 0, c.VocabSize-1, min(1, c.VocabSize-1)); err != nil {
			return nil, err
		}
		c.PositionOffset = c.PadTokenID + 1
		c.Activation, err = activation(r, "activation_function", "relu")
		return c, err
	}
	if !r.boolOr("tie_word_embeddings", true) {
		return nil, lean.Errorf("transformer: %w: an m2m_100 whose output is not its table of tokens", ErrUnsupported)
	}
	enc, err := stack("encoder")
	if err != nil {
		return nil, err
	}
	dec, err := stack("decoder")
	if err != nil {
		return nil, err
	}
	dec.Family, dec.Causal, dec.Encoder, dec.CrossAttention = "m2m_100 decoder", true, enc, true
	dec.HasHead, dec.TiedHead = true, true
	return dec, nil
}

// gpt2Config reads a Hugging Face GPT2Config.
func gpt2Config(r *rawConfig) (*Config, error) {
	c := &Config{Family: "gpt2", Causal: true, Norm: PreLN, Alpha: 1, EmbedScale: 1, LearnedPositions: true, FinalNorm: true, HasHead: true, TiedHead: true}
	if err := refuse(r, refused{"add_cross_attention", "cross-attention"}, refused{"scale_attn_by_inverse_layer_idx", "scores divided by the layer"}); err != nil {
		return nil, err
	}
	if !r.boolOr("scale_attn_weights", true) || !r.boolOr("tie_word_embeddings", true) {
		return nil, lean.Errorf("transformer: %w: gpt2 with scale_attn_weights or tie_word_embeddings false", ErrUnsupported)
	}
	if _, given := r.floats["n_inner"]; !given {
		r.ints["n_inner"] = 4 * r.ints["n_embd"] // null, or left out
		r.floats["n_inner"] = float64(r.ints["n_inner"])
	}
	if err := r.sizes(c, "n_embd", "n_layer", "n_head", "n_inner"); err != nil {
		return nil, err
	}
	var err error
	if c.MaxPositions, err = r.count("n_positions", 1, maxRows); err != nil {
		return nil, err
	}
	c.Eps = float32(r.floatOr("layer_norm_epsilon", 1e-5))
	c.Activation, err = activation(r, "activation_function", "gelu_new")
	return c, err
}
