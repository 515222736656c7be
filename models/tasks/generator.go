package tasks

import (
	"github.com/lodestone-wasm/lodestone/kernels/lean"
	"github.com/lodestone-wasm/lodestone/models/generate"
	"github.com/lodestone-wasm/lodestone/models/tokenizer"
	"github.com/lodestone-wasm/lodestone/models/transformer"
	"github.com/lodestone-wasm/lodestone/weights/strictjson"
)

// Generator is a decoder, which may have an encoder, with a tokenizer on both sides. It is
// what [TextGeneration] and [Translation] are made of.
type Generator struct {
	// Settings are what the folder says of generation; [Generator.Options] lays a caller's
	// options over them.
	Settings *generate.Settings

	model     *transformer.Model
	tok       *tokenizer.Tokenizer // nil: ids only
	languages map[int32]bool
}

// NewGenerator makes a Generator of a model that was loaded with its output projection. t
// may be nil: then inputs are made of ids. config and generation are config.json and
// generation_config.json; the latter may be nil.
func NewGenerator(m *transformer.Model, t *tokenizer.Tokenizer, config, generation *strictjson.Document) (*Generator, error) {
	if !m.Config.Causal {
		return nil, lean.Errorf("tasks: %w: a %s model has no decoder, so it cannot generate", ErrModel, m.Config.ModelType)
	}
	f, err := generate.SettingsOf(config, generation)
	if err != nil {
		return nil, err
	}
	g := &Generator{Settings: f, model: m, tok: t}
	if t != nil {
		g.languages = languages(t)
	}
	return g, nil
}

// Options checks a caller's options, a JSON object with Hugging Face's names, and lays
// them over the folder's; nil is none. Every caller's options pass here. Errors are of
// the kind generate.ErrOptions.
func (g *Generator) Options(options []byte) (*generate.Settings, error) {
	settings := g.Settings
	if len(options) > 0 {
		var err error
		if settings, err = settings.With(options); err != nil {
			return nil, err
		}
	}
	if settings.StopStrings == nil {
		return settings, nil
	}
	if g.tok == nil {
		return nil, lean.Errorf("tasks: %w: stop_strings need the tokenizer; use pipeline(), or stop with eos_token_id", generate.ErrOptions)
	}
	stopped, err := generate.StopStrings(g.tok, settings.StopStrings)
	if err != nil {
		return nil, err
	}
	own := *settings
	own.Options.Stopped = stopped
	return &own, nil
}

// Translates tells whether there is an encoder to read a source.
func (g *Generator) Translates() bool { return g.model.Config.CrossAttention }

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
			return nil, lean.Errorf("tasks: %w: a row of %d ids, %d are left", transformer.ErrInput, n, len(ids))
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
	return -1, lean.Errorf("tasks: %w: neither decoder_start_token_id nor bos_token_id in config.json; say decoder_start_token_id", generate.ErrOptions)
}

// Text is one result.
type Text struct {
	generate.Result
	// Text is what was added, without special tokens; empty without a tokenizer.
	Text string
}

// Generate continues inputs. token, if it is not nil, is called with each token and the
// text that the token completes, which is valid during the call, and with the id −1 and the
// rest of the text when all have ended; o.Token must be nil. With beams it is not called.
func (g *Generator) Generate(inputs []generate.Input, o generate.Options, token func(sequence int, id int32, piece []byte) error) ([]Text, error) {
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
