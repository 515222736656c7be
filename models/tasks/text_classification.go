package tasks

import (
	"math"

	"github.com/lodestone-wasm/lodestone/kernels/lean"
	"github.com/lodestone-wasm/lodestone/models/heads"
	"github.com/lodestone-wasm/lodestone/models/tokenizer"
	"github.com/lodestone-wasm/lodestone/models/transformer"
)

// TextClassification finds the labels of texts.
type TextClassification struct{ headed }

// NewTextClassification makes the task of a model that was loaded with a
// sequence-classification head.
func NewTextClassification(m *transformer.Model, h *heads.Head, t *tokenizer.Tokenizer) (*TextClassification, error) {
	r, err := newHeaded(heads.SequenceClassification, m, h, t)
	return &TextClassification{r}, err
}

// TextClassificationOptions are the options of [TextClassification.Run].
type TextClassificationOptions struct {
	// TopK is how many labels are returned, up to 1000; 0 is all.
	TopK int
	// FunctionToApply makes scores of logits: "softmax", "sigmoid" or "none". "" does what
	// config.json's problem_type asks for, as in Hugging Face's pipeline: sigmoid for several
	// labels and for a single output, none for a regression, else softmax.
	FunctionToApply string
}

// Label is a label of a text.
type Label struct {
	Label string
	Score float64
	// Truncated: the text was longer than the model, and its end was not read.
	Truncated bool
}

// Run finds the labels of texts, the likeliest first.
func (c *TextClassification) Run(ctx Context, texts []string, o TextClassificationOptions) ([][]Label, error) {
	if err := checkTop(o.TopK, 0); err != nil {
		return nil, err
	}
	function, err := c.function(o.FunctionToApply)
	if err != nil {
		return nil, err
	}
	parts, truncated := make([]part, len(texts)), make([]bool, len(texts))
	for i, text := range texts {
		e, err := c.tok.Encode(text, tokenizer.Options{AddSpecialTokens: true, MaxLength: c.limit()})
		if err == nil && len(e.IDs) == 0 {
			err = lean.Errorf("%w: it has no token", ErrInput)
		}
		if err != nil {
			return nil, lean.Errorf("tasks: text %d: %w", i, err)
		}
		parts[i] = part{ids: e.IDs, types: e.TypeIDs, rows: []int32{0}, text: i}
		truncated[i] = e.Overflowed
	}
	results := make([][]Label, len(texts))
	err = c.run(ctx, parts, nil, func(p *part, logits []float32) {
		scores := softmax(logits)
		for i, v := range logits {
			switch function {
			case "sigmoid":
				scores[i] = 1 / (1 + math.Exp(-float64(v)))
			case "none":
				scores[i] = float64(v)
			}
		}
		for _, n := range top(scores, o.TopK) {
			results[p.text] = append(results[p.text], Label{Label: c.head.Labels.Names[n], Score: scores[n], Truncated: truncated[p.text]})
		}
	})
	return results, err
}

// function is what makes scores of logits if the caller asks for asked.
func (c *TextClassification) function(asked string) (string, error) {
	switch asked {
	case "softmax", "sigmoid", "none":
		return asked, nil
	case "":
	default:
		return "", lean.Errorf("tasks: %w: function_to_apply is %q, expected softmax, sigmoid or none", ErrInput, asked)
	}
	switch problem := c.head.Labels.Problem; {
	case problem == "regression":
		return "none", nil
	case problem == "multi_label_classification" || c.head.Outputs == 1:
		return "sigmoid", nil
	}
	return "softmax", nil
}
