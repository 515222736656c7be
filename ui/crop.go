package ui

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/lodestone-wasm/lodestone/ui/sentence"
)

// Cropper finds the entities of a German sentence by way of English: the module's crop().
type Cropper interface {
	// Crop tells each step as it ends. It is false if entities could not be placed in the sentence. Ending ctx stops it.
	Crop(ctx context.Context, text string, step func(CropStep)) (placed bool, err error)
}

// CropStep is a step of CROP, with what it wrote.
type CropStep struct {
	Name string // as models/crop has it: "translate"
	In   []CropLine
	Out  []CropLine
	Took time.Duration
}

// CropLine is words, or pieces, with a label each; Labels is empty where there are none.
type CropLine struct {
	Words, Labels []string
	Note          string
}

// maxShown is how many German sentences of a text have a button.
const maxShown = 6

// Crop is the state of "Show how" in the view "Entities": one sentence of the text, and the steps that it goes through. It needs two
// models. All methods may be called from any goroutine; none blocks on the models.
type Crop struct {
	Translator, Tagger *OnDemand

	engine Cropper
	o      Options
	latest *Latest[string]

	mu      sync.Mutex
	text    string // the sentence; "" before one was asked for
	steps   []CropStep
	placed  bool
	done    bool
	failure *Failure
}

// NewCrop returns the state before a sentence was asked for.
func NewCrop(translator, tagger *OnDemand, e Cropper, o Options) *Crop {
	if o.Changed == nil {
		o.Changed = func() {}
	}
	if o.Announce == nil {
		o.Announce = func(string) {}
	}
	x := &Crop{Translator: translator, Tagger: tagger, engine: e, o: o}
	x.latest = NewLatest(x.run)
	translator.WhenReady(x.Go)
	tagger.WhenReady(x.Go)
	return x
}

// Show takes a sentence, and runs it when both models are here.
func (x *Crop) Show(text string) {
	x.mu.Lock()
	x.text, x.steps, x.done, x.failure = text, nil, false, nil
	x.mu.Unlock()
	x.Translator.Ask()
	x.Tagger.Ask()
	x.Go()
}

// Hide closes what is shown.
func (x *Crop) Hide() {
	x.latest.Cancel()
	x.mu.Lock()
	x.text, x.steps, x.done, x.failure = "", nil, false, nil
	x.mu.Unlock()
	x.o.Changed()
}

// Go runs the sentence, if there is one and the models are here.
func (x *Crop) Go() {
	x.mu.Lock()
	text, todo := x.text, x.text != "" && !x.done && x.Translator.Ready() && x.Tagger.Ready()
	if todo {
		x.steps, x.failure = nil, nil
	}
	x.mu.Unlock()
	if todo {
		x.latest.Submit(text)
	}
	x.o.Changed()
}

func (x *Crop) run(ctx context.Context, text string) {
	placed, err := false, error(&EngineError{"internal", "it ended without an answer; reload the page"})
	defer func() {
		if p := recover(); p != nil {
			err = &EngineError{"internal", fmt.Sprintf("%v; reload the page", p)}
		}
		x.end(text, placed, err)
	}()
	placed, err = x.engine.Crop(ctx, text, func(s CropStep) {
		x.mu.Lock()
		if ctx.Err() == nil && text == x.text {
			x.steps = append(x.steps, s)
		}
		x.mu.Unlock()
		x.o.Changed()
	})
	if err == nil {
		err = ctx.Err()
	}
}

// end takes what came of a sentence, unless another one was asked for meanwhile.
func (x *Crop) end(text string, placed bool, err error) {
	x.mu.Lock()
	if text != x.text || err != nil && (canceled(err) || errors.Is(err, context.Canceled)) {
		x.mu.Unlock()
		return
	}
	x.done, x.placed = err == nil, placed
	if err != nil {
		x.failure = failureOf("The sentence could not be taken through the steps", err)
	}
	said := x.outcome()
	if x.failure != nil {
		said = x.failure.Title + ". " + x.failure.Text
	}
	x.mu.Unlock()
	x.o.Changed()
	x.o.Announce(said)
}

// outcome words what came of it; x.mu is held.
func (x *Crop) outcome() string {
	tagged := 0
	for _, s := range x.steps {
		if s.Name == "tag" && len(s.Out) == 1 {
			tagged = len(cropSpans(s.Out[0]))
		}
	}
	switch {
	case !x.done:
		return ""
	case tagged == 0:
		return "Nothing was found in the translation, so there is nothing to carry back."
	}
	came := 0
	if last := x.steps[len(x.steps)-1]; len(last.Out) > 0 {
		came = len(cropSpans(last.Out[0]))
	}
	if came == 0 && !x.placed {
		return "Found in the translation, but not in the sentence: the markers came back around words that it does not have, or not once."
	}
	return fmt.Sprintf("%d of %s came back into the sentence.", came, Count(tagged, "name", "names"))
}

// span is the words [start, end) of an entity.
type cropSpan struct {
	label      string
	start, end int
}

// cropSpans are the entities of a line whose labels are B-PER, I-PER, O.
func cropSpans(l CropLine) []cropSpan {
	var all []cropSpan
	for i, label := range l.Labels[:min(len(l.Labels), len(l.Words))] {
		switch kind, typ, _ := strings.Cut(label, "-"); {
		case kind == "B" || kind == "I" && len(all) == 0:
			all = append(all, cropSpan{typ, i, i + 1})
		case kind == "I":
			all[len(all)-1].end = i + 1
		}
	}
	return all
}

// CropToken is a word, a piece or a marker.
type CropToken struct {
	Text  string
	Label string // of the entity that it belongs to, "" if to none
	Slot  bool
	First bool // it is the first of its entity
}

// CropRow is a step as it is shown, or the sentence before the first: German beside English.
type CropRow struct {
	Step        string // "sentence", or as models/crop has it: "translate"; with a hyphen for the space
	Lang        string // of the tokens
	Title, Took string
	Tokens      []CropToken
	Notes       []string
}

// cropTitles are the steps in words.
var cropTitles = map[string]string{
	"translate": "Translated to English", "words": "Cut into words", "tag": "Tagged", "mark": "Marked, in the translator's pieces",
	"translate marked": "Translated back", "decode": "Read between the markers", "project": "Found in the sentence",
}

// tokens are those of a line; types are the labels of its markers.
func (l CropLine) tokens(types []string) []CropToken {
	out := make([]CropToken, len(l.Words))
	labels := make([]string, len(l.Words))
	for _, s := range cropSpans(l) {
		for i := s.start; i < s.end; i++ {
			labels[i] = s.label
		}
	}
	open, before := "", ""
	for i, w := range l.Words {
		j, isSlot := cropSlot(w)
		switch {
		case !isSlot:
			out[i] = CropToken{Text: w, Label: labels[i]}
			if labels[i] == "" {
				out[i].Label = open
			}
			out[i].First = out[i].Label != "" && (before == "" || i < len(l.Labels) && strings.HasPrefix(l.Labels[i], "B-"))
			before = out[i].Label
		default:
			label := ""
			before = ""
			if j < len(types) {
				label = types[j]
			}
			out[i] = CropToken{Text: strconv.Itoa(j + 1), Label: label, Slot: true}
			if open == "" {
				open = label
			} else {
				open = ""
			}
		}
	}
	return out
}

// cropSlot reads a marker.
func cropSlot(piece string) (int, bool) {
	s, ok := strings.CutPrefix(strings.TrimLeft(piece, "▁"), "__SLOT")
	s, behind := strings.CutSuffix(s, "__")
	j, err := strconv.Atoi(s)
	return j, ok && behind && err == nil && j >= 0
}

// cropRows are the steps, and what was lost at each.
func cropRows(steps []CropStep) []CropRow {
	var rows []CropRow
	var types, names []string // of the entities of the translation
	for _, s := range steps {
		if len(s.Out) == 0 {
			continue
		}
		line := s.Out[0]
		if s.Name == "tag" {
			for _, e := range cropSpans(line) {
				types, names = append(types, e.label), append(names, strings.Join(line.Words[e.start:e.end], " "))
			}
		}
		title := cropTitles[s.Name]
		if title == "" {
			title = s.Name
		}
		row := CropRow{Step: strings.ReplaceAll(s.Name, " ", "-"), Lang: "de", Title: title, Took: Duration(s.Took), Tokens: line.tokens(types)}
		switch s.Name {
		case "translate", "words", "tag", "mark":
			row.Lang = "en"
		}
		if s.Name == "translate" && len(s.In) > 0 {
			rows = append(rows, CropRow{Step: "sentence", Lang: "de", Title: "The sentence", Tokens: s.In[0].tokens(nil)})
		}
		switch s.Name {
		case "translate marked":
			for j, name := range names {
				if n := countSlots(line.Words, j); n != 2 {
					row.Notes = append(row.Notes, fmt.Sprintf("Lost: marker %d, around “%s”, came back %s instead of twice.", j+1, name, Count(n, "time", "times")))
				}
			}
		case "project":
			for _, in := range s.In {
				if in.Note != "" {
					row.Notes = append(row.Notes, "Lost: "+strings.TrimPrefix(in.Note, "crop: entity not placed: ")+".")
				}
			}
		}
		rows = append(rows, row)
	}
	return rows
}

func countSlots(words []string, j int) int {
	n := 0
	for _, w := range words {
		if k, ok := cropSlot(w); ok && k == j {
			n++
		}
	}
	return n
}

// CropView is what is shown at one moment.
type CropView struct {
	Text    string // the sentence, "" if none is shown
	Waiting bool   // for a model
	Working bool
	Rows    []CropRow
	Outcome string
	Failure *Failure
}

// View returns what is to be shown now.
func (x *Crop) View() CropView {
	x.mu.Lock()
	defer x.mu.Unlock()
	ready := x.Translator.Ready() && x.Tagger.Ready()
	return CropView{
		Text: x.text, Waiting: x.text != "" && !ready, Working: x.text != "" && ready && !x.done && x.failure == nil,
		Rows: cropRows(x.steps), Outcome: x.outcome(), Failure: x.failure,
	}
}

// germanSentences are those of a text that can be shown, each once.
func germanSentences(text string) []string {
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
