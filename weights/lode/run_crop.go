package main

import (
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/lodestone-wasm/lodestone/models/crop"
	"github.com/lodestone-wasm/lodestone/models/tokenizer"
)

// cropped is a line of `lode run crop --json`, of a text.
type cropped struct {
	Text     int           `json:"text"` // which of the arguments, or of the lines of standard input that are not empty
	Entities []cropEntity  `json:"entities"`
	Placed   bool          `json:"placed"` // whether all that came back between markers have a place in the text
	Steps    []croppedStep `json:"steps"`
}

// cropEntity is an entity; positions are in code points of the text.
type cropEntity struct {
	Label string `json:"label"`
	Found string `json:"found"`
	Start int    `json:"start"`
	End   int    `json:"end"`
}

type croppedStep struct {
	Name         crop.StepName `json:"name"`
	Input        []croppedLine `json:"input"`
	Output       []croppedLine `json:"output"`
	Milliseconds float64       `json:"milliseconds"`
}

type croppedLine struct {
	Words  []string `json:"words"`
	Labels []string `json:"labels,omitempty"`
	Note   string   `json:"note,omitempty"` // what was lost there, and why
}

func init() {
	runTasks.register(func(e *env) *flags {
		f := newCommand(e, "crop --translator MODEL --tagger MODEL --src-lang LANG [TEXT...]", "entities of sentences by a tagger of another language, step by step").computes()
		dtype := f.dtypeFlag()
		var o cropOptions
		o.flags(f)
		return f.runs(0, -1, func(texts []string) error { return f.crop(e, o, *dtype, texts) })
	})
}

// crop finds the entities of texts, one sentence each, via another language. Without texts
// it reads the lines of standard input.
func (f *flags) crop(e *env, o cropOptions, dtype string, texts []string) error {
	p, _, err := f.loadCrop(e, o, dtype)
	if err != nil {
		return err
	}
	p.Partial = true
	texts, err = e.texts(texts)
	if err != nil {
		return err
	}
	for i, text := range texts {
		y, err := cropText(p, text)
		if err != nil {
			return fmt.Errorf("text %d: %w", i, err)
		}
		y.Text = i
		if *f.json {
			err = json.NewEncoder(e.out).Encode(y)
		} else {
			err = y.print(e.out, text)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// cropText takes a text through the steps.
func cropText(p *crop.Pipeline, text string) (cropped, error) {
	split := crop.Split(text, p.Lang)
	words, at := make([]string, len(split)), make([]tokenizer.Offset, len(split))
	for i, w := range split {
		words[i], at[i] = w.Text, tokenizer.Offset{Start: w.Start, End: w.End}
	}
	y := cropped{Entities: []cropEntity{}}
	began := time.Now()
	p.Watch = func(s crop.Step) {
		now := time.Now()
		y.Steps = append(y.Steps, croppedStep{s.Name, croppedLines(s.In), croppedLines(s.Out), float64(now.Sub(began).Microseconds()) / 1e3})
		began = now
	}
	r, _, err := p.Run(nil, words)
	if err != nil {
		return y, err
	}
	y.Placed = r.Dropped == ""
	points := tokenizer.CodePointOffsets(text, at)
	for _, z := range r.Entities {
		y.Entities = append(y.Entities, cropEntity{z.Type, text[at[z.Start].Start:at[z.End-1].End], points[z.Start].Start, points[z.End-1].End})
	}
	return y, nil
}

func croppedLines(lines []crop.Line) []croppedLine {
	list := make([]croppedLine, len(lines))
	for i, l := range lines {
		list[i] = croppedLine{l.Words, l.Labels, l.Note}
	}
	return list
}

// print writes the text, what each step made of it, and a line for each entity.
func (y cropped) print(w io.Writer, text string) error {
	var out strings.Builder
	row := func(name, s string) { fmt.Fprintf(&out, "  %-16s  %s\n", name, s) }
	fmt.Fprintln(&out, text)
	for _, s := range y.Steps {
		if s.Name == crop.StepWords {
			continue // the next step shows them
		}
		lines, notes := s.Output, s.Output
		if s.Name == crop.StepProject {
			notes = s.Input
		}
		name := string(s.Name)
		for _, l := range lines {
			row(name, l.marked())
			name = ""
		}
		for i, l := range notes {
			if l.Note == "" {
				continue
			}
			note := strings.TrimPrefix(l.Note, "crop: ")
			if len(notes) > 1 {
				note = fmt.Sprintf("translation %d: %s", i, note)
			}
			row("", "("+note+")")
		}
	}
	for _, z := range y.Entities {
		fmt.Fprintf(&out, "%d\t%s\t%s\t%d-%d\n", y.Text, z.Label, z.Found, z.Start, z.End)
	}
	_, err := io.WriteString(w, out.String())
	return err
}

// marked is the line as text, with its entities in brackets: [PER Ada Lovelace] was here.
func (l croppedLine) marked() string {
	words := slices.Clone(l.Words)
	for _, z := range entitiesOf(l.Labels) {
		words[z.Start] = "[" + z.Type + " " + words[z.Start]
		words[z.End-1] += "]"
	}
	return strings.Join(words, " ")
}
