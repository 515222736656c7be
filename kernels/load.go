package kernels

// The operations that bring weights into the form in which the backend wants them.
// A loader streams a tensor through a small staging area, some rows at a time, so
// that a model never lies in memory twice.

// NewWeight hands out room for a linear layer of out×in weights of type t, packed,
// with scales for I8 (those of Q4 are packed with it) and, if bias is set, a bias that is zero.
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

// NewTable hands out room for an embedding table.
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

// Pack packs n rows of src, row-major and of w's type (Q4 has PackQ4), as the rows [row, row+n) of
// w. row is a multiple of PanelWidth, and so is n unless they are the last rows.
func (d *Device) Pack(w Weight, row, n int, src uint32) {
	if d.err != nil || n == 0 || w.In == 0 {
		return
	}
	if w.DType == Q4 {
		d.fail(ErrArgument, "pack: rows of %s without their scales, see PackQ4", w.DType)
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
	if d.still {
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

// checkPanels tells whether the rows [row, row+n) of w are whole panels, but for the last.
func (d *Device) checkPanels(w Weight, row, n int) bool {
	if !fits32(row, n, w.Out, w.In) || row%PanelWidth != 0 || row+n > w.Out || n%PanelWidth != 0 && row+n != w.Out {
		d.fail(ErrArgument, "pack: rows %d to %d of %d are not whole panels of %d", row, row+n, w.Out, PanelWidth)
		return false
	}
	return true
}

// QuantizeRows quantises n rows of k numbers f32 at src to int8 at q, with scales
// f32 at scale. See Backend.QuantizeRows.
func (d *Device) QuantizeRows(q, scale, src uint32, n, k int) {
	if d.err != nil || n == 0 || k == 0 {
		return
	}
	if !fits32(n, k) || !d.inside(q, uint64(n)*uint64(k)) || !d.inside(scale, uint64(n)*4) || !d.inside(src, uint64(n)*uint64(k)*4) {
		d.fail(ErrArgument, "quantise: %d×%d are not inside memory", n, k)
		return
	}
	if d.still {
		return
	}
	d.b.QuantizeRows(q, scale, src, uint32(n), uint32(k))
}

// WidenF16 converts n half-precision numbers at src to f32 at dst.
func (d *Device) WidenF16(dst, src uint32, n int) {
	if d.checkWiden(dst, src, n) {
		if d.still {
			return
		}
		d.b.WidenF16(dst, src, uint32(n))
	}
}

// WidenBF16 converts n bfloat16 numbers at src to f32 at dst.
func (d *Device) WidenBF16(dst, src uint32, n int) {
	if d.checkWiden(dst, src, n) {
		if d.still {
			return
		}
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

// Part is the view of the rows [from, to) of w, from the start of a panel.
func (d *Device) Part(w Weight, from, to int) Weight {
	if from < 0 || to < from || to > w.Out || from%PanelWidth != 0 {
		d.fail(ErrArgument, "part: rows %d to %d of %d do not begin a panel of %d", from, to, w.Out, PanelWidth)
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
