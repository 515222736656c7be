package tasks

import (
	"strings"

	"github.com/lodestone-wasm/lodestone/models/crop"
)

// CROPTagger is a crop.Tagger by a model for token classification.
type CROPTagger struct{ *TokenClassification }

// Tag labels words.
func (t CROPTagger) Tag(pause func() error, words []string) ([]string, error) {
	return t.Words(stopBy(pause), words)
}

// stopBy is a Context of a function that is called between layers; it may be nil.
type stopBy func() error

// Err calls the function.
func (f stopBy) Err() error {
	if f == nil {
		return nil
	}
	return f()
}

// CROPWords are the words of a text in the way that the shipped models were trained on:
// crop.Split, without symbols that the translator's dictionary does not have.
func CROPWords(text, lang string) []string {
	var words []string
	for _, w := range crop.Split(strings.ReplaceAll(text, "<unk>", ""), lang) {
		words = append(words, w.Text)
	}
	return words
}

// CROP is the pipeline of package crop with models: it labels sentences in lang by what
// tagger says of their translations into pivot ("" is English). The caller sets the rest of
// what a crop.Pipeline has.
func CROP(m *CROPTranslator, tagger crop.Tagger, lang, pivot string) *crop.Pipeline {
	p := &crop.Pipeline{Lang: lang, Pivot: pivot, Translator: m, LabeledTranslator: m, Segment: m.Segment, Tagger: tagger}
	if pivot == "" {
		p.Pivot = "en"
	}
	p.Words = func(text string) []string { return CROPWords(text, p.Pivot) }
	return p
}
