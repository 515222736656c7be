// Package lean replaces the parts of fmt, encoding/binary and encoding/hex that the engine
// needs, in a few kilobytes.
//
// The engine is a WebAssembly file that a page downloads. Package fmt adds reflect, os,
// io/fs and internal/poll to it, 0.12 MB compressed, to format numbers and names in the
// text of errors. So packages that the engine imports use this package instead, and a test
// fails if one of them imports fmt again.
//
// Begin with [Errorf] and [Sprintf]. Their output is equal to that of fmt, byte for byte,
// for
//
//	%d        int, int32, int64, byte, uint16, uint32, uint64, []int, []int32
//	%x %X     the same integers; string, []byte and [32]byte as hexadecimal digits
//	%c        int32 (rune), byte
//	%s %q     string, []byte, []string, error, and types with a method String
//	%v        all these except []byte and [32]byte; bool, float32, float64, nil
//	%w        error, any number of times, in Errorf only
//	%%        a percent sign
//
// with the flag 0 and a width, both for integers only (%02x).
//
// What needs reflect is not supported: other types (a named integer without a method
// String, or %d of one that has it: convert it to int), %T, %+v and %p; nor are other
// flags, precisions and argument indexes. Such a verb is written as %!d(?) and never
// panics. Two checks prevent it: go vet checks calls of this package like those of fmt,
// and TestFormatsOfTheEngine checks the verbs, the number and the types of the arguments
// of every call in every package of the engine.
//
// The functions on bytes are those of binary.LittleEndian; those with BE in their name are
// those of binary.BigEndian. [DecodeHex] is hex.Decode.
package lean
