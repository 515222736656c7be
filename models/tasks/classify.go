package tasks

import (
	"github.com/lodestone-wasm/lodestone/kernels/lean"
	"github.com/lodestone-wasm/lodestone/models/heads"
	"github.com/lodestone-wasm/lodestone/models/tokenizer"
)

// Class is a label with its score.
type Class struct {
	Label string
	Score float64
}

// ClassifyOptions are the options of Classify.
type ClassifyOptions struct {
	Run
	TopK int // labels for each text; less than 1 is all
	// Function makes scores of logits: "softmax", "sigmoid", "none", or "" for what
	// config.json's problem_type asks for, as in Hugging Face's pipeline: sigmoid for
	// several labels and for a single output, none for a regression, else softmax.
	Function string
}

// Classes is the result of Classify for a text.
type Classes struct {
	Top       []Class // the likeliest first
	Truncated bool    // the text was longer than the model and was cut
}

// Classify finds the labels of texts.
func (r *Runner) Classify(texts []string, o ClassifyOptions) ([]Classes, error) {
	if err := r.want(heads.SequenceClassification); err != nil {
		return nil, err
	}
	scores, err := r.function(o.Function)
	if err != nil {
		return nil, err
	}
	parts, results := make([]part, len(texts)), make([]Classes, len(texts))
	for i, text := range texts {
		e, err := r.tok.Encode(text, tokenizer.Options{AddSpecialTokens: true, MaxLength: r.limit()})
		if err != nil {
			return nil, lean.Errorf("tasks: text %d: %w", i, err)
		}
		if len(e.IDs) == 0 {
			return nil, lean.Errorf("tasks: %w: text %d has no token", ErrInput, i)
		}
		parts[i] = part{e.IDs, e.TypeIDs, []int32{0}}
		results[i].Truncated = e.Overflowed
	}
	err = r.run(parts, o.Run, func(i int, logits []float32) error {
		p := scores(logits)
		for _, c := range top(p, o.TopK) {
			results[i].Top = append(results[i].Top, Class{r.head.Labels.Names[c], p[c]})
		}
		return nil
	})
	return results, err
}

func (r *Runner) function(name string) (func([]float32) []float64, error) {
	if name == "" {
		switch problem := r.head.Labels.Problem; {
		case problem == "regression":
			name = "none"
		case problem == "multi_label_classification" || r.head.Outputs == 1:
			name = "sigmoid"
		default:
			name = "softmax"
		}
	}
	switch name {
	case "softmax":
		return softmax, nil
	case "sigmoid":
		return sigmoid, nil
	case "none":
		return func(logits []float32) []float64 {
			p := make([]float64, len(logits))
			for i, v := range logits {
				p[i] = float64(v)
			}
			return p
		}, nil
	}
	return nil, lean.Errorf("tasks: %w: function_to_apply %q; known: softmax, sigmoid, none", ErrInput, name)
}
