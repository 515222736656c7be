package promptbert

import (
	"math"

	"github.com/lodestone-wasm/lodestone/kernels"
	"github.com/lodestone-wasm/lodestone/kernels/lean"
	"github.com/lodestone-wasm/lodestone/models/transformer"
)

// HeadKind is how a supervised model's embedding is made of the states h at the mask
// and δ, the template's own.
type HeadKind uint8

// The heads of the supervised models (kongds/Prompt-BERT). The unsupervised ones have
// none: their embedding is h.
const (
	TransformHead HeadKind = iota // T(h) − T(δ), T = LN(GELU(dense)) (BERT)
	TanhHead                      // tanh(dense(h − δ)) (RoBERTa)
)

// Head is a supervised head, loaded with its model: see Extra.
type Head struct {
	Kind HeadKind
	// Eps is the epsilon of T's LayerNorm; 0 is 1e-12.
	Eps float32

	dense        kernels.Weight
	weight, bias kernels.Tensor // (1, D) of T's LayerNorm
}

// Extra are the head's tensors for transformer.LoadOptions, of a model of width d:
// name.dense, and name.LayerNorm of a TransformHead. The published checkpoints have
// "pooler"; "cls.predictions.transform" is the head of the model before training.
func (h *Head) Extra(name string, d int) []transformer.Extra {
	all := []transformer.Extra{{Name: name + ".dense.weight", Shape: []int{d, d}, Linear: &h.dense}}
	if h.Kind == TransformHead {
		all = append(all, transformer.Extra{Name: name + ".LayerNorm.weight", Shape: []int{d}, Matrix: &h.weight},
			transformer.Extra{Name: name + ".LayerNorm.bias", Shape: []int{d}, Matrix: &h.bias})
	}
	return all
}

// Apply makes embeddings (n, D) of states and of δ, both (n, D) in device memory.
func (h *Head) Apply(dev *kernels.Device, states, delta kernels.Tensor) ([]float32, error) {
	if h.dense.Out == 0 || states.Cols != h.dense.In || delta.Rows != states.Rows || delta.Cols != states.Cols {
		return nil, lean.Errorf("promptbert: %w: a head of width %d for states %d×%d and deltas %d×%d (not loaded if 0)",
			transformer.ErrInput, h.dense.In, states.Rows, states.Cols, delta.Rows, delta.Cols)
	}
	defer dev.Release(dev.Mark())
	n, d := states.Rows, states.Cols
	y := dev.NewTensor(n, d)
	if h.Kind == TransformHead {
		a, b := h.transform(dev, states), h.transform(dev, delta)
		dev.Add(y, b, a, -1)
	} else {
		x := dev.NewTensor(n, d)
		dev.Add(x, delta, states, -1)
		dev.Linear(y, x, h.dense, kernels.None, nil)
	}
	out := make([]float32, n*d)
	dev.Get(out, y)
	if h.Kind == TanhHead {
		for i, v := range out {
			out[i] = float32(math.Tanh(float64(v)))
		}
	}
	return out, dev.Err()
}

// transform is T.
func (h *Head) transform(dev *kernels.Device, x kernels.Tensor) kernels.Tensor {
	eps := h.Eps
	if eps == 0 {
		eps = 1e-12
	}
	y := dev.NewTensor(x.Rows, x.Cols)
	dev.Linear(y, x, h.dense, kernels.GELU, nil)
	dev.LayerNorm(y, y, kernels.Vector{At: h.weight.At, Len: x.Cols}, kernels.Vector{At: h.bias.At, Len: x.Cols}, eps)
	return y
}
