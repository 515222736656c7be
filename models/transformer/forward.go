package transformer

import (
	"github.com/lodestone-wasm/lodestone/kernels"
	"github.com/lodestone-wasm/lodestone/kernels/lean"
)

// Forward runs a batch and returns the hidden states (S, D), or those of the
// selected rows. They lie in device memory and are gone after the device's memory
// is released to a mark taken before the call, which the caller must do.
func (m *Model) Forward(b Batch) (kernels.Tensor, error) {
	longest, err := m.check(&b)
	if err != nil {
		return kernels.Tensor{}, err
	}
	d, c := m.dev, m.Config
	if len(b.IDs) == 0 {
		return kernels.Tensor{Cols: c.HiddenSize, Stride: c.HiddenSize}, nil
	}
	mark := d.Mark()
	fail := func(err error) (kernels.Tensor, error) {
		d.Err()
		d.Release(mark)
		return kernels.Tensor{}, err
	}
	r := &run{Model: m, batch: &b, longest: longest, segments: m.segments(&b)}
	x := r.embed()
	r.masks()
	r.buffers(len(b.IDs))
	for i := range m.layers {
		if b.Layer != nil {
			b.Layer(i-1, x)
		}
		if b.Pause != nil {
			if err := b.Pause(); err != nil {
				return fail(err)
			}
		}
		if i == len(m.layers)-1 && b.Select != nil && r.selectable(&m.layers[i]) {
			x = r.lastLayer(i, x)
		} else if err := r.layer(i, x); err != nil {
			return fail(err)
		}
	}
	if b.Select != nil && x.Rows != len(b.Select) {
		y := d.NewTensor(len(b.Select), c.HiddenSize)
		d.Gather(y, x, b.Select)
		x = y
	}
	if b.Layer != nil {
		b.Layer(len(m.layers)-1, x)
	}
	if c.FinalNorm {
		r.final(x)
	}
	if err := d.Err(); err != nil {
		return fail(err)
	}
	if b.Cache != nil {
		b.Cache.extended(&b)
	}
	return x, nil
}

// Logits multiplies states (n, D) with the output projection: (n, V). Load must have
// been asked for the head.
func (m *Model) Logits(x kernels.Tensor) (kernels.Tensor, error) {
	if m.head.Out == 0 {
		return kernels.Tensor{}, lean.Errorf("transformer: %w: the model was loaded without its head", ErrInput)
	}
	y := m.dev.NewTensor(x.Rows, m.head.Out)
	m.dev.Linear(y, x, m.head, kernels.None, nil)
	return y, m.dev.Err()
}

// run is one pass over a batch: S tokens of which the longest sequence has T.
type run struct {
	*Model
	batch    *Batch
	longest  int
	segments []segment

	h, att     kernels.Tensor // (S, D), (S, A): one memory
	qkv, ffn   kernels.Tensor // (S, Ap+2·Kp), (S, F): one memory
	mask       kernels.Tensor // (T, T)
	rel, cross bias
	turns      turns
	source     *source
}

// embed is x = LN(s·E[ids] + P[positions]), with zeros where there is padding
// (not in the families of BERT).
func (r *run) embed() kernels.Tensor {
	d, c, b := r.dev, r.Config, r.batch
	s := len(b.IDs)
	x := d.NewTensor(s, c.HiddenSize)
	ids, rows := r.scratch.ids[:0], r.scratch.rows[:0]
	offset := int32(c.PositionOffset)
	if b.RawPositions {
		offset = 0
	}
	zero := b.Keep != nil && !keyMaps[c.Family].keepsPadding
	for i := range s {
		id, row := b.IDs[i], b.Columns[i]+offset
		if zero && b.Keep[i] == 0 {
			id, row = -1, -1
		}
		ids, rows = append(ids, id), append(rows, row)
	}
	r.scratch.ids, r.scratch.rows = ids, rows
	d.Embed(x, r.tokens, ids, c.EmbedScale, false)
	for _, z := range b.Spans {
		// 0·x + s·span, in two steps, since Add scales its first operand alone.
		to := x.Slice(z.At, z.At+z.X.Rows)
		d.Zero(to.At, uint64(to.Rows)*uint64(to.Cols)*4)
		d.Add(to, z.X, to, c.EmbedScale)
	}
	if c.Sinusoidal {
		mark := d.Mark()
		table := d.NewTensor(s, c.HiddenSize)
		d.Set(table, r.spread.sines(rows, c.HiddenSize))
		d.Add(x, table, x, 1)
		d.Release(mark)
	}
	for _, g := range r.segments {
		if c.LearnedPositions {
			d.Embed(x.Slice(g.from, g.to), r.positions[g.branch], rows[g.from:g.to], 1, true)
		}
	}
	if c.TypeVocabSize > 0 {
		types := b.Types
		if types == nil {
			types = make([]int32, s)
		}
		d.Embed(x, r.types, types, 1, true)
	}
	if c.EmbedNorm {
		r.normalise(x, x, r.embedNorm)
	}
	if zero && (c.EmbedNorm || c.TypeVocabSize > 0 || b.Spans != nil) {
		for i, k := range b.Keep {
			if k == 0 {
				d.Zero(x.Slice(i, i+1).At, uint64(c.HiddenSize)*4)
			}
		}
	}
	return x
}

// buffers hands out what the layers work in, once for all of them. Normalised states are
// read before attention has a result, queries, keys and values before the feed-forward
// begins: they share their memory.
func (r *run) buffers(s int) {
	c := r.Config
	r.h, r.att = r.shared(s, c.HiddenSize, c.queries())
	r.qkv, r.ffn = r.shared(s, panels(c.queries())+2*panels(c.keyValues()), c.IntermediateSize)
}

// normalise is LayerNorm or RMSNorm, or the affine alone where it was replaced by that.
func (m *Model) normalise(y, x kernels.Tensor, n norm) {
	if m.Config.Approx != nil {
		m.affine(y, x, n)
		return
	}
	n.apply(m.dev, y, x, m.Config)
}

func (n norm) apply(d *kernels.Device, y, x kernels.Tensor, c *Config) {
	if c.RMSNorm {
		d.RMSNorm(y, x, n.weight, n.eps)
		return
	}
	d.LayerNorm(y, x, n.weight, n.bias, n.eps)
}

// norms normalises each segment by its branch.
func (r *run) norms(y *layer, to, x kernels.Tensor, of func(*branch) norm) {
	for _, g := range r.segments {
		r.normalise(to.Slice(g.from, g.to), x.Slice(g.from, g.to), of(&y.branches[g.branch]))
	}
}

func attnNorm(z *branch) norm { return z.attnNorm }
func ffnNorm(z *branch) norm  { return z.ffnNorm }
func inner(z *branch) norm    { return z.inner }

// final is the norm after the last layer.
func (r *run) final(x kernels.Tensor) {
	if len(r.layers[0].branches) == 1 {
		r.normalise(x, x, r.finalNorm[0])
		return
	}
	if x.Rows != len(r.batch.IDs) {
		// Selected rows: those of a multiway model come from either branch.
		for i, row := range r.batch.Select {
			for _, g := range r.segments {
				if int(row) >= g.from && int(row) < g.to {
					r.normalise(x.Slice(i, i+1), x.Slice(i, i+1), r.finalNorm[g.branch])
				}
			}
		}
		return
	}
	for _, g := range r.segments {
		r.normalise(x.Slice(g.from, g.to), x.Slice(g.from, g.to), r.finalNorm[g.branch])
	}
}

// layer is one layer, x (S, D) in place.
func (r *run) layer(i int, x kernels.Tensor) error {
	y, c := &r.layers[i], r.Config
	in := x
	if c.Norm.pre() {
		r.norms(y, r.h, x, attnNorm)
		in = r.h
	}
	r.selfAttention(i, in)
	r.afterAttention(y, x, r.att)
	if y.cross != nil {
		r.crossAttention(i, x)
	}
	return r.feedForward(i, x, r.ffn)
}

// afterAttention projects att and adds it to x.
func (r *run) afterAttention(y *layer, x, att kernels.Tensor) {
	c, d := r.Config, r.dev
	if c.Norm == SubLN {
		r.norms(y, att, att, inner)
	}
	for _, g := range r.segments {
		part := x.Slice(g.from, g.to)
		d.Linear(part, att.Slice(g.from, g.to), y.branches[g.branch].out, kernels.None, &kernels.Residual{X: part, Alpha: y.alpha})
	}
	if !c.Norm.pre() {
		r.norms(y, x, x, attnNorm)
	}
}

// feedForward is the second half of a layer, x (n, D) in place; ffn (n, F) is room.
func (r *run) feedForward(i int, x, ffn kernels.Tensor) error {
	y, c, d := &r.layers[i], r.Config, r.dev
	in := x
	if c.Norm.pre() {
		in = r.h.Slice(0, x.Rows)
		r.norms(y, in, x, ffnNorm)
	}
	switch {
	case y.experts != nil:
		if err := r.mixture(i, x, in); err != nil {
			return err
		}
	case y.knowledge != nil && r.batch.Knowledge != nil:
		r.withKnowledge(y, x, in, ffn)
	default:
		for _, g := range r.segments {
			part := x.Slice(g.from, g.to)
			y.branches[g.branch].ffn.apply(d, part, in.Slice(g.from, g.to), ffn.Slice(g.from, g.to), c, &kernels.Residual{X: part, Alpha: y.alpha})
		}
	}
	if !c.Norm.pre() {
		r.norms(y, x, x, ffnNorm)
	}
	return nil
}

// apply is y = fc2·[LN](act(fc1·x)) + residual, with room (n, F) for what is between;
// where there is a gate it is that which is activated, and multiplied by fc1·x.
func (f *feedForward) apply(d *kernels.Device, y, x, room kernels.Tensor, c *Config, res *kernels.Residual) {
	if f.gate.Out > 0 {
		mark := d.Mark()
		up := d.NewTensor(room.Rows, room.Cols)
		d.Linear(room, x, f.gate, kernels.None, nil)
		d.Linear(up, x, f.fc1, kernels.None, nil)
		d.Gate(room, room, up, c.Activation)
		d.Release(mark)
	} else {
		d.Linear(room, x, f.fc1, c.Activation, nil)
	}
	if f.inner.weight.Len > 0 {
		f.inner.apply(d, room, room, c)
	}
	d.Linear(y, room, f.fc2, kernels.None, res)
}

// selectable tells whether the last layer can compute selected rows alone: a row's
// result must need nothing of the others but their keys and values.
func (r *run) selectable(y *layer) bool {
	return y.cross == nil && y.experts == nil && y.knowledge == nil && len(y.branches) == 1 && r.Config.Approx == nil
}

// lastLayer is layer for the selected rows alone. Every token still gives a key and
// a value, but only the selected ones ask: of the layer's multiplications little
// more than those for keys and values is left.
func (r *run) lastLayer(i int, x kernels.Tensor) kernels.Tensor {
	y, c, d, sel := &r.layers[i], r.Config, r.dev, r.batch.Select
	in := x
	if c.Norm.pre() {
		r.norms(y, r.h, x, attnNorm)
		in = r.h
	}
	n := len(sel)
	out, asking, q := d.NewTensor(n, c.HiddenSize), d.NewTensor(n, c.HiddenSize), d.NewTensor(n, c.queries())
	d.Gather(out, x, sel)
	d.Gather(asking, in, sel)
	z := &y.branches[0]
	d.Linear(q, asking, z.qkv.part[0], kernels.None, nil)

	att := r.att.Slice(0, n)
	r.keysValues(i, in)
	first, next := 0, 0
	for s, length := range r.batch.Lengths {
		k, v := r.sequence(i, s, first, length)
		for ; next < n && int(sel[next]) < first+length; next++ {
			at := r.batch.past(s) + int(sel[next]) - first
			one := q.Slice(next, next+1)
			r.turns.query(r, one, at)
			r.attend(i, s, att.Slice(next, next+1), one, k, v, first, at)
		}
		first += length
	}
	r.segments[0].to = n // a model that is selectable has one segment: these rows, from now on
	r.afterAttention(y, out, att)
	r.feedForward(i, out, r.ffn.Slice(0, n)) // never a mixture, so never an error
	return out
}
