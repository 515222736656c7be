package kernels

// Loading streams a tensor through a small staging area in device memory, some rows at a
// time, so that a model never lies in memory twice.

// NewWeight allocates a linear layer of out×in packed weights of type t, with scales for
// I8 (the scales of Q4 are packed with the weights) and, if bias is set, a bias of zeros.
func (d *Device) NewWeight(t DType, out, in int, bias bool) Weight {
	w := Weight{DType: t, Out: out, In: in}
	if !fits32(out, in) || uint64(out)*uint64(max(in, 1)) > MaxMemory {
		d.fail(ErrMemory, "a weight of %d×%d", out, in)
		return w
	}
	w.At = d.Alloc(d.b.PackedSize(t, uint32(out), uint32(in)))
	if t == I8 {
		w.Scale = Vector{At: d.Alloc(uint64(out) * 4), Len: out}
	}
	if bias {
		w.Bias = Vector{At: d.Alloc(uint64(out) * 4), Len: out}
		d.Zero(w.Bias.At, uint64(out)*4)
	}
	return w
}

// NewTable allocates an embedding table.
func (d *Device) NewTable(t DType, rows, dim int) Table {
	e := Table{DType: t, Rows: rows, Dim: dim}
	if !fits32(rows, dim) || uint64(rows)*uint64(max(dim, 1)) > MaxMemory/t.Size() {
		d.fail(ErrMemory, "a table of %d×%d", rows, dim)
		return e
	}
	e.At = d.Alloc(uint64(rows) * uint64(dim) * t.Size())
	if t == I8 {
		e.Scale = Vector{At: d.Alloc(uint64(rows) * 4), Len: rows}
	}
	return e
}

// Pack packs n rows at src, row-major and of w's type, as the rows [row, row+n) of w. row
// is a multiple of PanelWidth, and so is n unless the rows are the last. For Q4 see PackQ4.
func (d *Device) Pack(w Weight, row, n int, src uint32) {
	if d.err != nil || n == 0 || w.In == 0 {
		return
	}
	if w.DType == Q4 {
		d.fail(ErrArgument, "pack: rows of %s without their scales, use PackQ4", w.DType)
		return
	}
	if !d.checkPanels(w, row, n) {
		return
	}
	before := d.b.PackedSize(w.DType, uint32(row), uint32(w.In))
	size := d.b.PackedSize(w.DType, uint32(n), uint32(w.In))
	if !d.inside(src, uint64(n)*uint64(w.In)*w.DType.Size()) || !d.inside(w.At, before+size) {
		d.fail(ErrArgument, "pack: %d×%d of %s are not inside memory", n, w.In, w.DType)
		return
	}
	at, rows, in := w.At+uint32(before), uint32(n), uint32(w.In)
	switch w.DType {
	case F32:
		d.b.PackF32(at, src, rows, in)
	case F16:
		d.b.PackF16(at, src, rows, in)
	default:
		d.b.PackQ8(at, src, rows, in)
	}
}

// PackQ4 packs n rows of 4-bit weights at src with scales f32 at scale as the rows
// [row, row+n) of w, whose type is Q4. row and n are as in Pack; see Loading for the form
// of the rows.
func (d *Device) PackQ4(w Weight, row, n int, src, scale uint32) {
	if d.err != nil || n == 0 || w.In == 0 {
		return
	}
	if w.DType != Q4 {
		d.fail(ErrArgument, "pack: 4-bit rows for a weight of %s", w.DType)
		return
	}
	if !d.checkPanels(w, row, n) {
		return
	}
	before := d.b.PackedSize(Q4, uint32(row), uint32(w.In))
	size := d.b.PackedSize(Q4, uint32(n), uint32(w.In))
	if !d.inside(src, uint64(n)*Q4.RowSize(w.In)) || !d.inside(scale, uint64(n)*blocksQ4(w.In)*4) || !d.inside(w.At, before+size) || (src|scale)%4 != 0 {
		d.fail(ErrArgument, "pack: %d×%d of %s are not inside memory", n, w.In, w.DType)
		return
	}
	d.b.PackQ4(w.At+uint32(before), src, scale, uint32(n), uint32(w.In))
}

// checkPanels reports whether the rows [row, row+n) of w are whole panels, except that the
// last panel of w may be incomplete.
func (d *Device) checkPanels(w Weight, row, n int) bool {
	if !fits32(row, n, w.Out, w.In) || row%PanelWidth != 0 || row+n > w.Out || n%PanelWidth != 0 && row+n != w.Out {
		d.fail(ErrArgument, "pack: rows %d to %d of %d are not whole panels of %d", row, row+n, w.Out, PanelWidth)
		return false
	}
	return true
}

// Part is the view of the rows [from, to) of w. from is a multiple of PanelWidth.
func (d *Device) Part(w Weight, from, to int) Weight {
	if from < 0 || to < from || to > w.Out || from%PanelWidth != 0 {
		d.fail(ErrArgument, "part: rows %d to %d of %d do not start at a panel of %d", from, to, w.Out, PanelWidth)
		return w
	}
	w.At += uint32(d.b.PackedSize(w.DType, uint32(from), uint32(w.In)))
	part := func(v Vector) Vector {
		if v.Len == 0 {
			return v
		}
		return Vector{At: v.At + uint32(from)*4, Len: to - from}
	}
	w.Scale, w.Bias, w.Out = part(w.Scale), part(w.Bias), to-from
	return w
}

// QuantizeRows quantises n rows of k numbers f32 at src to int8 at q, with scales f32 at
// scale. See Loading.QuantizeRows.
func (d *Device) QuantizeRows(q, scale, src uint32, n, k int) {
	if d.err != nil || n == 0 || k == 0 {
		return
	}
	if !fits32(n, k) || !d.inside(q, uint64(n)*uint64(k)) || !d.inside(scale, uint64(n)*4) || !d.inside(src, uint64(n)*uint64(k)*4) {
		d.fail(ErrArgument, "quantise: %d×%d are not inside memory", n, k)
		return
	}
	d.b.QuantizeRows(q, scale, src, uint32(n), uint32(k))
}

// QuantizeQ4 quantises n rows of k numbers f32 at src to 4 bits at q, with scales f32 at
// scale. See Loading.QuantizeQ4.
func (d *Device) QuantizeQ4(q, scale, src uint32, n, k int) {
	if d.err != nil || n == 0 || k == 0 {
		return
	}
	if !fits32(n, k) || !d.inside(q, uint64(n)*Q4.RowSize(k)) || !d.inside(scale, uint64(n)*blocksQ4(k)*4) ||
		!d.inside(src, uint64(n)*uint64(k)*4) || (q|scale|src)%4 != 0 {
		d.fail(ErrArgument, "quantise to 4 bits: %d×%d are not inside memory", n, k)
		return
	}
	d.b.QuantizeQ4(q, scale, src, uint32(n), uint32(k))
}

// WidenF16 converts n half-precision numbers at src to f32 at dst.
func (d *Device) WidenF16(dst, src uint32, n int) {
	if d.checkWiden(dst, src, n) {
		d.b.WidenF16(dst, src, uint32(n))
	}
}

// WidenBF16 converts n bfloat16 numbers at src to f32 at dst.
func (d *Device) WidenBF16(dst, src uint32, n int) {
	if d.checkWiden(dst, src, n) {
		d.b.WidenBF16(dst, src, uint32(n))
	}
}

func (d *Device) checkWiden(dst, src uint32, n int) bool {
	if d.err != nil || n == 0 {
		return false
	}
	if !fits32(n) || !d.inside(dst, uint64(n)*4) || !d.inside(src, uint64(n)*2) ||
		uint64(dst) < uint64(src)+uint64(n)*2 && uint64(src) < uint64(dst)+uint64(n)*4 {
		d.fail(ErrArgument, "widen: %d numbers from %d to %d", n, src, dst)
		return false
	}
	return true
}

// NarrowF16 converts n f32 numbers at src to f16 at dst, and reports whether all finite
// numbers stayed finite: the largest of f16 is MaxF16. See Loading.NarrowF16.
func (d *Device) NarrowF16(dst, src uint32, n int) (fits bool) {
	if d.err != nil || n == 0 {
		return true
	}
	if !fits32(n) || !d.inside(dst, uint64(n)*2) || !d.inside(src, uint64(n)*4) || dst%2 != 0 || src%4 != 0 ||
		uint64(dst) < uint64(src)+uint64(n)*4 && uint64(src) < uint64(dst)+uint64(n)*2 {
		d.fail(ErrArgument, "narrow: %d numbers from %d to %d", n, src, dst)
		return true
	}
	mark := d.Mark()
	beyond := d.Alloc(4)
	flag := make([]byte, 4)
	d.Write(beyond, flag)
	if d.err != nil {
		return true
	}
	d.b.NarrowF16(dst, src, uint32(n), beyond)
	d.Read(beyond, flag)
	d.Release(mark)
	return flag[0] == 0
}
