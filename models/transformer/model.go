package transformer

import (
	"github.com/lodestone-wasm/lodestone/kernels"
	"github.com/lodestone-wasm/lodestone/weights/safetensors"
)

// norm is the affine of a LayerNorm, or the weight of an RMSNorm.
type norm struct {
	weight, bias kernels.Vector
	eps          float32
}

// D is the width, F that of the feed-forward, A that of all heads of queries, K that of
// all heads of keys; Ap and Kp are these rounded up to whole panels.

// layer is the weights of one layer.
type layer struct {
	alpha float32 // multiplies the residual
	// branches are one, or two in a multiway model: for images and for text.
	branches []branch
	// cross is attention to an encoder, experts the mixture in place of the
	// feed-forward, knowledge what makes knowledge into rows; nil if there is none.
	cross     *crossAttention
	experts   *Experts
	knowledge *knowledge
}

// branch is what a token passes through besides attention itself.
type branch struct {
	qkv      projections    // (A, D), (K, D), (K, D)
	out      kernels.Weight // (D, A)
	attnNorm norm           // before or after attention
	inner    norm           // (A) before out, Sub-LN only
	ffnNorm  norm           // before or after the feed-forward
	ffn      feedForward    // absent where experts are
}

// feedForward is fc2·[LN](act(fc1·x)), or fc2·[LN](act(gate·x)∘fc1·x).
type feedForward struct {
	gate  kernels.Weight // (F, D), gated only
	fc1   kernels.Weight // (F, D)
	fc2   kernels.Weight // (D, F)
	inner norm           // (F) before fc2, Sub-LN only
}

// crossAttention is attention to the states of an encoder.
type crossAttention struct {
	q    kernels.Weight // (D, D)
	kv   projections    // (D, D) each: keys and values
	out  kernels.Weight // (D, D)
	norm norm           // before or after it
}

// knowledge makes keys and values for the feed-forward out of knowledge (Kformer).
type knowledge struct {
	keys, values kernels.Weight // (D, D) each
}

// projections are the matrices of queries, keys and values, or of the last two alone.
// If all of them are of one type, they lie below each other, each from the start of a
// panel, and fused is the whole (Ap+2·Kp, D): one operation then computes all of them.
type projections struct {
	part  [3]kernels.Weight
	fused kernels.Weight // Out is 0 if the types differ
}

// Model is a stack of layers in device memory. It is not safe for concurrent use.
type Model struct {
	Config *Config
	// Encoder is what a decoder reads from, nil if there is none.
	Encoder *Model

	dev       *kernels.Device
	tokens    kernels.Table    // (V, D)
	positions [2]kernels.Table // (P, D), f32, for each branch
	types     kernels.Table    // (types, D), f32
	embedNorm norm             // (D)
	layers    []layer          //
	finalNorm [2]norm          // for each branch
	head      kernels.Weight   // (V, D), without bias; only if asked for
	relative  []float32        // (buckets, H), of self-attention
	crossRel  []float32        // (buckets, H), of cross-attention
	patches   kernels.Weight   // (D, C·P·P)
	wholeView kernels.Tensor   // (1, D): the token that stands for the whole image
	learned   kernels.Table    // (V, D) of knowledge; that of tokens if there is no other
	recip     reciprocal       // THE-X's T

	// What depends on the longest length seen, on the host.
	spread  spread
	scratch scratch

	mark, end uint64 // device memory before and after loading
	tensors   []safetensors.Tensor
	kept      []string // matrices that q8 left in f32
}

// Tensors are those of the checkpoint's headers, sorted by name.
func (m *Model) Tensors() []safetensors.Tensor { return m.tensors }

// KeptF32 names the matrices that stayed f32 while the others were quantised to 8 bits,
// because their rows peak (quant.MaxPeak); nil if nothing was quantised while loading.
func (m *Model) KeptF32() []string { return m.kept }

// Dim is the width of the hidden states.
func (m *Model) Dim() int { return m.Config.HiddenSize }

// Device is the device that holds the weights.
func (m *Model) Device() *kernels.Device { return m.dev }

// WeightBytes is the device memory that the weights take.
func (m *Model) WeightBytes() uint64 { return m.end - m.mark }

// DType is "f16", "q8" or "q4" if linear layers hold weights of 16, 8 or 4 bits, else "f32".
func (m *Model) DType() string {
	for _, y := range m.layers {
		w := y.branches[0].ffn.fc1
		if y.experts != nil {
			w = y.experts.experts[0].fc1
		}
		switch w.DType {
		case kernels.F16:
			return "f16"
		case kernels.I8:
			return "q8"
		case kernels.Q4:
			return "q4"
		}
	}
	return "f32"
}

// panels is n rounded up to whole panels of weights.
func panels(n int) int {
	return (n + kernels.PanelWidth - 1) / kernels.PanelWidth * kernels.PanelWidth
}
