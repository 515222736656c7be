package tasks

import (
	"slices"

	"github.com/lodestone-wasm/lodestone/kernels/lean"
	"github.com/lodestone-wasm/lodestone/models/heads"
	"github.com/lodestone-wasm/lodestone/models/tokenizer"
	"github.com/lodestone-wasm/lodestone/models/transformer"
)

// Fill is a token for a mask.
type Fill struct {
	Score float64 // its probability
	Token int32
	Text  string // the token decoded
	// Sequence is the text with the token in place of the mask, decoded. Other masks of
	// the text stay.
	Sequence string
}

// FillOptions are the options of FillMask.
type FillOptions struct {
	Run
	TopK int // tokens for each mask, at least 1
}

// masks are the tokens that are looked for where config.json has no mask_token_id.
var masks = [...]string{"[MASK]", "<mask>"}

// Mask is the token that stands for what is to be filled in.
func (r *Runner) Mask() (id int32, token string, err error) {
	if id = r.head.Labels.MaskID; id >= 0 {
		if token, ok := r.tok.IDToToken(id); ok {
			return id, token, nil
		}
		return 0, "", lean.Errorf("tasks: %w: mask_token_id is %d, the tokenizer has no such token", transformer.ErrConfig, id)
	}
	for _, token := range masks {
		if id, ok := r.tok.TokenToID(token); ok {
			return id, token, nil
		}
	}
	return 0, "", lean.Errorf("tasks: %w: the tokenizer has neither %q nor %q, and config.json no mask_token_id", transformer.ErrConfig, masks[0], masks[1])
}

// FillMask finds tokens for the masks of texts: for each text and each of its masks,
// in order, the likeliest first. Special tokens that are written in a text count as
// such, as in Hugging Face's pipeline: else a mask could not be written. A text without
// a mask is ErrInput, one that the model cannot read as a whole transformer.ErrTooLong.
func (r *Runner) FillMask(texts []string, o FillOptions) ([][][]Fill, error) {
	if err := r.want(heads.MaskedLM); err != nil {
		return nil, err
	}
	if o.TopK < 1 {
		return nil, lean.Errorf("tasks: %w: top_k is %d, expected at least 1", ErrInput, o.TopK)
	}
	mask, written, err := r.Mask()
	if err != nil {
		return nil, err
	}
	parts, inner := make([]part, len(texts)), make([][]int32, len(texts))
	for i, text := range texts {
		e, err := r.tok.Encode(text, tokenizer.Options{AddSpecialTokens: true, ParseSpecial: true})
		if err != nil {
			return nil, lean.Errorf("tasks: text %d: %w", i, err)
		}
		if n := len(e.IDs); n > r.limit() {
			return nil, lean.Errorf("tasks: %w: text %d has %d tokens, the model reads %d; leave out what is far from the mask", transformer.ErrTooLong, i, n, r.limit())
		}
		parts[i] = part{ids: e.IDs, types: e.TypeIDs}
		for at, id := range e.IDs {
			if id == mask && e.SpecialTokensMask[at] == 0 {
				parts[i].rows = append(parts[i].rows, int32(at))
			}
		}
		if len(parts[i].rows) == 0 {
			return nil, lean.Errorf("tasks: %w: text %d has no %s", ErrInput, i, written)
		}
		for at, id := range e.IDs {
			if e.SpecialTokensMask[at] == 0 {
				inner[i] = append(inner[i], id)
			}
		}
	}
	results := make([][][]Fill, len(texts))
	err = r.run(parts, o.Run, func(i int, logits []float32) error {
		v, from := r.head.Outputs, 0
		for m := range parts[i].rows {
			p := softmax(logits[m*v : (m+1)*v])
			at := from + slices.Index(inner[i][from:], mask)
			from = at + 1
			var fills []Fill
			for _, id := range top(p, min(o.TopK, v)) {
				inner[i][at] = int32(id)
				fills = append(fills, Fill{p[id], int32(id), r.tok.Decode([]int32{int32(id)}, false), r.decode(inner[i], mask)})
			}
			inner[i][at] = mask
			results[i] = append(results[i], fills)
		}
		return nil
	})
	return results, err
}

// decode decodes the tokens of a text. Special tokens that were written in it are left
// out, masks that are still there are not.
func (r *Runner) decode(ids []int32, mask int32) string {
	if slices.Contains(ids, mask) {
		return r.tok.Decode(ids, false)
	}
	return r.tok.Decode(ids, true)
}
