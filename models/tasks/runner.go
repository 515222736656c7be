package tasks

import (
	"github.com/lodestone-wasm/lodestone/kernels"
	"github.com/lodestone-wasm/lodestone/kernels/lean"
	"github.com/lodestone-wasm/lodestone/models/heads"
	"github.com/lodestone-wasm/lodestone/models/tokenizer"
	"github.com/lodestone-wasm/lodestone/models/transformer"
)

const (
	// batchTokens is the number of tokens that are run at once, see promptbert.
	batchTokens = 512
	// batchLogits bounds the logits of several texts that are in memory at once: 16 MB.
	batchLogits = 4 << 20
	// longest is how much of a text is read at once by a model that has no limit.
	longest = 512
	// maxAnswer bounds Options.MaxLength: every begin is tried with as many ends.
	maxAnswer = 512
	// maxTop bounds Options.TopK.
	maxTop = 1000
)

// Runner runs a model with a head over texts. It is not safe for concurrent use.
type Runner struct {
	model *transformer.Model
	head  *heads.Head
	tok   *tokenizer.Tokenizer
}

// New makes a Runner of a model that was loaded with its head.
func New(m *transformer.Model, h *heads.Head, t *tokenizer.Tokenizer) (*Runner, error) {
	if t.VocabSize() > m.Config.VocabSize {
		return nil, lean.Errorf("tasks: %w: the tokenizer has %d pieces, the model %d: do they belong together?",
			transformer.ErrConfig, t.VocabSize(), m.Config.VocabSize)
	}
	return &Runner{model: m, head: h, tok: t}, nil
}

// Found is what a task finds. What a task does not speak of is zero.
type Found struct {
	// Label is a class, or the label of a token ("B-PER"), or of a group without its
	// prefix ("PER").
	Label string
	// Text is a token or tokens decoded (lower case, if the tokenizer is), or an answer.
	Text  string
	Score float64
	// Token is the id of a token for a mask, Sequence the text with it in the mask's
	// place, decoded; other masks of the text stay.
	Token    int
	Sequence string
	// Index is the place of a labelled token in the encoding of the whole text, special
	// tokens counted.
	Index int
	// Start and End are where it stands, in bytes; white space at the ends is not its.
	Start, End int
	// Truncated: the text was longer than the model, and its end was left out.
	Truncated bool
}

// Options are those of all tasks; the names are Hugging Face's, where it has them.
type Options struct {
	// Pause, if set, is called between layers; its error ends the run.
	Pause func() error
	// TopK is how much is found at most: tokens for a mask, labels of a text, answers;
	// 1 to 1000. Less than 1 is all labels of a text.
	TopK int

	// Function makes scores of a text's logits: "softmax", "sigmoid", "none", or "" for
	// what config.json's problem_type asks for, as in Hugging Face's pipeline: sigmoid
	// for several labels and for a single output, none for a regression, else softmax.
	Function string

	// Strategy is how tokens become entities, as in Hugging Face's
	// TokenClassificationPipeline: "none" (or ""): every token by itself; "simple":
	// neighbours with one label; "first", "average", "max": words first, whose label is
	// that of their first token, of the mean of their tokens' scores, or of the token
	// with the largest score; then neighbours.
	Strategy string
	// Ignore are labels of entities that are left out; of a group, without prefix.
	Ignore []string

	// MaxLength is the most tokens of an answer, at most 512; 0 is 15.
	MaxLength int
	// Window is the most tokens that are read at once for answers, 0 is 384; the model's
	// own limit holds besides.
	Window int
	// Impossible adds the empty answer, with the probability that there is none. Tokens
	// leaves answers as the tokens have them, instead of widening them to words.
	Impossible, Tokens bool

	// Stride is how many tokens the windows of a long text share. 0 is a quarter for
	// entities and 128 for answers, at most half.
	Stride int
}

// start fails if the head is not that of a task, or the options cannot be.
func (r *Runner) start(k heads.Kind, o *Options) error {
	if r.head.Kind != k {
		return lean.Errorf("tasks: %w: the model has a %s head, this needs %s", ErrHead, string(r.head.Kind), string(k))
	}
	if o.TopK > maxTop || o.TopK < 1 && (k == heads.MaskedLM || k == heads.QuestionAnswering) || o.MaxLength < 0 || o.MaxLength > maxAnswer || o.Window < 0 || o.Stride < 0 {
		return lean.Errorf("tasks: %w: top_k %d (1 to %d), max_answer_len %d (to %d), max_seq_len %d, stride %d",
			ErrInput, o.TopK, maxTop, o.MaxLength, maxAnswer, o.Window, o.Stride)
	}
	return nil
}

// limit is the most tokens that are read at once.
func (r *Runner) limit() int {
	if n := r.model.Config.MaxPositions; n > 0 {
		return n
	}
	return longest
}

// part is a sequence to run: a text, or tokens [from, to) of it in their frame.
type part struct {
	ids, types []int32
	rows       []int32 // the tokens whose logits are wanted, ascending; nil is all
	text       int
	from, to   int
}

// run hands the logits (rows, Outputs) of each part to use, in order.
func (r *Runner) run(parts []part, o *Options, use func(p *part, logits []float32)) error {
	for len(parts) > 0 {
		b := transformer.Batch{Pause: o.Pause}
		n := 0
		for ; n < len(parts) && (n == 0 || len(b.IDs)+len(parts[n].ids) <= batchTokens && len(b.Select)*r.head.Outputs <= batchLogits); n++ {
			p := &parts[n]
			for _, row := range p.rows {
				b.Select = append(b.Select, int32(len(b.IDs))+row)
			}
			b.IDs = append(b.IDs, p.ids...)
			b.Lengths = append(b.Lengths, len(p.ids))
			if r.model.Config.TypeVocabSize > 1 {
				b.Types = append(b.Types, p.types...)
			}
		}
		if err := r.batch(b, parts[:n], use); err != nil {
			return err
		}
		parts = parts[n:]
	}
	return nil
}

// batch runs one batch.
func (r *Runner) batch(b transformer.Batch, parts []part, use func(p *part, logits []float32)) error {
	d := r.model.Device()
	defer d.Release(d.Mark())
	x, err := r.model.Forward(b)
	if err != nil {
		return err
	}
	logits, err := r.logits(x)
	if err != nil {
		return err
	}
	for i := range parts {
		n := len(parts[i].ids)
		if parts[i].rows != nil {
			n = len(parts[i].rows)
		}
		use(&parts[i], logits[:n*r.head.Outputs])
		logits = logits[n*r.head.Outputs:]
	}
	return nil
}

// logits are the head's of hidden states, all of them finite.
func (r *Runner) logits(x kernels.Tensor) ([]float32, error) {
	d := r.model.Device()
	y, err := r.head.Logits(d, x)
	if err != nil {
		return nil, err
	}
	logits := make([]float32, y.Rows*y.Cols)
	d.Get(logits, y)
	if err := d.Err(); err != nil {
		return nil, err
	}
	for _, v := range logits {
		if v-v != 0 {
			return nil, lean.Errorf("tasks: %w: %v", ErrNotFinite, v)
		}
	}
	return logits, nil
}
