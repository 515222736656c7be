package kernels

import "unsafe"

// Tensor is a view of an f32 matrix [Rows, Cols] in device memory. Row r begins
// Stride*4*r bytes after At. It is a value: making a view copies nothing.
type Tensor struct {
	At         uint32
	Rows, Cols int
	Stride     int // in elements, at least Cols
}

// Slice is the view of the rows [from, to).
func (t Tensor) Slice(from, to int) Tensor {
	t.At += uint32(from) * uint32(t.Stride) * 4
	t.Rows = to - from
	return t
}

// Columns is the view of the columns [from, to).
func (t Tensor) Columns(from, to int) Tensor {
	t.At += uint32(from) * 4
	t.Cols = to - from
	return t
}

// contiguous reports whether there are no gaps between rows.
func (t Tensor) contiguous() bool { return t.Stride == t.Cols || t.Rows <= 1 }

// Vector is a view of f32 numbers in device memory. The zero Vector is absent.
type Vector struct {
	At  uint32
	Len int
}

// Weight is the matrix W [Out, In] of a linear layer, packed by the backend, with an
// optional bias [Out]. I8 weights have a scale for each row. The scales of Q4 weights are
// packed with them.
type Weight struct {
	DType   DType
	At      uint32
	Scale   Vector
	Bias    Vector
	Out, In int
}

// Table is an embedding table [Rows, Dim], row-major. An I8 table has a scale for each row.
type Table struct {
	DType     DType
	At        uint32
	Scale     Vector
	Rows, Dim int
}

// NewTensor allocates an f32 matrix with undefined contents.
func (d *Device) NewTensor(rows, cols int) Tensor {
	if !fits32(rows, cols) || uint64(rows)*uint64(cols) > MaxMemory/4 {
		d.fail(ErrMemory, "a tensor of %d×%d", rows, cols)
		return Tensor{}
	}
	return Tensor{At: d.Alloc(uint64(rows) * uint64(cols) * 4), Rows: rows, Cols: cols, Stride: cols}
}

// Floats allocates a vector that holds v.
func (d *Device) Floats(v []float32) Vector {
	at := d.Alloc(uint64(len(v)) * 4)
	d.Write(at, f32Bytes(v))
	return Vector{At: at, Len: len(v)}
}

// Set copies v, row-major, to t.
func (d *Device) Set(t Tensor, v []float32) {
	if len(v) != t.Rows*t.Cols {
		d.fail(ErrArgument, "%d numbers for a tensor of %d×%d", len(v), t.Rows, t.Cols)
		return
	}
	if t.contiguous() {
		d.Write(t.At, f32Bytes(v))
		return
	}
	for r := range t.Rows {
		d.Write(t.Slice(r, r+1).At, f32Bytes(v[r*t.Cols:(r+1)*t.Cols]))
	}
}

// Get copies t, row-major, to dst, which holds Rows*Cols numbers.
func (d *Device) Get(dst []float32, t Tensor) {
	if len(dst) != t.Rows*t.Cols {
		d.fail(ErrArgument, "room for %d numbers, a tensor of %d×%d", len(dst), t.Rows, t.Cols)
		return
	}
	if t.contiguous() {
		d.Read(t.At, f32Bytes(dst))
		return
	}
	for r := range t.Rows {
		d.Read(t.Slice(r, r+1).At, f32Bytes(dst[r*t.Cols:(r+1)*t.Cols]))
	}
}

// f32Bytes is the memory of v. All supported targets are little-endian.
func f32Bytes(v []float32) []byte {
	if len(v) == 0 {
		return nil
	}
	return unsafe.Slice((*byte)(unsafe.Pointer(&v[0])), len(v)*4)
}

func i32Bytes(v []int32) []byte {
	if len(v) == 0 {
		return nil
	}
	return unsafe.Slice((*byte)(unsafe.Pointer(&v[0])), len(v)*4)
}
