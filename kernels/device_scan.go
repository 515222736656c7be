package kernels

// Scan compares a query q i8 [t.Dim] with the rows of a table of I8: y[i] is t.Scale[i]
// times their product. t.Dim is a multiple of 16. keep, if not 0, is at a byte for each row;
// where it is 0, y[i] is −inf. See Operations.ScanQ8.
func (d *Device) Scan(y Vector, q uint32, t Table, keep uint32) {
	const op = "scan"
	if !d.checkVector(op, "output", y, t.Rows) || t.Rows == 0 {
		return
	}
	if t.DType != I8 || t.Dim <= 0 || t.Dim%16 != 0 || t.Dim > MaxIn {
		d.fail(ErrArgument, "%s: a table %s of %d columns; %s and a multiple of 16 up to %d were expected", op, t.DType, t.Dim, I8, MaxIn)
		return
	}
	size := uint64(t.Rows) * uint64(t.Dim)
	if !fits32(t.Rows, t.Dim) || !d.inside(t.At, size) || !d.inside(q, uint64(t.Dim)) || keep != 0 && !d.inside(keep, uint64(t.Rows)) {
		d.fail(ErrArgument, "%s: %d×%d at %d with a query at %d are not inside memory", op, t.Rows, t.Dim, t.At, q)
		return
	}
	out := Tensor{At: y.At, Rows: 1, Cols: y.Len, Stride: y.Len}
	if !d.checkVector(op, "scale", t.Scale, t.Rows) || !d.apartBytes(op, out, t.At, size) || !d.apartBytes(op, out, q, uint64(t.Dim)) {
		return
	}
	if keep != 0 && !d.apartBytes(op, out, keep, uint64(t.Rows)) {
		return
	}
	d.b.ScanQ8(y.At, q, t.At, t.Scale.At, keep, uint32(t.Rows), uint32(t.Dim))
}
