package ui

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/lodestone-wasm/lodestone/ui/sentence"
)

// Tagger is what the view "Entities" needs of a loaded model.
type Tagger interface {
	// Find returns the entities of each text, in its order. Ending ctx stops it.
	Find(ctx context.Context, texts []string) ([][]Entity, error)
	// Card is the text of the model's card.
	Card(ctx context.Context) (string, error)
}

// Entity is what a model marks in a text. Start and End count UTF-16 code units, as JavaScript does; Score is between 0 and 1.
type Entity struct {
	Label      string // "PER"
	Start, End int
	Score      float64
}

// MaxMarked is the longest text, in bytes, that is read: what a box of 20,000 UTF-16 code units can hold.
const MaxMarked = 60_000

// markingRests is how long the keyboard must be still before a text is read: a sentence takes some milliseconds.
const markingRests = 120 * time.Millisecond

// atOnce is how many sentences the model reads in one call.
const atOnce = 16

// Entities is the state of the view "Entities": a text as it is typed, and what is marked in it. It is read sentence by sentence, and only
// those that are new. Marks stay where their words are while the text around them changes, until the model has read it. All methods may be
// called from any goroutine; none blocks on the model.
type Entities struct {
	Model *OnDemand

	engine Tagger
	o      Options
	rest   time.Duration
	latest *Latest[string]

	mu      sync.Mutex
	text    string
	marks   []mark
	read    bool // the marks are those of the text
	reading bool // or it is under way
	done    map[string]reading
	wake    *time.Timer
	failure *Failure
	scores  string // what the card says of the model's quality, "" until it is here
	carded  bool   // the card was asked for
}

// reading is what was found in a sentence. Took is its share of the call.
type reading struct {
	found []Entity
	took  time.Duration
}

// NewEntities returns the state before anything was typed.
func NewEntities(m *OnDemand, e Tagger, o Options) *Entities {
	if o.Changed == nil {
		o.Changed = func() {}
	}
	if o.Announce == nil {
		o.Announce = func(string) {}
	}
	x := &Entities{Model: m, engine: e, o: o, rest: markingRests, done: map[string]reading{}}
	x.latest = NewLatest(x.run)
	m.WhenReady(x.Go)
	return x
}

// Open asks how large the model is and how good.
func (x *Entities) Open(Address) {
	x.Model.Ask()
	x.mu.Lock()
	defer x.mu.Unlock()
	if !x.carded {
		x.carded = true
		go x.readCard()
	}
}

// readCard takes the scores from the model's card; without a card there is a link to it, as ever.
func (x *Entities) readCard() {
	card, err := x.engine.Card(context.Background())
	x.mu.Lock()
	x.carded = err == nil
	x.scores = tagScores(card)
	x.mu.Unlock()
	x.o.Changed()
}

// tagScores are the F1 that a card gives in its first rows of English and of German, in words.
func tagScores(card string) string {
	var out []string
	_, table, _ := strings.Cut(card, "| F1 |")
	for _, language := range []string{"English", "German"} {
		for row := range strings.Lines(table) {
			cells := strings.Split(row, "|")
			if len(cells) < 4 || !strings.Contains(cells[1], language) || strings.Contains(cells[1], ", dev") {
				continue
			}
			name, _, _ := strings.Cut(strings.TrimSpace(cells[1]), ",")
			score := strings.Trim(cells[2], " *")
			if _, err := strconv.ParseFloat(score, 64); err == nil {
				out = append(out, score+" on "+name)
				break
			}
		}
	}
	if len(out) == 0 {
		return ""
	}
	return "F1 " + strings.Join(out, ", ") + ". "
}

// SetText takes the text as it is being typed; the model reads it when the typing rests.
func (x *Entities) SetText(text string) {
	if x.take(text) {
		x.mu.Lock()
		x.wake = time.AfterFunc(x.rest, x.Go)
		x.mu.Unlock()
	}
	x.o.Changed()
}

// take makes text the one to read, ends the reading of the one before, and tells whether it is another one.
func (x *Entities) take(text string) bool {
	text = cutText(strings.ReplaceAll(text, "\r\n", "\n"), MaxMarked)
	x.mu.Lock()
	defer x.mu.Unlock()
	if text == x.text {
		return false
	}
	x.marks = keep(x.marks, x.text, text)
	x.text, x.read, x.reading, x.failure = text, false, false, nil
	if x.wake != nil {
		x.wake.Stop()
	}
	x.latest.Cancel()
	return true
}

// Go reads the text, if the model is here and has not read it.
func (x *Entities) Go() {
	x.mu.Lock()
	x.failure = nil
	text, todo := x.text, !x.read && !x.reading && strings.TrimSpace(x.text) != "" && x.Model.Ready()
	x.reading = x.reading || todo
	x.mu.Unlock()
	if todo {
		x.latest.Submit(text)
	}
	x.o.Changed()
}

// Try reads an example.
func (x *Entities) Try(text string) {
	x.take(text)
	x.Go()
}

// Clear empties the text.
func (x *Entities) Clear() {
	x.take("")
	x.o.Changed()
}

// run reads what of a text is new, some sentences at a time, and marks what is found as it comes.
func (x *Entities) run(ctx context.Context, text string) {
	err := error(&EngineError{"internal", "it ended without an answer; reload the page"})
	defer func() {
		if p := recover(); p != nil {
			err = &EngineError{"internal", fmt.Sprintf("%v; reload the page", p)}
		}
		x.end(text, err)
	}()
	places := sentence.Places(text)
	for {
		next := x.unread(text, places)
		if len(next) == 0 {
			err = nil
			return
		}
		begin := time.Now()
		found, e := x.engine.Find(ctx, next)
		if e == nil && len(found) != len(next) {
			e = fmt.Errorf("the engine answered for %d sentences, expected %d", len(found), len(next))
		}
		if e == nil {
			e = ctx.Err()
		}
		if e != nil {
			err = e
			return
		}
		x.keepReadings(text, places, next, found, time.Since(begin)/time.Duration(len(next)))
	}
}

// unread returns the first sentences of a text that have not been read, each once.
func (x *Entities) unread(text string, places []sentence.Place) []string {
	x.mu.Lock()
	defer x.mu.Unlock()
	var next []string
	for _, p := range places {
		s := text[p.Start:p.End]
		if _, ok := x.done[s]; !ok && !slices.Contains(next, s) {
			if next = append(next, s); len(next) == atOnce {
				break
			}
		}
	}
	return next
}

// keepReadings takes what was found in some sentences of a text, and marks it.
func (x *Entities) keepReadings(text string, places []sentence.Place, read []string, found [][]Entity, each time.Duration) {
	x.mu.Lock()
	if len(x.done) > maxDone+len(places) {
		clear(x.done) // what of the text is needed again is read again
	}
	for i, s := range read {
		x.done[s] = reading{found[i], each}
	}
	if text == x.text {
		x.mark(places)
	}
	x.mu.Unlock()
	x.o.Changed()
}

// mark marks what is known of the text's sentences, and leaves the marks of the others as they are; x.mu is held.
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

// end says that a text has been read, or why not, unless another one has been typed meanwhile.
func (x *Entities) end(text string, err error) {
	x.mu.Lock()
	if text != x.text || err != nil && canceled(err) {
		x.mu.Unlock()
		return
	}
	x.reading = false
	if err != nil {
		x.failure = failureOf("The text could not be read", err)
	} else {
		x.mark(sentence.Places(text))
		x.read = true
	}
	said := x.said()
	x.mu.Unlock()
	x.o.Changed()
	x.o.Announce(said)
}

// said is what a screen reader hears at the end; x.mu is held.
func (x *Entities) said() string {
	switch {
	case x.failure != nil:
		return x.failure.Title + ". " + x.failure.Text
	case len(x.marks) == 0:
		return "Nothing found."
	}
	var parts []string
	for _, t := range tallies(x.marks) {
		if t.N > 0 {
			parts = append(parts, Count(t.N, t.One, t.Name))
		}
	}
	return "Found: " + strings.Join(parts, ", ") + "."
}

// MaxFound is how many entities the table lists; all of them are marked in the text.
const MaxFound = 60

// EntitiesView is what the pane shows at one moment.
type EntitiesView struct {
	Text    string
	Lang    string      // of the text, "" if nobody knows
	Marked  []MarkedRun // the text again, with what is marked in it
	Found   []FoundRow  // the first MaxFound
	More    string      // that there are others
	Tallies []Tally
	Working bool // or about to
	Status  string
	Failure *Failure
	Scores  string
}

// View returns what is to be shown now.
func (x *Entities) View() EntitiesView {
	x.mu.Lock()
	defer x.mu.Unlock()
	v := EntitiesView{Text: x.text, Lang: sentence.Language(x.text), Marked: runs(x.text, x.marks), Tallies: tallies(x.marks), Failure: x.failure, Scores: x.scores}
	for _, m := range x.marks[:min(len(x.marks), MaxFound)] {
		v.Found = append(v.Found, FoundRow{Text: Clip(x.text[m.start:m.end], 120), Label: m.label, Kind: kindOf(m.label).one, Sure: sure(m.score)})
	}
	if n := len(x.marks) - MaxFound; n > 0 {
		v.More = Count(n, "other is", "others are") + " marked in the text."
	}
	ready, blank := x.Model.Ready(), strings.TrimSpace(x.text) == ""
	v.Working = ready && !blank && !x.read && x.failure == nil
	switch {
	case blank:
	case !ready:
		v.Status = "It is read as soon as the tagger is here."
	case v.Working:
		v.Status = "Reading …"
	case x.failure == nil:
		places, took := sentence.Places(x.text), time.Duration(0)
		for _, p := range places {
			took += x.done[x.text[p.Start:p.End]].took
		}
		v.Status = Count(len(x.marks), "entity", "entities") + " in " + Count(len(places), "sentence", "sentences")
		if took > 0 {
			v.Status += ", read in " + Duration(took)
		}
	}
	return v
}
