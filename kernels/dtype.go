package kernels

// DType is the type of the elements of weights in device memory.
type DType uint8

// The types that device memory holds. Everything else is converted while loading.
const (
	F32 DType = iota
	I8
	// Q4 is 4-bit integers in blocks of BlockQ4 with a scale each; see OpsQ4.
	Q4
	// F16 is IEEE 754 half precision; see OpsF16.
	F16
)

func (t DType) String() string {
	switch t {
	case F32:
		return "f32"
	case I8:
		return "i8"
	case Q4:
		return "q4"
	case F16:
		return "f16"
	}
	return "unknown"
}

// RowSize is the number of bytes of k elements of a row, scales not counted.
func (t DType) RowSize(k int) uint64 {
	if t == Q4 {
		return (uint64(k) + 7) / 8 * 4
	}
	return uint64(k) * t.Size()
}

// Size is the number of bytes of one element; two of Q4 share a byte, see RowSize.
func (t DType) Size() uint64 {
	switch t {
	case F32:
		return 4
	case F16:
		return 2
	}
	return 1
}
