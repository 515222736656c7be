// Package lean is what the engine needs of fmt, encoding/binary and encoding/hex, in
// a few kilobytes.
//
// The engine is a WebAssembly file that a page downloads. Package fmt brings reflect,
// os, io/fs and internal/poll with it, 0.12 MB of that file compressed, to format
// numbers and names in the text of errors. So packages that the engine imports use
// this one, and a test here fails if one of them imports fmt again.
//
// Begin at [Errorf] and [Sprintf]. For what they support, they write byte for byte
// what fmt writes:
//
//	%d        int, int32, int64, byte, uint16, uint32, uint64, []int, []int32
//	%x %X     the same integers; string, []byte and [32]byte as hexadecimal digits
//	%c        int32 (rune), byte
//	%s %q     string, []byte, []string, error, and what has a method String
//	%v        all these except []byte and [32]byte; bool, float32, float64, nil
//	%w        error, any number of times, in Errorf only
//	%%        a percent sign
//
// with one flag and one measure: 0 and a width, of integers (%02x).
//
// Not supported is what needs reflect: other types (a named integer without a method
// String, or %d of one that has it: convert it to int), %T, %+v, %p; and other flags,
// precisions and argument indexes. Such a verb comes out as %!d(?), which says that
// something is missing, and never panics. Two tests keep it from being written: go
// vet checks calls of this package like those of fmt, and TestFormatsOfTheEngine
// checks the verbs, the number and the types of the arguments of every call in every
// package of the engine.
//
// The functions on bytes are those of binary.LittleEndian, and with BE in their name
// of binary.BigEndian; [DecodeHex] is hex.Decode.
package lean
