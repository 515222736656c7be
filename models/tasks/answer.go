package tasks

import (
	"slices"
	"unicode"
	"unicode/utf8"

	"github.com/lodestone-wasm/lodestone/kernels/lean"
	"github.com/lodestone-wasm/lodestone/models/heads"
	"github.com/lodestone-wasm/lodestone/models/tokenizer"
)

// Answer is a part of a context.
type Answer struct {
	Text       string
	Score      float64
	Start, End int // in the context, in bytes
}

// maxAnswer bounds AnswerOptions.MaxLength: every begin is tried with as many ends.
const maxAnswer = 512

// Question is a question and the text that the answer is looked for in.
type Question struct{ Question, Context string }

// AnswerOptions are the options of Answer. The zero value has Hugging Face's defaults,
// except that TopK must be given.
type AnswerOptions struct {
	Run
	TopK int // answers for each question, at least 1
	// MaxLength is the most tokens of an answer, at most 512; 0 is 15.
	MaxLength int
	// Window is the most tokens that are read at once, 0 is 384; the model's own limit
	// holds besides. Stride is how many of them windows share; 0 is 128, at most half.
	Window, Stride int
	// Impossible adds the empty answer, with the probability that there is none.
	Impossible bool
	// Tokens leaves answers as the tokens have them, instead of widening them to words.
	Tokens bool
}

// Answers finds answers to questions, for each the likeliest first.
//
// In each window the probabilities of begins and ends are softmaxes over the first
// token, which says that there is no answer, and the tokens of the context; an answer's
// score is the product of its begin's and its end's. Answers that are the same place of
// the context count together in a window, and once where windows share them.
func (r *Runner) Answers(questions []Question, o AnswerOptions) ([][]Answer, error) {
	if err := r.want(heads.QuestionAnswering); err != nil {
		return nil, err
	}
	if o.TopK < 1 || o.MaxLength < 0 || o.MaxLength > maxAnswer || o.Window < 0 || o.Stride < 0 {
		return nil, lean.Errorf("tasks: %w: top_k %d, max_answer_len %d, max_seq_len %d, doc_stride %d", ErrInput, o.TopK, o.MaxLength, o.Window, o.Stride)
	}
	if o.MaxLength == 0 {
		o.MaxLength = 15
	}
	if o.Window == 0 {
		o.Window = 384
	}
	type origin struct {
		question int
		w        window
	}
	var parts []part
	var origins []origin
	encoded, found := make([]framed, len(questions)), make([]answers, len(questions))
	for i, q := range questions {
		f, err := r.question(i, q)
		if err != nil {
			return nil, err
		}
		room, overlap, err := f.room(min(o.Window, r.limit()), o.Stride, 128)
		if err != nil {
			return nil, lean.Errorf("tasks: question %d: %w", i, err)
		}
		encoded[i] = f
		found[i] = answers{text: q.Context, none: 1}
		for _, w := range windows(len(f.ids), room, overlap) {
			var p part
			p.ids, p.types = f.sequence(w)
			p.rows = append(p.rows, 0)
			for at := w.from; at < w.to; at++ {
				p.rows = append(p.rows, int32(len(f.before)+at-w.from))
			}
			parts = append(parts, p)
			origins = append(origins, origin{i, w})
		}
	}
	err := r.run(parts, o.Run, func(i int, logits []float32) error {
		from := origins[i]
		found[from.question].window(encoded[from.question].offsets[from.w.from:from.w.to], logits, o)
		return nil
	})
	if err != nil {
		return nil, err
	}
	results := make([][]Answer, len(questions))
	for i := range found {
		results[i] = found[i].best(o)
	}
	return results, nil
}

// question encodes a question and its context.
func (r *Runner) question(i int, q Question) (framed, error) {
	fail := func(err error) (framed, error) { return framed{}, lean.Errorf("tasks: question %d: %w", i, err) }
	alone, err := r.tok.Encode(q.Question, tokenizer.Options{})
	if err != nil {
		return fail(err)
	}
	e, err := r.tok.EncodePair(q.Question, q.Context, tokenizer.Options{AddSpecialTokens: true})
	if err != nil {
		return fail(err)
	}
	f := frame(e, len(alone.IDs))
	if len(f.ids) == 0 {
		return fail(lean.Errorf("%w: its context has no token", ErrInput))
	}
	if len(f.before) == len(alone.IDs) {
		return fail(lean.Errorf("%w: tokenizer.json puts no special token before a question, which would stand for no answer", ErrInput))
	}
	return f, nil
}

// answers are those to a question so far.
type answers struct {
	text string
	all  []Answer
	none float64 // the least probability of a window that there is no answer
}

// window adds the answers of a window: logits are (1 + tokens, 2), first those of the
// first token.
func (a *answers) window(at []tokenizer.Offset, logits []float32, o AnswerOptions) {
	n := len(at)
	begins, ends := make([]float32, n+1), make([]float32, n+1)
	for i := range n + 1 {
		begins[i], ends[i] = logits[2*i], logits[2*i+1]
	}
	begin, end := softmax(begins), softmax(ends)
	a.none = min(a.none, begin[0]*end[0])

	// More than asked for, since some are one place: when they are widened, or within a character.
	keep := 2*o.TopK + 10
	var scores []float64
	var spans []window
	for i := range n {
		for j := i; j < min(n, i+o.MaxLength); j++ {
			scores = append(scores, begin[i+1]*end[j+1])
			spans = append(spans, window{i, j})
		}
	}
	var here []Answer
	for _, k := range top(scores, keep) {
		y := Answer{Score: scores[k]}
		y.Start, y.End = trim(a.text, tokenizer.Offset{Start: at[spans[k].from].Start, End: at[spans[k].to].End})
		if !o.Tokens {
			y.Start, y.End = widen(a.text, y.Start, y.End)
		}
		if same := find(here, y); same != nil {
			same.Score += y.Score
		} else {
			here = append(here, y)
		}
	}
	for _, y := range here {
		if same := find(a.all, y); same != nil {
			same.Score = max(same.Score, y.Score)
		} else {
			a.all = append(a.all, y)
		}
	}
}

// find is the answer of list that is the same place as y, nil if there is none.
func find(list []Answer, y Answer) *Answer {
	for i := range list {
		if list[i].Start == y.Start && list[i].End == y.End {
			return &list[i]
		}
	}
	return nil
}

// best is the likeliest answers.
func (a *answers) best(o AnswerOptions) []Answer {
	for i := range a.all {
		a.all[i].Text = a.text[a.all[i].Start:a.all[i].End]
	}
	if o.Impossible {
		a.all = append(a.all, Answer{Score: a.none})
	}
	slices.SortStableFunc(a.all, func(x, y Answer) int {
		switch {
		case x.Score > y.Score:
			return -1
		case x.Score < y.Score:
			return 1
		}
		return 0
	})
	return a.all[:min(o.TopK, len(a.all))]
}

// widen moves the ends of a range of text outwards to those of words, where they are
// inside one.
func widen(text string, start, end int) (int, int) {
	inside := func(at int) bool {
		before, _ := utf8.DecodeLastRuneInString(text[:at])
		after, _ := utf8.DecodeRuneInString(text[at:])
		return at > 0 && at < len(text) && wordRune(before) && wordRune(after)
	}
	for inside(start) {
		_, n := utf8.DecodeLastRuneInString(text[:start])
		start -= n
	}
	for inside(end) {
		_, n := utf8.DecodeRuneInString(text[end:])
		end += n
	}
	return start, end
}

// wordRune tells the characters of words that have spaces around them.
func wordRune(r rune) bool {
	return (unicode.IsLetter(r) || unicode.IsDigit(r) || unicode.IsMark(r)) && !unspaced(r)
}
