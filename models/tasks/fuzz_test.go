package tasks

import (
	"testing"
	"unicode/utf8"

	"github.com/lodestone-wasm/lodestone/models/heads"
	"github.com/lodestone-wasm/lodestone/models/heads/headstest"
)

// Whatever a text is, what is found stands in it, between whole characters, with a
// probability.
func FuzzPlacesAreInTheText(f *testing.F) {
	for _, text := range []string{"", "Ada  Lovelaces 🙂 Zürich, 日本!", " \u00a0", "a\u0301\u0316 ##s [MASK] <mask>", "\xff", "in Paris, the the the the the the the the the the the the the the the the the the"} {
		f.Add(text, "who?", uint8(len(text)))
	}
	var taggers []*TokenClassification
	var readers []*QuestionAnswering
	for _, family := range []string{"bert", "roberta"} {
		taggers = append(taggers, tiny(f, NewTokenClassification, headstest.New(family, heads.TokenClassification, ner...)))
		readers = append(readers, tiny(f, NewQuestionAnswering, headstest.New(family, heads.QuestionAnswering)))
	}
	f.Fuzz(func(t *testing.T, text, question string, n uint8) {
		check := func(start, end int, score float64) {
			if start < 0 || end < start || end > len(text) || !utf8.ValidString(text[start:end]) || !(score >= 0 && score <= 1.0001) {
				t.Errorf("bytes %d to %d with %v in %q", start, end, score, text)
			}
		}
		for i := range taggers {
			found, err := taggers[i].Run(nil, []string{text}, TokenClassificationOptions{AggregationStrategy: strategies[int(n)%len(strategies)], Stride: int(n) % 20})
			if err == nil {
				for _, y := range found[0] {
					check(y.Start, y.End, y.Score)
				}
			}
			answers, err := readers[i].Run(nil, []string{question}, []string{text}, QuestionAnsweringOptions{
				TopK: 1 + int(n)%9, MaxAnswerLen: int(n) % 30, HandleImpossibleAnswer: n%2 == 0, NoAlignToWords: n%3 == 0,
			})
			if err == nil {
				for _, y := range answers[0] {
					check(y.Start, y.End, y.Score)
				}
			}
		}
	})
}
