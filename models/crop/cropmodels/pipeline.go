package cropmodels

import (
	"strings"

	"github.com/lodestone-wasm/lodestone/models/crop"
	"github.com/lodestone-wasm/lodestone/models/tasks"
)

// Tagger labels words with a model for token classification.
type Tagger struct{ Runner *tasks.Runner }

// Tag is that of crop.Tagger.
func (t Tagger) Tag(pause func() error, words []string) ([]string, error) {
	return t.Runner.Words(words, tasks.Options{Pause: pause})
}

// Words are those of a text in the way that the shipped models were trained on: crop.Split,
// without symbols outside of the translator's dictionary.
func Words(text, lang string) []string {
	var words []string
	for _, w := range crop.Split(strings.ReplaceAll(text, "<unk>", ""), lang) {
		words = append(words, w.Text)
	}
	return words
}

// Pipeline labels sentences in lang by what tagger says of their translations into pivot
// ("" is English). The rest of what a crop.Pipeline has is the caller's to set.
func Pipeline(m *Translator, tagger crop.Tagger, lang, pivot string) *crop.Pipeline {
	p := &crop.Pipeline{Lang: lang, Pivot: pivot, Translator: m, LabeledTranslator: m, Segment: m.Segment, Tagger: tagger}
	if pivot == "" {
		p.Pivot = "en"
	}
	p.Words = func(text string) []string { return Words(text, p.Pivot) }
	return p
}
