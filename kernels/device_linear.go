package kernels

// RowBlock is the number of rows of one call of an integer layer: enough to reuse a panel
// of weights while it is in the first-level cache, few enough that the quantised rows stay
// in the second.
const RowBlock = 64

// Residual is a tensor that is added to a linear layer's result: Alpha * X.
type Residual struct {
	X     Tensor
	Alpha float32
}

// layer is the arguments that the linear layers of all types share.
type layer struct {
	y, ldy, x, ldx   uint32
	bias, res, ldres uint32
	m, k, n          uint32
	act              Activation
	alpha            float32
}

// rows is l restricted to the rows [r, r+n).
func (l layer) rows(r, n uint32) layer {
	l.y += r * l.ldy * 4
	l.x += r * l.ldx * 4
	if l.res != 0 {
		l.res += r * l.ldres * 4
	}
	l.m = n
	return l
}

// Linear is y [m, w.Out] = act(x [m, w.In] · Wᵀ + bias) + res.Alpha * res.X. res is
// optional; res.X may be y. See Operations.LinearF32, LinearF16, LinearQ8 and LinearQ4.
func (d *Device) Linear(y, x Tensor, w Weight, act Activation, res *Residual) {
	const op = "linear"
	if !d.want(op, "input", x, x.Rows, w.In) || !d.want(op, "output", y, x.Rows, w.Out) || !d.apart(op, y, x) {
		return
	}
	if x.Rows == 0 || w.Out == 0 || w.In == 0 {
		return
	}
	if !d.checkWeight(op, y, w) || !d.checkActivation(op, act) {
		return
	}
	l := layer{
		y: y.At, ldy: uint32(y.Stride), x: x.At, ldx: uint32(x.Stride),
		m: uint32(x.Rows), k: uint32(w.In), n: uint32(w.Out), act: act,
	}
	if w.Bias.Len != 0 {
		if !d.checkVector(op, "bias", w.Bias, w.Out) {
			return
		}
		l.bias = w.Bias.At
	}
	if res != nil {
		if !d.want(op, "residual", res.X, x.Rows, w.Out) {
			return
		}
		if res.X.At != y.At && !d.apart(op, y, res.X) || res.X.At == y.At && res.X.Stride != y.Stride {
			d.fail(ErrArgument, "%s: the residual overlaps the output but is not the same view", op)
			return
		}
		l.res, l.ldres, l.alpha = res.X.At, uint32(res.X.Stride), res.Alpha
	}
	if w.DType != F32 {
		d.linearBlocks(l, w)
		return
	}
	d.b.LinearF32(l.y, l.ldy, l.x, l.ldx, w.At, l.bias, l.res, l.ldres, l.m, l.k, l.n, act, l.alpha)
}

// checkWeight reports whether w is a weight in allocated memory that the output y does not
// overlap.
func (d *Device) checkWeight(op string, y Tensor, w Weight) bool {
	if w.DType > F16 {
		d.fail(ErrArgument, "%s: weight of an unknown type %d", op, uint32(w.DType))
		return false
	}
	if w.DType == I8 && w.In > MaxIn {
		d.fail(ErrArgument, "%s: int8 weights of %d columns, at most %d", op, w.In, MaxIn)
		return false
	}
	packed := d.b.PackedSize(w.DType, uint32(w.Out), uint32(w.In))
	if !fits32(w.Out, w.In) || w.At%16 != 0 || !d.inside(w.At, packed) {
		d.fail(ErrArgument, "%s: weight %s of %d×%d at %d is not inside memory", op, w.DType, w.Out, w.In, w.At)
		return false
	}
	if !d.apartBytes(op, y, w.At, packed) {
		return false
	}
	return w.DType != I8 || d.checkVector(op, "scale", w.Scale, w.Out)
}

// linearBlocks calls the backend for a block of rows at a time, with scratch.
func (d *Device) linearBlocks(l layer, w Weight) {
	block := uint32(RowBlock)
	if w.DType == F16 {
		block = RowBlockF16
	}
	mark := d.Mark()
	scratch := d.Alloc(d.b.LinearScratch(w.DType, min(l.m, block), l.k))
	if d.err != nil {
		return
	}
	levels := d.b.Levels(w.DType, l.k)
	for r := uint32(0); r < l.m; r += block {
		p := l.rows(r, min(block, l.m-r))
		switch w.DType {
		case F16:
			d.b.LinearF16(p.y, p.ldy, p.x, p.ldx, w.At, p.bias, p.res, p.ldres, p.m, p.k, p.n, p.act, p.alpha, scratch)
		case I8:
			d.b.LinearQ8(p.y, p.ldy, p.x, p.ldx, w.At, w.Scale.At, p.bias, p.res, p.ldres, p.m, p.k, p.n, p.act, p.alpha, levels, scratch)
		case Q4:
			d.b.LinearQ4(p.y, p.ldy, p.x, p.ldx, w.At, p.bias, p.res, p.ldres, p.m, p.k, p.n, p.act, p.alpha, levels, scratch)
		}
	}
	d.Release(mark)
}
