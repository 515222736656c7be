package tasks

import (
	"strings"

	"github.com/lodestone-wasm/lodestone/kernels/lean"
)

// Words labels words that were split already: the label of each is that of the first token
// that begins in it. The words are read with one space between them.
func (r *Runner) Words(words []string, o Options) ([]string, error) {
	for i, w := range words {
		if w == "" || strings.ContainsAny(w, " \t\n\r") {
			return nil, lean.Errorf("tasks: %w: word %d is %q, expected one word", ErrInput, i, w)
		}
	}
	o.Strategy, o.Ignore = "none", nil
	tokens, err := r.Entities([]string{strings.Join(words, " ")}, o)
	if err != nil {
		return nil, err
	}
	return WordLabels(words, tokens[0]), nil
}

// WordLabels gives each word, of a text in which one space is between words, the label
// of the first token that begins in it; "O" if none does.
func WordLabels(words []string, tokens []Found) []string {
	labels, at, k := make([]string, len(words)), 0, 0
	for i, w := range words {
		labels[i] = "O"
		for ; k < len(tokens) && tokens[k].Start < at; k++ {
		}
		if k < len(tokens) && tokens[k].Start < at+len(w) {
			labels[i] = tokens[k].Label
		}
		at += len(w) + 1
	}
	return labels
}
