package main

import (
	"syscall/js"

	"github.com/lodestone-wasm/lodestone/kernels/lean"
	"github.com/lodestone-wasm/lodestone/models/crop"
	"github.com/lodestone-wasm/lodestone/models/pipeline"
	"github.com/lodestone-wasm/lodestone/models/tasks"
	"github.com/lodestone-wasm/lodestone/models/tokenizer"
)

// crop serves CropRequest of web/src/protocol/crop.ts, one step of CROP. The page asks for
// the steps in turn, since two engines take part; package crop says what they do.
func (e *engine) crop(request js.Value, j *job) (any, error) {
	in := fields{v: request}
	words, labels := in.texts("words"), in.texts("labels")
	if in.err != nil {
		return nil, in.err
	}
	switch step := in.text("step"); step {
	case "split":
		return splitWords(in.text("text"), in.text("language")), nil
	case "words":
		return object("words", listValue(tasks.CROPWords(in.text("text"), in.text("language")))), nil
	case "tag":
		tagger, err := ofModel(e, pipeline.TokenClassification)
		if err != nil {
			return nil, err
		}
		labels, err := tagger.Words(j, words)
		return object("labels", listValue(labels)), err
	case "repair":
		labels, err := crop.RepairBIO(labels)
		return object("labels", listValue(labels)), err
	case "decode":
		return decodeLines(&in)
	case "project":
		return projectLabels(&in, words)
	default:
		return e.translateStep(step, &in, words, labels, j)
	}
}

// translateStep serves the steps that need the translator.
func (e *engine) translateStep(step string, in *fields, words, labels []string, j *job) (any, error) {
	translation, err := ofModel(e, pipeline.Translation)
	if err != nil {
		return nil, err
	}
	m, err := tasks.NewCROPTranslator(translation)
	if err != nil {
		return nil, err
	}
	switch step {
	case "translate":
		from := in.text("from")
		text, err := m.Translate(j.Err, crop.Join(words, from), from, in.text("to"))
		return object("text", text), err
	case "mark":
		marked, err := crop.Insert(crop.Sentence{Words: words, Labels: labels}, in.text("language"), m.Segment)
		return object("pieces", listValue(marked.Pieces), "types", listValue(marked.Types), "whole", marked.Whole), err
	case "translate marked":
		lines, err := m.TranslateLabeled(j.Err, in.texts("pieces"), in.text("from"), in.text("to"), in.integer("beams"))
		list := make([]any, len(lines))
		for i, line := range lines {
			list[i] = listValue(line)
		}
		return object("lines", list), err
	default:
		return nil, lean.Errorf("engine: %w: step %q of crop", pipeline.ErrRequest, step)
	}
}

// splitWords finds the words of a text, and where they begin and end in UTF-16 units.
func splitWords(text, lang string) any {
	var words, start, end []any
	var at []tokenizer.Offset
	for _, w := range crop.Split(text, lang) {
		words, at = append(words, w.Text), append(at, tokenizer.Offset{Start: w.Start, End: w.End})
	}
	for _, o := range tokenizer.UTF16Offsets(text, at) {
		start, end = append(start, o.Start), append(end, o.End)
	}
	return object("words", words, "start", start, "end", end)
}

// decodeLines makes words, labels and a note of each translation of the marked sentence.
func decodeLines(in *fields) (any, error) {
	marked := crop.Marked{Types: in.texts("types"), Whole: in.flag("whole")}
	lines, lang := in.v.Get("lines"), in.text("language")
	list := make([]any, lines.Length())
	for i := range list {
		pieces, err := stringsOf(lines.Index(i))
		if err != nil {
			return nil, err
		}
		d := marked.Decode(pieces, lang)
		list[i] = object("words", listValue(d.Words), "labels", listValue(d.Labels), "note", d.Note)
	}
	return object("lines", list), in.err
}

// projectLabels labels the words after the line whose entities fit best.
func projectLabels(in *fields, words []string) (any, error) {
	lines := in.v.Get("lines")
	beams := make([]crop.Sentence, lines.Length())
	for i := range beams {
		line := fields{v: lines.Index(i)}
		beams[i] = crop.Sentence{Words: line.texts("words"), Labels: line.texts("labels")}
		if line.err != nil {
			return nil, line.err
		}
	}
	placed, err := crop.PlaceSome(words, beams)
	if err != nil {
		return nil, err
	}
	found, _ := crop.Entities(placed.Labels) // they are well formed
	entities := make([]any, len(found))
	for i, y := range found {
		entities[i] = object("type", y.Type, "first", y.Start, "end", y.End)
	}
	lost := make([]any, len(placed.Failures))
	for i, failure := range placed.Failures {
		lost[i] = ""
		if failure != nil {
			lost[i] = failure.Error()
		}
	}
	return object("labels", listValue(placed.Labels), "entities", entities, "line", placed.Beam, "lost", lost), nil
}
