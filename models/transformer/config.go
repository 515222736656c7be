package transformer

import (
	"github.com/lodestone-wasm/lodestone/kernels"
	"github.com/lodestone-wasm/lodestone/kernels/lean"
	"github.com/lodestone-wasm/lodestone/models/routing"
	"github.com/lodestone-wasm/lodestone/weights/quant"
	"github.com/lodestone-wasm/lodestone/weights/strictjson"
)

// Norm is where a layer normalises.
type Norm uint8

// The places of LayerNorm; F is the sublayer, x its input, α is Config.Alpha.
const (
	PreLN    Norm = iota // α·x + F(LN(x))
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

// Config is a model, as far as its results depend on it: one stack of layers, an
// encoder or a decoder. An encoder–decoder is its decoder with an Encoder. The fields
// have the names of Hugging Face's configurations.
type Config struct {
	// Family selects the names of the tensors: see keymap.go.
	Family string
	// ModelType is what config.json calls the model.
	ModelType string

	VocabSize        int
	HiddenSize       int
	NumLayers        int
	NumHeads         int
	IntermediateSize int

	// NumKeyValueHeads, if it is not 0, is the number of heads of keys and values; it
	// divides NumHeads, and as many heads of queries share one (arXiv 2305.13245).
	NumKeyValueHeads int
	// HeadDim, if it is not 0, is the width of a head; else it is HiddenSize/NumHeads.
	HeadDim int

	// Causal: a token attends to those before it and to itself: a decoder.
	Causal bool
	// Encoder is the stack that a decoder reads from, nil if there is none.
	// CrossAttention tells whether it does so by attention in every layer; if not, the
	// encoder's states come in as embeddings (see Span).
	Encoder        *Config
	CrossAttention bool

	// MaxPositions is the number of tokens a sequence may have; 0 is no limit.
	MaxPositions int
	// LearnedPositions tells whether there is a table of positions, Sinusoidal whether
	// positions are sines and cosines (fairseq's), and PositionOffset which of their
	// rows belongs to the first token.
	LearnedPositions bool
	Sinusoidal       bool
	PositionOffset   int
	// TypeVocabSize is the number of token types; 0 is a model without.
	TypeVocabSize int

	Norm Norm
	// Alpha multiplies the residual: α of DeepNorm, 1 elsewhere.
	Alpha      float32
	Eps        float32
	Activation kernels.Activation
	EmbedScale float32
	EmbedNorm  bool // LayerNorm after the embeddings
	FinalNorm  bool // LayerNorm after the last layer

	// RMSNorm: norms divide by the root mean square instead of subtracting a mean, and have
	// no bias (arXiv 1910.07467).
	RMSNorm bool
	// Gated: a feed-forward is fc2·(act(gate·x)∘fc1·x) (arXiv 2002.05202).
	Gated bool
	// Linear layers that have no bias: of queries, keys and values; after attention; of
	// feed-forwards.
	NoQKVBias, NoOutBias, NoFFNBias bool

	// RelBuckets > 0: a T5-style relative position bias shared by the layers.
	RelBuckets     int
	RelMaxDistance int
	// XPos: queries and keys are turned by their position and scaled (xPos, arXiv
	// 2212.10554), with the given base.
	XPos          bool
	XPosScaleBase int
	// Rope, if set, turns queries and keys by their position, a column of the first half of
	// a head with that of the second (RoPE, arXiv 2104.09864, as GPT-NeoX and Llama pair them).
	Rope *RopeConfig

	// MoE, if set, replaces feed-forwards by mixtures of experts.
	MoE *MoEConfig
	// Vision, if set, makes every layer a pair (BEiT-3's multiway transformer): one
	// for images, one for text.
	Vision *VisionConfig
	// KnowledgeLayers [a, b) have extra rows in their feed-forward, made of
	// knowledge (Kformer, arXiv 2201.05742); KnowledgeTop is how many items a sequence gets.
	KnowledgeLayers [2]int
	KnowledgeTop    int
	// Approx, if set, replaces what homomorphic encryption cannot compute (THE-X,
	// arXiv 2206.00216).
	Approx *ApproxConfig

	// HasHead tells whether the checkpoint may have an output projection; Load
	// leaves it out unless asked for it. TiedHead: it is the table of tokens.
	HasHead  bool
	TiedHead bool
	// SharedTokens: a decoder without a table of tokens of its own has the encoder's.
	SharedTokens bool

	PadTokenID int
}

// MoEConfig is a mixture of experts in place of some feed-forwards.
type MoEConfig struct {
	// Every Freq-th layer is one: layer i where (i+1) mod Freq = 0.
	Freq    int
	Experts int
	Router  Router
	// RoutingDim is the width in which X-MoE compares tokens with experts.
	RoutingDim int
	// Sigmoid: the gate is σ(score/τ) instead of a softmax over the experts.
	Sigmoid bool
	// TopK is 1 or 2. The second expert of a token is always used: torchscale's
	// policies "random" and "sampling" would answer differently each time.
	TopK int
	// NormalizeBefore: the gates of two experts add up to 1 before tokens are dropped,
	// not after.
	NormalizeBefore bool
	// Capacity limits the tokens of an expert; the zero value does not. With a limit,
	// a token's result depends on the others of its batch.
	Capacity routing.Capacity
}

// Router is how tokens are scored against experts.
type Router uint8

// The routers in use; h is a token, the rows of W are experts.
const (
	RouterLinear Router          = iota // W·h (GShard)
	RouterUnit                          // torchscale's X-MoE: ê·(Wr·h), ê of length 1, no temperature
	RouterCosine                        // X-MoE (arXiv 2204.09179), MoEC: cos(e, Wr·h) / τ
	routerLimit                         //
	scoreFloor   = float32(1e-4)        // least length that a cosine divides by, and least τ
)

// VisionConfig is how images become tokens: each square of PatchSize pixels is one,
// after one for the whole.
type VisionConfig struct {
	ImageSize, PatchSize, Channels int
}

// Tokens is the number of tokens of an image.
func (v *VisionConfig) Tokens() int {
	side := v.ImageSize / v.PatchSize
	return side*side + 1
}

// ApproxConfig replaces softmax by polynomials and a small network for 1/x, and
// LayerNorm by its affine.
type ApproxConfig struct {
	// Hidden is the width of the network T(z) ≈ 1/z.
	Hidden int
	// MaskValue is the score of a key that is padding; −2 and less counts for nothing.
	MaskValue float32
}

// RopeConfig is the angle by which a position turns each pair of columns c:
//
//	angle(p, c) = p · Theta^(−2c/Dim)
type RopeConfig struct {
	Theta float64
	// Dim is the number of columns of a head that turn, from the first on; it is even.
	Dim int
	// Factor > 1 slows pairs down for sequences longer than those of pre-training: all of
	// them ("linear" scaling), or, if Original is not 0, as Llama 3 does: those that turn less
	// than LowFreq times in Original positions, wholly; those that turn more than HighFreq
	// times, not; those between, in part.
	Factor            float64
	LowFreq, HighFreq float64
	Original          int
}

// ParseConfig is [ConfigOf] of the text of a config.json.
func ParseConfig(data []byte) (*Config, error) {
	doc, err := strictjson.ReadDocument(data)
	if err != nil {
		return nil, lean.Errorf("transformer: %w: %w", ErrConfig, err)
	}
	return ConfigOf(doc)
}

// ConfigOf reads the architecture that a config.json describes. Its errors wrap ErrConfig
// or ErrUnsupported.
func ConfigOf(doc *strictjson.Document) (*Config, error) {
	r, err := rawOf(doc)
	if err != nil {
		return nil, err
	}
	if _, err := quant.ConfigOf(doc); err != nil {
		return nil, lean.Errorf("transformer: %w: %w", ErrUnsupported, err)
	}
	modelType := r.strings["model_type"]
	kind := r.strings["kind"] // golden vectors of torchscale have it in place of model_type
	var c *Config
	switch {
	case modelType == "magneto" || modelType == "torchscale" || modelType == "" && torchscaleKinds[kind]:
		c, err = torchscaleConfig(r)
	case modelType == "bert" || modelType == "roberta" || modelType == "xlm-roberta":
		c, err = bertConfig(r, modelType)
	case modelType == "distilbert":
		c, err = distilConfig(r)
	case modelType == "gpt2":
		c, err = gpt2Config(r)
	case modelType == "m2m_100":
		c, err = m2mConfig(r)
	case modelType == "fairseq" || modelType == "" && r.strings["arch"] != "":
		c, err = fairseqConfig(r)
	case modelType == "kosmos-2" || modelType == "kosmos_2_text_model":
		c, err = kosmosConfig(r)
	case modelType == "beit3":
		c, err = beit3Config(r)
	case modelType == "llama" || modelType == "mistral":
		c, err = llamaConfig(r)
	case modelType == "kformer":
		c, err = kformerConfig(r, doc)
	case modelType == "thex":
		c, err = thexConfig(r)
	case modelType == "metalm":
		c, err = metalmConfig(doc)
	case modelType == "" && kind != "":
		return nil, lean.Errorf("transformer: %w: kind %q", ErrUnsupported, kind)
	case modelType == "":
		return nil, lean.Errorf("transformer: %w: no member \"model_type\"", ErrConfig)
	default:
		return nil, lean.Errorf("transformer: %w: model_type %q; supported: magneto, torchscale, bert, roberta, xlm-roberta, distilbert, m2m_100, gpt2, llama, mistral, kosmos-2, beit3, fairseq, kformer, thex, metalm", ErrUnsupported, modelType)
	}
	if err != nil {
		return nil, err
	}
	if r.wrong != nil {
		return nil, r.wrong
	}
	c.ModelType = modelType
	return c, c.check()
}

// headDim is h, the width of a head.
func (c *Config) headDim() int {
	if c.HeadDim != 0 {
		return c.HeadDim
	}
	return c.HiddenSize / c.NumHeads
}

// keyValueHeads is the number of heads of keys and values.
func (c *Config) keyValueHeads() int {
	if c.NumKeyValueHeads != 0 {
		return c.NumKeyValueHeads
	}
	return c.NumHeads
}

// queries is A, the width of all heads of queries, keyValues that of keys and of values.
func (c *Config) queries() int   { return c.NumHeads * c.headDim() }
func (c *Config) keyValues() int { return c.keyValueHeads() * c.headDim() }

// isMoE tells whether layer i is a mixture of experts.
func (c *Config) isMoE(i int) bool { return c.MoE != nil && (i+1)%c.MoE.Freq == 0 }

// hasKnowledge tells whether layer i has rows for knowledge.
func (c *Config) hasKnowledge(i int) bool {
	return i >= c.KnowledgeLayers[0] && i < c.KnowledgeLayers[1]
}
