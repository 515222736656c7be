package translate

import (
	"context"
	"strings"
	"sync"
	"time"
	"unicode"

	"github.com/lodestone-wasm/lodestone/ui/format"
	"github.com/lodestone-wasm/lodestone/ui/host"
	"github.com/lodestone-wasm/lodestone/ui/route"
	"github.com/lodestone-wasm/lodestone/ui/sentence"
)

// Translator is what the view needs of its model once it is loaded.
type Translator interface {
	// Translate translates one sentence. piece is called with each part of the translation. When ctx ends, the call ends within a token.
	Translate(ctx context.Context, text, from, to string, piece func(string)) (host.Generated, error)
}

// Box is the id of the box for the text.
const Box = "translate-text"

// MaxSource is the longest text in bytes. The rest is cut off between two code points.
const MaxSource = 20_000

// maxDone is how many translations are kept.
const maxDone = 1000

// typingRests is how long the keyboard must rest before a text is translated.
const typingRests = 350 * time.Millisecond

// Translation is the state of the view. A sentence that was translated is not translated again while the text around it changes.
// All methods may be called from any goroutine; none blocks on the model.
type Translation struct {
	Model *host.Model

	host   host.Host
	engine Translator
	copied *host.Copier
	typing host.Debounce

	mu       sync.Mutex
	from, to string
	source   string
	parts    []sentence.Paragraph
	done     map[job]string
	failed   map[job]bool // until the text changes or the reader tries again
	tokens   int          // generated since the text was empty
	took     time.Duration
	running  *running // the sentence in progress
	halted   *running // the sentence in progress when the reader pressed Stop
	stopped  bool     // the reader pressed Stop; nothing is translated until the text changes
	failure  *host.Failure
}

// job is a sentence to translate.
type job struct{ text, from, to string }

// running is a job in progress.
type running struct {
	job    job
	cancel context.CancelFunc
	text   string // so far
}

// New returns the state of an empty text, from German to English.
func New(h host.Host, m *host.Model, e Translator) *Translation {
	m.Scores = scores
	t := &Translation{Model: m, host: h, engine: e, copied: host.NewCopier(h, "the translation"),
		from: "de", to: "en", done: map[job]string{}, failed: map[job]bool{}}
	m.WhenReady(t.Go)
	m.FocusWhenReady(Box)
	return t
}

// Open takes the direction of an address, "from=en", and asks for the model's size.
func (t *Translation) Open(a route.Address) {
	t.Model.Ask()
	if from := a.Params.Get("from"); from == "en" || from == "de" {
		t.mu.Lock()
		other := from != t.from
		t.mu.Unlock()
		if other {
			t.turn("")
		}
	}
}

// SetText takes the text while it is being typed. Its new sentences are translated when the typing rests.
func (t *Translation) SetText(text string) {
	text = format.Cut(text, MaxSource)
	t.mu.Lock()
	if text != t.source {
		t.take(text)
		t.typing.After(typingRests, t.Go)
	}
	t.mu.Unlock()
	t.host.Redraw()
}

// take makes text the one to translate and cancels the sentence in progress if the text does not have it any more. The caller holds t.mu.
func (t *Translation) take(text string) {
	t.source, t.parts = text, sentence.Paragraphs(text)
	t.stopped, t.failure = false, nil
	t.copied.Reset()
	clear(t.failed)
	if len(t.parts) == 0 {
		t.tokens, t.took = 0, 0
	}
	if t.running != nil && !t.wanted(t.running.job) {
		t.running.cancel()
		t.running = nil
	}
}

// wanted reports whether a job belongs to the text. The caller holds t.mu.
func (t *Translation) wanted(j job) bool {
	for _, p := range t.parts {
		for _, s := range p.Sentences {
			if t.job(s) == j {
				return true
			}
		}
	}
	return false
}

func (t *Translation) job(s string) job { return job{s, t.from, t.to} }

// Go translates what has no translation, if the model is loaded.
func (t *Translation) Go() {
	t.mu.Lock()
	t.stopped, t.failure = false, nil
	clear(t.failed)
	t.next()
	t.mu.Unlock()
	t.host.Redraw()
}

// next starts the first sentence that has no translation and has not failed, unless one is in progress. The caller holds t.mu.
func (t *Translation) next() {
	if t.running != nil || t.stopped || !t.Model.Ready() {
		return
	}
	for _, p := range t.parts {
		for _, s := range p.Sentences {
			j := t.job(s)
			if _, ok := t.done[j]; ok || t.failed[j] || wordless(s) {
				continue
			}
			ctx, cancel := context.WithCancel(context.Background())
			r := &running{job: j, cancel: cancel}
			t.running = r
			go t.run(ctx, r)
			return
		}
	}
}

func (t *Translation) run(ctx context.Context, r *running) {
	var g host.Generated
	err := host.Try(func() (err error) {
		g, err = t.engine.Translate(ctx, r.job.text, r.job.from, r.job.to, func(piece string) {
			t.mu.Lock()
			if t.running == r {
				r.text += piece
			}
			t.mu.Unlock()
			t.host.Redraw()
		})
		return err
	})
	r.cancel()
	t.end(r, g, err)
}

// end takes the translation of a sentence and starts the next, unless the sentence is not wanted any more.
func (t *Translation) end(r *running, g host.Generated, err error) {
	t.mu.Lock()
	if t.running != r {
		t.mu.Unlock()
		return
	}
	t.running = nil
	switch {
	case err == nil:
		if len(t.done) >= maxDone {
			clear(t.done)
		}
		t.done[r.job] = strings.TrimSpace(g.Text)
		t.tokens += g.Tokens
		t.took += g.Took
	case !host.Canceled(err):
		t.failed[r.job] = true
		t.failure = host.FailureOf("A sentence could not be translated", err)
	default:
		t.stopped = true
	}
	t.next()
	said := ""
	if t.running == nil && !t.stopped {
		said = t.outcome()
	}
	t.mu.Unlock()
	t.host.Redraw()
	if said != "" {
		t.host.Announce(said)
	}
}

// Stop cancels the sentence in progress. What is translated stays.
func (t *Translation) Stop() {
	t.mu.Lock()
	t.stopped = true
	t.typing.Stop()
	if t.running != nil {
		t.running.cancel()
		t.running, t.halted = nil, t.running
	}
	t.mu.Unlock()
	t.host.Redraw()
	t.host.Announce("Stopped.")
}

// Press is the view's button: it stops, continues or tries again.
func (t *Translation) Press() {
	if t.View().Working {
		t.Stop()
	} else {
		t.Go()
	}
}

// Swap turns the direction around. A complete translation becomes the text.
func (t *Translation) Swap() {
	t.mu.Lock()
	out, pending, _ := t.output()
	t.mu.Unlock()
	if pending > 0 {
		out = ""
	}
	t.turn(out)
}

// turn turns the direction around. text, unless it is empty, becomes the one to translate.
func (t *Translation) turn(text string) {
	t.mu.Lock()
	t.from, t.to = t.to, t.from
	if text == "" {
		text = t.source
	}
	t.take(text)
	said := "From " + sentence.Name(t.from) + " to " + sentence.Name(t.to) + "."
	t.mu.Unlock()
	t.host.Announce(said)
	t.Go()
}

// Try translates an example.
func (t *Translation) Try(text string) {
	t.mu.Lock()
	t.take(text)
	t.mu.Unlock()
	t.Go()
}

// CopyResult puts the translation on the clipboard.
func (t *Translation) CopyResult() { t.copied.Copy(t.View().Output) }

// wordless reports whether s has only numbers and signs, which are the same in both languages.
func wordless(s string) bool { return strings.IndexFunc(s, unicode.IsLetter) < 0 }
