package crop

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/lodestone-wasm/lodestone/ui/format"
)

// Row is a step as it is shown, or the sentence before the first step: German beside English.
type Row struct {
	Step        string // "sentence", or as in models/crop with hyphens: "translate-marked"
	Lang        string // of the tokens
	Title, Took string
	Tokens      []Token
	Notes       []string // what was lost
}

// Token is a word, a piece or a marker.
type Token struct {
	Text   string
	Label  string // of the entity that the token belongs to, "" if none
	Marker bool
	First  bool // the first of its entity
}

// titles are the steps in words.
var titles = map[string]string{
	"translate":        "Translated to English",
	"words":            "Split into words",
	"tag":              "Tagged",
	"mark":             "Marked, in the translator's pieces",
	"translate marked": "Translated back",
	"decode":           "Read between the markers",
	"project":          "Found in the sentence",
}

// rows are the steps, with what was lost at each.
func rows(steps []Step) []Row {
	var out []Row
	var labels, names []string // of the entities in the translation
	for _, s := range steps {
		if len(s.Out) == 0 {
			continue
		}
		line := s.Out[0]
		if s.Name == "tag" {
			for _, e := range spans(line) {
				labels, names = append(labels, e.label), append(names, strings.Join(line.Words[e.start:e.end], " "))
			}
		}
		if s.Name == "translate" && len(s.In) > 0 {
			out = append(out, Row{Step: "sentence", Lang: "de", Title: "The sentence", Tokens: s.In[0].tokens(nil)})
		}
		row := Row{Step: strings.ReplaceAll(s.Name, " ", "-"), Lang: "de", Title: titles[s.Name], Took: format.Duration(s.Took), Tokens: line.tokens(labels)}
		if row.Title == "" {
			row.Title = s.Name
		}
		switch s.Name {
		case "translate", "words", "tag", "mark":
			row.Lang = "en"
		case "translate marked":
			for j, name := range names {
				if n := markers(line.Words, j); n != 2 {
					row.Notes = append(row.Notes, fmt.Sprintf("Lost: marker %d, around “%s”, came back %s instead of twice.", j+1, name, format.Count(n, "time", "times")))
				}
			}
		case "project":
			for _, in := range s.In {
				if in.Note != "" {
					row.Notes = append(row.Notes, "Lost: "+strings.TrimPrefix(in.Note, "crop: entity not placed: ")+".")
				}
			}
		}
		out = append(out, row)
	}
	return out
}

// span is the words [start, end) of an entity.
type span struct {
	label      string
	start, end int
}

// spans are the entities of a line whose labels are B-PER, I-PER and O.
func spans(l Line) []span {
	var all []span
	for i, label := range l.Labels[:min(len(l.Labels), len(l.Words))] {
		switch kind, typ, _ := strings.Cut(label, "-"); {
		case kind == "B" || kind == "I" && len(all) == 0:
			all = append(all, span{typ, i, i + 1})
		case kind == "I":
			all[len(all)-1].end = i + 1
		}
	}
	return all
}

// tokens are the tokens of a line. labels are those of its markers. Between two markers a token has the label of the first.
func (l Line) tokens(labels []string) []Token {
	out := make([]Token, len(l.Words))
	tagged := make([]string, len(l.Words))
	for _, s := range spans(l) {
		for i := s.start; i < s.end; i++ {
			tagged[i] = s.label
		}
	}
	open, before := "", "" // the label between two markers, and that of the token before
	for i, w := range l.Words {
		j, ok := marker(w)
		if !ok {
			t := Token{Text: w, Label: tagged[i]}
			if t.Label == "" {
				t.Label = open
			}
			t.First = t.Label != "" && (before == "" || i < len(l.Labels) && strings.HasPrefix(l.Labels[i], "B-"))
			out[i], before = t, t.Label
			continue
		}
		label := ""
		if j < len(labels) {
			label = labels[j]
		}
		out[i], before = Token{Text: strconv.Itoa(j + 1), Label: label, Marker: true}, ""
		if open == "" {
			open = label
		} else {
			open = ""
		}
	}
	return out
}

// marker reads a piece such as "__SLOT0__".
func marker(piece string) (int, bool) {
	s, ok := strings.CutPrefix(strings.TrimLeft(piece, "▁"), "__SLOT")
	s, behind := strings.CutSuffix(s, "__")
	j, err := strconv.Atoi(s)
	return j, ok && behind && err == nil && j >= 0
}

// markers counts marker j.
func markers(words []string, j int) int {
	n := 0
	for _, w := range words {
		if k, ok := marker(w); ok && k == j {
			n++
		}
	}
	return n
}
