package tasks

import (
	"slices"

	"github.com/lodestone-wasm/lodestone/kernels/lean"
	"github.com/lodestone-wasm/lodestone/models/generate"
	"github.com/lodestone-wasm/lodestone/models/tokenizer"
	"github.com/lodestone-wasm/lodestone/models/transformer"
	"github.com/lodestone-wasm/lodestone/weights/strictjson"
)

// TextGeneration continues texts with a decoder.
type TextGeneration struct{ *Generator }

// NewTextGeneration makes the task of a decoder without an encoder; see [NewGenerator].
func NewTextGeneration(m *transformer.Model, t *tokenizer.Tokenizer, config, generation *strictjson.Document) (*TextGeneration, error) {
	if err := CheckGenerates(m.Config, false); err != nil {
		return nil, err
	}
	g, err := NewGenerator(m, t, config, generation)
	return &TextGeneration{g}, err
}

// CheckGenerates is an error of the kind ErrModel unless a model generates: with an
// encoder, which translation needs, or without one, which text generation needs.
func CheckGenerates(c *transformer.Config, encoder bool) error {
	switch {
	case !c.Causal:
		return lean.Errorf("tasks: %w: a %s model has no decoder, so it cannot generate", ErrModel, c.ModelType)
	case c.CrossAttention && !encoder:
		return lean.Errorf("tasks: %w: a %s model has an encoder; load it for translation, summarization or text2text-generation (AutoModelForSeq2SeqLM)", ErrModel, c.ModelType)
	case !c.CrossAttention && encoder:
		return lean.Errorf("tasks: %w: a %s model has no encoder; load it for text-generation (AutoModelForCausalLM)", ErrModel, c.ModelType)
	}
	return nil
}

// GenerationOptions are the options of [TextGeneration.Run] and [Translation.Run].
type GenerationOptions struct {
	// JSON is an object of generation options with Hugging Face's names, such as
	// {"max_new_tokens": 100, "do_sample": true, "seed": 7}, which count over what the
	// folder says; nil is none.
	JSON []byte
	// Token, if set, is called with each token of each result and the text that the token
	// completes, see [Generator.Generate].
	Token func(sequence int, id int32, piece []byte) error
}

// Run continues texts. There are num_return_sequences results for each text, one after
// the other; Text is what was added.
func (g *TextGeneration) Run(ctx Context, texts []string, o GenerationOptions) ([]Text, error) {
	settings, err := g.Options(o.JSON)
	if err != nil {
		return nil, err
	}
	inputs, err := g.Prompts(texts, true)
	if err != nil {
		return nil, err
	}
	options := settings.Options
	options.Pause = pauseOf(ctx)
	return g.Generate(inputs, options, o.Token)
}

// Prompts makes inputs of texts to continue. special adds the tokens that the
// tokenizer's template puts before a text; those that it puts behind, which would end
// it, are left out. A text without a token is begun by the token that begins texts.
func (g *Generator) Prompts(texts []string, special bool) ([]generate.Input, error) {
	if g.Translates() {
		return nil, lean.Errorf("tasks: %w: it has an encoder: translate with it", ErrModel)
	}
	inputs := make([]generate.Input, len(texts))
	for i, text := range texts {
		e, err := g.encode(text, special)
		if err != nil {
			return nil, lean.Errorf("tasks: text %d: %w", i, err)
		}
		n := len(e.IDs)
		for n > 1 && e.SpecialTokensMask[n-1] != 0 && (slices.Contains(e.SpecialTokensMask[:n], 0) || slices.Contains(g.Settings.Options.EOS, e.IDs[n-1])) {
			n--
		}
		inputs[i].Prompt = e.IDs[:n]
		if n == 0 {
			if g.Settings.BOS < 0 {
				return nil, lean.Errorf("tasks: %w: text %d has no tokens, and config.json names no bos_token_id to begin with", generate.ErrOptions, i)
			}
			inputs[i].Prompt = []int32{g.Settings.BOS}
		}
	}
	return inputs, nil
}
