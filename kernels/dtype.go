package kernels

// DType is the type of the weights in device memory.
type DType uint8

// The types that device memory holds. Other types are converted while loading.
const (
	F32 DType = iota
	I8
	// Q4 is 4-bit integers in blocks of BlockQ4, each with a scale; see Loading.
	Q4
	// F16 is IEEE 754 half precision.
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

// RowSize is the size in bytes of a row of k elements, without scales.
func (t DType) RowSize(k int) uint64 {
	if t == Q4 {
		return (uint64(k) + 7) / 8 * 4
	}
	return uint64(k) * t.Size()
}

// Size is the size in bytes of one element. Two elements of Q4 share a byte; see RowSize.
func (t DType) Size() uint64 {
	switch t {
	case F32:
		return 4
	case F16:
		return 2
	}
	return 1
}

// blocksQ4 is the number of blocks in a row of k 4-bit weights.
func blocksQ4(k int) uint64 { return (uint64(k) + BlockQ4 - 1) / BlockQ4 }
