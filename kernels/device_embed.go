package kernels

// Embed looks up the rows ids of t: y [len(ids), t.Dim] = mul * t[ids], or += if accumulate
// is set. A negative id is a row of zeros. See Operations.EmbedF32.
func (d *Device) Embed(y Tensor, t Table, ids []int32, mul float32, accumulate bool) {
	const op = "embed"
	if !d.whole(op, "output", y, len(ids), t.Dim) || len(ids) == 0 || t.Dim == 0 {
		return
	}
	size := uint64(t.Rows) * uint64(t.Dim) * t.DType.Size()
	if !fits32(t.Rows, t.Dim) || !d.inside(t.At, size) {
		d.fail(ErrArgument, "%s: table %s of %d×%d at %d is not inside memory", op, t.DType, t.Rows, t.Dim, t.At)
		return
	}
	if !d.apartBytes(op, y, t.At, size) {
		return
	}
	if t.DType != F32 && t.DType != F16 && !d.checkVector(op, "scale", t.Scale, t.Rows) {
		return
	}
	acc := uint32(0)
	if accumulate {
		acc = 1
	}
	mark := d.Mark()
	at := d.ids(op, ids, t.Rows)
	if d.err != nil {
		return
	}
	switch n, dim := uint32(len(ids)), uint32(t.Dim); t.DType {
	case F32:
		d.b.EmbedF32(y.At, t.At, at, n, dim, mul, acc)
	case F16:
		d.b.EmbedF16(y.At, t.At, at, n, dim, mul, acc)
	default:
		d.b.EmbedQ8(y.At, t.At, t.Scale.At, at, n, dim, mul, acc)
	}
	d.Release(mark)
}

// ids copies ids to memory after checking that all are less than rows.
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

// Gather copies the rows idx of x to y [len(idx), x.Cols].
func (d *Device) Gather(y, x Tensor, idx []int32) {
	if !d.whole("gather", "input", x, x.Rows, x.Cols) || !d.apart("gather", y, x) {
		return
	}
	d.Embed(y, Table{DType: F32, At: x.At, Rows: x.Rows, Dim: x.Cols}, idx, 1, false)
}
