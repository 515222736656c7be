package write

import (
	"context"
	"math/rand/v2"
	"strings"
	"sync"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/lodestone-wasm/lodestone/ui/format"
	"github.com/lodestone-wasm/lodestone/ui/host"
	"github.com/lodestone-wasm/lodestone/ui/route"
)

// Writer is what the view needs of its model once it is loaded.
type Writer interface {
	// Positions is how many tokens the model reads and writes together, 0 if there is no limit.
	Positions() int
	// Count is how many tokens the tokenizer makes of a text, those of its template included.
	Count(ctx context.Context, text string) (int, error)
	// Write continues a text. piece is called with each part of what is added. When ctx ends, the call ends within a token.
	Write(ctx context.Context, prompt string, d Draw, piece func(string)) (host.Generated, error)
}

// Box is the id of the box for the text.
const Box = "story"

// MaxText is the longest text in bytes. Nothing is written beyond it.
const MaxText = 50_000

// Writing is the state of the view. All methods may be called from any goroutine; none blocks on the model.
type Writing struct {
	Model *host.Model

	host   host.Host
	engine Writer
	copied *host.Copier

	mu      sync.Mutex
	text    string
	draw    Draw
	fixed   bool // the reader chose the seed
	asked   bool // write as soon as the model is loaded
	running *stretch
	last    *stretch // what was written last, while the text ends with it
	failure *host.Failure
}

// stretch is what the model adds in one go.
type stretch struct {
	cancel context.CancelFunc
	draw   Draw
	before string // the text that the stretch continues
	tokens int
	took   time.Duration
	forgot bool // the model did not read the beginning of the text
	ended  bool // the model ended the text
}

// New returns the state of an empty text.
func New(h host.Host, m *host.Model, e Writer) *Writing {
	w := &Writing{Model: m, host: h, engine: e, copied: host.NewCopier(h, "the text"), draw: defaults}
	m.WhenReady(func() {
		w.mu.Lock()
		asked := w.asked
		w.asked = false
		w.mu.Unlock()
		if asked {
			w.Start()
		}
	})
	m.FocusWhenReady(Box)
	return w
}

// Open asks for the model's size.
func (w *Writing) Open(route.Address) { w.Model.Ask() }

// SetText takes the text as the reader changed it, and stops the model: only one of them can write.
func (w *Writing) SetText(text string) {
	w.mu.Lock()
	if text = format.Cut(text, MaxText); text != w.text {
		w.halt()
		w.text, w.last, w.failure = text, nil, nil
		w.copied.Reset()
	}
	w.mu.Unlock()
	w.host.Redraw()
}

// halt cancels the stretch in progress. What it wrote stays. The caller holds w.mu.
func (w *Writing) halt() {
	if w.running != nil {
		w.running.cancel()
		w.running = nil
	}
}

// Press is the view's button: it stops, or continues the text. It loads the model first.
func (w *Writing) Press() {
	w.mu.Lock()
	running, ready := w.running != nil, w.Model.Ready()
	w.asked = w.asked || !running && !ready
	w.mu.Unlock()
	switch {
	case running:
		w.Stop()
	case ready:
		w.Start()
	default:
		w.Model.Load()
	}
}

// leastAfterEnd is how many tokens the model must add to a text that it had ended.
const leastAfterEnd = 20

// Start continues the text, unless that is in progress.
func (w *Writing) Start() {
	w.mu.Lock()
	defer w.mu.Unlock()
	least := 0
	if w.last != nil && w.last.ended {
		least = leastAfterEnd
	}
	w.start(least)
}

// start begins a stretch of at least so many tokens. The caller holds w.mu.
func (w *Writing) start(least int) {
	if w.running != nil || !w.Model.Ready() {
		return
	}
	d := w.draw
	d.Least = min(least, d.Tokens)
	if !w.fixed {
		d.Seed = rand.Int64N(1_000_000) // short enough to type
	}
	ctx, cancel := context.WithCancel(context.Background())
	w.failure = nil
	w.copied.Reset()
	w.running = &stretch{cancel: cancel, draw: d, before: w.text}
	w.last = w.running
	go w.run(ctx, w.running)
	w.host.Redraw()
}

// Stop stops the model within a token. What it wrote stays.
func (w *Writing) Stop() {
	w.mu.Lock()
	w.halt()
	w.mu.Unlock()
	w.host.Redraw()
	w.host.Announce("Stopped.")
}

// Again replaces what was written last by another attempt.
func (w *Writing) Again() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.halt()
	least := 0
	if w.last != nil {
		w.text, least = w.last.before, w.last.draw.Least
	}
	w.start(least)
}

// Try takes an opening as the text, and continues it if the model is loaded.
func (w *Writing) Try(text string) {
	w.SetText(text)
	w.Start()
}

// CopyResult puts the text on the clipboard.
func (w *Writing) CopyResult() { w.copied.Copy(w.View().Text) }

func (w *Writing) run(ctx context.Context, r *stretch) {
	err := host.Try(func() error { return w.stretch(ctx, r) })
	r.cancel()
	w.end(r, err)
}

// stretch writes until the stretch has its length. Where the text does not fit into the model's positions, the model continues from
// the last part of the text, as often as it takes.
func (w *Writing) stretch(ctx context.Context, r *stretch) error {
	for step := int64(0); ; step++ {
		w.mu.Lock()
		text, left := w.text, r.draw.Tokens-r.tokens
		mine := w.running == r
		w.mu.Unlock()
		if !mine || left <= 0 || len(text) >= MaxText {
			return nil
		}
		prompt, n, err := w.window(ctx, strings.TrimRightFunc(text, unicode.IsSpace), left)
		if err != nil {
			return err
		}
		d := r.draw
		d.Tokens, d.Least, d.Seed = left, max(0, d.Least-r.tokens), d.Seed+step
		if p := w.positions(); p > 0 {
			d.Tokens = min(left, p-n)
			d.Least = min(d.Least, d.Tokens)
		}
		w.mu.Lock()
		r.forgot = r.forgot || len(prompt) < len(strings.TrimSpace(text))
		w.mu.Unlock()
		g, err := w.engine.Write(ctx, prompt, d, func(piece string) { w.add(r, piece) })
		if err != nil {
			return err
		}
		w.mu.Lock()
		r.tokens += g.Tokens
		r.took += g.Took
		r.ended = g.Tokens < d.Tokens // there was room for more
		ended := r.ended
		w.mu.Unlock()
		if ended {
			return nil
		}
	}
}

// add appends a piece to the text, unless the reader has stopped the model.
func (w *Writing) add(r *stretch, piece string) {
	w.mu.Lock()
	if w.running == r {
		if last, _ := utf8.DecodeLastRuneInString(w.text); w.text == "" || unicode.IsSpace(last) {
			piece = strings.TrimLeft(piece, " ") // the text ends with the space
		}
		w.text += piece
	}
	w.mu.Unlock()
	w.host.Redraw()
}

func (w *Writing) end(r *stretch, err error) {
	w.mu.Lock()
	if w.running != r {
		w.mu.Unlock()
		return
	}
	w.running = nil
	said := ""
	switch {
	case err == nil:
		said = strings.TrimSpace(w.text[len(r.before):])
		if utf8.RuneCountInString(said) > 300 {
			said = format.Count(r.tokens, "token", "tokens") + " written. " + format.Clip(said, 300)
		}
	case !host.Canceled(err):
		w.failure = host.FailureOf("The text could not be continued", err)
		said = w.failure.Sentence()
	}
	w.mu.Unlock()
	w.host.Redraw()
	w.host.Announce(said)
}
