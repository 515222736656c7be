package tasks

import (
	"strings"

	"github.com/lodestone-wasm/lodestone/kernels/lean"
	"github.com/lodestone-wasm/lodestone/models/heads"
	"github.com/lodestone-wasm/lodestone/models/tokenizer"
	"github.com/lodestone-wasm/lodestone/models/transformer"
)

// maxLabels bounds the labels of a zero-shot classification.
const maxLabels = 1000

// ZeroShotClassification scores labels that the model was not trained for, with a model of
// natural language inference (Yin et al. 2019, "Benchmarking Zero-shot Text Classification"):
// a text is the premise, and a sentence about each label the hypothesis.
type ZeroShotClassification struct {
	headed
	entailment, contradiction int
}

// NewZeroShotClassification makes the task of a model that was loaded with a
// sequence-classification head whose labels are those of inference.
func NewZeroShotClassification(m *transformer.Model, h *heads.Head, t *tokenizer.Tokenizer) (*ZeroShotClassification, error) {
	r, err := newHeaded(heads.SequenceClassification, m, h, t)
	if err != nil {
		return nil, err
	}
	z := &ZeroShotClassification{r, -1, -1}
	for i, name := range h.Labels.Names {
		switch strings.ToLower(name) {
		case "entailment":
			z.entailment = i
		case "contradiction", "not_entailment":
			z.contradiction = i
		}
	}
	if z.entailment < 0 || z.contradiction < 0 {
		return nil, lean.Errorf("tasks: %w: zero-shot-classification needs a model of natural language inference, with the labels entailment and contradiction (or not_entailment) in id2label; this one has %s",
			ErrModel, lean.Clip(strings.Join(h.Labels.Names, ", ")))
	}
	return z, nil
}

// ZeroShotClassificationOptions are the options of [ZeroShotClassification.Run].
type ZeroShotClassificationOptions struct {
	// HypothesisTemplate makes a hypothesis of a label, which takes the place of {}. "" is
	// "This example is {}.".
	HypothesisTemplate string
	// MultiLabel scores each label by itself, entailment against contradiction. Otherwise the
	// scores of all labels add up to 1.
	MultiLabel bool
}

// LabelScore is a label of a text, by its place among those that were given.
type LabelScore struct {
	Index int
	Score float64
	// Truncated: the text was longer than the model, and its end was not read.
	Truncated bool
}

// Run scores labels for each text, the likeliest first. One label alone is scored as with
// MultiLabel, as in Hugging Face's pipeline.
func (z *ZeroShotClassification) Run(ctx Context, texts, labels []string, o ZeroShotClassificationOptions) ([][]LabelScore, error) {
	template := o.HypothesisTemplate
	if template == "" {
		template = "This example is {}."
	}
	before, after, ok := strings.Cut(template, "{}")
	switch {
	case len(labels) == 0 || len(labels) > maxLabels:
		return nil, lean.Errorf("tasks: %w: %d candidate_labels, expected 1 to %d", ErrInput, len(labels), maxLabels)
	case !ok:
		return nil, lean.Errorf("tasks: %w: hypothesis_template %q has no {} for the label", ErrInput, lean.Clip(template))
	}
	hypotheses := make([]string, len(labels))
	for i, label := range labels {
		hypotheses[i] = before + label + after
	}
	results := make([][]LabelScore, len(texts))
	for i, text := range texts {
		parts, truncated, err := z.pairs(text, "candidate label", hypotheses, tokenizer.OnlyFirst)
		if err != nil {
			return nil, lean.Errorf("tasks: text %d: %w", i, err)
		}
		entailed, each := make([]float32, len(labels)), make([]float64, len(labels))
		err = z.run(ctx, parts, nil, func(p *part, logits []float32) {
			entailed[p.text] = logits[z.entailment]
			each[p.text] = softmax([]float32{logits[z.contradiction], logits[z.entailment]})[1]
		})
		if err != nil {
			return nil, err
		}
		if !o.MultiLabel && len(labels) > 1 {
			each = softmax(entailed)
		}
		for _, k := range top(each, 0) {
			results[i] = append(results[i], LabelScore{k, each[k], truncated[k]})
		}
	}
	return results, nil
}
