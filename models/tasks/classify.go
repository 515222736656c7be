package tasks

import (
	"math"

	"github.com/lodestone-wasm/lodestone/kernels/lean"
	"github.com/lodestone-wasm/lodestone/models/heads"
	"github.com/lodestone-wasm/lodestone/models/tokenizer"
)

// Classify finds the labels of texts, the likeliest first.
func (r *Runner) Classify(texts []string, o Options) ([][]Found, error) {
	if err := r.start(heads.SequenceClassification, &o); err != nil {
		return nil, err
	}
	if o.Function == "" {
		switch problem := r.head.Labels.Problem; {
		case problem == "regression":
			o.Function = "none"
		case problem == "multi_label_classification" || r.head.Outputs == 1:
			o.Function = "sigmoid"
		default:
			o.Function = "softmax"
		}
	}
	if o.Function != "softmax" && o.Function != "sigmoid" && o.Function != "none" {
		return nil, lean.Errorf("tasks: %w: function_to_apply %q; known: softmax, sigmoid, none", ErrInput, o.Function)
	}
	parts, cut := make([]part, len(texts)), make([]bool, len(texts))
	for i, text := range texts {
		e, err := r.tok.Encode(text, tokenizer.Options{AddSpecialTokens: true, MaxLength: r.limit()})
		if err == nil && len(e.IDs) == 0 {
			err = lean.Errorf("%w: it has no token", ErrInput)
		}
		if err != nil {
			return nil, lean.Errorf("tasks: text %d: %w", i, err)
		}
		parts[i] = part{ids: e.IDs, types: e.TypeIDs, rows: []int32{0}, text: i}
		cut[i] = e.Overflowed
	}
	results := make([][]Found, len(texts))
	err := r.run(parts, &o, func(p *part, logits []float32) {
		scores := softmax(logits)
		for i, v := range logits {
			switch o.Function {
			case "sigmoid":
				scores[i] = 1 / (1 + math.Exp(-float64(v)))
			case "none":
				scores[i] = float64(v)
			}
		}
		for _, c := range top(scores, o.TopK) {
			results[p.text] = append(results[p.text], Found{Label: r.head.Labels.Names[c], Score: scores[c], Truncated: cut[p.text]})
		}
	})
	return results, err
}
