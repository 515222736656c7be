package tasks

import (
	"github.com/lodestone-wasm/lodestone/kernels/lean"
	"github.com/lodestone-wasm/lodestone/models/generate"
	"github.com/lodestone-wasm/lodestone/models/transformer"
)

// Surprisal is −log p of each token of a running text, in nats: their mean is the logarithm of the perplexity. The text is read in
// windows of that many tokens which do not overlap; the last may be shorter. Before each stands the folder's first token, or its end
// token if it names no first.
func (g *Generator) Surprisal(ctx Context, ids []int32, window int) ([]float32, error) {
	c := g.model.Config
	if g.Translates() {
		return nil, lean.Errorf("tasks: %w: an encoder–decoder; surprisal is of a decoder", ErrModel)
	}
	if window < 1 || c.MaxPositions > 0 && window > c.MaxPositions {
		return nil, lean.Errorf("tasks: %w: windows of %d tokens, expected 1 to %d", ErrInput, window, c.MaxPositions)
	}
	for i, id := range ids {
		if id < 0 || int(id) >= c.VocabSize {
			return nil, lean.Errorf("tasks: %w: id %d at token %d, the vocabulary has %d", ErrInput, id, i, c.VocabSize)
		}
	}
	before := g.Settings.BOS
	if end := g.Settings.Options.EOS; before < 0 && len(end) > 0 {
		before = end[0]
	}
	if before < 0 {
		return nil, lean.Errorf("tasks: %w: config.json has neither bos_token_id nor eos_token_id, so a window has no beginning", transformer.ErrConfig)
	}
	rows := max(1, batchLogits/(window*c.VocabSize))
	all := make([]float32, 0, len(ids))
	for len(all) < len(ids) {
		rest := ids[len(all):]
		n, cols := min(rows, len(rest)/window), window
		if n == 0 {
			n, cols = 1, len(rest)
		}
		part, err := g.surprisal(ctx, rest[:n*cols], n, cols, before)
		if err != nil {
			return nil, err
		}
		all = append(all, part...)
	}
	return all, nil
}

// surprisal is Surprisal of windows in one batch, next (rows·cols).
func (g *Generator) surprisal(ctx Context, next []int32, rows, cols int, before int32) ([]float32, error) {
	in := make([]int32, len(next))
	for i := range in {
		if in[i] = before; i%cols > 0 {
			in[i] = next[i-1]
		}
	}
	y, release, err := g.Logits(transformer.Padded{IDs: in, Rows: rows, Cols: cols, Pause: pauseOf(ctx)}, nil)
	if err != nil {
		return nil, err
	}
	defer release()
	d := g.model.Device()
	out, row := make([]float32, len(next)), make([]float32, y.Cols)
	for i, id := range next {
		d.Get(row, y.Slice(i, i+1))
		out[i] = float32(generate.LogSumExp(row) - float64(row[id]))
	}
	return out, d.Err()
}
