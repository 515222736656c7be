package tasks

import (
	"slices"
	"strings"

	"github.com/lodestone-wasm/lodestone/kernels/lean"
	"github.com/lodestone-wasm/lodestone/models/crop"
	"github.com/lodestone-wasm/lodestone/models/generate"
	"github.com/lodestone-wasm/lodestone/models/tokenizer"
)

// CROPTranslator is a crop.Translator and a crop.LabeledTranslator: a translator whose
// dictionary has CROP's markers. Translations are as in the authors' code
// (crop.MaxTranslation and its neighbours), except that the source bounds the number of
// tokens besides: a small model may not find an end.
type CROPTranslator struct {
	// Beams is how many hypotheses Translate follows at a time; 0 is 1, greedy search.
	Beams int

	g       *Translation
	unknown []int32 // <unk>, which is never chosen
	slots   []int32 // the markers, which are chosen only where there are some in the source
	special map[int32]bool
}

// NewCROPTranslator makes a CROPTranslator of a translator whose tokenizer has the markers:
// SentencePiece pieces, and each of __SLOT0__ … __SLOT13__ as one. The error is ErrModel.
func NewCROPTranslator(g *Translation) (*CROPTranslator, error) {
	t := g.tok
	if t == nil {
		return nil, lean.Errorf("tasks: %w: it was loaded without a tokenizer", ErrModel)
	}
	var slots []int32
	for j := range crop.MaxSlots {
		id, ok := t.TokenToID(crop.Slot(j))
		if !ok {
			return nil, lean.Errorf("crop: %w: the translator's tokenizer has no %s; use a translator that was trained with markers", ErrModel, crop.Slot(j))
		}
		slots = append(slots, id)
	}
	m := &CROPTranslator{g: g, slots: slots, special: map[int32]bool{}}
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
func (m *CROPTranslator) Segment(text string) ([]string, error) {
	e, err := m.g.tok.Encode(text, tokenizer.Options{})
	if err != nil {
		return nil, err
	}
	return m.pieces(e.IDs), nil
}

// pieces are those of ids, without special tokens but <unk>.
func (m *CROPTranslator) pieces(ids []int32) []string {
	var list []string
	for _, id := range ids {
		piece, _ := m.g.tok.IDToToken(id)
		if !m.special[id] || len(m.unknown) > 0 && id == m.unknown[0] {
			list = append(list, piece)
		}
	}
	return list
}

// Translate translates a text without markers, and writes none.
func (m *CROPTranslator) Translate(pause func() error, text, from, to string) (string, error) {
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
func (m *CROPTranslator) TranslateLabeled(pause func() error, pieces []string, from, to string, beams int) ([][]string, error) {
	ids := make([]int32, len(pieces))
	for i, piece := range pieces {
		id, ok := m.g.tok.TokenToID(piece)
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

func (m *CROPTranslator) run(pause func() error, in []generate.Input, forced *int32, never []int32, beams, returns int) ([]Text, error) {
	o := m.g.Settings.Options
	o.Pause, o.ForcedBOS, o.Suppress = pause, forced, slices.Concat(m.unknown, never, o.Suppress)
	o.MinNewTokens, o.MaxNewTokens = crop.MinTranslation, min(crop.MaxTranslation, 2*len(in[0].Source)+16)
	o.Sample, o.Beams, o.Returns, o.LengthPenalty = false, beams, returns, crop.LengthPenalty
	return m.g.Generate(in, o, nil)
}
