package ui

import (
	"fmt"
	"strings"

	"github.com/lodestone-wasm/lodestone/ui/sentence"
)

// View is what the components show: a copy of the state at one moment.
type View struct {
	Loading  bool
	Ready    bool
	Progress Progress
	Percent  int    // of the model's bytes, -1 while the size is unknown
	Loaded   string // "3.1 of 7.9 MB"
	Failure  *Failure
	Notice   *Failure

	Embedding bool
	Stopped   bool
	Embedded  int
	Sentences int

	Query     string
	Waiting   bool // the results are not of this query yet
	Results   []Result
	Close     bool // the best result is near enough to speak of the same meaning
	Languages int  // among the results
	Samples   bool // Results are a few sentences to begin with, no answer to a query

	Sources    []Source
	HasBundled bool
	Facts      []string
	MapText    string // the map in words
}

// Result is one line of the result list.
type Result struct {
	Rank     int
	ID       int
	Text     string
	Lang     string
	LangName string
	From     string // the source's name; "" for the bundled collection
	Score    string
	Bar      string // class of the bar: "bar-0" to "bar-20"
	Kin      string // "same sentence as 1" for a translation of an earlier result
	Class    string
}

// closeScore is the cosine from which the page calls a result close. On the bundled collection translations of each other lie at
// 0.7 to 0.95 and unrelated sentences below 0.55.
const closeScore = 0.6

// View returns what is to be shown now.
func (a *App) View() View {
	a.mu.Lock()
	defer a.mu.Unlock()
	v := View{
		Loading: a.loading, Ready: a.ready, Progress: a.progress, Percent: -1, Failure: a.failure, Notice: a.notice,
		Embedding: a.embedding, Stopped: a.stopped && !a.embedding, Embedded: a.vectors.Len(), Sentences: len(a.entries),
		Query: a.query, Waiting: a.query != "" && a.query != a.vecFor,
		Sources: append([]Source(nil), a.sources...),
	}
	if p := a.progress; p.Total > 0 {
		v.Percent = int(min(p.Loaded, p.Total) * 100 / p.Total)
		v.Loaded = Bytes(p.Loaded) + " of " + Bytes(p.Total)
	} else if p.Loaded > 0 {
		v.Loaded = Bytes(p.Loaded)
	}
	names := map[int]string{}
	for _, s := range a.sources {
		if s.Bundled {
			v.HasBundled = true
		} else {
			names[s.ID] = s.Name
		}
	}
	first, langs := map[int]int{}, map[string]bool{}
	for i, h := range a.hits {
		e := a.entries[h.Index]
		r := Result{Rank: i + 1, ID: e.ID, Text: e.Text, Lang: e.Lang, LangName: sentence.Name(e.Lang), From: names[e.Source],
			Score: Score(h.Score), Bar: fmt.Sprintf("bar bar-%d", max(0, min(20, int(h.Score*20+0.5)))), Class: "hit"}
		if k := first[e.Group]; e.Group != 0 && k > 0 {
			r.Kin = fmt.Sprintf("same sentence as %d", k)
		} else {
			first[e.Group] = r.Rank
		}
		if e.Lang != "" {
			langs[e.Lang] = true
		}
		if h.Score < closeScore {
			r.Class = "hit far"
		}
		v.Results = append(v.Results, r)
	}
	if a.query == "" {
		v.Results = append(v.Results, a.samples()...)
		v.Samples = len(v.Results) > 0
	}
	v.Languages = len(langs)
	v.Close = len(a.hits) > 0 && a.hits[0].Score >= closeScore
	v.Facts = a.facts()
	v.MapText = a.mapText()
	return v
}

// samples are a few sentences from all over the collection, to show what can be found; a.mu is held.
func (a *App) samples() []Result {
	const n = 6
	var out []Result
	for i := range min(n, len(a.entries)) {
		e := a.entries[min(len(a.entries)-1, i*len(a.entries)/n+i%3)] // i%3: the languages take turns where translations follow each other
		out = append(out, Result{Rank: i + 1, ID: e.ID, Text: e.Text, Lang: e.Lang, LangName: sentence.Name(e.Lang), Class: "hit"})
	}
	return out
}

// facts are the measured numbers of this visit, in words; a.mu is held.
func (a *App) facts() []string {
	var f []string
	if a.ready {
		f = append(f, fmt.Sprintf("%s model, loaded in %s", Bytes(a.info.Bytes), Duration(a.info.Took)))
	}
	if a.embedCount > 0 {
		f = append(f, fmt.Sprintf("%s embedded in %s", Count(a.embedCount, "sentence", "sentences"), Duration(a.embedTime)))
	}
	if a.queryTime > 0 {
		f = append(f, "last query "+Duration(a.queryTime))
	}
	if a.ready && a.info.Kernels != "" {
		f = append(f, fmt.Sprintf("%s, %s", a.info.Kernels, Count(a.info.Threads, "thread", "threads")))
	}
	return append(f, "nothing leaves this page")
}

// mapText says what the map shows; a.mu is held.
func (a *App) mapText() string {
	if len(a.picture.Dots) == 0 {
		return "The map appears when the sentences are embedded."
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%s as dots; the closer two dots, the closer the meaning. ", Count(len(a.picture.Dots), "sentence", "sentences"))
	if a.picture.Query != nil && a.vecFor != "" {
		fmt.Fprintf(&b, "The query “%s” stands nearest to ", Clip(a.vecFor, 80))
		for i, h := range a.hits[:min(3, len(a.hits))] {
			if i > 0 {
				b.WriteString("; ")
			}
			e := a.entries[h.Index]
			fmt.Fprintf(&b, "“%s” (%s, %s)", Clip(e.Text, 80), sentence.Name(e.Lang), Score(h.Score))
		}
		b.WriteString(".")
	} else {
		b.WriteString("No query is shown.")
	}
	return b.String()
}

// EntryText returns the text of a sentence, "" when it is gone.
func (a *App) EntryText(id int) string {
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, e := range a.entries {
		if e.ID == id {
			return e.Text
		}
	}
	return ""
}
