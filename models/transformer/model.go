package transformer

import "github.com/lodestone-wasm/lodestone/kernels"

// norm is the affine of a LayerNorm.
type norm struct{ weight, bias kernels.Vector }

// layer is the weights of one layer. D is the width, F that of the feed-forward, Dp
// is D rounded up to whole panels.
type layer struct {
	qkv      projections    // (D, D) each
	out      kernels.Weight // (D, D)
	fc1      kernels.Weight // (F, D)
	fc2      kernels.Weight // (D, F)
	attnNorm norm           // before or after attention
	ffnNorm  norm           // before or after the feed-forward
	inner    norm           // (D) before out, Sub-LN only
	innerFFN norm           // (F) before fc2, Sub-LN only
}

// projections are the matrices of queries, keys and values. If all of them are of one
// type, they lie below each other, each from the start of a panel, and fused is the
// whole (3·Dp, D): one operation then computes all three.
type projections struct {
	part  [3]kernels.Weight
	fused kernels.Weight // Out is 0 if the types differ
}

// Model is a model in device memory. It is not safe for concurrent use.
type Model struct {
	Config *Config

	dev       *kernels.Device
	tokens    kernels.Table  // (V, D)
	positions kernels.Table  // (P, D), f32
	types     kernels.Table  // (types, D), f32
	embedNorm norm           // (D)
	layers    []layer        //
	finalNorm norm           // (D)
	head      kernels.Weight // (V, D), without bias; only if asked for
	relative  []float32      // (buckets, H)

	// What depends on the longest length seen: the Toeplitz form of relative and the
	// tables of xpos, on the host.
	spread spread

	mark, end uint64 // device memory before and after loading
}

// Dim is the width of the hidden states.
func (m *Model) Dim() int { return m.Config.HiddenSize }

// Device is the device that holds the weights.
func (m *Model) Device() *kernels.Device { return m.dev }

// WeightBytes is the device memory that the weights take.
func (m *Model) WeightBytes() uint64 { return m.end - m.mark }

// DType is "q8" if the linear layers hold int8 weights, else "f32".
func (m *Model) DType() string {
	if m.layers[0].fc1.DType == kernels.I8 {
		return "q8"
	}
	return "f32"
}

// panels is n rounded up to whole panels of weights.
func panels(n int) int {
	return (n + kernels.PanelWidth - 1) / kernels.PanelWidth * kernels.PanelWidth
}
