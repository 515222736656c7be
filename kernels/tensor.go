package kernels

// Tensor is a view of an f32 matrix [Rows, Cols] in device memory. Row r begins
// Stride*4*r bytes after At. It is a value: views of parts are made freely and
// cost nothing.
type Tensor struct {
	At         uint32
	Rows, Cols int
	Stride     int // in elements, at least Cols
}

// Slice is the view of rows [from, to).
func (t Tensor) Slice(from, to int) Tensor {
	t.At += uint32(from) * uint32(t.Stride) * 4
	t.Rows = to - from
	return t
}

// Columns is the view of columns [from, to).
func (t Tensor) Columns(from, to int) Tensor {
	t.At += uint32(from) * 4
	t.Cols = to - from
	return t
}

// contiguous tells whether the rows follow each other without a gap.
func (t Tensor) contiguous() bool { return t.Stride == t.Cols || t.Rows <= 1 }

// Vector is a view of f32 numbers in device memory. The zero Vector is "absent".
type Vector struct {
	At  uint32
	Len int
}

// Weight is the matrix W [Out, In] of a linear layer, packed by the backend, with
// its optional bias [Out]. I8 weights have a scale for each row; those of Q4 are packed
// with the weights.
type Weight struct {
	DType   DType
	At      uint32
	Scale   Vector
	Bias    Vector
	Out, In int
}

// Table is an embedding table [Rows, Dim], row-major. I8 tables have a scale for
// each row.
type Table struct {
	DType     DType
	At        uint32
	Scale     Vector
	Rows, Dim int
}
