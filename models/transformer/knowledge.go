package transformer

import (
	"github.com/lodestone-wasm/lodestone/kernels"
	"github.com/lodestone-wasm/lodestone/kernels/lean"
)

// withKnowledge is a feed-forward with extra rows (Kformer, arXiv 2201.05742): x (S, D)
// becomes α·x + FFN(in) + act(in·Kᵀ)·V, where K and V (n, D) are linear in the knowledge
// of each sequence. There is no softmax, no gate and no 1/√h.
func (r *run) withKnowledge(y *layer, x, in, ffn kernels.Tensor) {
	c, d := r.Config, r.dev
	defer d.Release(d.Mark())
	extra := d.NewTensor(x.Rows, x.Cols)
	d.Zero(extra.At, uint64(x.Rows)*uint64(x.Cols)*4)
	first := 0
	for s, n := range r.batch.Lengths {
		if k := r.batch.Knowledge[s]; k.Rows > 0 {
			r.attachKnowledge(extra.Slice(first, first+n), in.Slice(first, first+n), k, y.knowledge)
		}
		first += n
	}
	y.branches[0].ffn.apply(d, x, in, ffn, c, &kernels.Residual{X: x, Alpha: y.alpha})
	d.Add(x, extra, x, 1)
}

// attachKnowledge is y = act(x·Kᵀ)·V for one sequence and its items k (n, D).
func (r *run) attachKnowledge(y, x, k kernels.Tensor, w *knowledge) {
	d, n, width := r.dev, k.Rows, k.Cols
	defer d.Release(d.Mark())
	rows := d.NewTensor(n, width)
	d.Linear(rows, k, w.keys, kernels.None, nil)
	keys := d.NewWeight(kernels.F32, n, width, false)
	d.Pack(keys, 0, n, rows.At)

	// The second matrix is [D, n]: the values, turned over on the host.
	d.Linear(rows, k, w.values, kernels.None, nil)
	v, turned := make([]float32, n*width), make([]float32, n*width)
	d.Get(v, rows)
	for i := range n {
		for j := range width {
			turned[j*n+i] = v[i*width+j]
		}
	}
	stage := d.NewTensor(width, n)
	d.Set(stage, turned)
	values := d.NewWeight(kernels.F32, width, n, false)
	d.Pack(values, 0, width, stage.At)

	hidden := d.NewTensor(x.Rows, n)
	d.Linear(hidden, x, keys, r.Config.Activation, nil)
	d.Linear(y, hidden, values, kernels.None, nil)
}

// MeanEmbedding is the mean of the embeddings of ids, as the table has them, without
// positions: of the table of tokens, or of that of knowledge. Without ids it is zeros.
func (m *Model) MeanEmbedding(ids []int32, knowledge bool) ([]float32, error) {
	d, table := m.dev, m.tokens
	if knowledge {
		table = m.learned
	}
	v := make([]float32, table.Dim)
	if len(ids) == 0 {
		return v, nil
	}
	for i, id := range ids {
		if id < 0 || int(id) >= table.Rows {
			return nil, lean.Errorf("transformer: %w: id %d at token %d, the vocabulary has %d", ErrInput, id, i, table.Rows)
		}
	}
	defer d.Release(d.Mark())
	n := len(ids)
	x, y := d.NewTensor(min(n, meanRows), table.Dim), d.NewTensor(1, table.Dim)
	if n <= meanRows {
		d.Embed(x, table, ids, 1, false)
		d.MeanRows(y, x)
		d.Get(v, y)
		return v, d.Err()
	}
	part := make([]float32, len(v))
	for len(ids) > 0 {
		rows := x.Slice(0, min(len(ids), meanRows))
		d.Embed(rows, table, ids[:rows.Rows], 1, false)
		d.MeanRows(y, rows)
		d.Get(part, y)
		for i, a := range part {
			v[i] += a * float32(rows.Rows) / float32(n)
		}
		ids = ids[rows.Rows:]
	}
	return v, d.Err()
}

// meanRows is how many embeddings are in memory at once for a mean.
const meanRows = 4096
