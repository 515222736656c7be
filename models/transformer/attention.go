package transformer

import (
	"math"

	"github.com/lodestone-wasm/lodestone/kernels"
)

// bias is a relative position bias in the form that kernels.AttentionMask.Rel takes:
// table (H, ·), where at is the column of distance 0.
type bias struct {
	table kernels.Tensor
	zero  int
}

// turns are the tables of rope or xpos, one row for each position from from on.
type turns struct {
	qCos, qSin, kCos, kSin kernels.Tensor
	from                   int
}

// query turns the rows of q, the first of which is at position at.
func (t *turns) query(r *run, q kernels.Tensor, at int) { t.turn(r, q, t.qCos, t.qSin, at) }

// key turns the rows of k likewise.
func (t *turns) key(r *run, k kernels.Tensor, at int) { t.turn(r, k, t.kCos, t.kSin, at) }

func (t *turns) turn(r *run, x, cos, sin kernels.Tensor, at int) {
	at -= t.from
	switch heads := x.Cols / r.Config.headDim(); {
	case r.Config.XPos:
		r.dev.Rotate(x, heads, cos.Slice(at, at+x.Rows), sin.Slice(at, at+x.Rows))
	case r.Config.Rope != nil:
		r.dev.RotateHalves(x, heads, cos.Slice(at, at+x.Rows), sin.Slice(at, at+x.Rows))
	}
}

// masks brings what attention adds to its scores, and what turns queries and keys,
// into device memory.
func (r *run) masks() {
	d, c, b := r.dev, r.Config, r.batch
	if b.Mask != nil {
		r.mask = d.NewTensor(r.longest, r.longest)
		d.Set(r.mask, b.Mask)
	}
	from, to := math.MaxInt, 0 // the positions of this run
	for s, n := range b.Lengths {
		from, to = min(from, b.past(s)), max(to, b.past(s)+n)
	}
	switch {
	case c.RelBuckets > 0 && b.Cache != nil:
		r.rel = b.Cache.rel
	case c.RelBuckets > 0:
		r.rel = r.bias(r.relative, to, to)
	}
	if c.XPos || c.Rope != nil {
		half := c.turned() / 2
		tables := r.spread.turn(c, to)
		r.turns.from = from
		for i, t := range [...]*kernels.Tensor{&r.turns.qCos, &r.turns.qSin, &r.turns.kCos, &r.turns.kSin} {
			if tables[i] == nil { // rope turns keys as it turns queries
				r.turns.kCos, r.turns.kSin = r.turns.qCos, r.turns.qSin
				break
			}
			*t = d.NewTensor(to-from, half)
			d.Set(*t, tables[i][from*half:to*half])
		}
	}
	if c.CrossAttention {
		r.cross, r.source = r.prepareSource(b, r.longest)
	}
}

// bias brings the bias between queries at 0 … nq−1 and keys at 0 … nk−1 into device
// memory.
func (m *Model) bias(table []float32, nq, nk int) bias {
	t := m.dev.NewTensor(m.Config.NumHeads, nq+nk-1)
	m.dev.Set(t, m.spread.bias(m.Config, table, nq, nk))
	return bias{t, nq - 1}
}

// selfAttention lets the tokens of each sequence attend to each other: in (S, D) are
// the normalised states, r.att (S, D) the result.
func (r *run) selfAttention(i int, in kernels.Tensor) {
	c, d, z := r.Config, r.dev, &r.layers[i]
	q := r.qkv.Columns(0, c.queries())
	if fused := z.branches[0].qkv.fused; r.batch.Cache == nil && len(r.segments) == 1 && fused.Out > 0 {
		d.Linear(r.qkv, in, z.branches[r.segments[0].branch].qkv.fused, kernels.None, nil)
		r.turnKeys(r.keyValues())
	} else {
		for _, g := range r.segments {
			d.Linear(q.Slice(g.from, g.to), in.Slice(g.from, g.to), z.branches[g.branch].qkv.part[0], kernels.None, nil)
		}
		r.keysValues(i, in)
	}
	first := 0
	for s, n := range r.batch.Lengths {
		rows, at := q.Slice(first, first+n), r.batch.past(s)
		r.turns.query(r, rows, at)
		k, v := r.sequence(i, s, first, n)
		r.attend(i, s, r.att.Slice(first, first+n), rows, k, v, first, at)
		first += n
	}
}

// keysValues computes the keys and values of in (S, D), into r.qkv or into the cache.
func (r *run) keysValues(i int, in kernels.Tensor) {
	c, d, cache := r.Config, r.dev, r.batch.Cache
	w, wp, qp := c.keyValues(), panels(c.keyValues()), panels(c.queries())
	kv := r.keyValues()
	switch {
	case cache != nil && len(r.batch.Lengths) == 1:
		at := cache.lengths[0]
		kv = cache.rows(i, 0, at, at+in.Rows)
	case cache != nil:
		defer d.Release(d.Mark())
		kv = d.NewTensor(in.Rows, 2*wp)
	}
	for _, g := range r.segments {
		p, from, to := &r.layers[i].branches[g.branch].qkv, in.Slice(g.from, g.to), kv.Slice(g.from, g.to)
		if p.fused.Out > 0 {
			d.Linear(to, from, d.Part(p.fused, qp, qp+2*wp), kernels.None, nil)
			continue
		}
		d.Linear(to.Columns(0, w), from, p.part[1], kernels.None, nil)
		d.Linear(to.Columns(wp, wp+w), from, p.part[2], kernels.None, nil)
	}
	r.turnKeys(kv)
	if cache != nil && len(r.batch.Lengths) > 1 {
		cache.append(i, kv, r.batch.Lengths)
	}
}

// keyValues are the keys and values (S, 2·Kp) of this run.
func (r *run) keyValues() kernels.Tensor {
	return r.qkv.Columns(panels(r.Config.queries()), r.qkv.Cols)
}

func (r *run) turnKeys(kv kernels.Tensor) {
	first := 0
	for s, n := range r.batch.Lengths {
		r.turns.key(r, kv.Slice(first, first+n).Columns(0, r.Config.keyValues()), r.batch.past(s))
		first += n
	}
}

// sequence is the keys and values of sequence s, the n rows of which begin at first:
// those of this run, or what is cached with them behind it.
func (r *run) sequence(i, s, first, n int) (k, v kernels.Tensor) {
	w, wp := r.Config.keyValues(), panels(r.Config.keyValues())
	kv := r.keyValues().Slice(first, first+n)
	if cache := r.batch.Cache; cache != nil {
		kv = cache.rows(i, s, 0, cache.lengths[s]+n)
	}
	return kv.Columns(0, w), kv.Columns(wp, wp+w)
}

// attend lets the queries q of sequence s, the first of which is at position at,
// attend to its keys; first is the sequence's first row in the batch.
func (r *run) attend(layer, s int, y, q, k, v kernels.Tensor, first, at int) {
	c, b := r.Config, r.batch
	mask := kernels.AttentionMask{Rel: r.rel.table, RelBase: r.rel.zero - at, Causal: c.Causal, Offset: at}
	if b.Keep != nil {
		mask.Keep = b.Keep[first : first+k.Rows]
	}
	if r.mask.At != 0 {
		mask.Add = r.mask.Slice(at, at+q.Rows).Columns(0, k.Rows)
	}
	r.show(layer, s, false, q, k, mask)
	if c.Approx != nil {
		r.approximate(y, q, k, v, mask.Keep)
		return
	}
	r.dev.Attention(y, q, k, v, c.NumHeads, c.scale(), mask)
}

// scale is what scores are multiplied by: 1/√h.
func (c *Config) scale() float32 {
	return 1 / float32(math.Sqrt(float64(c.headDim())))
}

// source is the keys and values of what cross-attention reads.
type source struct {
	layers  []kernels.Tensor // (S', 2·Kp) for each layer
	first   []int            // row of each source's first token, and the end of the last
	keep    []byte
	origins []int // which source each sequence reads; nil: its own
}

// rows is [from, to) of what sequence s reads.
func (z *source) rows(s int) (from, to int) {
	if z.origins != nil {
		s = z.origins[s]
	}
	return z.first[s], z.first[s+1]
}

// prepareSource computes what cross-attention needs for queries at 0 … nq−1.
func (m *Model) prepareSource(b *Batch, nq int) (bias, *source) {
	if b.Cache != nil {
		return b.Cache.cross, b.Cache.source
	}
	return m.readSource(b.Source, b.SourceLengths, b.SourceKeep, nq)
}

// readSource computes keys and values of an encoder's states x for every layer.
func (m *Model) readSource(x kernels.Tensor, lengths []int, keep []byte, nq int) (bias, *source) {
	d, w, dp := m.dev, m.Config.HiddenSize, panels(m.Config.HiddenSize)
	z := &source{keep: keep, first: []int{0}}
	longest := 0
	for _, n := range lengths {
		z.first = append(z.first, z.first[len(z.first)-1]+n)
		longest = max(longest, n)
	}
	var rel bias
	if m.Config.RelBuckets > 0 && longest > 0 {
		rel = m.bias(m.crossRel, nq, longest)
	}
	for i := range m.layers {
		kv := d.NewTensor(x.Rows, 2*dp)
		p := &m.layers[i].cross.kv
		if p.fused.Out > 0 {
			d.Linear(kv, x, p.fused, kernels.None, nil)
		} else {
			d.Linear(kv.Columns(0, w), x, p.part[0], kernels.None, nil)
			d.Linear(kv.Columns(dp, dp+w), x, p.part[1], kernels.None, nil)
		}
		z.layers = append(z.layers, kv)
	}
	return rel, z
}

// crossAttention lets the tokens attend to their source, x (S, D) in place. Its
// result has no second norm, in Sub-LN either.
func (r *run) crossAttention(i int, x kernels.Tensor) {
	c, d, y := r.Config, r.dev, r.layers[i].cross
	w, dp := c.HiddenSize, panels(c.HiddenSize)
	in := x
	if c.Norm.pre() {
		r.normalise(r.h, x, y.norm)
		in = r.h
	}
	q := r.qkv.Columns(0, w)
	d.Linear(q, in, y.q, kernels.None, nil)
	first := 0
	for s, n := range r.batch.Lengths {
		from, to := r.source.rows(s)
		kv := r.source.layers[i].Slice(from, to)
		mask := kernels.AttentionMask{Rel: r.cross.table, RelBase: r.cross.zero - r.batch.past(s)}
		if r.source.keep != nil {
			mask.Keep = r.source.keep[from:to]
		}
		r.show(i, s, true, q.Slice(first, first+n), kv.Columns(0, w), mask)
		d.Attention(r.att.Slice(first, first+n), q.Slice(first, first+n), kv.Columns(0, w), kv.Columns(dp, dp+w), c.NumHeads, c.scale(), mask)
		first += n
	}
	d.Linear(x, r.att, y.out, kernels.None, &kernels.Residual{X: x, Alpha: r.layers[i].alpha})
	if !c.Norm.pre() {
		r.normalise(x, x, y.norm)
	}
}
