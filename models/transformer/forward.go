package transformer

import (
	"fmt"
	"math"

	"github.com/lodestone-wasm/lodestone/kernels"
)

// Batch is sequences to run together. Their tokens lie one after the other, without
// padding; S is the number of all of them.
type Batch struct {
	// IDs (S) are the tokens, Lengths the number of them in each sequence.
	IDs     []int32
	Lengths []int

	// Columns (S), optional, are the positions of the tokens in their sequence; by
	// default 0, 1, 2, …
	Columns []int32
	// Keep (S), optional, marks padding with 0: it embeds to zeros and nobody
	// attends to it.
	Keep []byte
	// Mask, optional, is added to the scores of every sequence and head: (T, T) of
	// the longest sequence, row-major, rows are queries.
	Mask []float32

	// Select, optional, asks for these rows alone (ascending indices into IDs). The
	// last layer then computes nothing else.
	Select []int32

	// Pause, if set, is called before each layer. Its error ends the run.
	Pause func() error
	// Layer, if set, sees the states (S, D) after the embedding (index −1) and
	// after each layer, for tests and pictures.
	Layer func(index int, x kernels.Tensor)
}

// check tests a batch and fills in its defaults.
func (m *Model) check(b *Batch) (longest int, err error) {
	c := m.Config
	s := len(b.IDs)
	total := 0
	for i, n := range b.Lengths {
		if n < 1 || n > s-total {
			return 0, fmt.Errorf("transformer: %w: sequence %d has length %d, %d tokens are left", ErrInput, i, n, s-total)
		}
		if c.MaxPositions > 0 && n > c.MaxPositions && b.Columns == nil {
			return 0, fmt.Errorf("transformer: %w: sequence %d has %d tokens, the model has %d positions; truncate it", ErrTooLong, i, n, c.MaxPositions)
		}
		total += n
		longest = max(longest, n)
	}
	if total != s {
		return 0, fmt.Errorf("transformer: %w: the lengths add up to %d, there are %d tokens", ErrInput, total, s)
	}
	for i, id := range b.IDs {
		if id < 0 || int(id) >= c.VocabSize {
			return 0, fmt.Errorf("transformer: %w: id %d at token %d, the vocabulary has %d", ErrInput, id, i, c.VocabSize)
		}
	}
	if b.Columns == nil {
		b.Columns = make([]int32, 0, s)
		for _, n := range b.Lengths {
			for p := range n {
				b.Columns = append(b.Columns, int32(p))
			}
		}
	}
	if len(b.Columns) != s || b.Keep != nil && len(b.Keep) != s {
		return 0, fmt.Errorf("transformer: %w: %d tokens, %d positions, %d marks of padding", ErrInput, s, len(b.Columns), len(b.Keep))
	}
	for i, p := range b.Columns {
		if p < 0 || c.MaxPositions > 0 && int(p) >= c.MaxPositions {
			return 0, fmt.Errorf("transformer: %w: position %d at token %d, the model has %d positions", ErrTooLong, p, i, c.MaxPositions)
		}
	}
	if b.Mask != nil && len(b.Mask) != longest*longest {
		return 0, fmt.Errorf("transformer: %w: a mask of %d numbers, the longest sequence has %d tokens", ErrInput, len(b.Mask), longest)
	}
	for i, r := range b.Select {
		if r < 0 || int(r) >= s || i > 0 && r <= b.Select[i-1] {
			return 0, fmt.Errorf("transformer: %w: selected row %d, expected ascending rows below %d", ErrInput, r, s)
		}
	}
	return longest, nil
}

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
	r := &run{Model: m, batch: &b, longest: longest}
	x := r.embed()
	r.masks()
	r.buffers(len(b.IDs))
	for i := range m.layers {
		if b.Layer != nil {
			b.Layer(i-1, x)
		}
		if b.Pause != nil {
			if err := b.Pause(); err != nil {
				d.Err()
				d.Release(mark)
				return kernels.Tensor{}, err
			}
		}
		if i == len(m.layers)-1 && b.Select != nil {
			x = r.lastLayer(&m.layers[i], x)
			continue
		}
		r.layer(&m.layers[i], x)
	}
	if b.Layer != nil {
		b.Layer(len(m.layers)-1, x)
	}
	if c.FinalNorm {
		d.LayerNorm(x, x, m.finalNorm.weight, m.finalNorm.bias, c.Eps)
	}
	if err := d.Err(); err != nil {
		d.Release(mark)
		return kernels.Tensor{}, err
	}
	return x, nil
}

// Logits multiplies states (n, D) with the output projection: (n, V). Load must have
// been asked for the head.
func (m *Model) Logits(x kernels.Tensor) (kernels.Tensor, error) {
	if m.head.Out == 0 {
		return kernels.Tensor{}, fmt.Errorf("transformer: %w: the model was loaded without its head", ErrInput)
	}
	y := m.dev.NewTensor(x.Rows, m.head.Out)
	m.dev.Linear(y, x, m.head, kernels.None, nil)
	return y, m.dev.Err()
}

// run is one pass over a batch: S tokens of which the longest sequence has T.
type run struct {
	*Model
	batch   *Batch
	longest int

	h, qkv, att, ffn       kernels.Tensor // (S, D), (S, 3·Dp), (S, D), (S, F)
	mask, rel              kernels.Tensor // (T, T), (H, 2T−1)
	qCos, qSin, kCos, kSin kernels.Tensor // (T, h/2)
}

// embed is SPEC's x = LN(s·E[ids] + P[positions]), with zeros where there is padding.
func (r *run) embed() kernels.Tensor {
	d, c, b := r.dev, r.Config, r.batch
	s := len(b.IDs)
	x := d.NewTensor(s, c.HiddenSize)
	ids, rows := b.IDs, b.Columns
	if b.Keep != nil || c.PositionOffset != 0 {
		ids, rows = make([]int32, s), make([]int32, s)
		for i := range ids {
			ids[i], rows[i] = b.IDs[i], b.Columns[i]+int32(c.PositionOffset)
			if b.Keep != nil && b.Keep[i] == 0 {
				ids[i], rows[i] = -1, -1
			}
		}
	}
	d.Embed(x, r.tokens, ids, c.EmbedScale, false)
	if c.LearnedPositions {
		d.Embed(x, r.positions, rows, 1, true)
	}
	if c.TypeVocabSize > 0 {
		d.Embed(x, r.types, make([]int32, s), 1, true)
	}
	if c.EmbedNorm {
		d.LayerNorm(x, x, r.embedNorm.weight, r.embedNorm.bias, c.Eps)
	}
	if b.Keep != nil && (c.EmbedNorm || c.TypeVocabSize > 0) {
		for i, k := range b.Keep {
			if k == 0 {
				d.Zero(x.Slice(i, i+1).At, uint64(c.HiddenSize)*4)
			}
		}
	}
	return x
}

// masks brings what attention adds to its scores into device memory.
func (r *run) masks() {
	d, c, t := r.dev, r.Config, r.longest
	if r.batch.Mask != nil {
		r.mask = d.NewTensor(t, t)
		d.Set(r.mask, r.batch.Mask)
	}
	if c.RelBuckets > 0 {
		r.rel = d.NewTensor(c.NumHeads, 2*t-1)
		d.Set(r.rel, r.spread.bias(r.Model, t))
	}
	if c.XPos {
		half := c.HiddenSize / c.NumHeads / 2
		for i, to := range []*kernels.Tensor{&r.qCos, &r.qSin, &r.kCos, &r.kSin} {
			*to = d.NewTensor(t, half)
			d.Set(*to, r.spread.turn(c, t)[i])
		}
	}
}

// buffers hands out what the layers work in, once for all of them.
func (r *run) buffers(s int) {
	d, c := r.dev, r.Config
	r.h = d.NewTensor(s, c.HiddenSize)
	r.qkv = d.NewTensor(s, 3*panels(c.HiddenSize))
	r.att = d.NewTensor(s, c.HiddenSize)
	r.ffn = d.NewTensor(s, c.IntermediateSize)
}

// layer is one layer, x (S, D) in place.
func (r *run) layer(y *layer, x kernels.Tensor) {
	c, d := r.Config, r.dev
	in := x
	if c.Norm.pre() {
		d.LayerNorm(r.h, x, y.attnNorm.weight, y.attnNorm.bias, c.Eps)
		in = r.h
	}
	r.project(y, in, 0)
	q, k, v := r.heads(r.qkv)
	first := 0
	for _, n := range r.batch.Lengths {
		r.turn(q.Slice(first, first+n), r.qCos, r.qSin, 0)
		r.turn(k.Slice(first, first+n), r.kCos, r.kSin, 0)
		r.attend(r.att.Slice(first, first+n), q, k, v, first, n, 0)
		first += n
	}
	r.rest(y, x, r.att, r.ffn)
}

// lastLayer is layer for the selected rows alone. Every token still gives a key and
// a value, but only the selected ones ask: of the layer's multiplications little
// more than those for keys and values is left.
func (r *run) lastLayer(y *layer, x kernels.Tensor) kernels.Tensor {
	c, d, sel := r.Config, r.dev, r.batch.Select
	in := x
	if c.Norm.pre() {
		d.LayerNorm(r.h, x, y.attnNorm.weight, y.attnNorm.bias, c.Eps)
		in = r.h
	}
	n := len(sel)
	r.project(y, in, 1)
	_, k, v := r.heads(r.qkv)
	out, asking, q := d.NewTensor(n, c.HiddenSize), d.NewTensor(n, c.HiddenSize), d.NewTensor(n, c.HiddenSize)
	d.Gather(out, x, sel)
	d.Gather(asking, in, sel)
	d.Linear(q, asking, y.qkv.part[0], kernels.None, nil)

	att := r.att.Slice(0, n)
	first, next := 0, 0
	for _, length := range r.batch.Lengths {
		from := next
		for next < n && int(sel[next]) < first+length {
			next++
		}
		if from < next {
			r.turn(k.Slice(first, first+length), r.kCos, r.kSin, 0)
		}
		for ; from < next; from++ {
			at := int(sel[from]) - first
			one := q.Slice(from, from+1)
			r.turn(one, r.qCos, r.qSin, at)
			r.attendRows(att.Slice(from, from+1), one, k, v, first, length, at)
		}
		first += length
	}
	r.rest(y, out, att, r.ffn.Slice(0, n))
	return out
}

// project computes queries, keys and values of in, or from part first on, into r.qkv.
func (r *run) project(y *layer, in kernels.Tensor, first int) {
	d, w, dp := r.dev, r.Config.HiddenSize, panels(r.Config.HiddenSize)
	if y.qkv.fused.Out > 0 {
		d.Linear(r.qkv.Columns(first*dp, 3*dp), in, d.Part(y.qkv.fused, first*dp, 3*dp), kernels.None, nil)
		return
	}
	for i := first; i < 3; i++ {
		d.Linear(r.qkv.Columns(i*dp, i*dp+w), in, y.qkv.part[i], kernels.None, nil)
	}
}

// heads are the views of queries, keys and values in the result of the fused layer.
func (r *run) heads(qkv kernels.Tensor) (q, k, v kernels.Tensor) {
	w, dp := r.Config.HiddenSize, panels(r.Config.HiddenSize)
	return qkv.Columns(0, w), qkv.Columns(dp, dp+w), qkv.Columns(2*dp, 2*dp+w)
}

// turn applies xpos to rows that begin at position at of their sequence.
func (r *run) turn(x, cos, sin kernels.Tensor, at int) {
	if r.Config.XPos {
		r.dev.Rotate(x, r.Config.NumHeads, cos.Slice(at, at+x.Rows), sin.Slice(at, at+x.Rows))
	}
}

// attend lets the n tokens from first on attend to each other.
func (r *run) attend(y, q, k, v kernels.Tensor, first, n, at int) {
	r.attendRows(y, q.Slice(first, first+n), k, v, first, n, at)
}

// attendRows lets the queries q, the first of which is token at of its sequence,
// attend to the n tokens from first on.
func (r *run) attendRows(y, q, k, v kernels.Tensor, first, n, at int) {
	c := r.Config
	mask := kernels.AttentionMask{Rel: r.rel, RelBase: r.longest - 1 - at}
	if r.batch.Keep != nil {
		mask.Keep = r.batch.Keep[first : first+n]
	}
	if r.mask.At != 0 {
		mask.Add = r.mask.Slice(at, at+q.Rows).Columns(0, n)
	}
	scale := 1 / float32(math.Sqrt(float64(c.HiddenSize/c.NumHeads)))
	r.dev.Attention(y, q, k.Slice(first, first+n), v.Slice(first, first+n), c.NumHeads, scale, mask)
}

// rest is what follows attention in a layer: x becomes the layer's result.
func (r *run) rest(y *layer, x, att, ffn kernels.Tensor) {
	c, d := r.Config, r.dev
	pre := c.Norm.pre()
	residual := &kernels.Residual{X: x, Alpha: c.Alpha}
	if c.Norm == SubLN {
		d.LayerNorm(att, att, y.inner.weight, y.inner.bias, c.Eps)
	}
	d.Linear(x, att, y.out, kernels.None, residual)
	in := x
	if pre {
		in = r.h.Slice(0, x.Rows)
		d.LayerNorm(in, x, y.ffnNorm.weight, y.ffnNorm.bias, c.Eps)
	} else {
		d.LayerNorm(x, x, y.attnNorm.weight, y.attnNorm.bias, c.Eps)
	}
	d.Linear(ffn, in, y.fc1, c.Activation, nil)
	if c.Norm == SubLN {
		d.LayerNorm(ffn, ffn, y.innerFFN.weight, y.innerFFN.bias, c.Eps)
	}
	d.Linear(x, ffn, y.fc2, kernels.None, residual)
	if !pre {
		d.LayerNorm(x, x, y.ffnNorm.weight, y.ffnNorm.bias, c.Eps)
	}
}
