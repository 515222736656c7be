package heads

import (
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/lodestone-wasm/lodestone/kernels"
	"github.com/lodestone-wasm/lodestone/kernels/lean"
	"github.com/lodestone-wasm/lodestone/models/transformer"
	"github.com/lodestone-wasm/lodestone/weights/strictjson"
)

// Kind is what a head computes.
type Kind string

// The kinds of heads, with their logits for n rows of states.
const (
	MaskedLM               Kind = "masked-lm"               // (n, V)
	TokenClassification    Kind = "token-classification"    // (n, classes)
	SequenceClassification Kind = "sequence-classification" // (sequences, classes), of the first token of each
	QuestionAnswering      Kind = "question-answering"      // (n, 2): begin and end of an answer
	MultipleChoice         Kind = "multiple-choice"         // (sequences, 1): how good a question's answer is, of the first token
)

// suffix is how the architectures of Hugging Face end that have such a head; "" if there
// is no such kind.
func (k Kind) suffix() string {
	switch k {
	case MaskedLM:
		return "ForMaskedLM"
	case TokenClassification:
		return "ForTokenClassification"
	case SequenceClassification:
		return "ForSequenceClassification"
	case QuestionAnswering:
		return "ForQuestionAnswering"
	case MultipleChoice:
		return "ForMultipleChoice"
	}
	return ""
}

// ParseKind is the kind of a name. Errors wrap ErrKind.
func ParseKind(name string) (Kind, error) {
	if Kind(name).suffix() == "" {
		return "", lean.Errorf("heads: %w: %q; known: masked-lm, token-classification, sequence-classification, question-answering, multiple-choice", ErrKind, name)
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
	form   *form

	dense, out   kernels.Weight
	weight, bias kernels.Tensor // (1, D), of the norm
}

// New is the head of a kind for a model; config is its config.json. It fails where the
// family has no such head here, or where config.json names another.
func New(k Kind, c *transformer.Config, config *strictjson.Document) (*Head, error) {
	l, err := LabelsOf(config)
	if err != nil {
		return nil, err
	}
	if !slices.ContainsFunc(forms, func(f form) bool { return f.of(k, c.Family) }) {
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
func (h *Head) First() bool { return h.Kind == SequenceClassification || h.Kind == MultipleChoice }

// plan finds the head's tensors in a checkpoint: see transformer.LoadOptions.More.
func (h *Head) plan(shape func(name string) []int, prefix string) ([]transformer.Extra, error) {
	missing := ""
	for i := range forms {
		f := &forms[i]
		if !f.of(h.Kind, h.config.Family) {
			continue
		}
		dense, out := whole(f.dense, prefix, ".weight"), whole(f.out, prefix, ".weight")
		// Hugging Face ties over what is stored, torchscale does not.
		tied := f.tied && !h.Labels.Untied && (dense != "" || h.config.TiedHead && shape(out) == nil)
		needed := ""
		switch {
		case dense != "" && shape(dense) == nil:
			needed = dense
		case !tied && shape(out) == nil:
			needed = out
		default:
			h.form = f
			return h.extras(shape, prefix, dense, out, tied)
		}
		if missing == "" {
			missing = needed
		}
	}
	says := strings.Join(h.Labels.Architectures, ", ")
	if says == "" {
		says = "nothing"
	}
	return nil, lean.Errorf("heads: %w: no tensor %q: this folder has no %s head; architectures says %s", ErrNoHead, missing, string(h.Kind), says)
}

// extras are the tensors of the form that was found.
func (h *Head) extras(shape func(name string) []int, prefix, dense, out string, tied bool) ([]transformer.Extra, error) {
	f, d := h.form, h.config.HiddenSize
	if h.outputs(shape(out)); h.Outputs < 1 || h.Outputs > maxLabels && h.Kind != MaskedLM {
		return nil, lean.Errorf("heads: %w: tensor %q is %v", transformer.ErrShape, out, shape(out))
	}
	e := transformer.Extra{Name: out, Shape: []int{h.Outputs, d}, Linear: &h.out, Exact: h.Kind != MaskedLM, Tied: tied, Bias: f.bias, NoBias: f.bias == ""}
	if f.biasOld != "" && shape(f.bias) == nil && shape(f.biasOld) != nil {
		e.Bias = f.biasOld
	}
	all := []transformer.Extra{e}
	if dense != "" {
		all = append(all, transformer.Extra{Name: dense, Shape: []int{d, d}, Linear: &h.dense})
	}
	if f.norm != "" {
		all = append(all, transformer.Extra{Name: whole(f.norm, prefix, ".weight"), Shape: []int{d}, Matrix: &h.weight},
			transformer.Extra{Name: whole(f.norm, prefix, ".bias"), Shape: []int{d}, Matrix: &h.bias})
	}
	return all, nil
}

// whole is the name of a tensor of a module of a form, "" of none.
func whole(module, prefix, suffix string) string {
	if module == "" {
		return ""
	}
	if rest, ok := strings.CutPrefix(module, "^"); ok {
		module = prefix + rest
	}
	return module + suffix
}

// outputs finds the number of logits of a row: shape is the output's, nil if it is the
// table of tokens.
func (h *Head) outputs(shape []int) {
	switch {
	case h.Kind == MaskedLM:
		h.Outputs = h.config.VocabSize
	case h.Kind == QuestionAnswering:
		h.Outputs = 2
	case h.Kind == MultipleChoice:
		h.Outputs = 1
	case h.Labels.Names != nil:
		h.Outputs = len(h.Labels.Names)
	case len(shape) == 2:
		// config.json is silent: as many classes as there are rows, named as Hugging Face does.
		h.Outputs = shape[0]
		for i := range min(h.Outputs, maxLabels) {
			h.Labels.Names = append(h.Labels.Names, "LABEL_"+strconv.Itoa(i))
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
