package notes

import (
	"fmt"
	"math"

	"github.com/lodestone-wasm/lodestone/ui/format"
	"github.com/lodestone-wasm/lodestone/ui/host"
)

// View is a copy of the state at one moment, for the component.
type View struct {
	Text, Question, Answers string
	Loaded, Running         bool
	Count                   string // how many notes there are
	Failure                 *host.Failure
	Result                  *ResultView
}

// ResultView is an answered question.
type ResultView struct {
	Question      string
	With, Without string // the best answers
	Verdict       string // what the notes did, or that none helps
	Chose         string // where the answers came from
	Answers       []AnswerView
	Notes         []NoteView
	Of            string // whom the notes were read for, and how many there were
}

// AnswerView is an answer with its two probabilities.
type AnswerView struct {
	Text                 string
	With, Without        string
	WithBar, WithoutBar  string // classes of bars
	BestWith, BestBefore bool
}

// NoteView is a note that was read.
type NoteView struct{ Place, Text, Score, Bar string }

// View returns what to show now.
func (n *Notes) View() View {
	n.mu.Lock()
	defer n.mu.Unlock()
	v := View{Text: n.text, Question: n.asked, Answers: n.answers, Loaded: n.Model.Ready(), Running: n.running, Failure: n.failure}
	if c := len(Lines(n.text)); c > MaxNotes {
		v.Count = fmt.Sprintf("%s; the first %s are read", format.Count(c, "note", "notes"), format.Number(MaxNotes))
	} else {
		v.Count = format.Count(c, "note", "notes")
	}
	if n.result != nil {
		v.Result = n.result.view()
	}
	return v
}

// bar is the class of a bar for a share of 1.
func bar(share float64) string {
	return fmt.Sprintf("bar bar-%d", int(math.Round(20*min(1, max(0, share)))))
}

func (r *result) view() *ResultView {
	v := &ResultView{Question: r.question}
	if len(r.with) == 0 || len(r.without) == 0 {
		return v
	}
	best, before := r.with[0], r.without[0]
	v.With, v.Without = r.answers[best.Index], r.answers[before.Index]
	without := map[int]float64{}
	for _, c := range r.without {
		without[c.Index] = c.Score
	}
	for _, c := range r.with {
		v.Answers = append(v.Answers, AnswerView{Text: r.answers[c.Index], With: format.Percent(float32(c.Score)), Without: format.Percent(float32(without[c.Index])),
			WithBar: bar(c.Score), WithoutBar: bar(without[c.Index]), BestWith: c.Index == best.Index, BestBefore: c.Index == before.Index})
	}
	top := 0.0
	for _, s := range best.NoteScores {
		top = max(top, math.Abs(s))
	}
	var read []string
	for i, k := range best.Notes {
		note := NoteView{Place: format.Number(int64(k + 1)), Text: clip(r.notes[k])}
		if i < len(best.NoteScores) {
			note.Score, note.Bar = fmt.Sprintf("%.3f", best.NoteScores[i]), bar(best.NoteScores[i]/max(top, 1e-9))
		}
		read = append(read, r.notes[k])
		v.Notes = append(v.Notes, note)
	}
	v.Of = fmt.Sprintf("Read for the answer %q, of %s. The score is the product of the mean embedding of the note with that of question and answer; the five best become rows.",
		v.With, format.Count(len(r.notes), "note", "notes"))
	if r.more > 0 {
		v.Of += fmt.Sprintf(" %s were left out.", format.Count(r.more, "note", "notes"))
	}
	switch {
	case len(r.notes) == 0:
		v.Verdict = "There are no notes, so both answers are the same guess."
	case !helpful(r.question, read):
		v.Verdict = "No note that was read shares a word with the question. The answer is a guess."
	case best.Index == before.Index:
		v.Verdict = "The answer is the same with and without the notes."
	default:
		v.Verdict = "The notes changed the answer."
	}
	if r.withoutTheAnswers {
		v.Chose = "The answers are the last words of the notes. Type your own to choose among others."
	}
	return v
}
