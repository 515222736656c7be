package kernels

import "math"

// RowBlock is the number of rows that one call of a linear layer works on: enough
// to use a panel of weights often while it is in the first-level cache, few enough
// that the quantised rows stay in the second.
const RowBlock = 64

// check tells whether t is a matrix that lies in memory handed out; it fails the
// device otherwise.
func (d *Device) check(op, name string, t Tensor) bool {
	if d.err != nil {
		return false
	}
	if !fits32(t.Rows, t.Cols, t.Stride) || t.Stride < t.Cols || t.At%4 != 0 {
		d.fail(ErrArgument, "%s: %s is a view of %d×%d with stride %d at %d", op, name, t.Rows, t.Cols, t.Stride, t.At)
		return false
	}
	if t.Rows == 0 || t.Cols == 0 {
		return true
	}
	n := (uint64(t.Rows-1)*uint64(t.Stride) + uint64(t.Cols)) * 4
	if !d.inside(t.At, n) {
		d.fail(ErrArgument, "%s: %s of %d×%d needs %d bytes at %d, of %d handed out", op, name, t.Rows, t.Cols, n, t.At, d.top)
		return false
	}
	return true
}

// checkVector is check for a vector of n numbers.
func (d *Device) checkVector(op, name string, v Vector, n int) bool {
	if d.err == nil && v.Len != n {
		d.fail(ErrArgument, "%s: %s has %d numbers, needs %d", op, name, v.Len, n)
	}
	return d.err == nil && d.check(op, name, Tensor{At: v.At, Rows: 1, Cols: n, Stride: n})
}

// want fails the device unless t is rows×cols.
func (d *Device) want(op, name string, t Tensor, rows, cols int) bool {
	if d.err == nil && (t.Rows != rows || t.Cols != cols) {
		d.fail(ErrArgument, "%s: %s is %d×%d, needs %d×%d", op, name, t.Rows, t.Cols, rows, cols)
	}
	return d.check(op, name, t)
}

// whole is want for an operation that knows no stride.
func (d *Device) whole(op, name string, t Tensor, rows, cols int) bool {
	if !d.want(op, name, t, rows, cols) {
		return false
	}
	if !t.contiguous() {
		d.fail(ErrArgument, "%s: %s has stride %d, needs %d", op, name, t.Stride, t.Cols)
		return false
	}
	return true
}

// apart fails the device if the output a and the input b share memory.
func (d *Device) apart(op string, a, b Tensor) bool {
	if a.Rows == 0 || b.Rows == 0 || a.Cols == 0 || b.Cols == 0 {
		return true
	}
	aEnd := uint64(a.At) + (uint64(a.Rows-1)*uint64(a.Stride)+uint64(a.Cols))*4
	bEnd := uint64(b.At) + (uint64(b.Rows-1)*uint64(b.Stride)+uint64(b.Cols))*4
	if uint64(a.At) < bEnd && uint64(b.At) < aEnd {
		d.fail(ErrArgument, "%s: the output at %d overlaps the input at %d", op, a.At, b.At)
		return false
	}
	return true
}

// apartBytes is apart for an input of n bytes.
func (d *Device) apartBytes(op string, a Tensor, at uint32, n uint64) bool {
	return d.apart(op, a, Tensor{At: at, Rows: 1, Cols: int((n + 3) / 4)})
}

// ids copies ids to scratch after checking that none is rows or more.
func (d *Device) ids(op string, ids []int32, rows int) uint32 {
	for i, id := range ids {
		if int(id) >= rows {
			d.fail(ErrArgument, "%s: id %d at position %d, the table has %d rows", op, id, i, rows)
			return 0
		}
	}
	at := d.Alloc(uint64(len(ids)) * 4)
	d.Write(at, i32Bytes(ids))
	return at
}

// Embed looks ids up in t: y [len(ids), t.Dim] = mul * t[ids], or += if accumulate
// is set. A negative id is a row of zeros. See Backend.EmbedF32.
func (d *Device) Embed(y Tensor, t Table, ids []int32, mul float32, accumulate bool) {
	if !d.whole("embed", "output", y, len(ids), t.Dim) || len(ids) == 0 || t.Dim == 0 {
		return
	}
	if !fits32(t.Rows, t.Dim) || !d.inside(t.At, uint64(t.Rows)*uint64(t.Dim)*t.DType.Size()) {
		d.fail(ErrArgument, "embed: table %s of %d×%d at %d is not inside memory", t.DType, t.Rows, t.Dim, t.At)
		return
	}
	if !d.apartBytes("embed", y, t.At, uint64(t.Rows)*uint64(t.Dim)*t.DType.Size()) {
		return
	}
	mark := d.Mark()
	defer d.Release(mark)
	at := d.ids("embed", ids, t.Rows)
	if d.err != nil {
		return
	}
	acc := uint32(0)
	if accumulate {
		acc = 1
	}
	if t.DType == F32 {
		if d.still {
			return
		}
		d.b.EmbedF32(y.At, t.At, at, uint32(len(ids)), uint32(t.Dim), mul, acc)
		return
	}
	if t.DType == F16 {
		if d.still {
			return
		}
		d.b.EmbedF16(y.At, t.At, at, uint32(len(ids)), uint32(t.Dim), mul, acc)
		return
	}
	if d.checkVector("embed", "scale", t.Scale, t.Rows) {
		if d.still {
			return
		}
		d.b.EmbedQ8(y.At, t.At, t.Scale.At, at, uint32(len(ids)), uint32(t.Dim), mul, acc)
	}
}

// Gather copies the rows of x that idx names: y [len(idx), x.Cols].
func (d *Device) Gather(y, x Tensor, idx []int32) {
	if !d.check("gather", "input", x) || !d.whole("gather", "input", x, x.Rows, x.Cols) || !d.apart("gather", y, x) {
		return
	}
	d.Embed(y, Table{DType: F32, At: x.At, Rows: x.Rows, Dim: x.Cols}, idx, 1, false)
}

// Residual is an addend of a linear layer's result: Alpha * X.
type Residual struct {
	X     Tensor
	Alpha float32
}

// Linear is y [m, w.Out] = act(x [m, w.In] · Wᵀ + bias) + res.Alpha * res.X, with
// res optional; res.X may be y. See Backend.LinearF32 and Backend.LinearQ8.
func (d *Device) Linear(y, x Tensor, w Weight, act Activation, res *Residual) {
	const op = "linear"
	if !d.want(op, "input", x, x.Rows, w.In) || !d.want(op, "output", y, x.Rows, w.Out) || !d.apart(op, y, x) {
		return
	}
	if x.Rows == 0 || w.Out == 0 || w.In == 0 {
		return
	}
	if w.DType > F16 {
		d.fail(ErrArgument, "%s: weight of an unknown type %d", op, uint32(w.DType))
		return
	}
	if w.DType == I8 && w.In > MaxIn {
		d.fail(ErrArgument, "%s: int8 weights of %d columns, at most %d", op, w.In, MaxIn)
		return
	}
	packed := d.b.PackedSize(w.DType, uint32(w.Out), uint32(w.In))
	if !fits32(w.Out, w.In) || w.At%16 != 0 || !d.inside(w.At, packed) {
		d.fail(ErrArgument, "%s: weight %s of %d×%d at %d is not inside memory", op, w.DType, w.Out, w.In, w.At)
		return
	}
	if !d.apartBytes(op, y, w.At, packed) {
		return
	}
	if act > GELUTanh {
		d.fail(ErrArgument, "%s: unknown activation %d", op, uint32(act))
		return
	}
	var bias, resAt, ldres uint32
	var alpha float32
	if w.Bias.Len != 0 {
		if !d.checkVector(op, "bias", w.Bias, w.Out) {
			return
		}
		bias = w.Bias.At
	}
	if res != nil {
		if !d.want(op, "residual", res.X, x.Rows, w.Out) {
			return
		}
		if res.X.At != y.At && !d.apart(op, y, res.X) || res.X.At == y.At && res.X.Stride != y.Stride {
			d.fail(ErrArgument, "%s: the residual overlaps the output but is not the same view", op)
			return
		}
		resAt, ldres, alpha = res.X.At, uint32(res.X.Stride), res.Alpha
	}
	if w.DType == F32 {
		if d.still {
			return
		}
		d.b.LinearF32(y.At, uint32(y.Stride), x.At, uint32(x.Stride), w.At, bias, resAt, ldres,
			uint32(x.Rows), uint32(w.In), uint32(w.Out), act, alpha)
		return
	}
	if w.DType == F16 {
		d.linearF16(y, x, w, bias, resAt, ldres, act, alpha)
		return
	}
	rows, in := uint32(min(x.Rows, RowBlock)), uint32(w.In)
	size, levels := d.b.ScratchQ4(rows, in), d.b.LevelsQ4()
	if w.DType == I8 {
		if !d.checkVector(op, "scale", w.Scale, w.Out) {
			return
		}
		size, levels = d.b.QuantScratch(rows, in), d.b.QuantLevels(in)
	}
	mark := d.Mark()
	defer d.Release(mark)
	scratch := d.Alloc(size)
	if d.err != nil || d.still {
		return
	}
	for r := 0; r < x.Rows; r += RowBlock {
		m := min(RowBlock, x.Rows-r)
		var rp uint32
		if resAt != 0 {
			rp = resAt + uint32(r)*ldres*4
		}
		if w.DType == Q4 {
			d.b.LinearQ4(y.At+uint32(r*y.Stride)*4, uint32(y.Stride), x.At+uint32(r*x.Stride)*4, uint32(x.Stride),
				w.At, bias, rp, ldres, uint32(m), in, uint32(w.Out), act, alpha, levels, scratch)
			continue
		}
		d.b.LinearQ8(y.At+uint32(r*y.Stride)*4, uint32(y.Stride), x.At+uint32(r*x.Stride)*4, uint32(x.Stride),
			w.At, w.Scale.At, bias, rp, ldres, uint32(m), uint32(w.In), uint32(w.Out), act, alpha, levels, scratch)
	}
}

// LayerNorm normalises the rows of x into y, which may be x. See Backend.LayerNorm.
func (d *Device) LayerNorm(y, x Tensor, w, b Vector, eps float32) {
	const op = "layer norm"
	if !d.whole(op, "input", x, x.Rows, x.Cols) || !d.whole(op, "output", y, x.Rows, x.Cols) ||
		!d.checkVector(op, "weight", w, x.Cols) || !d.checkVector(op, "bias", b, x.Cols) {
		return
	}
	if y.At != x.At && !d.apart(op, y, x) || x.Rows == 0 || x.Cols == 0 {
		return
	}
	if d.still {
		return
	}
	d.b.LayerNorm(y.At, x.At, w.At, b.At, uint32(x.Rows), uint32(x.Cols), eps)
}

// RMSNorm divides the rows of x by their root mean square, into y, which may be x. See
// Backend.RMSNorm.
func (d *Device) RMSNorm(y, x Tensor, w Vector, eps float32) {
	const op = "rms norm"
	if !d.whole(op, "input", x, x.Rows, x.Cols) || !d.whole(op, "output", y, x.Rows, x.Cols) || !d.checkVector(op, "weight", w, x.Cols) {
		return
	}
	if y.At != x.At && !d.apart(op, y, x) || x.Rows == 0 || x.Cols == 0 {
		return
	}
	if d.still {
		return
	}
	d.b.RMSNorm(y.At, x.At, w.At, uint32(x.Rows), uint32(x.Cols), eps)
}

// Activate applies act to x; y may be x.
func (d *Device) Activate(y, x Tensor, act Activation) {
	const op = "activate"
	if !d.whole(op, "input", x, x.Rows, x.Cols) || !d.whole(op, "output", y, x.Rows, x.Cols) {
		return
	}
	if act > GELUTanh {
		d.fail(ErrArgument, "%s: unknown activation %d", op, uint32(act))
		return
	}
	if y.At != x.At && !d.apart(op, y, x) || x.Rows*x.Cols == 0 {
		return
	}
	if d.still {
		return
	}
	d.b.Activate(y.At, x.At, uint32(x.Rows*x.Cols), act)
}

// Add is y = alpha*a + b; y may be a or b.
func (d *Device) Add(y, a, b Tensor, alpha float32) {
	const op = "add"
	if !d.whole(op, "output", y, y.Rows, y.Cols) || !d.whole(op, "a", a, y.Rows, y.Cols) || !d.whole(op, "b", b, y.Rows, y.Cols) {
		return
	}
	if y.At != a.At && !d.apart(op, y, a) || y.At != b.At && !d.apart(op, y, b) || y.Rows*y.Cols == 0 {
		return
	}
	if d.still {
		return
	}
	d.b.Add(y.At, a.At, b.At, uint32(y.Rows*y.Cols), alpha)
}

// Gate is y = act(a)∘b, element by element; y may be a or b.
func (d *Device) Gate(y, a, b Tensor, act Activation) {
	const op = "gate"
	if !d.whole(op, "output", y, y.Rows, y.Cols) || !d.whole(op, "a", a, y.Rows, y.Cols) || !d.whole(op, "b", b, y.Rows, y.Cols) {
		return
	}
	if act > GELUTanh {
		d.fail(ErrArgument, "%s: unknown activation %d", op, uint32(act))
		return
	}
	if y.At != a.At && !d.apart(op, y, a) || y.At != b.At && !d.apart(op, y, b) || y.Rows*y.Cols == 0 {
		return
	}
	if d.still {
		return
	}
	d.b.Gate(y.At, a.At, b.At, uint32(y.Rows*y.Cols), act)
}

// AttentionMask says which keys a query of one sequence may see, and how scores
// are shifted. Every part is optional.
type AttentionMask struct {
	// Keep [tk]: a key with 0 is seen by nobody.
	Keep []byte
	// Add [tq, tk] is added to the scores of every head.
	Add Tensor
	// Causal: query i sees the keys 0 … i+Offset.
	Causal bool
	Offset int
	// Rel is a Toeplitz bias f32 [heads, Rel.Cols]: key j and query i of a head get
	// Rel[head, RelBase+j−i]. A relative position bias is one, since it depends on
	// j−i alone.
	Rel     Tensor
	RelBase int
}

// Attention is scaled dot-product attention of one sequence: q [tq, heads*h], k and
// v [tk, kv*h] (the same stride), y [tq, heads*h]. kv, which k.Cols tells, is heads, or
// divides them: then heads/kv heads in a row share keys and values. A query that may see
// no key gives zeros. See Backend.Attention.
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
	mark := d.Mark()
	defer d.Release(mark)
	var keep, add, ldadd, rel, ldrel uint32
	if mask.Keep != nil {
		if len(mask.Keep) != tk {
			d.fail(ErrArgument, "%s: a mask of %d keys, %d keys", op, len(mask.Keep), tk)
			return
		}
		keep = d.Alloc(uint64(tk))
		d.Write(keep, mask.Keep)
	}
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
	scratch := d.Alloc(d.b.AttentionScratch(uint32(tq), uint32(tk), uint32(width/heads)))
	if d.err != nil || d.still {
		return
	}
	if tq == 1 && k.Cols < width && add == 0 && rel == 0 {
		d.attendOnce(y.At, q.At, k, v, heads, h, scale, keep, min(causal, uint32(tk-1))+1, scratch)
		return
	}
	d.b.Attention(y.At, uint32(y.Stride), q.At, uint32(q.Stride), k.At, v.At, uint32(k.Stride),
		uint32(tq), uint32(tk), uint32(heads), uint32(width/k.Cols), uint32(h), scale, keep, add, ldadd, rel, ldrel, int32(mask.RelBase), causal, scratch)
}

// Rotate turns the pairs of every head of x in place by the tables cos and sin
// [x.Rows, h/2]. See Backend.Rotate.
func (d *Device) Rotate(x Tensor, heads int, cos, sin Tensor) {
	const op = "rotate"
	if heads <= 0 || x.Cols%(2*heads) != 0 {
		d.fail(ErrArgument, "%s: %d columns are not %d heads of pairs", op, x.Cols, heads)
		return
	}
	half := x.Cols / heads / 2
	if !d.want(op, "input", x, x.Rows, x.Cols) || !d.whole(op, "cosines", cos, x.Rows, half) ||
		!d.whole(op, "sines", sin, x.Rows, half) || !d.apart(op, x, cos) || !d.apart(op, x, sin) || x.Rows*x.Cols == 0 {
		return
	}
	if d.still {
		return
	}
	d.b.Rotate(x.At, uint32(x.Stride), uint32(x.Rows), uint32(heads), uint32(2*half), cos.At, sin.At)
}

// RotateHalves turns the first 2·cos.Cols columns of every head of x in place, each
// column of their first half with that of the second, by the tables cos and sin
// [x.Rows, ·]. See Backend.RotateHalves.
func (d *Device) RotateHalves(x Tensor, heads int, cos, sin Tensor) {
	const op = "rotate halves"
	if heads <= 0 || x.Cols%heads != 0 || 2*cos.Cols > x.Cols/heads {
		d.fail(ErrArgument, "%s: %d columns are not %d heads of %d pairs", op, x.Cols, heads, cos.Cols)
		return
	}
	if !d.want(op, "input", x, x.Rows, x.Cols) || !d.whole(op, "cosines", cos, x.Rows, cos.Cols) ||
		!d.whole(op, "sines", sin, x.Rows, cos.Cols) || !d.apart(op, x, cos) || !d.apart(op, x, sin) || x.Rows*cos.Cols == 0 {
		return
	}
	if d.still {
		return
	}
	d.b.RotateHalves(x.At, uint32(x.Stride), uint32(x.Rows), uint32(heads), uint32(x.Cols/heads), uint32(2*cos.Cols), cos.At, sin.At)
}

// MeanRows is y [1, x.Cols] = the mean of the rows of x.
func (d *Device) MeanRows(y, x Tensor) {
	const op = "mean"
	if !d.whole(op, "input", x, x.Rows, x.Cols) || !d.whole(op, "output", y, 1, x.Cols) || !d.apart(op, y, x) {
		return
	}
	if x.Rows == 0 {
		d.fail(ErrArgument, "%s: of no rows", op)
		return
	}
	if x.Cols > 0 {
		if d.still {
			return
		}
		d.b.MeanRows(y.At, x.At, uint32(x.Rows), uint32(x.Cols))
	}
}

// L2Normalize divides each row of x by its Euclidean length, at least eps; y may be x.
func (d *Device) L2Normalize(y, x Tensor, eps float32) {
	const op = "l2 normalise"
	if !d.whole(op, "input", x, x.Rows, x.Cols) || !d.whole(op, "output", y, x.Rows, x.Cols) || y.At != x.At && !d.apart(op, y, x) {
		return
	}
	if x.Rows*x.Cols > 0 {
		if d.still {
			return
		}
		d.b.L2Normalize(y.At, x.At, uint32(x.Rows), uint32(x.Cols), eps)
	}
}
