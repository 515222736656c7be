package heads

import (
	"math"
	"strings"

	"github.com/lodestone-wasm/lodestone/kernels"
	"github.com/lodestone-wasm/lodestone/kernels/lean"
	"github.com/lodestone-wasm/lodestone/models/transformer"
)

// Kind is what a head computes.
type Kind string

// The kinds of heads, with their logits for n rows of states.
const (
	MaskedLM               Kind = "masked-lm"               // (n, V)
	TokenClassification    Kind = "token-classification"    // (n, classes)
	SequenceClassification Kind = "sequence-classification" // (sequences, classes), of the first token of each
	QuestionAnswering      Kind = "question-answering"      // (n, 2): begin and end of an answer
)

// suffixes are how the architectures of Hugging Face end that have such a head.
var suffixes = map[Kind]string{
	MaskedLM: "ForMaskedLM", TokenClassification: "ForTokenClassification",
	SequenceClassification: "ForSequenceClassification", QuestionAnswering: "ForQuestionAnswering",
}

// ParseKind is the kind of a name. Errors wrap ErrKind.
func ParseKind(name string) (Kind, error) {
	if _, ok := suffixes[Kind(name)]; !ok {
		return "", lean.Errorf("heads: %w: %q; known: masked-lm, token-classification, sequence-classification, question-answering", ErrKind, name)
	}
	return Kind(name), nil
}

// Head is a head in device memory.
type Head struct {
	Kind   Kind
	Labels Labels
	// Outputs is the number of logits of a row, known when the head is loaded.
	Outputs int

	config *transformer.Config
	form   form

	dense, out   kernels.Weight
	weight, bias kernels.Tensor // (1, D), of the norm
}

// New is the head of a kind for a model; config is its config.json. It fails where the
// family has no such head here, or where config.json names another.
func New(k Kind, c *transformer.Config, config []byte) (*Head, error) {
	l, err := ParseLabels(config)
	if err != nil {
		return nil, err
	}
	if len(forms[c.Family][k]) == 0 {
		return nil, lean.Errorf("heads: %w: a %s head for a model of the family %s", transformer.ErrUnsupported, string(k), c.Family)
	}
	if a := l.otherHead(k); a != "" {
		return nil, lean.Errorf("heads: %w: %s was asked for, architectures says %s", ErrNoHead, string(k), a)
	}
	return &Head{Kind: k, Labels: l, config: c}, nil
}

// Load has the head loaded with its model.
func (h *Head) Load(o *transformer.LoadOptions) { o.More = h.plan }

// First tells whether the head reads the first token of each sequence only.
func (h *Head) First() bool { return h.Kind == SequenceClassification }

// plan finds the head's tensors in a checkpoint: see transformer.LoadOptions.More.
func (h *Head) plan(shape func(name string) []int, prefix string) ([]transformer.Extra, error) {
	c, d := h.config, h.config.HiddenSize
	name := func(s string) string {
		if rest, ok := strings.CutPrefix(s, "^"); ok {
			return prefix + rest
		}
		return s
	}
	has := func(s string) bool { return shape(name(s)+".weight") != nil }
	tied := func(f *form) bool { return f.tied && !h.Labels.Untied && (f.dense != "" || c.TiedHead) }
	missing := ""
	found := false
	for _, f := range forms[c.Family][h.Kind] {
		out := -1
		for i := len(f.out) - 1; i >= 0; i-- {
			if has(f.out[i]) {
				out = i
			}
		}
		needed := f.out[0]
		if f.dense != "" && !has(f.dense) {
			out, needed = -1, f.dense
		} else if out < 0 && tied(&f) {
			out = 0
		}
		if out >= 0 {
			f.out = f.out[out : out+1]
			h.form, found = f, true
			break
		}
		if missing == "" {
			missing = name(needed) + ".weight"
		}
	}
	if !found {
		says := "architectures says nothing"
		if a := h.Labels.Architectures; len(a) > 0 {
			says = "architectures says " + strings.Join(a, ", ")
		}
		return nil, lean.Errorf("heads: %w: no tensor %q: this folder has no %s head; %s", ErrNoHead, missing, string(h.Kind), says)
	}

	f := &h.form
	var all []transformer.Extra
	if f.dense != "" {
		all = append(all, transformer.Extra{Name: name(f.dense) + ".weight", Shape: []int{d, d}, Linear: &h.dense})
	}
	if f.norm != "" {
		all = append(all, transformer.Extra{Name: name(f.norm) + ".weight", Shape: []int{d}, Matrix: &h.weight},
			transformer.Extra{Name: name(f.norm) + ".bias", Shape: []int{d}, Matrix: &h.bias})
	}
	weight := name(f.out[0]) + ".weight"
	if h.outputs(shape(weight)); h.Outputs < 1 || h.Outputs > maxLabels && h.Kind != MaskedLM {
		return nil, lean.Errorf("heads: %w: tensor %q is %v", transformer.ErrShape, weight, shape(weight))
	}
	e := transformer.Extra{Name: weight, Shape: []int{h.Outputs, d}, Linear: &h.out, Exact: h.Kind != MaskedLM,
		Tied: tied(f) && (f.dense != "" || shape(weight) == nil)} // Hugging Face ties over what is stored, torchscale does not
	for _, b := range f.bias {
		e.Bias, e.NoBias = b, b == ""
		if shape(b) != nil {
			break
		}
	}
	if shape(e.Bias) == nil && !e.NoBias {
		e.Bias = f.bias[0] // the name that an error should have
	}
	return append(all, e), nil
}

// outputs finds the number of logits of a row: shape is the output's, nil if it is the
// table of tokens.
func (h *Head) outputs(shape []int) {
	switch {
	case h.Kind == MaskedLM:
		h.Outputs = h.config.VocabSize
	case h.Kind == QuestionAnswering:
		h.Outputs = 2
	case h.Labels.Names != nil:
		h.Outputs = len(h.Labels.Names)
	case len(shape) == 2:
		// config.json is silent: as many classes as there are rows, named as Hugging Face does.
		h.Outputs = shape[0]
		for i := range min(h.Outputs, maxLabels) {
			h.Labels.Names = append(h.Labels.Names, "LABEL_"+lean.Sprintf("%d", i))
		}
	}
}

// Logits makes logits (n, Outputs) of hidden states (n, D) in device memory. They are
// gone when the device's memory is released to a mark that was taken before.
func (h *Head) Logits(dev *kernels.Device, x kernels.Tensor) (kernels.Tensor, error) {
	if h.out.Out == 0 || x.Cols != h.out.In {
		return kernels.Tensor{}, lean.Errorf("heads: %w: states of width %d for a head of width %d (0 is one that was not loaded)", transformer.ErrInput, x.Cols, h.out.In)
	}
	if h.dense.Out > 0 {
		y := dev.NewTensor(x.Rows, x.Cols)
		dev.Linear(y, x, h.dense, h.activation(), nil)
		if h.form.act == tanh {
			if err := hyperbolic(dev, y); err != nil {
				return kernels.Tensor{}, err
			}
		}
		if h.form.norm != "" {
			eps := h.form.eps
			if eps == 0 {
				eps = h.config.Eps
			}
			dev.LayerNorm(y, y, kernels.Vector{At: h.weight.At, Len: x.Cols}, kernels.Vector{At: h.bias.At, Len: x.Cols}, eps)
		}
		x = y
	}
	y := dev.NewTensor(x.Rows, h.Outputs)
	dev.Linear(y, x, h.out, kernels.None, nil)
	return y, dev.Err()
}

func (h *Head) activation() kernels.Activation {
	switch h.form.act {
	case own:
		return h.config.Activation
	case gelu:
		return kernels.GELU
	case relu:
		return kernels.ReLU
	}
	return kernels.None
}

// hyperbolic is tanh in place, on the host: one row a text is too little for a kernel.
func hyperbolic(dev *kernels.Device, x kernels.Tensor) error {
	v := make([]float32, x.Rows*x.Cols)
	dev.Get(v, x)
	if err := dev.Err(); err != nil {
		return err
	}
	for i := range v {
		v[i] = float32(math.Tanh(float64(v[i])))
	}
	dev.Set(x, v)
	return nil
}
