package kernels

// DType is the type of the elements of weights in device memory.
type DType uint8

// The types that device memory holds. Everything else is converted while loading.
const (
	F32 DType = iota
	I8
)

func (t DType) String() string {
	switch t {
	case F32:
		return "f32"
	case I8:
		return "i8"
	}
	return "unknown"
}

// Size is the number of bytes of one element.
func (t DType) Size() uint64 {
	if t == F32 {
		return 4
	}
	return 1
}
