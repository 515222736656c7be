package tasks

import (
	"unicode"
	"unicode/utf8"

	"github.com/lodestone-wasm/lodestone/kernels/lean"
	"github.com/lodestone-wasm/lodestone/models/heads"
	"github.com/lodestone-wasm/lodestone/models/tokenizer"
)

// Answers finds answers to questions, each in the context of the same place, for each
// the likeliest first.
//
// In each window the probabilities of begins and ends are softmaxes over the first
// token, which says that there is no answer, and the tokens of the context; an answer's
// score is the product of its begin's and its end's. Answers that are the same place of
// the context count together in a window, and once where windows share them.
func (r *Runner) Answers(questions, contexts []string, o Options) ([][]Found, error) {
	if err := r.start(heads.QuestionAnswering, &o); err != nil {
		return nil, err
	}
	if len(questions) != len(contexts) {
		return nil, lean.Errorf("tasks: %w: %d questions and %d contexts", ErrInput, len(questions), len(contexts))
	}
	if o.MaxLength == 0 {
		o.MaxLength = 15
	}
	if o.Window == 0 {
		o.Window = 384
	}
	var parts []part
	encoded, none := make([]framed, len(questions)), make([]float64, len(questions))
	for i := range questions {
		f, err := r.question(questions[i], contexts[i])
		if err != nil {
			return nil, lean.Errorf("tasks: question %d: %w", i, err)
		}
		if parts, err = f.windows(parts, i, min(o.Window, r.limit()), o.Stride, 128); err != nil {
			return nil, err
		}
		encoded[i], none[i] = f, 1
	}
	results := make([][]Found, len(questions))
	err := r.run(parts, &o, func(p *part, logits []float32) {
		f := &encoded[p.text]
		begins, ends := []float32{logits[0]}, []float32{logits[1]}
		for k := f.first; k < f.first+p.to-p.from; k++ {
			begins, ends = append(begins, logits[2*k]), append(ends, logits[2*k+1])
		}
		begin, end := softmax(begins), softmax(ends)
		none[p.text] = min(none[p.text], begin[0]*end[0])
		var here []Found
		for _, y := range spans(contexts[p.text], f.Offsets[f.first+p.from:f.first+p.to], begin[1:], end[1:], &o) {
			if same := find(here, y); same != nil {
				same.Score += y.Score
			} else {
				here = append(here, y)
			}
		}
		for _, y := range here {
			if same := find(results[p.text], y); same != nil {
				same.Score = max(same.Score, y.Score)
			} else {
				results[p.text] = append(results[p.text], y)
			}
		}
	})
	for i, all := range results {
		if o.Impossible {
			all = append(all, Found{Score: none[i]})
		}
		scores := make([]float64, len(all))
		for k, y := range all {
			scores[k] = y.Score
		}
		results[i] = nil
		for _, k := range top(scores, o.TopK) {
			results[i] = append(results[i], all[k])
		}
	}
	return results, err
}

// question encodes a question and its context.
func (r *Runner) question(question, context string) (framed, error) {
	alone, err := r.tok.Encode(question, tokenizer.Options{})
	if err != nil {
		return framed{}, err
	}
	e, err := r.tok.EncodePair(question, context, tokenizer.Options{AddSpecialTokens: true})
	if err != nil {
		return framed{}, err
	}
	f := frame(e, len(alone.IDs))
	if f.first == f.last {
		return f, lean.Errorf("%w: its context has no token", ErrInput)
	}
	if e.SpecialTokensMask[0] == 0 {
		return f, lean.Errorf("%w: tokenizer.json puts no special token first, which would stand for no answer", ErrInput)
	}
	return f, nil
}

// spans are the likeliest answers of a window, of which at tells where its tokens stand
// in text. There are more than asked for, since some are one place: when they are
// widened, or within a character.
func spans(text string, at []tokenizer.Offset, begin, end []float64, o *Options) []Found {
	var scores []float64
	var places []tokenizer.Offset // token numbers
	for i := range begin {
		for j := i; j < min(len(end), i+o.MaxLength); j++ {
			scores = append(scores, begin[i]*end[j])
			places = append(places, tokenizer.Offset{Start: i, End: j})
		}
	}
	keep := 2*o.TopK + 10
	if o.TopK < 1 {
		keep = 0
	}
	var all []Found
	for _, k := range top(scores, keep) {
		y := Found{Score: scores[k]}
		y.Start, y.End = trim(text, tokenizer.Offset{Start: at[places[k].Start].Start, End: at[places[k].End].End})
		if !o.Tokens {
			y.Start, y.End = widen(text, y.Start, y.End)
		}
		y.Text = text[y.Start:y.End]
		all = append(all, y)
	}
	return all
}

// find is what list has at the same place as y, nil if there is nothing.
func find(list []Found, y Found) *Found {
	for i := range list {
		if list[i].Start == y.Start && list[i].End == y.End {
			return &list[i]
		}
	}
	return nil
}

// widen moves the ends of a range of text outwards to those of words, where they are
// inside one.
func widen(text string, start, end int) (int, int) {
	for {
		n, ok := within(text, start)
		if !ok {
			break
		}
		start -= n
	}
	for {
		if _, ok := within(text, end); !ok {
			return start, end
		}
		_, n := utf8.DecodeRuneInString(text[end:])
		end += n
	}
}

// within tells whether a position is inside a word, and the length of the character
// before it.
func within(text string, at int) (int, bool) {
	before, n := utf8.DecodeLastRuneInString(text[:at])
	after, _ := utf8.DecodeRuneInString(text[at:])
	return n, wordRune(before) && wordRune(after)
}

// wordRune tells the characters of words that have spaces around them.
func wordRune(r rune) bool {
	return (unicode.IsLetter(r) || unicode.IsDigit(r) || unicode.IsMark(r)) && !unspaced(r)
}
