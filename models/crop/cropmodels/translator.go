package cropmodels

import (
	"slices"
	"strings"

	"github.com/lodestone-wasm/lodestone/kernels/lean"
	"github.com/lodestone-wasm/lodestone/models/crop"
	"github.com/lodestone-wasm/lodestone/models/generate"
	"github.com/lodestone-wasm/lodestone/models/textgen"
	"github.com/lodestone-wasm/lodestone/models/tokenizer"
)

// Translator is a crop.Translator and a crop.LabeledTranslator. It is not safe for
// concurrent use.
type Translator struct {
	// Beams is how many hypotheses Translate follows at a time; 0 is 1, greedy search.
	Beams int

	g       *textgen.Generator
	tok     *tokenizer.Tokenizer
	unknown []int32 // <unk>, which is never chosen
	slots   []int32 // the markers, which are chosen only where there are some in the source
	special map[int32]bool
}

// NewTranslator makes a Translator of an encoder–decoder and its tokenizer, which must have
// the markers: SentencePiece pieces, and each of __SLOT0__ … __SLOT13__ as one. The error
// is textgen.ErrModel.
func NewTranslator(g *textgen.Generator, t *tokenizer.Tokenizer) (*Translator, error) {
	if !g.Translates() {
		return nil, lean.Errorf("crop: %w: the model has no encoder, so it does not translate", textgen.ErrModel)
	}
	var slots []int32
	for j := range crop.MaxSlots {
		id, ok := t.TokenToID(crop.Slot(j))
		if !ok {
			return nil, lean.Errorf("crop: %w: the translator's tokenizer has no %s; use a translator that was trained with markers", textgen.ErrModel, crop.Slot(j))
		}
		slots = append(slots, id)
	}
	m := &Translator{g: g, tok: t, slots: slots, special: map[int32]bool{}}
	for _, name := range t.SpecialTokens() {
		id, _ := t.TokenToID(name)
		m.special[id] = true
		if name == "<unk>" {
			m.unknown = []int32{id}
		}
	}
	return m, nil
}

// Segment splits a text into pieces (crop.Segmenter). A marker that the text spells comes
// out as one, which crop.Insert refuses.
func (m *Translator) Segment(text string) ([]string, error) {
	e, err := m.tok.Encode(text, tokenizer.Options{})
	if err != nil {
		return nil, err
	}
	return m.pieces(e.IDs), nil
}

// pieces are those of ids, without special tokens but <unk>.
func (m *Translator) pieces(ids []int32) []string {
	var list []string
	for _, id := range ids {
		piece, _ := m.tok.IDToToken(id)
		if !m.special[id] || len(m.unknown) > 0 && id == m.unknown[0] {
			list = append(list, piece)
		}
	}
	return list
}

// Translate translates a text without markers, and writes none.
func (m *Translator) Translate(pause func() error, text, from, to string) (string, error) {
	in, forced, err := m.g.Sources([]string{text}, from, to, m.g.Settings)
	if err != nil {
		return "", err
	}
	r, err := m.run(pause, in, forced, m.slots, max(1, m.Beams), 1)
	if err != nil {
		return "", err
	}
	return strings.TrimSpace(r[0].Text), nil
}

// TranslateLabeled translates pieces among which are markers. The error is
// crop.ErrInput for a piece that the dictionary does not have.
func (m *Translator) TranslateLabeled(pause func() error, pieces []string, from, to string, beams int) ([][]string, error) {
	ids := make([]int32, len(pieces))
	for i, piece := range pieces {
		id, ok := m.tok.TokenToID(piece)
		if !ok {
			return nil, lean.Errorf("crop: %w: piece %d, %q, is not in the translator's dictionary", crop.ErrInput, i, piece)
		}
		ids[i] = id
	}
	in, forced, err := m.g.SourceIDs(ids, from, to, m.g.Settings)
	if err != nil {
		return nil, err
	}
	r, err := m.run(pause, []generate.Input{in}, forced, nil, beams, beams)
	if err != nil {
		return nil, err
	}
	list := make([][]string, len(r))
	for i, y := range r {
		list[i] = m.pieces(y.IDs)
	}
	return list, nil
}

func (m *Translator) run(pause func() error, in []generate.Input, forced *int32, never []int32, beams, returns int) ([]textgen.Text, error) {
	o := m.g.Settings.Options
	o.Pause, o.ForcedBOS, o.Suppress = pause, forced, slices.Concat(m.unknown, never, o.Suppress)
	o.MinNewTokens, o.MaxNewTokens = crop.MinTranslation, min(crop.MaxTranslation, 2*len(in[0].Source)+16)
	o.Sample, o.Beams, o.Returns, o.LengthPenalty = false, beams, returns, crop.LengthPenalty
	return m.g.Run(in, o, nil)
}
