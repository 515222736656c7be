package tasks

import (
	"slices"
	"strings"

	"github.com/lodestone-wasm/lodestone/kernels/lean"
	"github.com/lodestone-wasm/lodestone/models/generate"
	"github.com/lodestone-wasm/lodestone/models/tokenizer"
	"github.com/lodestone-wasm/lodestone/models/transformer"
	"github.com/lodestone-wasm/lodestone/weights/strictjson"
)

// Translation translates texts with an encoder–decoder.
type Translation struct{ *Generator }

// NewTranslation makes the task of an encoder–decoder; see [NewGenerator].
func NewTranslation(m *transformer.Model, t *tokenizer.Tokenizer, config, generation *strictjson.Document) (*Translation, error) {
	if err := CheckGenerates(m.Config, true); err != nil {
		return nil, err
	}
	g, err := NewGenerator(m, t, config, generation)
	return &Translation{g}, err
}

// TranslationOptions are the options of [Translation.Run].
type TranslationOptions struct {
	GenerationOptions
	// SrcLang and TgtLang are languages as the tokenizer names them, such as "de" or
	// "deu_Latn"; "" where the tokenizer has no languages, or as its template has it.
	SrcLang, TgtLang string
}

// Run translates texts. There are num_return_sequences results for each text, one after
// the other.
func (g *Translation) Run(ctx Context, texts []string, o TranslationOptions) ([]Text, error) {
	settings, err := g.Options(o.JSON)
	if err != nil {
		return nil, err
	}
	inputs, forced, err := g.Sources(texts, o.SrcLang, o.TgtLang, settings)
	if err != nil {
		return nil, err
	}
	options := settings.Options
	options.Pause, options.ForcedBOS = pauseOf(ctx), forced
	return g.Generate(inputs, options, o.Token)
}

// languages are the ids of special tokens that name languages: "__de__" (M2M100),
// "deu_Latn" (NLLB).
func languages(t *tokenizer.Tokenizer) map[int32]bool {
	all := map[int32]bool{}
	for _, name := range t.SpecialTokens() {
		if id, ok := t.TokenToID(name); ok && names(name) {
			all[id] = true
		}
	}
	return all
}

// names tells whether a special token has the form of a language's.
func names(token string) bool {
	letters := func(s string, low, high byte) bool {
		for i := range len(s) {
			if s[i] < low || s[i] > high {
				return false
			}
		}
		return true
	}
	if core, ok := strings.CutPrefix(token, "__"); ok {
		core, ok = strings.CutSuffix(core, "__")
		return ok && (len(core) == 2 || len(core) == 3) && letters(core, 'a', 'z')
	}
	return len(token) == 8 && token[3] == '_' && letters(token[:3], 'a', 'z') && letters(token[4:5], 'A', 'Z') && letters(token[5:], 'a', 'z')
}

// Language is the id of a language's token, by its code ("de", "deu_Latn") or by the
// token itself ("__de__").
func (g *Generator) Language(code string) (int32, error) {
	if g.tok == nil || len(g.languages) == 0 {
		return 0, lean.Errorf("tasks: %w: %q: the tokenizer has no tokens for languages; leave src_lang and tgt_lang out", ErrLanguage, code)
	}
	for _, token := range []string{code, "__" + code + "__"} {
		if id, ok := g.tok.TokenToID(token); ok && g.languages[id] {
			return id, nil
		}
	}
	return 0, lean.Errorf("tasks: %w: %q: there are %s", ErrLanguage, code, g.some())
}

// some names languages, for an error.
func (g *Generator) some() string {
	var list []string
	for _, token := range g.tok.SpecialTokens() {
		if id, _ := g.tok.TokenToID(token); g.languages[id] {
			if len(list) == 12 {
				list = append(list, "…")
				break
			}
			list = append(list, strings.Trim(token, "_"))
		}
	}
	return strings.Join(list, ", ")
}

// Sources makes inputs of texts to translate, and the token that is to follow the
// decoder's first: that of the target language, nil if the tokenizer has no languages.
// The source language takes the place of that in the tokenizer's template; "" leaves the
// template as it is. f are the settings of the call.
func (g *Generator) Sources(texts []string, from, to string, f *generate.Settings) (inputs []generate.Input, forced *int32, err error) {
	start, source, forced, err := g.direction(from, to, f)
	if err != nil {
		return nil, nil, err
	}
	for i, text := range texts {
		e, err := g.encode(text, true)
		if err != nil {
			return nil, nil, lean.Errorf("tasks: text %d: %w", i, err)
		}
		ids := e.IDs
		if source >= 0 {
			ids = g.inLanguage(e, source)
		}
		if len(ids) == 0 {
			return nil, nil, lean.Errorf("tasks: %w: text %d has no tokens, and the tokenizer adds none", transformer.ErrInput, i)
		}
		inputs = append(inputs, generate.Input{Prompt: []int32{start}, Source: ids})
	}
	return inputs, forced, nil
}

// SourceIDs is Sources of a text that is tokens already: they get the frame that the
// tokenizer's template has for a text.
func (g *Generator) SourceIDs(ids []int32, from, to string, f *generate.Settings) (in generate.Input, forced *int32, err error) {
	start, source, forced, err := g.direction(from, to, f)
	if err != nil {
		return in, nil, err
	}
	e, err := g.encode("a", true) // any text shows what stands around one
	if err != nil {
		return in, nil, lean.Errorf("tasks: %w", err)
	}
	at := slices.Index(e.SpecialTokensMask, 0)
	if at < 0 {
		return in, nil, lean.Errorf("tasks: %w: the tokenizer has no tokens for text", ErrModel)
	}
	end := at
	for end < len(e.IDs) && e.SpecialTokensMask[end] == 0 {
		end++
	}
	if source >= 0 {
		n := len(e.IDs)
		e.IDs = g.inLanguage(e, source)
		at, end = at+len(e.IDs)-n, end+len(e.IDs)-n
	}
	framed := append(append([]int32(nil), e.IDs[:at]...), ids...)
	return generate.Input{Prompt: []int32{start}, Source: append(framed, e.IDs[end:]...)}, forced, nil
}

// direction is what a translation begins with, the token of its source's language (−1: as
// the template has it) and that of its own.
func (g *Generator) direction(from, to string, f *generate.Settings) (start, source int32, forced *int32, err error) {
	if !g.Translates() {
		return 0, 0, nil, lean.Errorf("tasks: %w: it has no encoder: continue texts with it", ErrModel)
	}
	if start, err = Start(f); err != nil {
		return 0, 0, nil, err
	}
	source = -1
	if from != "" {
		if source, err = g.Language(from); err != nil {
			return 0, 0, nil, err
		}
	}
	forced = f.Options.ForcedBOS
	if to != "" {
		id, err := g.Language(to)
		if err != nil {
			return 0, 0, nil, err
		}
		forced = &id
	} else if forced == nil && len(g.languages) > 0 {
		return 0, 0, nil, lean.Errorf("tasks: %w: into which? say tgt_lang; there are %s", ErrLanguage, g.some())
	}
	return start, source, forced, nil
}

// inLanguage puts a language into the places that the template has for one, or to the
// front.
func (g *Generator) inLanguage(e tokenizer.Encoding, id int32) []int32 {
	placed := false
	for i, special := range e.SpecialTokensMask {
		if special != 0 && g.languages[e.IDs[i]] {
			e.IDs[i], placed = id, true
		}
	}
	if placed {
		return e.IDs
	}
	return append([]int32{id}, e.IDs...)
}
