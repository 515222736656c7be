package generate

import (
	"errors"
	"math"
	"slices"

	"github.com/lodestone-wasm/lodestone/kernels/lean"
	"github.com/lodestone-wasm/lodestone/models/transformer"
)

var (
	// ErrOptions: options that make no sense, alone or together.
	ErrOptions = errors.New("invalid generation options")
	// ErrNotFinite: a result is NaN or infinite; the weights are damaged.
	ErrNotFinite = errors.New("a result that is not finite")
)

// Reason is why a sequence ended.
type Reason uint8

// The reasons.
const (
	Length Reason = iota // MaxNewTokens, or the model has no more positions
	EOS                  // the end-of-sequence token
	Stop                 // a stop sequence
)

func (r Reason) String() string { return [...]string{"length", "eos", "stop"}[min(r, Stop)] }

// Input is what to continue.
type Input struct {
	// Prompt is the beginning of the sequence, at least one token: for an
	// encoder–decoder the start token, and what is to be forced after it.
	Prompt []int32
	// Source is what the encoder of an encoder–decoder reads.
	Source []int32
	// Spans are places of the prompt whose embeddings come from elsewhere, see
	// transformer.Batch.
	Spans []transformer.Span
}

// Options of Generate. The zero value is greedy search for 20 tokens.
type Options struct {
	// MaxNewTokens is the most tokens to add; 0 is 20. Before MinNewTokens the
	// sequence does not end.
	MaxNewTokens, MinNewTokens int
	// MaxLength and MinLength are the same with the prompt counted in; they hold
	// where the others are 0.
	MaxLength, MinLength int
	// EOS are the tokens that end a sequence. They are part of the result.
	EOS []int32
	// Stop are sequences of tokens that end it, too; they are part of the result.
	Stop [][]int32
	// Stopped, if set, is asked after each token whether the sequence, prompt and all,
	// has ended (not before MinNewTokens): see StopStrings.
	Stopped func(ids []int32) bool
	// ForcedBOS is the only token that may follow a prompt of one token, such as a
	// translation's language; ForcedEOS the only one that may be the last of all.
	ForcedBOS, ForcedEOS *int32
	// Suppress are tokens, BadWords sequences of tokens that never come.
	Suppress []int32
	BadWords [][]int32

	// Sample draws tokens instead of taking the likeliest. TopK keeps the k likeliest
	// (0: all), TopP the fewest whose probabilities reach p (0 or 1: all), Temperature
	// divides logits (0: 1). The same Seed gives the same sequences, also in other batches.
	Sample      bool
	Temperature float32
	TopK        int
	TopP        float32
	Seed        uint64

	// RepetitionPenalty divides the positive logits of tokens that are there already,
	// and multiplies the negative ones (0: 1). NoRepeatNGram forbids to repeat so many
	// tokens in a row.
	RepetitionPenalty float32
	NoRepeatNGram     int
	// Processors change the logits after that and before temperature, in order.
	Processors []Processor
	// Batch, if set, does so last, for all open sequences of a step at once: ids[i] are
	// the tokens of sequence i so far, logits[i] what is known of the next. Its error
	// ends the run. Without beams it may set logits[i] to nil: sequence i then ends with
	// what it has, for the reason Stop.
	Batch func(ids [][]int32, logits [][]float32) error

	// Beams is the width of beam search (0 or 1: none). Finished beams are compared by
	// the sum of their logarithms over length^LengthPenalty (0: 0, Hugging Face's
	// default is 1). EarlyStopping ends when as many are finished as there are beams;
	// Exhaustive (Hugging Face's "never") when no open beam can win any more; without
	// either it ends when none would win if it ended now.
	Beams                     int
	LengthPenalty             float64
	EarlyStopping, Exhaustive bool
	// Returns is how many results there are for each input (0: 1), one after the other:
	// independent draws, or the best beams.
	Returns int

	// Scores asks for Result.Score without beams, which have it anyway: a sum of
	// exponentials over the vocabulary for each token.
	Scores bool

	// Token, if set, is called with each token as it is chosen (not with beams, which are only
	// known at the end); sequence counts results. Its error ends the run and is returned.
	Token func(sequence int, id int32) error
	// Pause, if set, is called before each layer; its error ends the run.
	Pause func() error
	// Interrupted, if set, is asked after each token: true ends all sequences with what they
	// have, for the reason Stop.
	Interrupted func() bool
}

// Result is one continued sequence.
type Result struct {
	IDs    []int32 // what was added to the prompt
	Reason Reason
	// Score is the sum of the logarithms of the tokens' probabilities, after
	// processors; with beams it is divided by length^LengthPenalty. Without them it is 0
	// unless Options.Scores asks for it.
	Score float64
}

// check tests options and fills in defaults.
func (o *Options) check(m *transformer.Model, inputs []Input) error {
	c := m.Config
	fail := func(format string, args ...any) error {
		return lean.Errorf("generate: %w: "+format, append([]any{ErrOptions}, args...)...)
	}
	if !c.Causal {
		return fail("a %s model is no decoder", c.Family)
	}
	if o.MaxNewTokens == 0 && o.MaxLength == 0 {
		o.MaxNewTokens = 20
	}
	if o.Temperature == 0 {
		o.Temperature = 1
	}
	if o.RepetitionPenalty == 0 {
		o.RepetitionPenalty = 1
	}
	o.Beams, o.Returns = max(o.Beams, 1), max(o.Returns, 1)
	most := o.MaxNewTokens
	if most == 0 {
		most = 1 << 20
	}
	drawn := o.Beams
	if o.Sample {
		drawn = 64
	}
	for _, n := range [...]struct {
		name             string
		value, low, high float64
	}{
		{"max_new_tokens", float64(o.MaxNewTokens), 0, 1 << 20},
		{"min_new_tokens", float64(o.MinNewTokens), 0, float64(most)},
		{"max_length", float64(o.MaxLength), 0, 1 << 20},
		{"min_length", float64(o.MinLength), 0, 1 << 20},
		{"temperature", float64(o.Temperature), math.SmallestNonzeroFloat32, math.MaxFloat32},
		{"top_k", float64(o.TopK), 0, 1 << 31},
		{"top_p", float64(o.TopP), 0, 1},
		{"repetition_penalty", float64(o.RepetitionPenalty), math.SmallestNonzeroFloat32, math.MaxFloat32},
		{"no_repeat_ngram_size", float64(o.NoRepeatNGram), 0, 1 << 20},
		{"num_beams", float64(o.Beams), 1, 64},
		{"length_penalty", o.LengthPenalty, -100, 100},
		{"num_return_sequences (without do_sample, num_beams)", float64(o.Returns), 1, float64(drawn)},
		{"forced_bos_token_id", forcedID(o.ForcedBOS), 0, float64(c.VocabSize - 1)},
		{"forced_eos_token_id", forcedID(o.ForcedEOS), 0, float64(c.VocabSize - 1)},
	} {
		if !(n.value >= n.low && n.value <= n.high) {
			return fail("%s is %v, expected %v to %v", n.name, n.value, n.low, n.high)
		}
	}
	if o.Beams > 1 && (o.Sample || o.Token != nil) {
		return fail("beams are not sampled, and not streamed")
	}
	for _, words := range [...][][]int32{o.Stop, o.BadWords} {
		for i, w := range words {
			if len(w) == 0 {
				return fail("stop sequence or bad word %d is empty", i)
			}
		}
	}
	for _, list := range slices.Concat([][]int32{o.EOS, o.Suppress}, o.Stop, o.BadWords) {
		for _, id := range list {
			if id < 0 || int(id) >= c.VocabSize {
				return fail("token %d of eos_token_id, suppress_tokens, bad_words_ids or a stop sequence; the vocabulary has %d", id, c.VocabSize)
			}
		}
	}
	for i, in := range inputs {
		if len(in.Prompt) == 0 {
			return fail("input %d has no prompt: give the start token at least", i)
		}
		if (len(in.Source) > 0) != c.CrossAttention {
			return fail("input %d has a source of %d tokens; needed is %v", i, len(in.Source), c.CrossAttention)
		}
		if n := len(in.Prompt); o.MaxNewTokens == 0 && n >= o.MaxLength {
			return fail("input %d has %d tokens, there may be %d in all; say how many new tokens you want", i, n, o.MaxLength)
		}
	}
	return nil
}

// room is how many tokens may follow a prompt of n.
func (o *Options) room(c *transformer.Config, n int) int {
	room := o.MaxNewTokens
	if room == 0 {
		room = o.MaxLength - n
	}
	if c.MaxPositions > 0 {
		room = min(room, c.MaxPositions-n)
	}
	return room
}

// least is how many tokens must follow a prompt of n.
func (o *Options) least(n int) int {
	if o.MinNewTokens > 0 {
		return o.MinNewTokens
	}
	return o.MinLength - n
}

// forcedID is the number of a token, 0 if there is none.
func forcedID(id *int32) float64 {
	if id == nil {
		return 0
	}
	return float64(*id)
}
