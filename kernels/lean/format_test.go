package lean

import (
	"errors"
	"fmt"
	"math"
	"strings"
	"testing"
)

// kind is an error whose type is a string, like those of weights/safetensors.
type kind string

func (k kind) Error() string { return string(k) }

// named has a method String, like kernels.DType.
type named byte

func (n named) String() string { return fmt.Sprintf("type %d", byte(n)) }

// both has the two methods; fmt prefers Error.
type both struct{}

func (both) Error() string  { return "an error" }
func (both) String() string { return "a string" }

// The expected texts are those of fmt.
func TestSprintfWritesWhatFmtWrites(t *testing.T) {
	hash := [32]byte{0: 0xde, 1: 0xad, 31: 0x0f}
	wrapped := fmt.Errorf("read: %w", errors.New("gone"))
	tests := []struct {
		format string
		args   []any
	}{
		{"", nil},
		{"no verb", nil},
		{"100%% of %d%%", []any{7}},
		{"%d %d %d", []any{0, -1, math.MaxInt}},
		{"%d %d", []any{int64(math.MinInt64), int64(math.MaxInt64)}},
		{"%d %d", []any{int32(math.MinInt32), uint32(math.MaxUint32)}},
		{"%d %d %d", []any{byte(255), uint16(65535), uint64(math.MaxUint64)}},
		{"%v %v %v %v %v %v %v", []any{-5, int32(-5), int64(-5), byte(5), uint16(5), uint32(5), uint64(5)}},
		{"%x %X %x %X", []any{255, 255, -255, int64(math.MinInt64)}},
		{"%02x %02X %04x %08X", []any{byte(5), 10, 'é', uint64(0xbeef)}},
		{"%02x %04d %04d %4d %4d %1d %x", []any{-1, -12, 12345, -12, 7, 123, 'a'}},
		{"%c%c%c%c", []any{'a', byte('b'), '€', '\U0001f600'}},
		{"%c %c %c", []any{rune(-1), 0x110000, 0xd800}},
		{"%s|%q|%v|%x|%X", []any{"a\"b\n", "a\"b\n€\x00\xff", "c", "hé", "hé"}},
		{"%s|%q|%x|%X", []any{[]byte("a"), []byte("a\"\xff"), []byte{1, 0xab}, []byte{1, 0xab}}},
		{"%s|%q|%v|%x", []any{[]string{"a", "b c"}, []string{"a", "b\t"}, []string{}, []string{"a", "b"}}},
		{"%s|%q|%v", []any{[]string(nil), []string(nil), []string(nil)}},
		{"%v|%d|%v|%d|%x|%02x", []any{[]int{1, -2, 3}, []int{4}, []int(nil), []int32{-1, 2}, []int{10, 11}, []int{10, 11}}},
		{"%x|%X", []any{hash, hash}},
		{"%v %v", []any{true, false}},
		{"%v|%v|%v|%v", []any{0.0, math.Copysign(0, -1), 0.1, float32(0.1)}},
		{"%v|%v|%v|%v", []any{1e5, 1e6, 123456789.0, float32(16777216)}},
		{"%v|%v|%v|%v|%v", []any{1e20, 1e21, 1e-4, 1e-5, float32(1e-30)}},
		{"%v|%v|%v|%v", []any{math.Inf(1), math.Inf(-1), math.NaN(), float32(math.Inf(1))}},
		{"%v|%v", []any{math.MaxFloat64, math.SmallestNonzeroFloat64}},
		{"%s|%v|%q|%x", []any{wrapped, wrapped, wrapped, kind("k")}},
		{"%s|%v|%q", []any{named(3), named(4), named(5)}},
		{"%s|%v", []any{both{}, both{}}},
		{"%v|%s|%d", []any{nil, nil, nil}},
		{"%v|%v", []any{error(nil), any(nil)}},
		{"%d %s %d", []any{1}}, // arguments that are missing
		{"%", nil},
		{"%d %", []any{1}},
		{"é%sö%s€", []any{"ß", "ø"}},
		{"%é", nil},
	}
	for _, c := range tests {
		want := fmt.Sprintf(c.format, c.args...)
		if got := Sprintf(c.format, c.args...); got != want {
			t.Errorf("Sprintf(%q, %v) = %q, fmt writes %q", c.format, c.args, got, want)
		}
		if got := string(Appendf([]byte("before "), c.format, c.args...)); got != "before "+want {
			t.Errorf("Appendf(%q, %v) = %q, fmt writes %q", c.format, c.args, got, want)
		}
	}
}

// An unsupported verb is visible in the text and does not panic.
func TestSprintfShowsWhatItDoesNotSupport(t *testing.T) {
	type plain int
	tests := []struct {
		format string
		arg    any
		want   string
	}{
		{"%d", plain(1), "%!d(?)"},
		{"%v", struct{ A int }{1}, "%!v(?)"},
		{"%v", map[string]int{}, "%!v(?)"},
		{"%v", []float32{1}, "%!v(?)"},
		{"%v", []byte{1}, "%!v(?)"},
		{"%v", [32]byte{}, "%!v(?)"},
		{"%d", named(1), "%!d(?)"},
		{"%d", "text", "%!d(?)"},
		{"%s", 1, "%!s(?)"},
		{"%t", true, "%!t(?)"},
		{"%f", 1.5, "%!f(?)"},
		{"%w", errors.New("in Sprintf"), "%!w(?)"},
		{"%T", 1, "%!T(?)"},
		{"%p", &struct{}{}, "%!p(?)"},
		{"%5s", "text", "%!s(?)"},
		{"%5v", 1.5, "%!v(?)"},
		{"%5c", 'a', "%!c(?)"},
		{"%+d", 1, "%!+(?)d"},
		{"%-5d", 1, "%!-(?)5d"},
		{"%.2v", 1.5, "%!.(?)2v"},
		{"%[1]d", 1, "%![(?)1]d"},
		{"%d", []string{"a"}, "[%!d(?)]"},
		{"none", 1, "none%!(EXTRA)"},
	}
	for _, c := range tests {
		if got := Sprintf(c.format, c.arg); got != c.want {
			t.Errorf("Sprintf(%q, %v) = %q, want %q", c.format, c.arg, got, c.want)
		}
	}
}

func TestSprintfBoundsAWidth(t *testing.T) {
	for _, format := range []string{"%0999999999d", "%99999999999999999999999d"} {
		if got := Sprintf(format, 1); len(got) != maxWidth || !strings.HasSuffix(got, "1") {
			t.Errorf("Sprintf(%q, 1) has %d bytes, want %d", format, len(got), maxWidth)
		}
	}
}

// FuzzSprintf joins verbs that are supported for their arguments with arbitrary text, and
// compares the result with fmt.
func FuzzSprintf(f *testing.F) {
	f.Add("tensor ", int64(-3), uint64(7), "name\x00", 0.1, []byte{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23})
	f.Add("%%", int64(math.MinInt64), uint64(math.MaxUint64), "", math.Inf(-1), []byte{20, 19, 18})
	f.Fuzz(func(t *testing.T, text string, i int64, u uint64, s string, x float64, pick []byte) {
		var hash [32]byte
		copy(hash[:], s)
		choices := []struct {
			verb string
			arg  any
		}{
			{"%d", i}, {"%d", u}, {"%d", int32(i)}, {"%d", uint32(u)}, {"%v", byte(u)}, {"%v", int(i)},
			{"%x", i}, {"%X", u}, {"%02x", byte(u)}, {"%04x", int32(i)}, {"%02X", int(i)}, {"%7d", i}, {"%021d", i},
			{"%c", int32(i)}, {"%s", s}, {"%q", s}, {"%x", s}, {"%q", []byte(s)}, {"%q", strings.Fields(s)},
			{"%v", []int{int(i), int(u)}}, {"%v", x}, {"%v", float32(x)}, {"%x", hash}, {"%v", kind(s)}, {"%s", named(u)},
		}
		text = strings.ReplaceAll(text, "%", "%%")
		format := text
		var args []any
		for _, p := range pick {
			c := choices[int(p)%len(choices)]
			format += c.verb + text
			args = append(args, c.arg)
		}
		if got, want := Sprintf(format, args...), fmt.Sprintf(format, args...); got != want {
			t.Errorf("Sprintf(%q, %v) = %q, fmt writes %q", format, args, got, want)
		}
	})
}

// FuzzFormat checks that no format panics, however wrong it is.
func FuzzFormat(f *testing.F) {
	f.Add("%w %0", "a")
	f.Add("%[2]*d%!é", "%")
	f.Fuzz(func(t *testing.T, format, s string) {
		if err := Errorf(format, s, kind(s), 1, nil); len(err.Error()) > 100*(len(format)+1)*(len(s)+1) {
			t.Errorf("Errorf(%q, %q) = %v", format, s, err)
		}
	})
}
