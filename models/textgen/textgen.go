package textgen

import (
	"errors"
	"slices"

	"github.com/lodestone-wasm/lodestone/kernels/lean"
	"github.com/lodestone-wasm/lodestone/models/generate"
	"github.com/lodestone-wasm/lodestone/models/tokenizer"
	"github.com/lodestone-wasm/lodestone/models/transformer"
)

// ErrModel: the model cannot do what is asked: it is no decoder, or has or lacks an
// encoder.
var ErrModel = errors.New("not a model for this task")

// The heads that a model may be asked for; the names are those of Hugging Face's classes.
const (
	CausalLM  = "causal-lm"  // a decoder alone
	Seq2SeqLM = "seq2seq-lm" // a decoder with an encoder
)

// Check tests whether a model has what a head needs. Other heads are none of its business.
func Check(c *transformer.Config, head string) error {
	switch {
	case (head == CausalLM || head == Seq2SeqLM) && !c.Causal:
		return lean.Errorf("textgen: %w: a %s model has no decoder, so it cannot generate", ErrModel, c.ModelType)
	case head == CausalLM && c.CrossAttention:
		return lean.Errorf("textgen: %w: a %s model has an encoder; load it for translation (AutoModelForSeq2SeqLM)", ErrModel, c.ModelType)
	case head == Seq2SeqLM && !c.CrossAttention:
		return lean.Errorf("textgen: %w: a %s model has no encoder; load it for text-generation (AutoModelForCausalLM)", ErrModel, c.ModelType)
	}
	return nil
}

// Generator generates with a decoder, which may have an encoder. It is not safe for
// concurrent use.
type Generator struct {
	// Settings are what the folder says of generation; a call may begin with them, or with
	// what their method With makes of them.
	Settings *generate.Settings

	model     *transformer.Model
	tok       *tokenizer.Tokenizer // nil: ids only
	languages map[int32]bool
}

// New makes a Generator of a model that was loaded with its head. t may be nil: then
// inputs are made of ids. config and generation are the files config.json and
// generation_config.json; the latter may be nil.
func New(m *transformer.Model, t *tokenizer.Tokenizer, config, generation []byte) (*Generator, error) {
	head := CausalLM
	if m.Config.CrossAttention {
		head = Seq2SeqLM
	}
	if err := Check(m.Config, head); err != nil {
		return nil, err
	}
	f, err := generate.ReadSettings(config, generation)
	if err != nil {
		return nil, err
	}
	g := &Generator{Settings: f, model: m, tok: t}
	if t != nil {
		g.languages = languages(t)
	}
	return g, nil
}

// Translates tells whether there is an encoder to read a source.
func (g *Generator) Translates() bool { return g.model.Config.CrossAttention }

// Prompts makes inputs of texts to continue. special adds the tokens that the
// tokenizer's template puts before a text; those that it puts behind, which would end
// it, are left out. A text without a token is begun by the token that begins texts.
func (g *Generator) Prompts(texts []string, special bool) ([]generate.Input, error) {
	if g.Translates() {
		return nil, lean.Errorf("textgen: %w: it has an encoder: translate with it", ErrModel)
	}
	inputs := make([]generate.Input, len(texts))
	for i, text := range texts {
		e, err := g.encode(text, special)
		if err != nil {
			return nil, lean.Errorf("textgen: text %d: %w", i, err)
		}
		n := len(e.IDs)
		for n > 1 && e.SpecialTokensMask[n-1] != 0 && (slices.Contains(e.SpecialTokensMask[:n], 0) || slices.Contains(g.Settings.Options.EOS, e.IDs[n-1])) {
			n--
		}
		inputs[i].Prompt = e.IDs[:n]
		if n == 0 {
			if g.Settings.BOS < 0 {
				return nil, lean.Errorf("textgen: %w: text %d has no tokens, and config.json names no bos_token_id to begin with", generate.ErrOptions, i)
			}
			inputs[i].Prompt = []int32{g.Settings.BOS}
		}
	}
	return inputs, nil
}

func (g *Generator) encode(text string, special bool) (tokenizer.Encoding, error) {
	if g.tok == nil {
		return tokenizer.Encoding{}, lean.Errorf("%w: it was loaded without a tokenizer", ErrModel)
	}
	return g.tok.Encode(text, tokenizer.Options{AddSpecialTokens: special})
}

// Rows makes inputs of rows of ids, one after the other, with the given lengths: prompts,
// or what the encoder of an encoder–decoder reads. f are the settings of the call.
func (g *Generator) Rows(ids, lengths []int32, f *generate.Settings) ([]generate.Input, error) {
	var inputs []generate.Input
	for _, n := range lengths {
		if n < 0 || int(n) > len(ids) {
			return nil, lean.Errorf("textgen: %w: a row of %d ids, %d are left", transformer.ErrInput, n, len(ids))
		}
		in := generate.Input{Prompt: ids[:n:n]}
		if g.Translates() {
			start, err := Start(f)
			if err != nil {
				return nil, err
			}
			in = generate.Input{Prompt: []int32{start}, Source: in.Prompt}
		}
		inputs, ids = append(inputs, in), ids[n:]
	}
	return inputs, nil
}

// Start is what the decoder of an encoder–decoder begins with.
func Start(f *generate.Settings) (int32, error) {
	switch {
	case f.DecoderStart >= 0:
		return f.DecoderStart, nil
	case f.BOS >= 0:
		return f.BOS, nil
	}
	return -1, lean.Errorf("textgen: %w: neither decoder_start_token_id nor bos_token_id in config.json; say decoder_start_token_id", generate.ErrOptions)
}

// Text is one result.
type Text struct {
	generate.Result
	// Text is what was added, without special tokens; empty without a tokenizer.
	Text string
}

// Run generates. token, if it is not nil, hears each token and the text that it
// completes, which is valid during the call, and the rest of the text with id −1 when all
// have ended; o.Token must be nil. With beams it hears nothing.
func (g *Generator) Run(inputs []generate.Input, o generate.Options, token func(sequence int, id int32, piece []byte) error) ([]Text, error) {
	n := max(1, o.Returns)
	streams := make([]*generate.TextStream, len(inputs)*n) // nil without a tokenizer
	if g.tok != nil {
		for i := range streams {
			streams[i] = generate.NewTextStream(g.tok, inputs[i/n].Prompt)
		}
	}
	made := make([][]byte, len(streams))
	live := token != nil && o.Beams <= 1
	if live {
		o.Token = func(i int, id int32) error {
			var piece []byte
			if s := streams[i]; s != nil {
				piece = s.Add(id)
				made[i] = append(made[i], piece...)
			}
			return token(i, id, piece)
		}
	}
	results, err := generate.Generate(g.model, inputs, o)
	if err != nil {
		return nil, err
	}
	texts := make([]Text, len(results))
	for i, r := range results {
		texts[i].Result = r
		s := streams[i]
		if s == nil {
			continue
		}
		if !live {
			for _, id := range r.IDs {
				made[i] = append(made[i], s.Add(id)...)
			}
		}
		rest := s.End()
		texts[i].Text = string(append(made[i], rest...))
		if live && len(rest) > 0 {
			if err := token(i, -1, rest); err != nil {
				return nil, err
			}
		}
	}
	return texts, nil
}
