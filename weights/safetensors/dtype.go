package safetensors

import "github.com/lodestone-wasm/lodestone/kernels/lean"

// DType is the type of a tensor's elements.
type DType byte

// The types that are read, ordered as the reference implementation lays them out in
// a file, last one first. Zero is no type.
const (
	BOOL DType = iota + 1
	U8
	I8
	F16
	BF16
	I32
	F32
	I64
)

var dtypes = [...]struct {
	name string
	size int
}{BOOL: {"BOOL", 1}, U8: {"U8", 1}, I8: {"I8", 1}, F16: {"F16", 2}, BF16: {"BF16", 2}, I32: {"I32", 4}, F32: {"F32", 4}, I64: {"I64", 8}}

// dtypeNames is for error messages.
const dtypeNames = "F32, F16, BF16, I8, U8, I32, I64, BOOL"

// ParseDType finds a type by the name it has in a header.
func ParseDType(name string) (DType, error) {
	for d, t := range dtypes {
		if t.name == name && d > 0 {
			return DType(d), nil
		}
	}
	return 0, refuse(ErrUnknownDType, "data type %q is not read; supported: %s", lean.Clip(name), dtypeNames)
}

// Valid reports whether d is one of the constants.
func (d DType) Valid() bool { return d > 0 && int(d) < len(dtypes) }

// Size is the width of one element in bytes, 0 for an invalid type.
func (d DType) Size() int {
	if !d.Valid() {
		return 0
	}
	return dtypes[d].size
}

// IsFloat reports whether the elements convert to float32 ([Float32s]).
func (d DType) IsFloat() bool { return d == F32 || d == F16 || d == BF16 }

func (d DType) String() string {
	if !d.Valid() {
		return "no data type"
	}
	return dtypes[d].name
}
