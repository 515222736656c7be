package tasks

import (
	"slices"

	"github.com/lodestone-wasm/lodestone/kernels/lean"
	"github.com/lodestone-wasm/lodestone/models/heads"
	"github.com/lodestone-wasm/lodestone/models/tokenizer"
	"github.com/lodestone-wasm/lodestone/models/transformer"
)

// maskTokens are looked for where config.json has no mask_token_id.
var maskTokens = [...]string{"[MASK]", "<mask>"}

// FillMask finds tokens for the masks of texts.
type FillMask struct{ headed }

// NewFillMask makes the task of a model that was loaded with a masked-lm head.
func NewFillMask(m *transformer.Model, h *heads.Head, t *tokenizer.Tokenizer) (*FillMask, error) {
	r, err := newHeaded(heads.MaskedLM, m, h, t)
	return &FillMask{r}, err
}

// FillMaskOptions are the options of [FillMask.Run].
type FillMaskOptions struct {
	// TopK is how many tokens are found for each mask, 1 to 1000; 0 is 5.
	TopK int
}

// FilledMask is a token for a mask.
type FilledMask struct {
	Score    float64 // its probability
	Token    int32
	TokenStr string // the token, decoded
	Sequence string // the text with the token in the mask's place, decoded; other masks stay
}

// Mask is the token that stands for what is to be filled in.
func (f *FillMask) Mask() (id int32, token string, err error) {
	id = f.head.Labels.MaskID
	if token, ok := f.tok.IDToToken(id); ok {
		return id, token, nil
	}
	for _, token := range maskTokens {
		if known, ok := f.tok.TokenToID(token); ok && id < 0 {
			return known, token, nil
		}
	}
	return 0, "", lean.Errorf("tasks: %w: mask_token_id is %d (−1: none), which the tokenizer does not have; nor has it %q", transformer.ErrConfig, id, maskTokens[:])
}

// Run finds tokens for each mask of each text, in order, the likeliest first. Special
// tokens that a text spells count as such, as in Hugging Face's pipeline: a mask could not
// be written otherwise. A text without a mask is ErrInput, a text that is longer than the
// model transformer.ErrTooLong.
func (f *FillMask) Run(ctx Context, texts []string, o FillMaskOptions) ([][][]FilledMask, error) {
	if o.TopK == 0 {
		o.TopK = 5
	}
	if err := checkTop(o.TopK, 1); err != nil {
		return nil, err
	}
	mask, written, err := f.Mask()
	if err != nil {
		return nil, err
	}
	parts := make([]part, len(texts))
	inner, places := make([][]int32, len(texts)), make([][]int, len(texts)) // the ids without special tokens, and the masks among them
	for i, text := range texts {
		e, err := f.tok.Encode(text, tokenizer.Options{AddSpecialTokens: true, ParseSpecial: true})
		if err != nil {
			return nil, lean.Errorf("tasks: text %d: %w", i, err)
		}
		if n := len(e.IDs); n > f.limit() {
			return nil, lean.Errorf("tasks: %w: text %d has %d tokens, the model reads %d; leave out what is far from the mask", transformer.ErrTooLong, i, n, f.limit())
		}
		parts[i] = part{ids: e.IDs, types: e.TypeIDs, text: i}
		for at, id := range e.IDs {
			if e.SpecialTokensMask[at] != 0 {
				continue
			}
			if id == mask {
				parts[i].rows = append(parts[i].rows, int32(at))
				places[i] = append(places[i], len(inner[i]))
			}
			inner[i] = append(inner[i], id)
		}
		if places[i] == nil {
			return nil, lean.Errorf("tasks: %w: text %d has no %s", ErrInput, i, written)
		}
	}
	results := make([][][]FilledMask, len(texts))
	err = f.run(ctx, parts, nil, func(p *part, logits []float32) {
		v, ids := f.head.Outputs, inner[p.text]
		for m, at := range places[p.text] {
			scores := softmax(logits[m*v : (m+1)*v])
			var list []FilledMask
			for _, id := range top(scores, o.TopK) {
				ids[at] = int32(id)
				// Special tokens that a text spells are left out of the sequence, masks that are left are not.
				sequence := f.tok.Decode(ids, !slices.Contains(ids, mask))
				list = append(list, FilledMask{Score: scores[id], Token: int32(id), TokenStr: f.tok.Decode(ids[at:at+1], false), Sequence: sequence})
			}
			ids[at] = mask
			results[p.text] = append(results[p.text], list)
		}
	})
	return results, err
}
