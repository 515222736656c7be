package kernels

import "math"

// AttentionMask is which keys a query may attend to, and what is added to the scores. Every
// part is optional.
type AttentionMask struct {
	// Keep [tk]: no query attends to a key with 0.
	Keep []byte
	// Add [tq, tk] is added to the scores of every head.
	Add Tensor
	// Causal: query i attends to the keys 0 … i+Offset.
	Causal bool
	Offset int
	// Rel is a Toeplitz bias f32 [heads, Rel.Cols]: the score of key j and query i gets
	// Rel[head, RelBase+j−i]. A relative position bias has this form, because it depends
	// on j−i alone.
	Rel     Tensor
	RelBase int
}

// Attention is scaled dot-product attention of one sequence: q [tq, heads*h], k and v
// [tk, kv*h] with the same stride, y [tq, heads*h]. kv = k.Cols/h divides heads;
// heads/kv consecutive heads share keys and values. A query without a key to attend to
// gives zeros. See Operations.Attention.
func (d *Device) Attention(y, q, k, v Tensor, heads int, scale float32, mask AttentionMask) {
	const op = "attention"
	tq, tk, width := q.Rows, k.Rows, q.Cols
	if heads <= 0 || width%heads != 0 {
		d.fail(ErrArgument, "%s: %d columns do not divide into %d heads", op, width, heads)
		return
	}
	h := width / heads
	if h > 0 && (k.Cols == 0 || k.Cols > width || k.Cols%h != 0 || heads%(k.Cols/h) != 0) {
		d.fail(ErrArgument, "%s: keys of %d columns for %d heads of %d", op, k.Cols, heads, h)
		return
	}
	if !d.want(op, "query", q, tq, width) || !d.want(op, "key", k, tk, k.Cols) || !d.want(op, "value", v, tk, k.Cols) ||
		!d.want(op, "output", y, tq, width) || !d.apart(op, y, q) || !d.apart(op, y, k) || !d.apart(op, y, v) {
		return
	}
	if k.Stride != v.Stride && tk > 1 {
		d.fail(ErrArgument, "%s: keys have stride %d, values %d", op, k.Stride, v.Stride)
		return
	}
	if tq == 0 || width == 0 {
		return
	}
	if tk == 0 {
		for r := range tq {
			d.Zero(y.Slice(r, r+1).At, uint64(width)*4)
		}
		return
	}
	if mask.Keep != nil && len(mask.Keep) != tk {
		d.fail(ErrArgument, "%s: a mask of %d keys, %d keys", op, len(mask.Keep), tk)
		return
	}
	var add, ldadd, rel, ldrel uint32
	if mask.Add.At != 0 {
		if !d.want(op, "mask", mask.Add, tq, tk) {
			return
		}
		add, ldadd = mask.Add.At, uint32(mask.Add.Stride)
	}
	if mask.Rel.At != 0 {
		if !d.want(op, "relative bias", mask.Rel, heads, mask.Rel.Cols) {
			return
		}
		if mask.RelBase < tq-1 || mask.RelBase > mask.Rel.Cols-tk {
			d.fail(ErrArgument, "%s: relative bias of %d entries around %d for %d queries and %d keys", op, mask.Rel.Cols, mask.RelBase, tq, tk)
			return
		}
		rel, ldrel = mask.Rel.At, uint32(mask.Rel.Stride)
	}
	causal := uint32(tk)
	if mask.Causal {
		if mask.Offset < 0 || mask.Offset > math.MaxInt32/4 {
			d.fail(ErrArgument, "%s: causal offset %d", op, mask.Offset)
			return
		}
		causal = uint32(min(mask.Offset, tk))
	}
	mark := d.Mark()
	keep := uint32(0)
	if mask.Keep != nil {
		keep = d.Alloc(uint64(tk))
		d.Write(keep, mask.Keep)
	}
	scratch := d.Alloc(d.b.AttentionScratch(uint32(tq), uint32(tk), uint32(h)))
	switch {
	case d.err != nil:
	case tq == 1 && k.Cols < width && add == 0 && rel == 0:
		d.attendOnce(y.At, q.At, k, v, heads, h, scale, keep, min(causal, uint32(tk-1))+1, scratch)
	default:
		d.b.Attention(y.At, uint32(y.Stride), q.At, uint32(q.Stride), k.At, v.At, uint32(k.Stride),
			uint32(tq), uint32(tk), uint32(heads), uint32(width/k.Cols), uint32(h), scale, keep, add, ldadd, rel, ldrel, int32(mask.RelBase), causal, scratch)
	}
	d.Release(mark)
}

// attendOnce is Attention for one query whose heads share keys and values, a step of
// generation. The heads of a group become the rows of a call of their own, so that four of
// them pass over their keys together; this halves the time. seen is the number of keys
// that the query attends to.
func (d *Device) attendOnce(y, q uint32, k, v Tensor, heads, h int, scale float32, keep, seen, scratch uint32) {
	shared := k.Cols / h
	group, row := uint32(heads/shared), uint32(h)
	for kv := range uint32(shared) {
		from, to := kv*row*4, kv*group*row*4
		d.b.Attention(y+to, row, q+to, row, k.At+from, v.At+from, uint32(k.Stride),
			group, seen, 1, 1, row, scale, keep, 0, 0, 0, 0, 0, seen, scratch)
	}
}
