package crop_test

import (
	"fmt"
	"log"
	"strings"

	"github.com/lodestone-wasm/lodestone/models/crop"
)

// Models stand in here for three large ones; they know one sentence.
type models struct{}

func (models) Translate(_ func() error, text, from, to string) (string, error) {
	return "Merkel visits Paris.", nil
}

func (models) Tag(_ func() error, words []string) ([]string, error) {
	return []string{"PER", "O", "LOC", "O"}, nil
}

func (models) TranslateLabeled(_ func() error, pieces []string, from, to string, beams int) ([][]string, error) {
	return [][]string{strings.Fields("__SLOT1__ ▁Paris __SLOT1__ ▁besucht __SLOT0__ ▁Merkel __SLOT0__ ▁.")}, nil
}

func Example() {
	p := crop.Pipeline{
		Lang:              "de",
		Translator:        models{},
		Tagger:            models{},
		Segment:           func(text string) ([]string, error) { return []string{"▁" + text}, nil },
		LabeledTranslator: models{},
	}
	const text = "Paris wird von Merkel besucht."
	split := crop.Split(text, "de")
	words := make([]string, len(split))
	for i, w := range split {
		words[i] = w.Text
	}
	result, steps, err := p.Run(nil, words)
	if err != nil {
		log.Fatal(err)
	}
	for _, s := range steps {
		fmt.Printf("%s: %s\n", s.Name, strings.Join(s.Out[0].Words, " "))
	}
	for _, e := range result.Entities {
		start, end := split[e.Start].Start, split[e.End-1].End // bytes of the text
		fmt.Println(e.Type, start, end, text[start:end])
	}
	// Output:
	// translate: Merkel visits Paris.
	// words: Merkel visits Paris .
	// tag: Merkel visits Paris .
	// mark: __SLOT0__ ▁Merkel __SLOT0__ ▁visits __SLOT1__ ▁Paris __SLOT1__ ▁.
	// translate marked: __SLOT1__ ▁Paris __SLOT1__ ▁besucht __SLOT0__ ▁Merkel __SLOT0__ ▁.
	// decode: Paris besucht Merkel .
	// project: Paris wird von Merkel besucht .
	// LOC 0 5 Paris
	// PER 15 21 Merkel
}

func ExampleProject() {
	labels, err := crop.Project(
		[]string{"Die", "Vereinten", "Nationen", "tagen"},
		crop.Sentence{Words: []string{"Vereinten", "Nationen", "treffen"}, Labels: []string{"B-ORG", "I-ORG", "O"}})
	fmt.Println(labels, err)

	_, err = crop.Project(
		[]string{"Merkel", "sah", "Merkel"},
		crop.Sentence{Words: []string{"Merkel", "sah"}, Labels: []string{"B-PER", "O"}})
	fmt.Println(err)
	// Output:
	// [O B-ORG I-ORG O] <nil>
	// crop: entity not placed: entity 0, PER "Merkel": 0 of 1 words occur exactly once in the sentence, want 80 %
}
