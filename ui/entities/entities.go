package entities

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/lodestone-wasm/lodestone/ui/format"
	"github.com/lodestone-wasm/lodestone/ui/host"
	"github.com/lodestone-wasm/lodestone/ui/route"
	"github.com/lodestone-wasm/lodestone/ui/sentence"
)

// Tagger is what the view needs of its model once it is loaded.
type Tagger interface {
	// Tag returns the entities of each text, in order. When ctx ends, the call ends.
	Tag(ctx context.Context, texts []string) ([][]Entity, error)
}

// Entity is what a model marks in a text. Start and End count UTF-16 code units, as JavaScript does. Score is between 0 and 1.
type Entity struct {
	Label      string // "PER"
	Start, End int
	Score      float64
}

// Box is the id of the box for the text.
const Box = "entities-text"

// MaxText is the longest text in bytes: what a box of 20,000 UTF-16 code units can hold.
const MaxText = 60_000

// maxDone is how many sentences are kept besides those of the text.
const maxDone = 1000

// typingRests is how long the keyboard must rest before a text is tagged. One sentence takes some milliseconds.
const typingRests = 120 * time.Millisecond

// batch is how many sentences one call tags.
const batch = 16

// Entities is the state of the view. The text is tagged sentence by sentence, and only new sentences are. Marks stay with their words
// while the text around them changes. All methods may be called from any goroutine; none blocks on the model.
type Entities struct {
	Model *host.Model

	host   host.Host
	engine Tagger
	typing host.Debounce
	latest *host.Latest[string]

	mu      sync.Mutex
	text    string
	marks   []mark
	tagged  bool // the marks are those of the text
	tagging bool // in progress
	done    map[string]tags
	failure *host.Failure
}

// tags are the entities of a sentence. took is its share of the call.
type tags struct {
	found []Entity
	took  time.Duration
}

// New returns the state of an empty text.
func New(h host.Host, m *host.Model, e Tagger) *Entities {
	m.Scores = scores
	x := &Entities{Model: m, host: h, engine: e, done: map[string]tags{}}
	x.latest = host.NewLatest(x.run)
	m.WhenReady(x.Go)
	m.FocusWhenReady(Box)
	return x
}

// Open asks for the model's size.
func (x *Entities) Open(route.Address) { x.Model.Ask() }

// SetText takes the text while it is being typed. It is tagged when the typing rests.
func (x *Entities) SetText(text string) {
	if x.take(text) {
		x.typing.After(typingRests, x.Go)
	}
	x.host.Redraw()
}

// take makes text the one to tag, cancels the work on the text before, and reports whether the two differ.
func (x *Entities) take(text string) bool {
	text = format.Cut(strings.ReplaceAll(text, "\r\n", "\n"), MaxText)
	x.mu.Lock()
	defer x.mu.Unlock()
	if text == x.text {
		return false
	}
	x.marks = keep(x.marks, x.text, text)
	x.text, x.tagged, x.tagging, x.failure = text, false, false, nil
	x.typing.Stop()
	x.latest.Cancel()
	return true
}

// Go tags the text, if the model is loaded and has not done so.
func (x *Entities) Go() {
	x.mu.Lock()
	x.failure = nil
	text, todo := x.text, !x.tagged && !x.tagging && strings.TrimSpace(x.text) != "" && x.Model.Ready()
	x.tagging = x.tagging || todo
	x.mu.Unlock()
	if todo {
		x.latest.Submit(text)
	}
	x.host.Redraw()
}

// Try tags an example.
func (x *Entities) Try(text string) {
	x.take(text)
	x.Go()
}

// Clear empties the text and moves the focus into its box.
func (x *Entities) Clear() {
	x.take("")
	x.host.Redraw()
	x.host.MoveFocus("", Box)
}

// run tags the new sentences of a text, a batch at a time, and marks each batch as it arrives.
func (x *Entities) run(ctx context.Context, text string) {
	x.end(text, host.Try(func() error { return x.tagAll(ctx, text) }))
}

func (x *Entities) tagAll(ctx context.Context, text string) error {
	places := sentence.Places(text)
	for {
		next := x.untagged(text, places)
		if len(next) == 0 {
			return nil
		}
		begin := time.Now()
		found, err := x.engine.Tag(ctx, next)
		if err == nil && len(found) != len(next) {
			err = fmt.Errorf("the engine answered for %d sentences, expected %d", len(found), len(next))
		}
		if err == nil {
			err = ctx.Err()
		}
		if err != nil {
			return err
		}
		x.store(text, places, next, found, time.Since(begin)/time.Duration(len(next)))
	}
}

// untagged returns the first sentences of a text that were not tagged, each once.
func (x *Entities) untagged(text string, places []sentence.Place) []string {
	x.mu.Lock()
	defer x.mu.Unlock()
	var next []string
	for _, p := range places {
		s := text[p.Start:p.End]
		if _, ok := x.done[s]; !ok && !slices.Contains(next, s) {
			if next = append(next, s); len(next) == batch {
				break
			}
		}
	}
	return next
}

// store takes the entities of one batch of a text's sentences and marks them.
func (x *Entities) store(text string, places []sentence.Place, batch []string, found [][]Entity, each time.Duration) {
	x.mu.Lock()
	if len(x.done) > maxDone+len(places) {
		clear(x.done) // the text's sentences are tagged again
	}
	for i, s := range batch {
		x.done[s] = tags{found[i], each}
	}
	if text == x.text {
		x.mark(places)
	}
	x.mu.Unlock()
	x.host.Redraw()
}

// mark marks the tagged sentences of the text and leaves the marks of the others as they are. The caller holds x.mu.
func (x *Entities) mark(places []sentence.Place) {
	var marks []mark
	for _, p := range places {
		r, ok := x.done[x.text[p.Start:p.End]]
		if !ok {
			for _, m := range x.marks {
				if m.start >= p.Start && m.end <= p.End {
					marks = append(marks, m)
				}
			}
			continue
		}
		for _, m := range marksOf(x.text[p.Start:p.End], r.found) {
			m.start, m.end = m.start+p.Start, m.end+p.Start
			marks = append(marks, m)
		}
	}
	x.marks = marks
}

// end takes the outcome for a text, unless another text has been typed meanwhile.
func (x *Entities) end(text string, err error) {
	x.mu.Lock()
	if text != x.text || err != nil && host.Canceled(err) {
		x.mu.Unlock()
		return
	}
	x.tagging = false
	if err != nil {
		x.failure = host.FailureOf("The text could not be tagged", err)
	} else {
		x.mark(sentence.Places(text))
		x.tagged = true
	}
	said := x.outcome()
	x.mu.Unlock()
	x.host.Redraw()
	x.host.Announce(said)
}

// outcome is what screen readers are told in the end. The caller holds x.mu.
func (x *Entities) outcome() string {
	switch {
	case x.failure != nil:
		return x.failure.Sentence()
	case len(x.marks) == 0:
		return "Nothing found."
	}
	var parts []string
	for _, t := range tallies(x.marks) {
		if t.N > 0 {
			parts = append(parts, format.Count(t.N, t.One, t.Name))
		}
	}
	return "Found: " + strings.Join(parts, ", ") + "."
}
