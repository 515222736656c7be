package kernels

import "math"

// The checks of operands. Each reports whether the operand is valid, and fails the device
// if not. op and name are the operation and the operand that the error names.

// check reports whether t is a matrix in allocated memory.
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
		d.fail(ErrArgument, "%s: %s of %d×%d needs %d bytes at %d, %d bytes are allocated", op, name, t.Rows, t.Cols, n, t.At, d.top)
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

// want is check for a matrix of rows×cols.
func (d *Device) want(op, name string, t Tensor, rows, cols int) bool {
	if d.err == nil && (t.Rows != rows || t.Cols != cols) {
		d.fail(ErrArgument, "%s: %s is %d×%d, needs %d×%d", op, name, t.Rows, t.Cols, rows, cols)
	}
	return d.check(op, name, t)
}

// whole is want for an operation without strides.
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

// apart reports whether the output a and the input b share no memory.
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

// checkActivation reports whether act is one of the activations.
func (d *Device) checkActivation(op string, act Activation) bool {
	if act > GELUTanh {
		d.fail(ErrArgument, "%s: unknown activation %d", op, uint32(act))
		return false
	}
	return true
}

// fits32 reports whether every number is a count that the kernels' arithmetic of 32 bits
// can take.
func fits32(ns ...int) bool {
	for _, n := range ns {
		if n < 0 || n > math.MaxInt32/4 {
			return false
		}
	}
	return true
}
