//go:build !js

package promptbert_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/lodestone-wasm/lodestone/kernels"
	"github.com/lodestone-wasm/lodestone/kernels/simd"
	"github.com/lodestone-wasm/lodestone/models/pipeline"
	"github.com/lodestone-wasm/lodestone/models/promptbert"
	"github.com/lodestone-wasm/lodestone/models/tokenizer"
)

// defaultModel is the model that the repository ships.
const defaultModel = "../../weights/prompt-magneto-en-de-fr"

func open(t testing.TB, dir string) *promptbert.Encoder {
	t.Helper()
	return openAs(t, dir, "")
}

func openAs(t testing.TB, dir, dtype string) *promptbert.Encoder {
	t.Helper()
	b, err := simd.New(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { b.Close() })
	dev := kernels.NewDevice(b)
	f, err := pipeline.Read(dev, pipeline.Dir(dir), pipeline.Options{})
	if err != nil {
		t.Fatal(err)
	}
	m, err := f.Load(dev, pipeline.NoHead, pipeline.Options{DType: dtype})
	if err != nil {
		t.Fatal(err)
	}
	e, err := m.PromptBERT()
	if err != nil {
		t.Fatal(err)
	}
	return e
}

// goldens are sentences with their ids and float32 embeddings, from the PyTorch model
// that the weights were exported from; the ids are SentencePiece's.
func goldens(t *testing.T) []golden {
	t.Helper()
	text, err := os.ReadFile("testdata/golden.json")
	if err != nil {
		t.Fatal(err)
	}
	var g struct{ Cases []golden }
	if err := json.Unmarshal(text, &g); err != nil || len(g.Cases) != 30 {
		t.Fatalf("%d cases: %v", len(g.Cases), err)
	}
	return g.Cases
}

type golden struct {
	Text         string
	IDs          []int32
	MaskPosition int `json:"mask_position"`
	Embedding    []float32
}

func embed(t testing.TB, e *promptbert.Encoder, o promptbert.Options, texts ...string) []float32 {
	t.Helper()
	r, err := e.Embed(texts, o)
	if err != nil {
		t.Fatal(err)
	}
	return r.Data
}

func cosine(a, b []float32) float64 {
	var ab, aa, bb float64
	for i := range a {
		ab += float64(a[i]) * float64(b[i])
		aa += float64(a[i]) * float64(a[i])
		bb += float64(b[i]) * float64(b[i])
	}
	return ab / math.Sqrt(aa*bb)
}

func TestGoldenSentencesHaveTheirIdsAndEmbeddings(t *testing.T) {
	models := map[string]string{"shipped": defaultModel}
	// The float32 weights are too large to ship; whoever has them names their folder.
	if dir := os.Getenv("LODESTONE_F32_MODEL"); dir != "" {
		models["float32"] = dir
	}
	for name, dir := range models {
		t.Run(name, func(t *testing.T) {
			e := open(t, dir)
			for _, g := range goldens(t) {
				in, err := e.Prepare(g.Text, 0)
				if err != nil {
					t.Fatal(err)
				}
				if !slices.Equal(in.IDs, g.IDs) || in.Mask != g.MaskPosition {
					t.Errorf("%.40q: ids %v with the mask at %d, expected %v and %d", g.Text, in.IDs, in.Mask, g.IDs, g.MaskPosition)
				}
				v := embed(t, e, promptbert.Options{}, g.Text)
				if c := cosine(v, g.Embedding); c < 0.999 {
					t.Errorf("%.40q: cosine %g, expected at least 0.999", g.Text, c)
				}
				if name == "float32" {
					for i := range v {
						if d := math.Abs(float64(v[i] - g.Embedding[i])); !(d <= 2e-4) {
							t.Errorf("%.40q: number %d differs by %g, expected at most 2e-4", g.Text, i, d)
						}
					}
				}
			}
		})
	}
}

func TestABatchEqualsItsSentencesAlone(t *testing.T) {
	e := open(t, defaultModel)
	var texts []string
	var alone []float32
	for _, g := range goldens(t) {
		texts = append(texts, g.Text)
		alone = append(alone, embed(t, e, promptbert.Options{}, g.Text)...)
	}
	together := embed(t, e, promptbert.Options{}, texts...)
	for i := range together {
		if d := math.Abs(float64(together[i] - alone[i])); !(d <= 1e-4) {
			t.Fatalf("%.40q differs by %g", texts[i/256], d)
		}
	}
}

func TestTheTemplateSurvivesAnySentence(t *testing.T) {
	e := open(t, defaultModel)
	tpl := e.Prompt.Templates[0]
	for _, c := range []struct {
		name, text string
		sentence   int // pieces; −1: not stated
		truncated  bool
	}{
		{"empty text", "", 0, false},
		{"only spaces", " \t\n\u00a0\u3000 ", 0, false},
		{"quotes", `He said "X" means <mask>.`, -1, false},
		{"the mask token", "<mask>", -1, false},
		{"nothing but special tokens", "<s></s><pad><mask><unk>", -1, false},
		{"exactly the longest", strings.TrimSpace(strings.Repeat("a ", 117)), 117, false},
		{"one piece more", strings.TrimSpace(strings.Repeat("a ", 118)), 117, true},
		{"far too long", strings.Repeat("It was a long sentence. ", 4000), 117, true},
		{"no spaces at all", strings.Repeat("x", 100_000), 117, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			in, err := e.Prepare(c.text, 0)
			if err != nil {
				t.Fatal(err)
			}
			n := len(in.IDs)
			if !slices.Equal(in.IDs[:len(tpl.Prefix)], tpl.Prefix) || !slices.Equal(in.IDs[n-len(tpl.Suffix):], tpl.Suffix) {
				t.Errorf("ids %v do not begin with %v and end with %v", in.IDs, tpl.Prefix, tpl.Suffix)
			}
			if in.IDs[in.Mask] != 16383 || in.Mask != n-3 {
				t.Errorf("the mask is at %d of %d ids", in.Mask, n)
			}
			if in.Truncated != c.truncated || c.sentence >= 0 && in.Sentence != c.sentence || n > 128 {
				t.Errorf("%d pieces, truncated %v, %d ids; expected %d, %v, at most 128", in.Sentence, in.Truncated, n, c.sentence, c.truncated)
			}
			for i, v := range embed(t, e, promptbert.Options{Normalize: true}, c.text) {
				if math.IsNaN(float64(v)) || math.IsInf(float64(v), 0) {
					t.Fatalf("number %d of the embedding is %v", i, v)
				}
			}
		})
	}
}

func TestNormalisedEmbeddingsHaveLengthOne(t *testing.T) {
	e := open(t, defaultModel)
	v := embed(t, e, promptbert.Options{Normalize: true}, "Guten Morgen")
	if c := cosine(v, embed(t, e, promptbert.Options{}, "Guten Morgen")); c < 1-1e-6 {
		t.Errorf("the direction changed: cosine %g", c)
	}
	sum := 0.0
	for _, x := range v {
		sum += float64(x) * float64(x)
	}
	if math.Abs(sum-1) > 1e-5 {
		t.Errorf("squared length %g", sum)
	}
}

func TestDenoisingSubtractsTheTemplatesOwnState(t *testing.T) {
	e := open(t, defaultModel)
	// The empty sentence is the template itself, at its own positions: nothing is left.
	for i, v := range embed(t, e, promptbert.Options{Denoise: true}, "") {
		if math.Abs(float64(v)) > 1e-5 {
			t.Fatalf("number %d is %g, expected 0", i, v)
		}
	}
	if c := cosine(embed(t, e, promptbert.Options{Denoise: true}, "Guten Morgen"), embed(t, e, promptbert.Options{}, "Guten Morgen")); c > 0.999 {
		t.Errorf("nothing was subtracted: cosine %g", c)
	}
}

func TestTranslationsAreCloserThanOtherSentences(t *testing.T) {
	e := open(t, defaultModel)
	v := embed(t, e, promptbert.Options{Normalize: true}, "Where is the nearest train station?", "Wo ist der nächste Bahnhof?", "Où est la gare la plus proche ?", "The cat sat on the mat.")
	d := len(v) / 4
	for _, i := range []int{1, 2} {
		near, far := cosine(v[:d], v[i*d:(i+1)*d]), cosine(v[3*d:], v[i*d:(i+1)*d])
		if near < far+0.2 {
			t.Errorf("sentence %d: cosine %g to its translation, %g to another sentence", i, near, far)
		}
	}
}

func TestAnErrorNamesTheTextAndTheNextCallWorks(t *testing.T) {
	e := open(t, defaultModel)
	if _, err := e.Embed([]string{"fine", "\xff"}, promptbert.Options{}); !errors.Is(err, tokenizer.ErrInvalidText) || !strings.Contains(err.Error(), "text 1") {
		t.Errorf("error %v", err)
	}
	stop := errors.New("stop")
	if _, err := e.Embed([]string{"fine"}, promptbert.Options{Pause: func() error { return stop }}); !errors.Is(err, stop) {
		t.Errorf("error %v", err)
	}
	if _, err := e.Embed([]string{"fine"}, promptbert.Options{Template: 2}); err == nil {
		t.Error("no error for a template that is not there")
	}
	embed(t, e, promptbert.Options{}, "fine")
}

func BenchmarkEmbed(b *testing.B) {
	e := open(b, defaultModel)
	for _, n := range []int{1, 32} {
		texts := make([]string, n)
		for i := range texts {
			texts[i] = "Where is the nearest train station, please?"
		}
		b.Run(fmt.Sprintf("texts=%d", n), func(b *testing.B) {
			for b.Loop() {
				embed(b, e, promptbert.Options{}, texts...)
			}
			b.ReportMetric(float64(n)*float64(b.N)/b.Elapsed().Seconds(), "texts/s")
		})
	}
}
