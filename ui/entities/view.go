package entities

import (
	"strconv"
	"strings"
	"time"

	"github.com/lodestone-wasm/lodestone/ui/format"
	"github.com/lodestone-wasm/lodestone/ui/host"
	"github.com/lodestone-wasm/lodestone/ui/sentence"
)

// MaxFound is how many entities the table lists. All of them are marked in the text.
const MaxFound = 60

// View is a copy of the state at one moment, for the component.
type View struct {
	Text    string
	Lang    string // of the text, "" if unknown
	Marked  []Run  // the text again, with its marks
	Found   []Row  // the first MaxFound
	More    string // how many others there are
	Tallies []Tally
	Working bool // or about to work
	Status  string
	Failure *host.Failure
}

// Row is an entity in the table.
type Row struct {
	Text, Label string
	Kind        string // "person"
	Sure        string // "almost sure, 97 %"
}

// View returns what to show now.
func (x *Entities) View() View {
	x.mu.Lock()
	defer x.mu.Unlock()
	v := View{Text: x.text, Lang: sentence.Language(x.text), Marked: runs(x.text, x.marks), Tallies: tallies(x.marks), Failure: x.failure}
	for _, m := range x.marks[:min(len(x.marks), MaxFound)] {
		v.Found = append(v.Found, Row{format.Clip(x.text[m.start:m.end], 120), m.label, KindOf(m.label).One, sure(m.score)})
	}
	if n := len(x.marks) - MaxFound; n > 0 {
		v.More = format.Count(n, "other is", "others are") + " marked in the text."
	}
	ready, blank := x.Model.Ready(), strings.TrimSpace(x.text) == ""
	v.Working = ready && !blank && !x.tagged && x.failure == nil
	switch {
	case blank:
	case !ready:
		v.Status = "Names are marked as soon as the tagger is ready."
	case v.Working:
		v.Status = "Tagging …"
	case x.failure == nil:
		places, took := sentence.Places(x.text), time.Duration(0)
		for _, p := range places {
			took += x.done[x.text[p.Start:p.End]].took
		}
		v.Status = format.Count(len(x.marks), "entity", "entities") + " in " + format.Count(len(places), "sentence", "sentences")
		if took > 0 {
			v.Status += ", tagged in " + format.Duration(took)
		}
	}
	return v
}

// sure words a score. No score becomes 100 %.
func sure(score float64) string {
	percent := max(0, min(99, int(score*100)))
	word := "a guess"
	switch {
	case percent >= 95:
		word = "almost sure"
	case percent >= 80:
		word = "fairly sure"
	case percent >= 60:
		word = "not sure"
	}
	return word + ", " + strconv.Itoa(percent) + "\u00A0%"
}

// scores are the F1 in the first rows for English and for German of a model card, in words; "" without any.
func scores(card string) string {
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
