package ui

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/lodestone-wasm/lodestone/ui/sentence"
)

// Translator is what the view "Translate" needs of a loaded model and of the browser.
type Translator interface {
	// Translate translates one sentence; piece hears it as it is made. Ending ctx stops it within a token.
	Translate(ctx context.Context, text, from, to string, piece func(string)) (Generated, error)
	// Card is the text of the model's card.
	Card(ctx context.Context) (string, error)
	// Copy puts text where the reader can paste it from.
	Copy(text string) error
}

// MaxSource is the longest text, in bytes, that is translated; the rest is cut at a letter.
const MaxSource = 20_000

// typingRests is how long the keyboard must be still before a text is translated.
const typingRests = 350 * time.Millisecond

// Translation is the state of the view "Translate": a text, and what became of each of its sentences. A sentence that was translated once
// is not translated again, whatever changes around it. All methods may be called from any goroutine; none blocks on the model.
type Translation struct {
	Model *OnDemand

	engine Translator
	o      Options
	rest   time.Duration

	mu       sync.Mutex
	from, to string
	source   string
	parts    []sentence.Paragraph
	done     map[task]string
	failed   map[task]bool // until the text changes or the reader tries again
	tokens   int           // of what was made since the text was empty
	took     time.Duration // for them
	running  *running      // the sentence under way
	halted   *running      // the one that was under way when the reader pressed stop
	stopped  bool          // the reader pressed stop; the text waits until it changes
	wake     *time.Timer
	failure  *Failure
	copied   bool
	scores   string // what the card says of the model's quality, "" until it is here
	carded   bool   // the card was asked for
}

// task is a sentence and what is to become of it.
type task struct{ text, from, to string }

// running is a task under way.
type running struct {
	task   task
	cancel context.CancelFunc
	text   string // so far
}

// maxDone is how many sentences are remembered.
const maxDone = 1000

// NewTranslation returns the state before anything was typed: from German to English.
func NewTranslation(m *OnDemand, e Translator, o Options) *Translation {
	if o.Changed == nil {
		o.Changed = func() {}
	}
	if o.Announce == nil {
		o.Announce = func(string) {}
	}
	t := &Translation{Model: m, engine: e, o: o, rest: typingRests, from: "de", to: "en", done: map[task]string{}, failed: map[task]bool{}}
	m.WhenReady(t.Go)
	return t
}

// Open takes the direction of an address, "from=en", and asks how large the model is and how good.
func (t *Translation) Open(a Address) {
	t.Model.Ask()
	t.mu.Lock()
	if !t.carded {
		t.carded = true
		go t.readCard()
	}
	t.mu.Unlock()
	if from := a.Params.Get("from"); from == "en" || from == "de" {
		t.mu.Lock()
		turn := from != t.from
		t.mu.Unlock()
		if turn {
			t.turn("")
		}
	}
}

// readCard takes the scores from the model's card; without a card there is a link to it, as ever.
func (t *Translation) readCard() {
	card, err := t.engine.Card(context.Background())
	t.mu.Lock()
	t.carded = err == nil
	t.scores = scores(card)
	t.mu.Unlock()
	t.o.Changed()
}

// scores are the BLEU that a card gives for both directions in its rows of Tatoeba, in words.
func scores(card string) string {
	bleu := func(row string) string {
		_, rest, _ := strings.Cut(card, "| Tatoeba "+row+" |")
		score, _, _ := strings.Cut(rest, "|")
		if _, err := strconv.ParseFloat(strings.TrimSpace(score), 64); err != nil {
			return ""
		}
		return strings.TrimSpace(score)
	}
	de, en := bleu("de→en"), bleu("en→de")
	if de == "" || en == "" {
		return ""
	}
	return "BLEU " + de + " from German and " + en + " from English, on Tatoeba’s everyday sentences. "
}

// SetText takes the text as it is being typed; what is new in it is translated when the typing rests.
func (t *Translation) SetText(text string) {
	text = cutText(text, MaxSource)
	t.mu.Lock()
	if text != t.source {
		t.take(text)
		if t.wake != nil {
			t.wake.Stop()
		}
		t.wake = time.AfterFunc(t.rest, t.Go)
	}
	t.mu.Unlock()
	t.o.Changed()
}

// take makes text the one to translate and ends the work on a sentence that is not in it any more; t.mu is held.
func (t *Translation) take(text string) {
	t.source, t.parts = text, sentence.Paragraphs(text)
	t.stopped, t.failure, t.copied = false, nil, false
	clear(t.failed)
	if len(t.parts) == 0 {
		t.tokens, t.took = 0, 0
	}
	if t.running != nil && !t.wanted(t.running.task) {
		t.running.cancel()
		t.running = nil
	}
}

// wanted tells whether a task is one of the text's; t.mu is held.
func (t *Translation) wanted(k task) bool {
	for _, p := range t.parts {
		for _, s := range p.Sentences {
			if t.task(s) == k {
				return true
			}
		}
	}
	return false
}

func (t *Translation) task(s string) task { return task{s, t.from, t.to} }

// Go translates what has no translation yet, if the model is here.
func (t *Translation) Go() {
	t.mu.Lock()
	t.stopped, t.failure = false, nil
	clear(t.failed)
	t.next()
	t.mu.Unlock()
	t.o.Changed()
}

// next begins with the first sentence that has no translation and has not failed, unless one is under way; t.mu is held.
func (t *Translation) next() {
	if t.running != nil || t.stopped || !t.Model.Ready() {
		return
	}
	for _, p := range t.parts {
		for _, s := range p.Sentences {
			k := t.task(s)
			if _, ok := t.done[k]; ok || t.failed[k] || wordless(s) {
				continue
			}
			ctx, cancel := context.WithCancel(context.Background())
			r := &running{task: k, cancel: cancel}
			t.running = r
			go t.run(ctx, r)
			return
		}
	}
}

func (t *Translation) run(ctx context.Context, r *running) {
	var g Generated
	err := error(&EngineError{"internal", "it ended without an answer; reload the page"})
	defer func() {
		if p := recover(); p != nil {
			err = &EngineError{"internal", fmt.Sprintf("%v; reload the page", p)}
		}
		r.cancel()
		t.end(r, g, err)
	}()
	g, err = t.engine.Translate(ctx, r.task.text, r.task.from, r.task.to, func(piece string) {
		t.mu.Lock()
		if t.running == r {
			r.text += piece
		}
		t.mu.Unlock()
		t.o.Changed()
	})
}

// end takes a sentence's translation and goes on to the next, unless nobody waits for it any more.
func (t *Translation) end(r *running, g Generated, err error) {
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
		t.done[r.task] = strings.TrimSpace(g.Text)
		t.tokens += g.Tokens
		t.took += g.Took
	case !canceled(err):
		t.failed[r.task] = true
		t.failure = failureOf("A sentence could not be translated", err)
	default:
		t.stopped = true
	}
	t.next()
	said := ""
	if t.running == nil && !t.stopped {
		said = t.said()
	}
	t.mu.Unlock()
	t.o.Changed()
	if said != "" {
		t.o.Announce(said)
	}
}

// said is what a screen reader hears at the end: the translation, or that it is there, or what went wrong; t.mu is held.
func (t *Translation) said() string {
	if t.failure != nil {
		return t.failure.Title + ". " + t.failure.Text
	}
	if out, _, n := t.output(); utf8.RuneCountInString(out) > 200 {
		return Count(n, "sentence is", "sentences are") + " translated."
	} else {
		return out
	}
}

// Stop ends the work; what is translated stays.
func (t *Translation) Stop() {
	t.mu.Lock()
	t.stopped = true
	if t.wake != nil {
		t.wake.Stop()
	}
	if t.running != nil {
		t.running.cancel()
		t.running, t.halted = nil, t.running
	}
	t.mu.Unlock()
	t.o.Changed()
	t.o.Announce("Stopped.")
}

// Press does what the view's button does now: it stops, goes on or tries again.
func (t *Translation) Press() {
	if t.View().Working {
		t.Stop()
	} else {
		t.Go()
	}
}

// Swap turns the direction around. The translation becomes the text, if it is complete.
func (t *Translation) Swap() {
	t.mu.Lock()
	out, pending, _ := t.output()
	t.mu.Unlock()
	if pending > 0 {
		out = ""
	}
	t.turn(out)
}

// turn turns the direction around; text, unless empty, becomes the one to translate.
func (t *Translation) turn(text string) {
	t.mu.Lock()
	t.from, t.to = t.to, t.from
	if text == "" {
		text = t.source
	}
	t.take(text)
	said := "From " + sentence.Name(t.from) + " to " + sentence.Name(t.to) + "."
	t.mu.Unlock()
	t.o.Announce(said)
	t.Go()
}

// Try translates an example.
func (t *Translation) Try(text string) {
	t.mu.Lock()
	t.take(text)
	t.mu.Unlock()
	t.Go()
}

// CopyResult hands the translation over.
func (t *Translation) CopyResult() {
	v := t.View()
	err := t.engine.Copy(v.Output)
	t.mu.Lock()
	t.copied = err == nil
	t.mu.Unlock()
	t.o.Changed()
	if err != nil {
		t.o.Announce("The translation could not be copied: " + err.Error())
		return
	}
	t.o.Announce("Copied.")
}

// output is the translation as far as it is there, how many sentences wait, and how many there are; t.mu is held.
func (t *Translation) output() (text string, pending, all int) {
	var b strings.Builder
	for _, p := range t.parts {
		b.WriteString(p.Lead)
		for i, s := range p.Sentences {
			if i > 0 {
				b.WriteByte(' ')
			}
			k := t.task(s)
			out, ok := t.done[k]
			if !ok && wordless(s) {
				out, ok = s, true // numbers and signs are the same in both languages
			} else {
				all++
			}
			if !ok {
				pending++
				out = "…"
				switch r, h := t.running, t.halted; {
				case r != nil && r.task == k && r.text != "":
					out = strings.TrimSpace(r.text)
				case h != nil && h.task == k && h.text != "":
					out = strings.TrimSpace(h.text) + " …"
				}
			}
			b.WriteString(out)
		}
	}
	return b.String(), pending, all
}

func wordless(s string) bool { return strings.IndexFunc(s, unicode.IsLetter) < 0 }

// TranslationView is what the pane shows at one moment.
type TranslationView struct {
	From, To string // codes of the languages
	Source   string
	Output   string
	Any      bool   // there is a translation, or part of one
	Working  bool   // or about to
	Waiting  bool   // sentences wait, and nothing is under way
	Status   string // how far it is, or what it took
	Hint     string // that the text seems to be in the other language
	Failure  *Failure
	Copied   bool
	Scores   string
}

// View returns what is to be shown now.
func (t *Translation) View() TranslationView {
	t.mu.Lock()
	defer t.mu.Unlock()
	out, pending, all := t.output()
	v := TranslationView{From: t.from, To: t.to, Source: t.source, Any: all > 0 && pending < all || t.running != nil, Failure: t.failure, Copied: t.copied, Scores: t.scores}
	ready := t.Model.Ready()
	v.Working = ready && !t.stopped && (t.running != nil || pending > 0 && t.failure == nil)
	v.Waiting = ready && pending > 0 && !v.Working
	if ready || v.Any {
		v.Output = out
	}
	switch {
	case all == 0:
	case !ready:
		v.Status = "It is translated as soon as the translator is here."
	case pending > 0:
		v.Status = fmt.Sprintf("%d of %s", all-pending, Count(all, "sentence", "sentences"))
	default:
		v.Status = Count(all, "sentence", "sentences")
		if t.tokens > 0 && t.took > 0 {
			v.Status += fmt.Sprintf(", %s in %s", Count(t.tokens, "token", "tokens"), Duration(t.took))
		}
	}
	if guess := sentence.Language(t.source); guess == t.to {
		v.Hint = "This looks like " + sentence.Name(guess) + "; swap the languages to translate from it."
	}
	return v
}

// cutText cuts text to n bytes at a letter; what is no UTF-8 becomes U+FFFD.
func cutText(text string, n int) string {
	text = strings.ToValidUTF8(text, "\uFFFD")
	if len(text) <= n {
		return text
	}
	for n > 0 && !utf8.RuneStart(text[n]) {
		n--
	}
	return text[:n]
}
