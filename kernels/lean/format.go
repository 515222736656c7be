package lean

import (
	"strconv"
	"unicode/utf8"
)

// Sprintf is fmt.Sprintf for the verbs and types listed in the package comment.
func Sprintf(format string, args ...any) string {
	vet(format, args...)
	return string(Appendf(nil, format, args...))
}

// Appendf is fmt.Appendf for the verbs and types listed in the package comment.
func Appendf(dst []byte, format string, args ...any) []byte {
	vet(format, args...)
	return appendf(dst, format, args, false)
}

// appendf formats. If wrap is set, %w is a verb.
func appendf(b []byte, format string, args []any, wrap bool) []byte {
	next := 0
	for i := 0; i < len(format); {
		start := i
		for i < len(format) && format[i] != '%' {
			i++
		}
		b = append(b, format[start:i]...)
		if i == len(format) {
			break
		}
		i++
		var m measure
		if i < len(format) && format[i] == '0' {
			m.zero = true
			i++
		}
		for ; i < len(format) && '0' <= format[i] && format[i] <= '9'; i++ {
			if m.width = 10*m.width + int(format[i]-'0'); m.width > maxWidth {
				m.width = maxWidth
			}
		}
		if i == len(format) {
			return append(b, "%!(NOVERB)"...)
		}
		verb, size := utf8.DecodeRuneInString(format[i:])
		i += size
		switch {
		case verb == '%':
			b = append(b, '%')
		case next == len(args):
			b = append(append(append(b, "%!"...), string(verb)...), "(MISSING)"...)
		default:
			if verb == 'w' && wrap {
				if _, ok := args[next].(error); ok {
					verb = 'v'
				}
			}
			b = appendArg(b, verb, m, args[next])
			next++
		}
	}
	if next < len(args) {
		b = append(b, "%!(EXTRA)"...)
	}
	return b
}

// measure is the flag and the width between % and the verb.
type measure struct {
	zero  bool
	width int
}

// maxWidth limits widths, so that a format cannot produce an arbitrarily long text.
const maxWidth = 64

// appendArg writes one argument. The cases are in the order of fmt: basic types, which have no
// methods, then error, then String.
func appendArg(b []byte, verb rune, m measure, arg any) []byte {
	switch a := arg.(type) {
	case nil:
		if verb == 'v' && m == (measure{}) {
			return append(b, "<nil>"...)
		}
		return append(append(append(b, "%!"...), string(verb)...), "(<nil>)"...)
	case int:
		return appendInt(b, verb, m, int64(a))
	case int32:
		return appendInt(b, verb, m, int64(a))
	case int64:
		return appendInt(b, verb, m, a)
	case byte:
		return appendUint(b, verb, m, uint64(a), false)
	case uint16:
		return appendUint(b, verb, m, uint64(a), false)
	case uint32:
		return appendUint(b, verb, m, uint64(a), false)
	case uint64:
		return appendUint(b, verb, m, a, false)
	case []int:
		return appendList(b, verb, m, a)
	case []int32:
		return appendList(b, verb, m, a)
	case []string:
		return appendList(b, verb, m, a)
	}
	if m != (measure{}) {
		return unsupported(b, verb)
	}
	switch a := arg.(type) {
	case string:
		return appendString(b, verb, a)
	case []byte:
		if verb != 'v' {
			return appendString(b, verb, string(a))
		}
	case [32]byte:
		if verb == 'x' || verb == 'X' {
			return appendString(b, verb, string(a[:]))
		}
	case bool:
		if verb == 'v' {
			return strconv.AppendBool(b, a)
		}
	case float32:
		return appendFloat(b, verb, float64(a), 32)
	case float64:
		return appendFloat(b, verb, a, 64)
	case error:
		return appendString(b, verb, a.Error())
	case interface{ String() string }:
		return appendString(b, verb, a.String())
	}
	return unsupported(b, verb)
}

// unsupported writes a verb that this package does not support for its argument.
func unsupported(b []byte, verb rune) []byte {
	return append(append(append(b, "%!"...), string(verb)...), "(?)"...)
}

func appendInt(b []byte, verb rune, m measure, v int64) []byte {
	if v < 0 {
		return appendUint(b, verb, m, -uint64(v), true)
	}
	return appendUint(b, verb, m, uint64(v), false)
}

// appendUint writes an integer of magnitude v.
func appendUint(b []byte, verb rune, m measure, v uint64, negative bool) []byte {
	base := uint64(10)
	digits := "0123456789abcdef"
	switch verb {
	case 'd', 'v':
	case 'x':
		base = 16
	case 'X':
		base, digits = 16, "0123456789ABCDEF"
	case 'c':
		if m != (measure{}) {
			return unsupported(b, verb)
		}
		if negative || v > utf8.MaxRune {
			v = utf8.RuneError
		}
		return utf8.AppendRune(b, rune(v))
	default:
		return unsupported(b, verb)
	}
	var text [maxWidth + 1]byte // written from the right; a width includes the sign
	at := len(text)
	for {
		at--
		text[at] = digits[v%base]
		if v /= base; v == 0 {
			break
		}
	}
	sign := 0
	if negative {
		sign = 1
	}
	if m.zero {
		for len(text)-at+sign < m.width {
			at--
			text[at] = '0'
		}
	}
	if negative {
		at--
		text[at] = '-'
	}
	for len(text)-at < m.width {
		at--
		text[at] = ' '
	}
	return append(b, text[at:]...)
}

func appendString(b []byte, verb rune, s string) []byte {
	switch verb {
	case 's', 'v':
		return append(b, s...)
	case 'q':
		return strconv.AppendQuote(b, s)
	case 'x', 'X':
		digits := "0123456789abcdef"
		if verb == 'X' {
			digits = "0123456789ABCDEF"
		}
		for i := range len(s) {
			b = append(b, digits[s[i]>>4], digits[s[i]&15])
		}
		return b
	}
	return unsupported(b, verb)
}

// appendFloat writes the shortest decimal that parses as v in a float of bits bits.
func appendFloat(b []byte, verb rune, v float64, bits int) []byte {
	if verb != 'v' {
		return unsupported(b, verb)
	}
	return strconv.AppendFloat(b, v, 'g', -1, bits)
}

// appendList writes [a b c].
func appendList[T any](b []byte, verb rune, m measure, list []T) []byte {
	b = append(b, '[')
	for i, v := range list {
		if i > 0 {
			b = append(b, ' ')
		}
		b = appendArg(b, verb, m, v)
	}
	return append(b, ']')
}
