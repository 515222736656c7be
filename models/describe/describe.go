package describe

import (
	"github.com/lodestone-wasm/lodestone/kernels"
	"github.com/lodestone-wasm/lodestone/models/transformer"
	"github.com/lodestone-wasm/lodestone/weights/safetensors"
)

// Description is a model as one looks at it.
type Description struct {
	ModelType string `json:"model_type"`
	// Kind is "encoder", "decoder" or "encoder-decoder".
	Kind string `json:"kind"`
	// Stacks are one, or two: the encoder, then the decoder.
	Stacks []Stack `json:"stacks"`
	// Parameters are the weights of all tensors that the result depends on; the scales of
	// quantised rows are not counted.
	Parameters int64 `json:"parameters"`
	// Stored is what the file has, by type of its elements; Sizes what the weights take in
	// each type that a model can be loaded in, and in f16.
	Stored []Size `json:"stored"`
	Sizes  []Size `json:"sizes"`
	// KeptF32 are matrices that q8 leaves in f32 because their rows peak too much.
	KeptF32 []string `json:"kept_f32"`
	// Head is "none", "tied" (the table of tokens) or "own".
	Head string `json:"head"`
}

// Size is the bytes of all weights in one type.
type Size struct {
	Type  string `json:"type"`
	Bytes int64  `json:"bytes"`
	// Exact is false where it depends on weights that were not looked at: q8 of a float
	// checkpoint is what it takes if no matrix has to stay f32.
	Exact bool `json:"exact"`
}

// Stack is one stack of layers.
type Stack struct {
	Name             string `json:"name"` // "encoder" or "decoder"
	Layers           int    `json:"layers"`
	HiddenSize       int    `json:"hidden_size"`
	Heads            int    `json:"heads"`
	KVHeads          int    `json:"kv_heads"`
	HeadSize         int    `json:"head_size"`
	IntermediateSize int    `json:"intermediate_size"`
	VocabSize        int    `json:"vocab_size"`
	MaxPositions     int    `json:"max_positions"` // 0: no limit
	Activation       string `json:"activation"`
	Gated            bool   `json:"gated"`

	Norm string `json:"norm"` // "Sub-LN"
	// NormKind is "LayerNorm" or "RMSNorm"; NormPlaces is where it stands.
	NormKind   string   `json:"norm_kind"`
	NormPlaces []string `json:"norm_places"`
	// Alpha multiplies the residual: 1 but for DeepNorm.
	Alpha float64 `json:"alpha"`

	Positions      string `json:"positions"`
	Causal         bool   `json:"causal"`
	CrossAttention bool   `json:"cross_attention"`

	Routing   *Routing   `json:"routing,omitempty"`
	Knowledge *Knowledge `json:"knowledge,omitempty"`
	Vision    *Vision    `json:"vision,omitempty"`

	// Parts are its parameters: those outside layers, and the sums over the layers.
	Parts []Part `json:"parts"`
	// LayerParts are the same by layer: LayerParts[i] belongs to layer i.
	LayerParts [][]Part `json:"layer_parts"`
}

// Part is a share of the parameters.
type Part struct {
	Name       string `json:"name"`
	Parameters int64  `json:"parameters"`
	Bytes      int64  `json:"bytes"` // as stored, with scales
	kind       transformer.Part
}

// Routing is how tokens find experts.
type Routing struct {
	Layers   []int  `json:"layers"` // the mixtures, by number from 0
	Experts  int    `json:"experts"`
	TopK     int    `json:"top_k"`
	Router   string `json:"router"`
	Gate     string `json:"gate"`     // "softmax" or "sigmoid"
	Capacity string `json:"capacity"` // in words
	// Dimension is the width in which tokens are compared with experts.
	Dimension int `json:"dimension"`
}

// Knowledge is layers that take rows of knowledge (Kformer).
type Knowledge struct {
	Layers []int `json:"layers"`
	Items  int   `json:"items"` // for each sequence
}

// Vision is how an image becomes tokens.
type Vision struct {
	ImageSize int `json:"image_size"`
	PatchSize int `json:"patch_size"`
	Channels  int `json:"channels"`
	Tokens    int `json:"tokens"`
}

// Model describes a configuration with the tensors of its checkpoint. kept are the
// matrices that q8 leaves in f32; nil says that nobody has looked.
func Model(c *transformer.Config, tensors []safetensors.Tensor, kept []string) *Description {
	d := &Description{ModelType: c.ModelType, Kind: "encoder", Head: "none"}
	switch {
	case c.Encoder != nil:
		d.Kind = "encoder-decoder"
		d.Stacks = []Stack{stack(c.Encoder), stack(c)}
	case c.Causal:
		d.Kind = "decoder"
		fallthrough
	default:
		d.Stacks = []Stack{stack(c)}
	}
	d.count(c, tensors, kept)
	return d
}

// Loaded describes a model in memory, of which it is known what q8 left in f32.
func Loaded(m *transformer.Model) *Description {
	return Model(m.Config, m.Tensors(), m.KeptF32())
}

func stack(c *transformer.Config) Stack {
	s := Stack{
		Name: "encoder", Layers: c.NumLayers, HiddenSize: c.HiddenSize, Heads: c.NumHeads, KVHeads: c.NumHeads,
		HeadSize: c.HiddenSize / c.NumHeads, Gated: c.Gated, IntermediateSize: c.IntermediateSize, VocabSize: c.VocabSize,
		MaxPositions: c.MaxPositions, Activation: c.Activation.String(), Norm: c.Norm.String(), NormKind: "LayerNorm",
		Alpha: float64(c.Alpha), Positions: positions(c), Causal: c.Causal, CrossAttention: c.CrossAttention,
	}
	if c.Causal {
		s.Name = "decoder"
	}
	if c.NumKeyValueHeads > 0 {
		s.KVHeads = c.NumKeyValueHeads
	}
	if c.HeadDim > 0 {
		s.HeadSize = c.HeadDim
	}
	if c.RMSNorm {
		s.NormKind = "RMSNorm"
	}
	s.NormPlaces = places(c)
	if m := c.MoE; m != nil {
		s.Routing = routed(m)
		for i := range c.NumLayers {
			if c.IsMoE(i) {
				s.Routing.Layers = append(s.Routing.Layers, i)
			}
		}
	}
	if k := c.KnowledgeLayers; k[1] > k[0] {
		s.Knowledge = &Knowledge{Items: c.KnowledgeTop}
		for i := k[0]; i < k[1]; i++ {
			s.Knowledge.Layers = append(s.Knowledge.Layers, i)
		}
	}
	if v := c.Vision; v != nil {
		s.Vision = &Vision{v.ImageSize, v.PatchSize, v.Channels, v.Tokens()}
	}
	return s
}

// places lists where the norm stands, in the order in which a token meets them.
func places(c *transformer.Config) []string {
	var p []string
	add := func(yes bool, place string) {
		if yes {
			p = append(p, place)
		}
	}
	pre := c.Norm == transformer.PreLN || c.Norm == transformer.SubLN
	add(c.EmbedNorm, "after the embeddings")
	add(pre, "before attention")
	add(c.Norm == transformer.SubLN, "before the output of attention")
	add(!pre, "after attention")
	add(c.CrossAttention && pre, "before cross-attention")
	add(c.CrossAttention && !pre, "after cross-attention")
	add(pre, "before the feed-forward")
	add(c.Norm == transformer.SubLN, "inside the feed-forward")
	add(!pre, "after the feed-forward")
	add(c.FinalNorm, "after the last layer")
	return p
}

func positions(c *transformer.Config) string {
	switch {
	case c.RelBuckets > 0 && c.LearnedPositions:
		return "learned, and relative"
	case c.RelBuckets > 0:
		return "relative"
	case c.XPos:
		return "xpos"
	case c.Rope != nil:
		return "rotary"
	case c.Sinusoidal:
		return "sinusoidal"
	case c.LearnedPositions:
		return "learned"
	}
	return "none"
}

func routed(m *transformer.MoEConfig) *Routing {
	r := &Routing{Experts: m.Experts, TopK: m.TopK, Gate: "softmax", Dimension: m.RoutingDim, Capacity: m.Capacity.String()}
	if m.Sigmoid {
		r.Gate = "sigmoid"
	}
	switch m.Router {
	case transformer.RouterUnit:
		r.Router = "X-MoE as in torchscale: product with experts of length 1"
	case transformer.RouterCosine:
		r.Router = "X-MoE: cosine with a temperature"
	default:
		r.Router = "GShard: product with experts"
	}
	return r
}

// kinds of weights that a size is computed for.
var sizes = []string{"f32", "f16", "q8", "q4"}

// bytesIn is what a tensor of these roles and dimensions takes in a type: matrices and
// tables in q8 have an f32 scale for each row, matrices in q4 one for each block.
func bytesIn(kind string, r transformer.Role, rows, n int64, head bool) int64 {
	cols := n / max(1, rows)
	switch {
	case kind == "f16":
		return 2 * n
	case kind == "q4" && r.Matrix && !head:
		return rows * (int64(kernels.Q4.RowSize(int(cols))) + (cols+kernels.BlockQ4-1)/kernels.BlockQ4*4)
	case kind != "f32" && (r.Matrix || r.Table):
		return n + 4*rows
	}
	return 4 * n
}
