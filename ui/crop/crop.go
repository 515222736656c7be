package crop

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/lodestone-wasm/lodestone/ui/format"
	"github.com/lodestone-wasm/lodestone/ui/host"
	"github.com/lodestone-wasm/lodestone/ui/sentence"
)

// Cropper finds the entities of a German sentence via English, once both models are loaded.
type Cropper interface {
	// Crop calls step with each step when it ends. placed is false if an entity could not be placed in the sentence. When ctx ends, the
	// call ends.
	Crop(ctx context.Context, text string, step func(Step)) (placed bool, err error)
}

// Step is a step of CROP, with its input and its output.
type Step struct {
	Name string // as in models/crop: "translate"
	In   []Line
	Out  []Line
	Took time.Duration
}

// Line is words, or pieces, with a label each. Labels is empty where there are none.
type Line struct {
	Words, Labels []string
	Note          string
}

// Crop is the state: a sentence, and its steps so far. It needs two models. All methods may be called from any goroutine; none blocks
// on the models.
type Crop struct {
	Translator, Tagger *host.Model

	host   host.Host
	engine Cropper
	latest *host.Latest[string]

	mu      sync.Mutex
	text    string // the sentence, "" if none is shown
	steps   []Step
	placed  bool
	done    bool
	failure *host.Failure
}

// New returns the state without a sentence.
func New(h host.Host, translator, tagger *host.Model, e Cropper) *Crop {
	x := &Crop{Translator: translator, Tagger: tagger, host: h, engine: e}
	x.latest = host.NewLatest(x.run)
	translator.WhenReady(x.Go)
	tagger.WhenReady(x.Go)
	return x
}

// Press shows a sentence, or hides it if it is shown.
func (x *Crop) Press(text string) {
	if x.View().Text == text {
		x.Hide()
	} else {
		x.Show(text)
	}
}

// Show takes a sentence and runs it once both models are loaded.
func (x *Crop) Show(text string) {
	x.set(text)
	x.Translator.Ask()
	x.Tagger.Ask()
	x.Go()
}

// Hide removes the sentence.
func (x *Crop) Hide() {
	x.latest.Cancel()
	x.set("")
	x.host.Redraw()
}

func (x *Crop) set(text string) {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.text, x.steps, x.done, x.failure = text, nil, false, nil
}

// ready reports whether both models are loaded.
func (x *Crop) ready() bool { return x.Translator.Ready() && x.Tagger.Ready() }

// Go runs the sentence, if there is one and both models are loaded.
func (x *Crop) Go() {
	x.mu.Lock()
	text, todo := x.text, x.text != "" && !x.done && x.ready()
	if todo {
		x.steps, x.failure = nil, nil
	}
	x.mu.Unlock()
	if todo {
		x.latest.Submit(text)
	}
	x.host.Redraw()
}

func (x *Crop) run(ctx context.Context, text string) {
	placed := false
	err := host.Try(func() (err error) {
		placed, err = x.engine.Crop(ctx, text, func(s Step) {
			x.mu.Lock()
			if ctx.Err() == nil && text == x.text {
				x.steps = append(x.steps, s)
			}
			x.mu.Unlock()
			x.host.Redraw()
		})
		if err == nil {
			err = ctx.Err()
		}
		return err
	})
	x.end(text, placed, err)
}

// end takes the outcome for a sentence, unless another one was requested meanwhile.
func (x *Crop) end(text string, placed bool, err error) {
	x.mu.Lock()
	if text != x.text || err != nil && host.Canceled(err) {
		x.mu.Unlock()
		return
	}
	x.done, x.placed = err == nil, placed
	said := ""
	if err != nil {
		x.failure = host.FailureOf("CROP could not tag the sentence", err)
		said = x.failure.Sentence()
	} else {
		said = x.outcome()
	}
	x.mu.Unlock()
	x.host.Redraw()
	x.host.Announce(said)
}

// outcome is the result in words, "" before it. The caller holds x.mu.
func (x *Crop) outcome() string {
	tagged, projected := 0, 0
	for i, s := range x.steps {
		if s.Name == "tag" && len(s.Out) == 1 {
			tagged = len(spans(s.Out[0]))
		}
		if i == len(x.steps)-1 && len(s.Out) > 0 {
			projected = len(spans(s.Out[0]))
		}
	}
	switch {
	case !x.done:
		return ""
	case tagged == 0:
		return "No name was found in the translation, so there is nothing to project."
	case projected == 0 && !x.placed:
		return "Names were found in the translation, but not in the sentence: a marker was lost on the way back, or surrounds words that the sentence does not have."
	}
	return fmt.Sprintf("%d of %s found again in the German sentence.", projected, format.Count(tagged, "name was", "names were"))
}

// View is a copy of the state at one moment, for the component.
type View struct {
	Text    string // the sentence, "" if none is shown
	Waiting bool   // for a model
	Working bool
	Rows    []Row
	Outcome string
	Failure *host.Failure
}

// View returns what to show now.
func (x *Crop) View() View {
	x.mu.Lock()
	defer x.mu.Unlock()
	shown, ready := x.text != "", x.ready()
	return View{
		Text: x.text, Waiting: shown && !ready, Working: shown && ready && !x.done && x.failure == nil,
		Rows: rows(x.steps), Outcome: x.outcome(), Failure: x.failure,
	}
}

// maxShown is how many sentences of a text have a button.
const maxShown = 6

// Sentences are the German sentences of a text that can be shown, each once.
func Sentences(text string) []string {
	var out []string
	for _, p := range sentence.Places(text) {
		if s := text[p.Start:p.End]; sentence.Language(s) == "de" && !slices.Contains(out, s) {
			if out = append(out, s); len(out) == maxShown {
				break
			}
		}
	}
	return out
}
