package kernels

// The operations without a file of their own.

// LayerNorm normalises the rows of x to y, which may be x. See Operations.LayerNorm.
func (d *Device) LayerNorm(y, x Tensor, w, b Vector, eps float32) {
	const op = "layer norm"
	if !d.whole(op, "input", x, x.Rows, x.Cols) || !d.whole(op, "output", y, x.Rows, x.Cols) ||
		!d.checkVector(op, "weight", w, x.Cols) || !d.checkVector(op, "bias", b, x.Cols) {
		return
	}
	if y.At != x.At && !d.apart(op, y, x) || x.Rows == 0 || x.Cols == 0 {
		return
	}
	d.b.LayerNorm(y.At, x.At, w.At, b.At, uint32(x.Rows), uint32(x.Cols), eps)
}

// RMSNorm divides the rows of x by their root mean square, to y, which may be x. See
// Operations.RMSNorm.
func (d *Device) RMSNorm(y, x Tensor, w Vector, eps float32) {
	const op = "rms norm"
	if !d.whole(op, "input", x, x.Rows, x.Cols) || !d.whole(op, "output", y, x.Rows, x.Cols) || !d.checkVector(op, "weight", w, x.Cols) {
		return
	}
	if y.At != x.At && !d.apart(op, y, x) || x.Rows == 0 || x.Cols == 0 {
		return
	}
	d.b.RMSNorm(y.At, x.At, w.At, uint32(x.Rows), uint32(x.Cols), eps)
}

// L2Normalize divides each row of x by its Euclidean length, at least eps; y may be x.
func (d *Device) L2Normalize(y, x Tensor, eps float32) {
	const op = "l2 normalise"
	if !d.whole(op, "input", x, x.Rows, x.Cols) || !d.whole(op, "output", y, x.Rows, x.Cols) {
		return
	}
	if y.At != x.At && !d.apart(op, y, x) || x.Rows == 0 || x.Cols == 0 {
		return
	}
	d.b.L2Normalize(y.At, x.At, uint32(x.Rows), uint32(x.Cols), eps)
}

// MeanRows sets y [1, x.Cols] to the mean of the rows of x.
func (d *Device) MeanRows(y, x Tensor) {
	const op = "mean"
	if !d.whole(op, "input", x, x.Rows, x.Cols) || !d.whole(op, "output", y, 1, x.Cols) || !d.apart(op, y, x) {
		return
	}
	if x.Rows == 0 {
		d.fail(ErrArgument, "%s: of no rows", op)
		return
	}
	if x.Cols == 0 {
		return
	}
	d.b.MeanRows(y.At, x.At, uint32(x.Rows), uint32(x.Cols))
}

// Activate applies act to x; y may be x.
func (d *Device) Activate(y, x Tensor, act Activation) {
	const op = "activate"
	if !d.whole(op, "input", x, x.Rows, x.Cols) || !d.whole(op, "output", y, x.Rows, x.Cols) || !d.checkActivation(op, act) {
		return
	}
	if y.At != x.At && !d.apart(op, y, x) || x.Rows == 0 || x.Cols == 0 {
		return
	}
	d.b.Activate(y.At, x.At, uint32(x.Rows*x.Cols), act)
}

// Add is y = alpha*a + b; y may be a or b.
func (d *Device) Add(y, a, b Tensor, alpha float32) {
	const op = "add"
	if !d.alike(op, y, a, b) {
		return
	}
	d.b.Add(y.At, a.At, b.At, uint32(y.Rows*y.Cols), alpha)
}

// Gate is y = act(a)∘b, element by element; y may be a or b.
func (d *Device) Gate(y, a, b Tensor, act Activation) {
	const op = "gate"
	if !d.checkActivation(op, act) || !d.alike(op, y, a, b) {
		return
	}
	d.b.Gate(y.At, a.At, b.At, uint32(y.Rows*y.Cols), act)
}

// alike reports whether y, a and b are matrices of one shape that an elementwise operation
// takes, and are not empty. y may be a or b.
func (d *Device) alike(op string, y, a, b Tensor) bool {
	if !d.whole(op, "output", y, y.Rows, y.Cols) || !d.whole(op, "a", a, y.Rows, y.Cols) || !d.whole(op, "b", b, y.Rows, y.Cols) {
		return false
	}
	if y.At != a.At && !d.apart(op, y, a) || y.At != b.At && !d.apart(op, y, b) {
		return false
	}
	return y.Rows > 0 && y.Cols > 0
}

// Rotate rotates the pairs of every head of x in place by the tables cos and sin
// [x.Rows, h/2]. See Operations.Rotate.
func (d *Device) Rotate(x Tensor, heads int, cos, sin Tensor) {
	const op = "rotate"
	if heads <= 0 || x.Cols%(2*heads) != 0 {
		d.fail(ErrArgument, "%s: %d columns are not %d heads of pairs", op, x.Cols, heads)
		return
	}
	half := x.Cols / heads / 2
	if !d.checkRotation(op, x, cos, sin, half) {
		return
	}
	d.b.Rotate(x.At, uint32(x.Stride), uint32(x.Rows), uint32(heads), uint32(2*half), cos.At, sin.At)
}

// RotateHalves rotates the first 2·cos.Cols columns of every head of x in place, each
// column of their first half with the corresponding one of the second, by the tables cos
// and sin [x.Rows, ·]. See Operations.RotateHalves.
func (d *Device) RotateHalves(x Tensor, heads int, cos, sin Tensor) {
	const op = "rotate halves"
	if heads <= 0 || x.Cols%heads != 0 || 2*cos.Cols > x.Cols/heads {
		d.fail(ErrArgument, "%s: %d columns are not %d heads of %d pairs", op, x.Cols, heads, cos.Cols)
		return
	}
	if !d.checkRotation(op, x, cos, sin, cos.Cols) {
		return
	}
	d.b.RotateHalves(x.At, uint32(x.Stride), uint32(x.Rows), uint32(heads), uint32(x.Cols/heads), uint32(2*cos.Cols), cos.At, sin.At)
}

// checkRotation reports whether x can be rotated by tables of so many pairs, and is not empty.
func (d *Device) checkRotation(op string, x, cos, sin Tensor, pairs int) bool {
	return d.want(op, "input", x, x.Rows, x.Cols) && d.whole(op, "cosines", cos, x.Rows, pairs) &&
		d.whole(op, "sines", sin, x.Rows, pairs) && d.apart(op, x, cos) && d.apart(op, x, sin) &&
		x.Rows > 0 && x.Cols > 0 && pairs > 0
}
