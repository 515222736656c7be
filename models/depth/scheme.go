package depth

import (
	"errors"
	"math"

	"github.com/lodestone-wasm/lodestone/kernels"
	"github.com/lodestone-wasm/lodestone/kernels/lean"
	"github.com/lodestone-wasm/lodestone/models/transformer"
)

// ErrOptions: a stack that cannot be built.
var ErrOptions = errors.New("invalid stack")

// MaxLayers is the largest number of layers.
const MaxLayers = 1000

// Width, heads, feed-forward and tokens of every stack.
const (
	width  = 32
	heads  = 2
	ffn    = 64
	tokens = 8
)

// Scheme is a place of LayerNorm, with the constants of its paper for a number of layers.
type Scheme struct {
	Name   string // "postln", "preln", "subln" or "deepnorm"
	Layers int
	Alpha  float64 // multiplies the residual
	Gain   float64 // of Xavier's initialisation of feed-forwards, values and outputs; 1 for queries and keys

	norm transformer.Norm
}

// NewScheme returns a scheme of an encoder with 1 to MaxLayers layers. Gains and α are those of an encoder alone: DeepNet's table 2,
// Magneto's table 2 (√(ln 2N), but not less than 1).
func NewScheme(name string, layers int) (Scheme, error) {
	s := Scheme{Name: name, Layers: layers, Alpha: 1, Gain: 1}
	if layers < 1 || layers > MaxLayers {
		return s, lean.Errorf("depth: %w: %d layers, expected 1 to %d", ErrOptions, layers, MaxLayers)
	}
	n := float64(layers)
	switch name {
	case "postln":
		s.norm = transformer.PostLN
	case "preln":
		s.norm = transformer.PreLN
	case "subln":
		s.norm, s.Gain = transformer.SubLN, math.Sqrt(max(1, math.Log(2*n)))
	case "deepnorm":
		s.norm, s.Alpha, s.Gain = transformer.DeepNorm, math.Pow(2*n, 0.25), math.Pow(8*n, -0.25)
	default:
		return s, lean.Errorf("depth: %w: scheme %q, expected postln, preln, subln or deepnorm", ErrOptions, name)
	}
	return s, nil
}

// Bound is the bound of DeepNet's theorem 4.2 on how far the states after a layer move, where each sublayer's weights move by step:
//
//	‖ΔF‖ ≤ Σ_{i ≤ 2l} √(v_i² + w_i²)/α · ‖Δθ_i‖
//
// with v = w = Gain: the paper reduces the value and output projections, and both matrices of the feed-forward, to numbers v and w.
// The theorem is about x = LN(αx + G(x)); for schemes that normalise before, ok is false.
func (s Scheme) Bound(layer int, step float64) (bound float64, ok bool) {
	if s.norm != transformer.PostLN && s.norm != transformer.DeepNorm {
		return 0, false
	}
	return 2 * float64(layer) * math.Sqrt2 * s.Gain / s.Alpha * step, true
}

// Expected is the root mean square of the states after a layer, by the estimates of both papers: 1 where a LayerNorm comes last,
// otherwise √(1 + Σ v²w²), in which the LayerNorm of Sub-LN takes v's place.
func (s Scheme) Expected(layer int) float64 {
	if s.norm == transformer.PostLN || s.norm == transformer.DeepNorm {
		return 1
	}
	return math.Sqrt(1 + 2*float64(layer)*s.Gain*s.Gain)
}

// config is the stack as package transformer runs it. It has no positions and no biases but those of LayerNorm.
func (s Scheme) config() *transformer.Config {
	return &transformer.Config{
		Family: "torchscale", VocabSize: tokens, HiddenSize: width, NumLayers: s.Layers, NumHeads: heads, IntermediateSize: ffn, PadTokenID: 0,
		Norm: s.norm, Alpha: float32(s.Alpha), Eps: 1e-5, Activation: kernels.GELU, EmbedScale: 1, NoQKVBias: true, NoOutBias: true, NoFFNBias: true,
	}
}
