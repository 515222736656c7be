package ui

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"strconv"
	"strings"
	"sync"
	"time"
	"unicode"
	"unicode/utf8"
)

// Writer is what the view "Write" needs of a loaded model and of the browser.
type Writer interface {
	// Positions is how many tokens the model reads and writes together, 0 if there is no limit.
	Positions() int
	// Count is how many tokens the model reads text as, those that it puts before every text included.
	Count(ctx context.Context, text string) (int, error)
	// Write goes on with a text; piece hears what is added, as it is made. Ending ctx stops it within a token.
	Write(ctx context.Context, prompt string, d Draw, piece func(string)) (Generated, error)
	// Copy puts text where the reader can paste it from.
	Copy(text string) error
}

// Draw says how tokens are chosen.
type Draw struct {
	Tokens      int     // the most that are added
	Least       int     // before which the text does not end
	Temperature float64 // 0: always the likeliest
	TopK        int     // of which the token is drawn; 0: of all
	Seed        int64   // the same seed draws the same tokens
}

// usual is how tokens are chosen unless the reader says otherwise.
var usual = Draw{Tokens: 80, Temperature: 0.7, TopK: 40}

// MaxStory is the longest text, in bytes; nothing is written beyond it.
const MaxStory = 50_000

// Writing is the state of the view "Write": a text that the reader and the model write in turns. All methods may be called from any
// goroutine; none blocks on the model.
type Writing struct {
	Model *OnDemand

	engine Writer
	o      Options

	mu      sync.Mutex
	text    string
	draw    Draw
	fixed   bool // the seed is the reader's
	asked   bool // to write as soon as the model is here
	running *stretch
	last    *stretch // what was written last, while the text ends with it
	failure *Failure
	copied  bool
}

// stretch is what the model adds at one go.
type stretch struct {
	cancel context.CancelFunc
	draw   Draw
	before string // the text that it goes on with
	tokens int
	took   time.Duration
	forgot bool // the beginning of the text was too far away to be read
	ended  bool // the model ended the text
}

// NewWriting returns the state of an empty text.
func NewWriting(m *OnDemand, e Writer, o Options) *Writing {
	if o.Changed == nil {
		o.Changed = func() {}
	}
	if o.Announce == nil {
		o.Announce = func(string) {}
	}
	w := &Writing{Model: m, engine: e, o: o, draw: usual}
	m.WhenReady(func() {
		w.mu.Lock()
		asked := w.asked
		w.asked = false
		w.mu.Unlock()
		if asked {
			w.Start()
		}
	})
	return w
}

// Open asks how large the model is.
func (w *Writing) Open(Address) { w.Model.Ask() }

// SetText takes the text as the reader has changed it. What the model was writing ends: two cannot hold the pen.
func (w *Writing) SetText(text string) {
	w.mu.Lock()
	if text = cutText(text, MaxStory); text != w.text {
		w.halt()
		w.text, w.last, w.failure, w.copied = text, nil, nil, false
	}
	w.mu.Unlock()
	w.o.Changed()
}

// halt ends what is being written, which stays; w.mu is held.
func (w *Writing) halt() {
	if w.running != nil {
		w.running.cancel()
		w.running = nil
	}
}

// Set takes one of the settings as it was typed: "temperature", "top-k", "length" or "seed". A number out of its range is moved to the
// nearest that is allowed; without a number it is as usual.
func (w *Writing) Set(name, value string) {
	x, err := strconv.ParseFloat(strings.TrimSpace(value), 64)
	some := err == nil && !math.IsNaN(x)
	within := func(low, high, otherwise float64) float64 {
		if !some {
			return otherwise
		}
		return min(max(x, low), high)
	}
	w.mu.Lock()
	switch name {
	case "temperature":
		w.draw.Temperature = math.Round(100*within(0, 2, usual.Temperature)) / 100
	case "top-k":
		w.draw.TopK = int(within(0, 1000, float64(usual.TopK)))
	case "length":
		w.draw.Tokens = int(within(1, 1000, float64(usual.Tokens)))
	case "seed":
		w.fixed, w.draw.Seed = some, int64(within(0, 1<<53-1, 0))
	}
	w.mu.Unlock()
	w.o.Changed()
}

// Press does what the view's button does now: it stops, or goes on with the text. A model that is not here is loaded first.
func (w *Writing) Press() {
	w.mu.Lock()
	running := w.running != nil
	w.mu.Unlock()
	switch {
	case running:
		w.Stop()
	case w.Model.Ready():
		w.Start()
	default:
		w.mu.Lock()
		w.asked = true
		w.mu.Unlock()
		w.Model.Load()
	}
}

// onward is how many tokens a text that the model had ended goes on for, at least.
const onward = 20

// Start goes on with the text, unless that is under way.
func (w *Writing) Start() {
	w.mu.Lock()
	defer w.mu.Unlock()
	least := 0
	if w.last != nil && w.last.ended {
		least = onward
	}
	w.start(least)
}

// start begins a stretch; w.mu is held.
func (w *Writing) start(least int) {
	if w.running != nil || !w.Model.Ready() {
		return
	}
	d := w.draw
	d.Least = min(least, d.Tokens)
	if !w.fixed {
		d.Seed = rand.Int64N(1_000_000) // short enough to be typed
	}
	ctx, cancel := context.WithCancel(context.Background())
	w.failure, w.copied = nil, false
	w.running = &stretch{cancel: cancel, draw: d, before: w.text}
	w.last = w.running
	go w.run(ctx, w.running)
	w.o.Changed()
}

// Stop ends the writing within a token; what is written stays.
func (w *Writing) Stop() {
	w.mu.Lock()
	w.halt()
	w.mu.Unlock()
	w.o.Changed()
	w.o.Announce("Stopped.")
}

// Again takes back what was written last and writes something else in its place.
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

// Try begins with an opening; the model goes on with it, if it is here.
func (w *Writing) Try(text string) {
	w.SetText(text)
	w.Start()
}

func (w *Writing) run(ctx context.Context, r *stretch) {
	err := error(&EngineError{"internal", "it ended without an answer; reload the page"})
	defer func() {
		if p := recover(); p != nil {
			err = &EngineError{"internal", fmt.Sprintf("%v; reload the page", p)}
		}
		r.cancel()
		w.end(r, err)
	}()
	err = w.stretch(ctx, r)
}

// stretch writes until the reader's length is reached. Where the text does not fit into the model's positions, it goes on from the last
// part of it, again and again.
func (w *Writing) stretch(ctx context.Context, r *stretch) error {
	for step := int64(0); ; step++ {
		w.mu.Lock()
		text, left := w.text, r.draw.Tokens-r.tokens
		mine := w.running == r
		w.mu.Unlock()
		if !mine || left <= 0 || len(text) >= MaxStory {
			return nil
		}
		begin := time.Now()
		prompt, n, err := w.window(ctx, strings.TrimRightFunc(text, unicode.IsSpace), left)
		if err != nil {
			return err
		}
		d := r.draw
		d.Tokens, d.Least, d.Seed = left, max(0, d.Least-r.tokens), d.Seed+step
		if p := w.engine.Positions(); p > 0 {
			d.Tokens = min(left, p-n)
			d.Least = min(d.Least, d.Tokens)
		}
		w.mu.Lock()
		r.took += time.Since(begin) // counting is reading, too
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

// add puts a piece behind the text, unless the reader has stopped it.
func (w *Writing) add(r *stretch, piece string) {
	w.mu.Lock()
	if w.running == r {
		if last, _ := utf8.DecodeLastRuneInString(w.text); w.text == "" || unicode.IsSpace(last) {
			piece = strings.TrimLeft(piece, " ") // the space is there
		}
		w.text += piece
	}
	w.mu.Unlock()
	w.o.Changed()
}

// window is the last part of a text that leaves room for left tokens, or for a quarter of the model's positions if that is less, and how
// many tokens it has. It begins with a sentence if there is one, else with a word.
func (w *Writing) window(ctx context.Context, text string, left int) (string, int, error) {
	positions := w.engine.Positions()
	if positions <= 0 {
		return text, 0, nil
	}
	most := positions - min(left, max(1, positions/4))
	part := tail(text, 4*positions) // most pieces are shorter than four letters
	for try := 0; ; try++ {
		n, err := w.engine.Count(ctx, part)
		switch {
		case err == nil && n <= most:
			return part, n, nil
		case err != nil && (canceled(err) || try == 8 || len(part) < 16):
			return "", 0, err
		case err != nil:
			part = tail(part, len(part)/2) // perhaps it is too long to be counted
		case try == 8:
			return "", 0, &EngineError{"input_too_long", fmt.Sprintf("the last %d letters of the text are %d tokens, the model reads %d; write in shorter words", utf8.RuneCountInString(part), n, most)}
		default:
			part = tail(part, len(part)*most/n)
		}
	}
}

// tail is the end of s, at most n bytes: from the first sentence in it, if that leaves half of them, else from the first word.
func tail(s string, n int) string {
	if len(s) <= n {
		return s
	}
	at := len(s) - n
	for at < len(s) && !utf8.RuneStart(s[at]) {
		at++
	}
	s = s[at:]
	for _, cut := range []string{". ", "! ", "? ", ".\n"} {
		if i := strings.Index(s, cut); i >= 0 && i < len(s)/2 {
			return strings.TrimLeftFunc(s[i+1:], unicode.IsSpace)
		}
	}
	if i := strings.IndexFunc(s, unicode.IsSpace); i >= 0 && i < len(s)/2 {
		return strings.TrimLeftFunc(s[i:], unicode.IsSpace)
	}
	return s
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
			said = Count(r.tokens, "token", "tokens") + " written. " + Clip(said, 300)
		}
	case !canceled(err):
		w.failure = failureOf("The text could not be gone on with", err)
		said = w.failure.Title + ". " + w.failure.Text
	}
	w.mu.Unlock()
	w.o.Changed()
	w.o.Announce(said)
}

// CopyResult hands the text over.
func (w *Writing) CopyResult() {
	w.mu.Lock()
	text := w.text
	w.mu.Unlock()
	err := w.engine.Copy(text)
	w.mu.Lock()
	w.copied = err == nil
	w.mu.Unlock()
	w.o.Changed()
	if err != nil {
		w.o.Announce("The text could not be copied: " + err.Error())
		return
	}
	w.o.Announce("Copied.")
}

// WritingView is what the pane shows at one moment.
type WritingView struct {
	Text    string
	Here    bool // the model
	Running bool
	Written bool // the text ends with what the model wrote
	Another bool // what it wrote can be written otherwise
	Status  string
	Hint    string // what the model did not read, or that it ended the text
	Failure *Failure
	Copied  bool

	Settings map[string]string // by the names that Set takes; the seed is "" if each time has another
	Short    string            // the settings in words
}

// View returns what is to be shown now.
func (w *Writing) View() WritingView {
	w.mu.Lock()
	defer w.mu.Unlock()
	v := WritingView{Text: w.text, Here: w.Model.Ready(), Running: w.running != nil, Written: w.last != nil, Failure: w.failure, Copied: w.copied}
	v.Settings = map[string]string{
		"temperature": strconv.FormatFloat(w.draw.Temperature, 'g', -1, 64),
		"top-k":       strconv.Itoa(w.draw.TopK),
		"length":      strconv.Itoa(w.draw.Tokens),
		"seed":        "",
	}
	v.Another = v.Written && !v.Running && !w.fixed && w.draw.Temperature > 0
	if w.fixed {
		v.Settings["seed"] = strconv.FormatInt(w.draw.Seed, 10)
	}
	v.Short = fmt.Sprintf("temperature %.2g, %s", w.draw.Temperature, Count(w.draw.Tokens, "token", "tokens"))
	if r := w.last; r != nil {
		switch {
		case v.Running:
			v.Status = "Writing"
		case r.tokens > 0 && r.took > 0:
			v.Status = fmt.Sprintf("%s in %s, %.0f a second", Count(r.tokens, "token", "tokens"), Duration(r.took), float64(r.tokens)/r.took.Seconds())
			if r.draw.Temperature > 0 {
				v.Status += fmt.Sprintf("; seed %d", r.draw.Seed)
			}
		}
		if r.forgot {
			v.Hint = fmt.Sprintf("The model reads %d tokens at a time: it goes on from the last part of the text, and has forgotten what stands before. ", w.engine.Positions())
		}
		if r.ended {
			v.Hint += "The model ended its text here; Continue makes it go on."
		}
	}
	return v
}
