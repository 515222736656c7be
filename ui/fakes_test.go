package ui

import (
	"bytes"
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/vugu/vugu"
	"github.com/vugu/vugu/staticrender"

	"github.com/lodestone-wasm/lodestone/models/describe"
	"github.com/lodestone-wasm/lodestone/ui/bench"
	"github.com/lodestone-wasm/lodestone/ui/crop"
	"github.com/lodestone-wasm/lodestone/ui/depth"
	"github.com/lodestone-wasm/lodestone/ui/entities"
	"github.com/lodestone-wasm/lodestone/ui/explore"
	"github.com/lodestone-wasm/lodestone/ui/host"
	"github.com/lodestone-wasm/lodestone/ui/host/hosttest"
	"github.com/lodestone-wasm/lodestone/ui/notes"
	"github.com/lodestone-wasm/lodestone/ui/private"
	"github.com/lodestone-wasm/lodestone/ui/search"
	"github.com/lodestone-wasm/lodestone/ui/translate"
	"github.com/lodestone-wasm/lodestone/ui/write"
)

// fake stands for all models. It answers in the simplest way; fail, if set, is its answer to every call.
type fake struct{ fail error }

// Info and Embed: every text has the same vector, but texts with "far" in them.
func (fake) Info() search.Info { return search.Info{Bytes: 7_900_000, Took: time.Second} }

func (f fake) Embed(_ context.Context, texts []string) (vectors []float32, dim int, err error) {
	for _, t := range texts {
		if strings.Contains(t, "far") {
			vectors = append(vectors, 0, 1)
		} else {
			vectors = append(vectors, 1, 0)
		}
	}
	return vectors, 2, f.fail
}

// Translate writes in capitals. A text "wait" waits for the end of the context.
func (f fake) Translate(ctx context.Context, text, _, _ string, piece func(string)) (host.Generated, error) {
	if text == "wait" {
		<-ctx.Done()
		return host.Generated{}, ctx.Err()
	}
	piece(strings.ToUpper(text))
	return host.Generated{Text: strings.ToUpper(text), Tokens: 1, Took: time.Second}, f.fail
}

// Tag finds a person in the first three letters.
func (f fake) Tag(_ context.Context, texts []string) (all [][]entities.Entity, err error) {
	for range texts {
		all = append(all, []entities.Entity{{Label: "PER", Start: 0, End: 3, Score: 0.97}})
	}
	return all, f.fail
}

// Crop takes one step.
func (f fake) Crop(_ context.Context, text string, step func(crop.Step)) (bool, error) {
	words := strings.Fields(text)
	step(crop.Step{Name: "translate", In: []crop.Line{{Words: words}}, Out: []crop.Line{{Words: words}}})
	step(crop.Step{Name: "tag", Out: []crop.Line{{Words: words, Labels: []string{"B-PER"}}}})
	return true, f.fail
}

// Positions, Count and Write: it writes one word.
func (fake) Positions() int { return 0 }

func (fake) Count(context.Context, string) (int, error) { return 1, nil }

func (f fake) Write(_ context.Context, _ string, _ write.Draw, piece func(string)) (host.Generated, error) {
	piece(" word")
	return host.Generated{Text: " word", Tokens: 1, Took: time.Second}, f.fail
}

// Learn and Answer: the first answer is right, and it reads the first note.
func (f fake) Learn(context.Context, []string) error { return f.fail }

func (f fake) Answer(_ context.Context, _ string, answers []string, with bool) ([]notes.Choice, error) {
	c := notes.Choice{Score: 0.75}
	if with {
		c.Notes, c.NoteScores = []int{0}, []float64{0.5}
	}
	return []notes.Choice{c, {Index: 1, Score: 0.25}}, f.fail
}

// Run is a stack whose states move by half.
func (f fake) Run(_ context.Context, _ string, layers int, _ int64) (*depth.Growth, error) {
	g := &depth.Growth{Alpha: 1, Gain: 1, Parameters: 7}
	for range layers + 1 {
		g.States, g.Moved, g.Expected = append(g.States, 1), append(g.Moved, 0.5), append(g.Expected, 1)
	}
	return g, f.fail
}

// secret is both sides of an encrypted run of one round.
type secret struct{ fake }

type letters string

func (m letters) Len() int          { return len(m) }
func (m letters) Head(n int) []byte { return []byte(m)[:min(n, len(m))] }

func (s secret) Open(context.Context, string) (string, error) { return "f00d", s.fail }

func (s secret) Keys(context.Context) (private.Message, error) { return letters("keys"), nil }

func (s secret) Begin(context.Context, string) (private.Begun, error) {
	return private.Begun{Message: letters(strings.Repeat("~", 200)), Tokens: 4}, nil
}

func (s secret) Next(context.Context, private.Message) (private.Step, error) {
	return private.Step{Label: "story"}, nil
}

func (s secret) Clear(context.Context, string) (string, error) { return "story", nil }

func (s secret) At(string) private.Evaluator { return s }

func (s secret) Here(context.Context) (private.Evaluator, error) { return s, nil }

func (s secret) Send(_ context.Context, method, _ string, _ private.Message) (int, private.Message, error) {
	if method == "PUT" {
		return 204, letters(""), nil
	}
	return 200, letters("answer"), nil
}

// Measure finds two rates.
func (f fake) Measure(_ context.Context, progress func(bench.Step)) (*bench.Measured, error) {
	progress(bench.Step{Name: "q8 kernels", Done: 4, Total: 10})
	return &bench.Measured{Kernels: "fused8", WhyKernels: "chosen by its speed here", Threads: 2, WhyThreads: "2 threads", Bytes: 8_270_000, DType: "q8",
		Rates: []bench.Rate{{DType: "q8", Rows: 64, In: 384, Out: 1536, PerSecond: 116.4e9}, {DType: "f32", Rows: 1, In: 384, Out: 1536, PerSecond: 21.23e9}},
		Calls: []bench.Call{{Texts: 1, Tokens: 12, Median: 4, Shortest: 1.63, Count: 200}}}, f.fail
}

// folder is a folder of explore.Folder with one layer, two heads and three experts.
type folder struct {
	*hosttest.Loader
	fake
}

func (f fake) Folder(string) explore.Folder { return folder{&hosttest.Loader{Err: f.fail}, f} }

func (folder) Close() {}

func (folder) Loaded() *explore.Loaded {
	return &explore.Loaded{TakesText: true, DType: "q8", Model: &describe.Description{ModelType: "bert", Kind: "encoder", Parameters: 1234, Head: "none",
		Sizes: []describe.Size{{Type: "f32", Bytes: 4936, Exact: true}}, KeptF32: []string{"x.weight"},
		Stacks: []describe.Stack{{Name: "encoder", Layers: 1, HiddenSize: 8, Heads: 2, KVHeads: 2, HeadSize: 4, VocabSize: 9, Norm: "Pre-LN", NormKind: "LayerNorm",
			Positions: "learned", Parts: []describe.Part{{Name: "tokens", Parameters: 1234, Bytes: 4936}}}}}}
}

func (folder) Inspect(_ context.Context, text string) (*explore.Inspection, error) {
	labels := strings.Fields(text)
	t := len(labels)
	x := &explore.Inspection{Labels: labels, Heads: 2, Attentions: [][]float32{make([]float32, 2*t*t)},
		Routing: []explore.Routing{{Experts: 3, K: 1, Expert: make([]int32, t), Kept: make([]int32, t), Weights: make([]float32, t), Gates: make([]float32, 3*t), Load: []int32{int32(t), 0, 0}, Dropped: 1}}}
	for i := range x.Attentions[0] {
		x.Attentions[0][i] = 1 / float32(t)
	}
	return x, nil
}

// page is the whole page with fakes behind it.
type page struct {
	Views
	host   *hosttest.Host
	loader *hosttest.Loader // of all models but those of the view "Model"
	root   *Root
}

const sample = "1\tfood\ten\tbread and butter\n1\tfood\tde\tBrot und Butter\n2\tweather\ten\tit is far to the sea\n"

// run runs a test with a page. f answers for all models.
func run(t *testing.T, f fake, test func(t *testing.T, p *page)) {
	t.Helper()
	hosttest.Run(t, func(t *testing.T) {
		h, l := &hosttest.Host{Texts: map[string]string{"./collection.tsv": sample}}, &hosttest.Loader{Bytes: 7_900_000}
		model := func(key, what string) *host.Model { return host.NewModel(h, l, key, key+"-magneto", what) }
		translator, tagger := model("translator", "the translator"), model("tagger", "the tagger")
		v := Views{
			Search:      search.New(h, model("search", "the model"), f),
			Translation: translate.New(h, translator, f),
			Entities:    entities.New(h, tagger, f),
			Crop:        crop.New(h, translator, tagger, f),
			Writing:     write.New(h, model("writer", "the writer"), f),
			Notes:       notes.New(h, model("kformer", "the Kformer"), f),
			Private:     private.New(h, model("thex", "the classifier"), secret{f}, secret{f}),
			Depth:       depth.New(h, f),
			Explorer:    explore.New(h, f),
			Bench:       bench.New(h, f),
		}
		test(t, &page{v, h, l, &Root{Panes: Panes(v)}})
	})
}

// html lets the page come to rest and renders it as Vugu would hand it to a browser.
func html(t *testing.T, c vugu.Builder) string {
	t.Helper()
	hosttest.Rest()
	return renderNow(t, c)
}

func renderNow(t *testing.T, c vugu.Builder) string {
	t.Helper()
	var b bytes.Buffer
	if err := staticrender.New(&b).Render(build(t, c)); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// broken is an answer with markup in it.
var broken = fake{&host.EngineError{Code: "engine_crashed", Message: "the <worker> failed"}}

var errBroken = errors.New("no <answer>")
