package tasks

import (
	"unicode"
	"unicode/utf8"

	"github.com/lodestone-wasm/lodestone/kernels/lean"
	"github.com/lodestone-wasm/lodestone/models/heads"
	"github.com/lodestone-wasm/lodestone/models/tokenizer"
	"github.com/lodestone-wasm/lodestone/models/transformer"
)

// maxAnswer bounds MaxAnswerLen: every start is tried with as many ends.
const maxAnswer = 512

// QuestionAnswering finds answers to questions in contexts.
type QuestionAnswering struct{ headed }

// NewQuestionAnswering makes the task of a model that was loaded with a
// question-answering head.
func NewQuestionAnswering(m *transformer.Model, h *heads.Head, t *tokenizer.Tokenizer) (*QuestionAnswering, error) {
	r, err := newHeaded(heads.QuestionAnswering, m, h, t)
	return &QuestionAnswering{r}, err
}

// QuestionAnsweringOptions are the options of [QuestionAnswering.Run].
type QuestionAnsweringOptions struct {
	// TopK is how many answers are found for each question, 1 to 1000; 0 is 1.
	TopK int
	// MaxAnswerLen is the most tokens of an answer, at most 512; 0 is 15.
	MaxAnswerLen int
	// MaxSeqLen is the most tokens that are read at once; 0 is 384. The model's own limit
	// holds besides.
	MaxSeqLen int
	// DocStride is how many tokens neighbouring windows of a long context share, at most
	// half a window; 0 is 128.
	DocStride int
	// HandleImpossibleAnswer adds the empty answer, with the probability that there is none.
	HandleImpossibleAnswer bool
	// NoAlignToWords leaves answers as the tokens have them, instead of widening them to words.
	NoAlignToWords bool
}

// Answer is an answer to a question.
type Answer struct {
	Answer string
	Score  float64
	// Start and End are where it stands in the context, in bytes, without surrounding white space.
	Start, End int
}

// Run finds the answer to each question in the context of the same place, the likeliest
// first.
//
// In each window the probabilities of starts and ends are softmaxes over the first token,
// which stands for no answer, and the tokens of the context. The score of an answer is
// the product of its start's and its end's. Answers at the same place of the context add
// up within a window; where windows share one, the best score counts.
func (q *QuestionAnswering) Run(ctx Context, questions, contexts []string, o QuestionAnsweringOptions) ([][]Answer, error) {
	if len(questions) != len(contexts) {
		return nil, lean.Errorf("tasks: %w: %d questions and %d contexts", ErrInput, len(questions), len(contexts))
	}
	if err := o.check(); err != nil {
		return nil, err
	}
	var parts []part
	encoded, none := make([]framed, len(questions)), make([]float64, len(questions))
	for i := range questions {
		f, err := q.question(questions[i], contexts[i])
		if err != nil {
			return nil, lean.Errorf("tasks: question %d: %w", i, err)
		}
		if parts, err = f.windows(parts, i, min(o.MaxSeqLen, q.limit()), o.DocStride, 128); err != nil {
			return nil, err
		}
		encoded[i], none[i] = f, 1
	}
	results := make([][]Answer, len(questions))
	err := q.run(ctx, parts, nil, func(p *part, logits []float32) {
		f := &encoded[p.text]
		starts, ends := []float32{logits[0]}, []float32{logits[1]}
		for k := f.first; k < f.first+p.to-p.from; k++ {
			starts, ends = append(starts, logits[2*k]), append(ends, logits[2*k+1])
		}
		start, end := softmax(starts), softmax(ends)
		none[p.text] = min(none[p.text], start[0]*end[0])
		var here []Answer
		for _, y := range spans(contexts[p.text], f.Offsets[f.first+p.from:f.first+p.to], start[1:], end[1:], &o) {
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
		if o.HandleImpossibleAnswer {
			all = append(all, Answer{Score: none[i]})
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

// check tests the options and fills in defaults.
func (o *QuestionAnsweringOptions) check() error {
	if o.TopK == 0 {
		o.TopK = 1
	}
	if o.MaxAnswerLen == 0 {
		o.MaxAnswerLen = 15
	}
	if o.MaxSeqLen == 0 {
		o.MaxSeqLen = 384
	}
	if o.MaxAnswerLen < 0 || o.MaxAnswerLen > maxAnswer || o.MaxSeqLen < 0 {
		return lean.Errorf("tasks: %w: max_answer_len is %d (1 to %d), max_seq_len %d", ErrInput, o.MaxAnswerLen, maxAnswer, o.MaxSeqLen)
	}
	return checkTop(o.TopK, 1)
}

// question encodes a question and its context.
func (q *QuestionAnswering) question(question, context string) (framed, error) {
	alone, err := q.tok.Encode(question, tokenizer.Options{})
	if err != nil {
		return framed{}, err
	}
	e, err := q.tok.EncodePair(question, context, tokenizer.Options{AddSpecialTokens: true})
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
func spans(text string, at []tokenizer.Offset, start, end []float64, o *QuestionAnsweringOptions) []Answer {
	var scores []float64
	var places []tokenizer.Offset // token numbers
	for i := range start {
		for j := i; j < min(len(end), i+o.MaxAnswerLen); j++ {
			scores = append(scores, start[i]*end[j])
			places = append(places, tokenizer.Offset{Start: i, End: j})
		}
	}
	keep := 2*o.TopK + 10
	var all []Answer
	for _, k := range top(scores, keep) {
		y := Answer{Score: scores[k]}
		y.Start, y.End = trim(text, tokenizer.Offset{Start: at[places[k].Start].Start, End: at[places[k].End].End})
		if !o.NoAlignToWords {
			y.Start, y.End = widen(text, y.Start, y.End)
		}
		y.Answer = text[y.Start:y.End]
		all = append(all, y)
	}
	return all
}

// find is what list has at the same place as y, nil if there is nothing.
func find(list []Answer, y Answer) *Answer {
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
