package thex

import (
	"math"
	"strconv"

	"github.com/lodestone-wasm/lodestone/kernels/lean"
	"github.com/lodestone-wasm/lodestone/models/transformer"
	"github.com/lodestone-wasm/lodestone/weights/quant"
	"github.com/lodestone-wasm/lodestone/weights/safetensors"
)

// Tensors is where weights come from: a [safetensors.Folder], for example.
type Tensors interface {
	Lookup(name string) (safetensors.Tensor, bool)
	ReadTensor(name string) ([]byte, error)
}

// ShapeOf is the shape of a model for sentences of up to tokens tokens.
func ShapeOf(c *transformer.Config, tokens, labels int) (Shape, error) {
	if c.Approx == nil {
		return Shape{}, lean.Errorf("thex: %w: model_type is %q, expected thex, a model without softmax and LayerNorm", ErrShape, c.ModelType)
	}
	s := Shape{Tokens: tokens, Width: c.HiddenSize, Heads: c.NumHeads, FFN: c.IntermediateSize, Layers: c.NumLayers, Reciprocal: c.Approx.Hidden, Labels: labels}
	if c.MaxPositions > 0 && tokens > c.MaxPositions {
		return Shape{}, lean.Errorf("thex: %w: %d tokens, the model has %d positions", ErrShape, tokens, c.MaxPositions)
	}
	return s, s.Check()
}

// Linear is y = x·weightᵀ + bias: Weight [out, in], row-major, Bias [out].
type Linear struct{ Weight, Bias []float32 }

// Affine is y = x∘Gamma + Beta, what is left of LayerNorm.
type Affine struct{ Gamma, Beta []float32 }

// Layer is the weights of a layer.
type Layer struct {
	Query, Key, Value, Output Linear
	Attended                  Affine // after attention's residual
	Up, Down                  Linear
	Fed                       Affine // after the feed-forward's residual
}

// Weights is the server's part of a model: all but the embeddings.
type Weights struct {
	Layers     []Layer
	T          [3]Linear
	Classifier Linear
}

// Embeddings is the client's part of a model.
type Embeddings struct {
	Words     []float32 // [vocabulary, width]
	Positions []float32 // [positions, width]
	Type      []float32 // [width], of the first type
	Affine    Affine
}

// reader reads tensors as floats; the first error sticks.
type reader struct {
	from Tensors
	err  error
}

// floats is a tensor of the shape, dequantised if it is stored as int8 with
// "NAME_scale" (compressed-tensors). A shape that begins with 0 has any number of rows.
func (r *reader) floats(name string, shape ...int) []float32 {
	if r.err != nil {
		return nil
	}
	t, ok := r.from.Lookup(name)
	if !ok {
		r.err = lean.Errorf("thex: %w: %q", transformer.ErrMissingTensor, name)
		return nil
	}
	fits := len(t.Shape) == len(shape)
	for i := range shape {
		fits = fits && (t.Shape[i] == shape[i] || i == 0 && shape[i] == 0)
	}
	if !fits {
		r.err = lean.Errorf("thex: %w: tensor %q is %v, expected %v (0: any)", transformer.ErrShape, name, t.Shape, shape)
		return nil
	}
	raw, err := r.from.ReadTensor(name)
	if err != nil {
		r.err = err
		return nil
	}
	v := make([]float32, t.NumElements())
	switch {
	case t.DType.IsFloat():
		safetensors.DecodeFloats(v, raw, t.DType)
	case t.DType == safetensors.I8 && len(t.Shape) == 2:
		ints := make([]int8, len(raw))
		for i, b := range raw {
			ints[i] = int8(b)
		}
		scale := r.floats(name+"_scale", t.Shape[0], 1)
		if r.err == nil {
			r.err = quant.DequantizeRows(v, ints, scale, t.Shape[0], t.Shape[1])
		}
	default:
		r.err = lean.Errorf("thex: %w: tensor %q is %s, expected F32, F16, BF16 or I8", transformer.ErrShape, name, t.DType.String())
	}
	for i, x := range v {
		if r.err == nil && (math.IsNaN(float64(x)) || math.IsInf(float64(x), 0)) {
			r.err = lean.Errorf("thex: %w: tensor %q has %v at element %d", quant.ErrNotFinite, name, x, i)
		}
	}
	return v
}

func (r *reader) linear(name string, out, in int) Linear {
	return Linear{r.floats(name+".weight", out, in), r.floats(name+".bias", out)}
}

func (r *reader) affine(name string, n int) Affine {
	return Affine{r.floats(name+".LayerNorm.affine_gamma", n), r.floats(name+".LayerNorm.affine_beta", n)}
}

// ReadWeights reads the server's part of a checkpoint with the names of weights/train's
// thex.py, which are BERT's with "T.layer1" to "T.layer3" and affines instead of norms.
func ReadWeights(s Shape, from Tensors) (*Weights, error) {
	if err := s.Check(); err != nil {
		return nil, err
	}
	r := reader{from: from}
	w := &Weights{Layers: make([]Layer, s.Layers), Classifier: r.linear("classifier", s.Labels, s.Width)}
	for i, in := range []int{1, s.Reciprocal, s.Reciprocal} {
		out := s.Reciprocal
		if i == 2 {
			out = 1
		}
		w.T[i] = r.linear("T.layer"+strconv.Itoa(i+1), out, in)
	}
	for i := range w.Layers {
		at := "encoder.layer." + strconv.Itoa(i) + "."
		w.Layers[i] = Layer{
			Query:    r.linear(at+"attention.self.query", s.Width, s.Width),
			Key:      r.linear(at+"attention.self.key", s.Width, s.Width),
			Value:    r.linear(at+"attention.self.value", s.Width, s.Width),
			Output:   r.linear(at+"attention.output.dense", s.Width, s.Width),
			Attended: r.affine(at+"attention.output", s.Width),
			Up:       r.linear(at+"intermediate.dense", s.FFN, s.Width),
			Down:     r.linear(at+"output.dense", s.Width, s.FFN),
			Fed:      r.affine(at+"output", s.Width),
		}
	}
	return w, r.err
}

// ReadEmbeddings reads the client's part.
func ReadEmbeddings(s Shape, from Tensors) (*Embeddings, error) {
	if err := s.Check(); err != nil {
		return nil, err
	}
	r := reader{from: from}
	e := &Embeddings{
		Words:     r.floats("embeddings.word_embeddings.weight", 0, s.Width),
		Positions: r.floats("embeddings.position_embeddings.weight", 0, s.Width),
		Type:      r.floats("embeddings.token_type_embeddings.weight", 0, s.Width),
		Affine:    r.affine("embeddings", s.Width),
	}
	if r.err != nil {
		return nil, r.err
	}
	if len(e.Type) < s.Width || len(e.Words) < s.Width || len(e.Positions) < s.Tokens*s.Width {
		return nil, lean.Errorf("thex: %w: %d words, %d types and %d positions, expected at least 1, 1 and %d", transformer.ErrShape, len(e.Words)/s.Width, len(e.Type)/s.Width, len(e.Positions)/s.Width, s.Tokens)
	}
	return e, nil
}

// Rows are the states that the encoder starts from, len(ids) rows of the width.
func (e *Embeddings) Rows(s Shape, ids []int32) ([]float64, error) {
	if len(ids) == 0 || len(ids) > s.Tokens {
		return nil, lean.Errorf("thex: %w: %d tokens, expected 1 to %d", ErrInput, len(ids), s.Tokens)
	}
	words := len(e.Words) / s.Width
	x := make([]float64, len(ids)*s.Width)
	for t, id := range ids {
		if id < 0 || int(id) >= words {
			return nil, lean.Errorf("thex: %w: id %d at %d, the vocabulary has %d", ErrInput, id, t, words)
		}
		for j := range s.Width {
			sum := float64(e.Words[int(id)*s.Width+j]) + float64(e.Positions[t*s.Width+j]) + float64(e.Type[j])
			x[t*s.Width+j] = sum*float64(e.Affine.Gamma[j]) + float64(e.Affine.Beta[j])
		}
	}
	return x, nil
}
