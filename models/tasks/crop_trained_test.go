//go:build !js

package tasks_test

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/lodestone-wasm/lodestone/kernels"
	"github.com/lodestone-wasm/lodestone/kernels/simd"
	"github.com/lodestone-wasm/lodestone/models/crop"
	"github.com/lodestone-wasm/lodestone/models/pipeline"
	"github.com/lodestone-wasm/lodestone/models/tasks"
	"github.com/lodestone-wasm/lodestone/models/tokenizer"
)

const (
	translatorDir = "../../weights/translator-magneto-en-de"
	taggerDir     = "../../weights/tagger-magneto-en-de"
)

func read(t testing.TB, path string) []byte {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func device(t testing.TB) *kernels.Device {
	t.Helper()
	b, err := simd.New(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { b.Close() })
	return kernels.NewDevice(b)
}

func shippedTranslator(t testing.TB) *tasks.CROPTranslator {
	t.Helper()
	g, err := pipeline.Open(device(t), pipeline.Dir(translatorDir), pipeline.Translation, pipeline.Options{})
	if err != nil {
		t.Fatal(err)
	}
	m, err := tasks.NewCROPTranslator(g)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func shippedTagger(t testing.TB) *tasks.TokenClassification {
	t.Helper()
	tagger, err := pipeline.Open(device(t), pipeline.Dir(taggerDir), pipeline.TokenClassification, pipeline.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return tagger
}

// golden is a sentence with what became of it at each step, and its entities in UTF-16 units.
// web/e2e/crop.spec.ts holds the page against the same file.
type golden struct {
	Text     string   `json:"text"`
	Beams    int      `json:"beams"`
	Steps    []step   `json:"steps"`
	Placed   bool     `json:"placed"`
	Entities []entity `json:"entities"`
}

type step struct {
	Name string     `json:"name"`
	Out  [][]string `json:"out"` // for each line its words, a slash and its labels
	// Notes are those of the lines that it read, then of those that it wrote, without empty ones.
	Notes []string `json:"notes,omitempty"`
}

type entity struct {
	Type  string `json:"entity_group"`
	Word  string `json:"word"`
	Start int    `json:"start"`
	End   int    `json:"end"`
}

var update = flag.Bool("update", false, "write testdata/crop_shipped.json again")

// The models that ship, on the kernels that the page has: every step of some sentences.
func TestTheShippedModelsDoWhatTheyDid(t *testing.T) {
	const path = "testdata/crop_shipped.json"
	var want []golden
	if err := json.Unmarshal(read(t, path), &want); err != nil || len(want) < 6 {
		t.Fatalf("%s: %d sentences, %v", path, len(want), err)
	}
	p := tasks.CROP(shippedTranslator(t), tasks.CROPTagger{TokenClassification: shippedTagger(t)}, "de", "")
	p.Partial = true // as the page's crop()
	var all []golden
	placed := 0
	for _, w := range want {
		p.Beams = w.Beams
		got := label(t, p, w.Text)
		all = append(all, got)
		if got.Placed && len(got.Entities) > 0 {
			placed++
		}
		if !*update && !reflect.DeepEqual(got, w) {
			t.Errorf("%q: %+v, want %+v", w.Text, got, w)
		}
	}
	if placed < 3 {
		t.Errorf("entities were placed in %d sentences, want 3 at least", placed)
	}
	if *update {
		text, err := json.MarshalIndent(all, "", " ")
		if err == nil {
			err = os.WriteFile(path, append(text, '\n'), 0o644)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}

func label(t *testing.T, p *crop.Pipeline, text string) golden {
	split := crop.Split(text, "de")
	words, at := make([]string, len(split)), make([]tokenizer.Offset, len(split))
	for i, w := range split {
		words[i], at[i] = w.Text, tokenizer.Offset{Start: w.Start, End: w.End}
	}
	r, steps, err := p.Run(nil, words)
	if err != nil {
		t.Fatalf("%q: %v", text, err)
	}
	y := golden{Text: text, Beams: p.Beams, Placed: r.Dropped == "", Entities: []entity{}}
	for _, s := range steps {
		z := step{Name: string(s.Name)}
		for _, l := range append(slices.Clone(s.In), s.Out...) {
			// What a step wrote the next one read, but a note is the step's own. The page has
			// no note about the sentence: its field placed says that.
			if l.Note != "" && l.Note != string(r.Dropped) {
				z.Notes = append(z.Notes, l.Note)
			}
		}
		for _, l := range s.Out {
			z.Out = append(z.Out, append(append(append([]string{}, l.Words...), "/"), l.Labels...))
		}
		y.Steps = append(y.Steps, z)
	}
	units := tokenizer.UTF16Offsets(text, at)
	for _, e := range r.Entities {
		y.Entities = append(y.Entities, entity{e.Type, text[at[e.Start].Start:at[e.End-1].End], units[e.Start].Start, units[e.End-1].End})
	}
	return y
}

// "ú" is <unk> to the translator that ships, and <unk> is never chosen: next best was a marker.
func TestATranslationOfATextWithoutMarkersHasNone(t *testing.T) {
	m := shippedTranslator(t)
	for _, text := range []string{"WEITERLEITUNG Colón Fútbol Club", "Wir sahen Colón Fútbol Club."} {
		if got, err := m.Translate(nil, text, "de", "en"); err != nil || strings.Contains(got, "__SLOT") {
			t.Errorf("%s: %q, %v", text, got, err)
		}
	}
}

func TestTheTranslatorRefuses(t *testing.T) {
	m := shippedTranslator(t)
	if _, err := m.TranslateLabeled(nil, []string{"▁Tom", "no such piece"}, "en", "de", 1); !errors.Is(err, crop.ErrInput) {
		t.Errorf("a piece outside of the dictionary: %v", err)
	}
	if _, err := m.Translate(nil, "Tom", "xx", "en"); !errors.Is(err, tasks.ErrLanguage) {
		t.Errorf("a language that it has not: %v", err)
	}
	if _, err := crop.Insert(crop.Sentence{Words: []string{"__SLOT0__"}, Labels: []string{"O"}}, "en", m.Segment); !errors.Is(err, crop.ErrReserved) {
		t.Errorf("a text that spells a marker: %v", err)
	}
	stop := errors.New("stop")
	if _, err := m.Translate(func() error { return stop }, "Tom wohnt in Boston.", "de", "en"); !errors.Is(err, stop) {
		t.Errorf("stopped: %v", err)
	}
	plain, err := tokenizer.Parse([]byte(`{"model":{"type":"Unigram","unk_id":0,"vocab":[["<unk>",0],["a",-1]]}}`))
	if err != nil {
		t.Fatal(err)
	}
	dev := device(t)
	f, err := pipeline.Read(dev, pipeline.Dir(translatorDir), pipeline.Options{NoTokenizer: true})
	if err != nil {
		t.Fatal(err)
	}
	f.Tokenizer = plain
	loaded, err := f.Load(dev, pipeline.Seq2SeqLM, pipeline.Options{})
	if err != nil {
		t.Fatal(err)
	}
	g, err := pipeline.Translation.Of(loaded)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := tasks.NewCROPTranslator(g); !errors.Is(err, tasks.ErrModel) {
		t.Errorf("a tokenizer without markers: %v", err)
	}
	list, err := m.TranslateLabeled(nil, []string{"▁Tom", "▁is", "▁here", "."}, "en", "de", 3)
	if err != nil || len(list) != 3 {
		t.Errorf("three beams: %q, %v", list, err)
	}
}
