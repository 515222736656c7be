package transformer

import (
	"fmt"
	"math"

	"github.com/lodestone-wasm/lodestone/kernels"
	"github.com/lodestone-wasm/lodestone/weights/quant"
	"github.com/lodestone-wasm/lodestone/weights/strictjson"
)

// Norm is where a layer normalises.
type Norm uint8

// The places of LayerNorm; F is the sublayer, x its input.
const (
	PreLN    Norm = iota // x + F(LN(x))
	PostLN               // LN(x + F(x))
	SubLN                // PreLN with another LN before each output projection (Magneto)
	DeepNorm             // LN(α·x + F(x)) (DeepNet)
)

func (n Norm) String() string {
	if int(n) < len(normNames) {
		return normNames[n]
	}
	return "unknown"
}

var normNames = [...]string{"Pre-LN", "Post-LN", "Sub-LN", "DeepNorm"}

// pre tells whether LayerNorm precedes the sublayer.
func (n Norm) pre() bool { return n == PreLN || n == SubLN }

// Config is a model, as far as its results depend on it. The fields have the names
// of Hugging Face's configurations.
type Config struct {
	// Family selects the names of the tensors: "torchscale", "bert" or "roberta".
	Family string
	// ModelType is what config.json calls the model.
	ModelType string

	VocabSize        int
	HiddenSize       int
	NumLayers        int
	NumHeads         int
	IntermediateSize int

	// MaxPositions is the number of tokens a sequence may have; 0 is no limit.
	MaxPositions int
	// LearnedPositions tells whether there is a table of positions, and
	// PositionOffset which of its rows belongs to the first token.
	LearnedPositions bool
	PositionOffset   int
	// TypeVocabSize is the number of token types; all tokens are of type 0.
	TypeVocabSize int

	Norm Norm
	// Alpha multiplies the residual: α of DeepNorm, 1 elsewhere.
	Alpha      float32
	Eps        float32
	Activation kernels.Activation
	EmbedScale float32
	EmbedNorm  bool // LayerNorm after the embeddings
	FinalNorm  bool // LayerNorm after the last layer

	// RelBuckets > 0: a T5-style relative position bias shared by the layers.
	RelBuckets     int
	RelMaxDistance int
	// XPos: queries and keys are turned by their position and scaled (xPos, arXiv
	// 2212.10554), with the given base.
	XPos          bool
	XPosScaleBase int

	// HasHead tells whether the checkpoint may have an output projection; Load
	// leaves it out unless asked for it.
	HasHead bool

	PadTokenID int
}

// Upper bounds of hyper-parameters: far above every published model of this kind,
// far below what would wrap.
const (
	maxVocab  = 1 << 22
	maxHidden = 1 << 16
	maxLayers = 1 << 12
	maxRows   = 1 << 20
)

// rawConfig holds the members of config.json that are read.
type rawConfig struct {
	ints    map[string]int64
	floats  map[string]float64
	bools   map[string]bool
	strings map[string]string
	lists   map[string]bool // members that are non-empty arrays or objects
}

func readRaw(data []byte) (*rawConfig, error) {
	r := &rawConfig{map[string]int64{}, map[string]float64{}, map[string]bool{}, map[string]string{}, map[string]bool{}}
	d := strictjson.NewDecoder(data)
	err := d.Object(func(key string) error {
		switch d.Peek() {
		case strictjson.Number:
			f, err := d.Float()
			r.floats[key] = f
			if f == math.Trunc(f) && math.Abs(f) < 1<<53 {
				r.ints[key] = int64(f)
			}
			return err
		case strictjson.Bool:
			b, err := d.Bool()
			r.bools[key] = b
			return err
		case strictjson.String:
			s, err := d.String()
			r.strings[key] = s
			return err
		case strictjson.Array, strictjson.Object:
			raw, err := d.Raw()
			r.lists[key] = len(raw) > 2
			return err
		}
		return d.Skip()
	})
	if err == nil {
		err = d.End()
	}
	if err != nil {
		return nil, fmt.Errorf("transformer: %w: %w", ErrConfig, err)
	}
	return r, nil
}

// count reads a member that must be an integer in [low, high].
func (r *rawConfig) count(key string, low, high int) (int, error) {
	v, ok := r.ints[key]
	if !ok {
		if f, isFloat := r.floats[key]; isFloat {
			return 0, fmt.Errorf("transformer: %w: %q is %v, expected an integer", ErrConfig, key, f)
		}
		return 0, fmt.Errorf("transformer: %w: no integer %q", ErrConfig, key)
	}
	if v < int64(low) || v > int64(high) {
		return 0, fmt.Errorf("transformer: %w: %q is %d, expected %d to %d", ErrConfig, key, v, low, high)
	}
	return int(v), nil
}

func (r *rawConfig) countOr(key string, low, high, otherwise int) (int, error) {
	if _, ok := r.floats[key]; !ok {
		return otherwise, nil
	}
	return r.count(key, low, high)
}

func (r *rawConfig) boolOr(key string, otherwise bool) bool {
	if b, ok := r.bools[key]; ok {
		return b
	}
	return otherwise
}

func (r *rawConfig) floatOr(key string, otherwise float64) float64 {
	if f, ok := r.floats[key]; ok {
		return f
	}
	return otherwise
}

// ParseConfig reads a config.json. Its errors wrap ErrConfig or ErrUnsupported.
func ParseConfig(data []byte) (*Config, error) {
	r, err := readRaw(data)
	if err != nil {
		return nil, err
	}
	if _, err := quant.ReadConfig(data); err != nil {
		return nil, fmt.Errorf("transformer: %w: %w", ErrUnsupported, err)
	}
	modelType := r.strings["model_type"]
	var c *Config
	switch {
	case modelType == "magneto" || modelType == "torchscale" || modelType == "" && r.strings["kind"] == "encoder":
		c, err = torchscaleConfig(r)
	case modelType == "bert" || modelType == "roberta" || modelType == "xlm-roberta":
		c, err = bertConfig(r, modelType)
	case modelType == "" && r.strings["kind"] != "":
		return nil, fmt.Errorf("transformer: %w: kind %q", ErrUnsupported, r.strings["kind"])
	case modelType == "":
		return nil, fmt.Errorf("transformer: %w: no member \"model_type\"", ErrConfig)
	default:
		return nil, fmt.Errorf("transformer: %w: model_type %q; supported: magneto, torchscale, bert, roberta, xlm-roberta", ErrUnsupported, modelType)
	}
	if err != nil {
		return nil, err
	}
	c.ModelType = modelType
	return c, c.check()
}

// check tests what holds for every family.
func (c *Config) check() error {
	if c.HiddenSize%c.NumHeads != 0 {
		return fmt.Errorf("transformer: %w: %d attention heads do not divide a width of %d", ErrConfig, c.NumHeads, c.HiddenSize)
	}
	if c.XPos && c.HiddenSize/c.NumHeads%2 != 0 {
		return fmt.Errorf("transformer: %w: xpos turns pairs, a head has %d columns", ErrConfig, c.HiddenSize/c.NumHeads)
	}
	if !(c.Eps > 0 && c.Eps < 1) {
		return fmt.Errorf("transformer: %w: the epsilon of LayerNorm is %v", ErrConfig, c.Eps)
	}
	if a := float64(c.Alpha); math.IsNaN(a) || math.IsInf(a, 0) || a <= 0 {
		return fmt.Errorf("transformer: %w: alpha is %v", ErrConfig, c.Alpha)
	}
	return nil
}

// sizes reads the numbers every family has, under the names it gives them.
func (r *rawConfig) sizes(c *Config, hidden, layers, heads, ffn string) error {
	for _, f := range []struct {
		to   *int
		key  string
		high int
	}{
		{&c.VocabSize, "vocab_size", maxVocab}, {&c.HiddenSize, hidden, maxHidden}, {&c.NumLayers, layers, maxLayers},
		{&c.NumHeads, heads, maxHidden}, {&c.IntermediateSize, ffn, 4 * maxHidden},
	} {
		v, err := r.count(f.key, 1, f.high)
		if err != nil {
			return err
		}
		*f.to = v
	}
	return nil
}

// torchscaleConfig reads the options of torchscale's EncoderConfig.
func torchscaleConfig(r *rawConfig) (*Config, error) {
	c := &Config{Family: "torchscale", Alpha: 1, HasHead: true}
	if err := r.sizes(c, "encoder_embed_dim", "encoder_layers", "encoder_attention_heads", "encoder_ffn_embed_dim"); err != nil {
		return nil, err
	}
	if err := refuse(r,
		refused{"moe_freq", "mixture of experts"}, refused{"multiway", "multiway layers"},
		refused{"segment_length", "dilated attention"}, refused{"dilated_ratio", "dilated attention"},
		refused{"use_glu", "gated feed-forward"}, refused{"rms_norm", "RMSNorm"}); err != nil {
		return nil, err
	}
	var err error
	// Resolution as torchscale does it (SubLN is the default, DeepNorm turns it off).
	deep := r.boolOr("deepnorm", false)
	sub := r.boolOr("subln", true) && !deep
	switch before := r.boolOr("encoder_normalize_before", !deep); {
	case sub:
		c.Norm = SubLN
	case deep && before:
		return nil, fmt.Errorf("transformer: %w: deepnorm with encoder_normalize_before", ErrUnsupported)
	case deep:
		c.Norm = DeepNorm
		c.Alpha = float32(r.floatOr("alpha", math.Sqrt(math.Sqrt(2*float64(c.NumLayers)))))
	case before:
		c.Norm = PreLN
	default:
		c.Norm = PostLN
	}
	c.FinalNorm = c.Norm.pre() && r.boolOr("normalize_output", true)
	c.Eps = float32(r.floatOr("layernorm_eps", 1e-5))
	c.EmbedNorm = r.boolOr("layernorm_embedding", false)
	c.EmbedScale = 1
	if !r.boolOr("no_scale_embedding", true) {
		c.EmbedScale = float32(math.Sqrt(float64(c.HiddenSize)))
	}
	if c.RelBuckets, err = r.countOr("rel_pos_buckets", 0, maxRows, 0); err != nil {
		return nil, err
	}
	if c.RelMaxDistance, err = r.countOr("max_rel_pos", 0, maxRows, 0); err != nil {
		return nil, err
	}
	if c.RelBuckets > 0 && (c.RelBuckets < 4 || c.RelBuckets%2 != 0 || c.RelMaxDistance <= c.RelBuckets/4) {
		return nil, fmt.Errorf("transformer: %w: rel_pos_buckets %d with max_rel_pos %d", ErrConfig, c.RelBuckets, c.RelMaxDistance)
	}
	c.XPos = r.boolOr("xpos_rel_pos", false)
	if c.XPosScaleBase, err = r.countOr("xpos_scale_base", 1, maxRows, 512); err != nil {
		return nil, err
	}
	c.LearnedPositions = r.boolOr("positions", true)
	if c.LearnedPositions {
		if c.MaxPositions, err = r.count("max_source_positions", 1, maxRows); err != nil {
			return nil, err
		}
	}
	// torchscale's PositionalEmbedding starts from row 2.
	if c.PositionOffset, err = r.countOr("position_offset", 0, maxRows, 2); err != nil {
		return nil, err
	}
	if c.PadTokenID, err = r.countOr("pad_token_id", 0, c.VocabSize-1, min(1, c.VocabSize-1)); err != nil {
		return nil, err
	}
	c.Activation, err = activation(r, "activation_fn", "relu")
	return c, err
}

// bertConfig reads a Hugging Face BertConfig or RobertaConfig.
func bertConfig(r *rawConfig, modelType string) (*Config, error) {
	c := &Config{Family: "bert", Norm: PostLN, Alpha: 1, EmbedScale: 1, EmbedNorm: true, LearnedPositions: true}
	if err := r.sizes(c, "hidden_size", "num_hidden_layers", "num_attention_heads", "intermediate_size"); err != nil {
		return nil, err
	}
	if p := r.strings["position_embedding_type"]; p != "" && p != "absolute" {
		return nil, fmt.Errorf("transformer: %w: position_embedding_type %q", ErrUnsupported, p)
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
		return nil, fmt.Errorf("transformer: %w: max_position_embeddings %d leaves no position after offset %d", ErrConfig, rows, c.PositionOffset)
	}
	if c.TypeVocabSize, err = r.countOr("type_vocab_size", 1, maxRows, 2); err != nil {
		return nil, err
	}
	c.Eps = float32(r.floatOr("layer_norm_eps", 1e-12))
	c.Activation, err = activation(r, "hidden_act", "gelu")
	return c, err
}

type refused struct{ key, what string }

// refuse fails on members that would change the result in a way that is not
// implemented.
func refuse(r *rawConfig, members ...refused) error {
	for _, m := range members {
		if r.bools[m.key] || r.floats[m.key] != 0 || r.lists[m.key] {
			return fmt.Errorf("transformer: %w: %s (%q in config.json)", ErrUnsupported, m.what, m.key)
		}
	}
	return nil
}

func activation(r *rawConfig, key, otherwise string) (kernels.Activation, error) {
	name, ok := r.strings[key]
	if !ok {
		name = otherwise
	}
	if approx := r.strings["gelu_approximate"]; approx != "" && approx != "none" {
		return 0, fmt.Errorf("transformer: %w: gelu_approximate %q", ErrUnsupported, approx)
	}
	switch name {
	case "relu":
		return kernels.ReLU, nil
	case "gelu":
		return kernels.GELU, nil
	case "swish", "silu":
		return kernels.SiLU, nil
	}
	return 0, fmt.Errorf("transformer: %w: %s %q; supported: relu, gelu, swish, silu", ErrUnsupported, key, name)
}
