package tasks

import (
	"slices"

	"github.com/lodestone-wasm/lodestone/kernels/lean"
	"github.com/lodestone-wasm/lodestone/models/heads"
	"github.com/lodestone-wasm/lodestone/models/tokenizer"
	"github.com/lodestone-wasm/lodestone/models/transformer"
)

// masks are the tokens that are looked for where config.json has no mask_token_id.
var masks = [...]string{"[MASK]", "<mask>"}

// Mask is the token that stands for what is to be filled in.
func (r *Runner) Mask() (id int32, token string, err error) {
	id = r.head.Labels.MaskID
	if token, ok := r.tok.IDToToken(id); ok {
		return id, token, nil
	}
	for _, token := range masks {
		if known, ok := r.tok.TokenToID(token); ok && id < 0 {
			return known, token, nil
		}
	}
	return 0, "", lean.Errorf("tasks: %w: mask_token_id is %d (-1: not there), a token that the tokenizer does not have, nor %q", transformer.ErrConfig, id, masks[:])
}

// FillMask finds tokens for the masks of texts: for each text and each of its masks,
// in order, the likeliest first. Special tokens that are written in a text count as
// such, as in Hugging Face's pipeline: else a mask could not be written. A text without
// a mask is ErrInput, one that the model cannot read as a whole transformer.ErrTooLong.
func (r *Runner) FillMask(texts []string, o Options) ([][][]Found, error) {
	if err := r.start(heads.MaskedLM, &o); err != nil {
		return nil, err
	}
	mask, written, err := r.Mask()
	if err != nil {
		return nil, err
	}
	parts := make([]part, len(texts))
	inner, places := make([][]int32, len(texts)), make([][]int, len(texts)) // without special tokens; the masks in it
	for i, text := range texts {
		e, err := r.tok.Encode(text, tokenizer.Options{AddSpecialTokens: true, ParseSpecial: true})
		if err != nil {
			return nil, lean.Errorf("tasks: text %d: %w", i, err)
		}
		if n := len(e.IDs); n > r.limit() {
			return nil, lean.Errorf("tasks: %w: text %d has %d tokens, the model reads %d; leave out what is far from the mask", transformer.ErrTooLong, i, n, r.limit())
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
	results := make([][][]Found, len(texts))
	err = r.run(parts, &o, func(p *part, logits []float32) {
		v, ids := r.head.Outputs, inner[p.text]
		for m, at := range places[p.text] {
			scores := softmax(logits[m*v : (m+1)*v])
			var list []Found
			for _, id := range top(scores, o.TopK) {
				ids[at] = int32(id)
				// Special tokens that were written are left out, masks that are still there are not.
				text := r.tok.Decode(ids, !slices.Contains(ids, mask))
				list = append(list, Found{Score: scores[id], Token: id, Text: r.tok.Decode(ids[at:at+1], false), Sequence: text})
			}
			ids[at] = mask
			results[p.text] = append(results[p.text], list)
		}
	})
	return results, err
}
