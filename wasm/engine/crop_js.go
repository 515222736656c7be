package main

import (
	"syscall/js"

	"github.com/lodestone-wasm/lodestone/kernels/lean"
	"github.com/lodestone-wasm/lodestone/models/crop"
	"github.com/lodestone-wasm/lodestone/models/crop/cropmodels"
	"github.com/lodestone-wasm/lodestone/models/tasks"
	"github.com/lodestone-wasm/lodestone/models/tokenizer"
)

// cropStep is one step of CROP: CropRequest and CropReply of web/src/crop.ts, which says
// what each step reads and writes. The page makes the steps in turn, since two engines
// take part; what they do is package crop's.
type cropStep struct {
	text, from, to string
	words, labels  []string
	lines, tags    [][]string
	places         []int32
}

// crop serves CropRequest.
func (e *engine) crop(request js.Value, j *job) (any, error) {
	s := cropStep{text: request.Get("text").String(), from: request.Get("from").String(), to: request.Get("to").String()}
	lists, err := nestedOf(request.Get("lists"))
	if err != nil || len(lists) != 2 {
		return nil, errArgument // not from our page
	}
	s.words, s.labels = lists[0], lists[1]
	if s.lines, err = nestedOf(request.Get("lines")); err == nil {
		s.tags, err = nestedOf(request.Get("tags"))
	}
	if err == nil {
		err = e.step(&s, request, j)
	}
	if err != nil {
		return nil, err
	}
	return []any{listValue(s.words), listValue(s.labels), nestedValue(s.lines), nestedValue(s.tags), int32Value(s.places)}, nil
}

func (e *engine) step(s *cropStep, request js.Value, j *job) (err error) {
	name := request.Get("step").String()
	switch name {
	case "split":
		s.split()
	case "words":
		s.words = cropmodels.Words(s.text, s.from)
	case "tag":
		if e.runner == nil {
			return errNoModel("model with a head and a tokenizer")
		}
		s.labels, err = e.runner.Words(s.words, tasks.Options{Pause: j.pause})
	case "repair":
		s.labels, err = crop.RepairBIO(s.labels)
	case "decode":
		s.decode(crop.Marked{Types: s.labels, Whole: request.Get("whole").Truthy()})
	case "project":
		err = s.project()
	default:
		err = e.carry(s, name, request.Get("beams").Int(), j)
	}
	return err
}

// carry does a step that needs the translator.
func (e *engine) carry(s *cropStep, name string, beams int, j *job) error {
	if e.generator == nil || e.tokenizer == nil {
		return errNoModel("translator")
	}
	m, err := cropmodels.NewTranslator(e.generator, e.tokenizer)
	if err != nil {
		return err
	}
	switch name {
	case "translate":
		s.text, err = m.Translate(j.pause, crop.Join(s.words, s.from), s.from, s.to)
		s.words = []string{s.text}
	case "mark":
		var marked crop.Marked
		marked, err = crop.Insert(crop.Sentence{Words: s.words, Labels: s.labels}, s.from, m.Segment)
		s.words, s.labels = marked.Pieces, marked.Types
		if marked.Whole {
			s.places = []int32{1}
		}
	case "translate marked":
		s.lines, err = m.TranslateLabeled(j.pause, s.words, s.from, s.to, beams)
	default:
		err = lean.Errorf("engine: %w: step %q of crop", errArgument, name)
	}
	return err
}

// split makes words of the text, and says where they stand in UTF-16 units.
func (s *cropStep) split() {
	var at []tokenizer.Offset
	for _, w := range crop.Split(s.text, s.from) {
		s.words, at = append(s.words, w.Text), append(at, tokenizer.Offset{Start: w.Start, End: w.End})
	}
	for _, o := range tokenizer.UTF16Offsets(s.text, at) {
		s.places = append(s.places, int32(o.Start), int32(o.End))
	}
}

// decode makes words, labels and a note of each line of pieces, a translation of m.
func (s *cropStep) decode(m crop.Marked) {
	for i, pieces := range s.lines {
		d := m.Decode(pieces, s.from)
		s.lines[i], s.tags, s.words = d.Words, append(s.tags, d.Labels), append(s.words, d.Note)
	}
}

// project carries the labels of the line that fits best over to the words: their labels,
// the types of entities with the first word and the one behind the last of each, behind the
// number of that line, and what each line lost.
func (s *cropStep) project() error {
	if len(s.lines) != len(s.tags) {
		return errArgument // not from our page
	}
	beams := make([]crop.Sentence, len(s.lines))
	for i := range beams {
		beams[i] = crop.Sentence{Words: s.lines[i], Labels: s.tags[i]}
	}
	placed, err := crop.PlaceSome(s.words, beams)
	if err != nil {
		return err
	}
	s.words, s.labels, s.lines, s.tags, s.places = nil, placed.Labels, nil, nil, []int32{int32(placed.Beam)}
	found, _ := crop.Entities(s.labels) // they are well formed
	for _, y := range found {
		s.words, s.places = append(s.words, y.Type), append(s.places, int32(y.Start), int32(y.End))
	}
	for _, failure := range placed.Failures {
		note := ""
		if failure != nil {
			note = failure.Error()
		}
		s.lines = append(s.lines, []string{note})
	}
	return nil
}

// nestedOf copies an array of arrays of strings.
func nestedOf(v js.Value) ([][]string, error) {
	list := make([][]string, v.Length())
	for i := range list {
		var err error
		if list[i], err = stringsOf(v.Index(i)); err != nil {
			return nil, err
		}
	}
	return list, nil
}

func nestedValue(lines [][]string) []any {
	list := make([]any, len(lines))
	for i, l := range lines {
		list[i] = listValue(l)
	}
	return list
}
