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
	var taggers, readers []*Runner
	for _, family := range []string{"bert", "roberta"} {
		taggers = append(taggers, runner(f, headstest.New(family, heads.TokenClassification, ner...)))
		readers = append(readers, runner(f, headstest.New(family, heads.QuestionAnswering)))
	}
	f.Fuzz(func(t *testing.T, text, question string, n uint8) {
		check := func(list []Found) {
			for _, y := range list {
				if y.Start < 0 || y.End < y.Start || y.End > len(text) || !utf8.ValidString(text[y.Start:y.End]) || !(y.Score >= 0 && y.Score <= 1.0001) {
					t.Errorf("%+v in %q", y, text)
				}
			}
		}
		for i := range taggers {
			found, err := taggers[i].Entities([]string{text}, Options{Strategy: strategies[int(n)%len(strategies)], Stride: int(n) % 20})
			if err == nil {
				check(found[0])
			}
			found, err = readers[i].Answers([]string{question}, []string{text}, Options{TopK: 1 + int(n)%9, MaxLength: int(n) % 30, Impossible: n%2 == 0, Tokens: n%3 == 0})
			if err == nil {
				check(found[0])
			}
		}
	})
}
