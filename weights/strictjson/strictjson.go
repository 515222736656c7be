package strictjson

import (
	"errors"
	"math"
	"strconv"
	"unicode/utf16"
	"unicode/utf8"
	"unsafe"

	"github.com/lodestone-wasm/lodestone/kernels/lean"
)

// MaxDepth is the deepest nesting of objects and arrays that is read.
const MaxDepth = 64

// ErrSyntax is wrapped by every error of this package.
var ErrSyntax = errors.New("invalid JSON")

// ErrDuplicateKey is the kind of ErrSyntax that a repeated key is, so that a format
// whose keys are names can say which thing was named twice.
var ErrDuplicateKey = lean.Errorf("%w: duplicate key", ErrSyntax)

// Kind is the type of the value at the cursor.
type Kind byte

// The kinds of JSON values. Invalid means that no value starts here.
const (
	Invalid Kind = iota
	Object
	Array
	String
	Number
	Bool
	Null
)

func (k Kind) String() string {
	return [...]string{"no value", "an object", "an array", "a string", "a number", "a boolean", "null"}[k]
}

// Decoder is a cursor over one JSON document. After an error every call returns
// that error.
type Decoder struct {
	data  []byte
	pos   int
	depth int
	key   string // the last one that was read, for errors
	err   error
}

// NewDecoder reads data, which must not change while the decoder is in use.
func NewDecoder(data []byte) *Decoder { return &Decoder{data: data} }

// Offset is the byte position of the cursor.
func (d *Decoder) Offset() int { return d.pos }

// End returns an error unless only white space is left.
func (d *Decoder) End() error {
	if d.err != nil {
		return d.err
	}
	d.space()
	if d.pos != len(d.data) {
		return d.fail("text after the document")
	}
	return nil
}

func (d *Decoder) fail(format string, args ...any) error {
	if d.err == nil {
		d.err = lean.Errorf("%w: byte %d: %s", ErrSyntax, d.pos, lean.Sprintf(format, args...))
	}
	return d.err
}

func (d *Decoder) space() {
	for d.pos < len(d.data) {
		switch d.data[d.pos] {
		case ' ', '\t', '\n', '\r':
			d.pos++
		default:
			return
		}
	}
}

// Peek reports the kind of the next value without moving past it.
func (d *Decoder) Peek() Kind {
	if d.err != nil {
		return Invalid
	}
	d.space()
	if d.pos >= len(d.data) {
		return Invalid
	}
	switch c := d.data[d.pos]; {
	case c == '{':
		return Object
	case c == '[':
		return Array
	case c == '"':
		return String
	case c == 't', c == 'f':
		return Bool
	case c == 'n':
		return Null
	case c == '-', c >= '0' && c <= '9':
		return Number
	}
	return Invalid
}

func (d *Decoder) want(k Kind) error {
	if got := d.Peek(); got != k {
		if d.err != nil {
			return d.err
		}
		if got == Invalid {
			return d.noValue(k.String())
		}
		return d.fail("found %s, expected %s", got, k)
	}
	return nil
}

// noValue is the error of a place where no value starts. Python writes NaN and Infinity, which
// JSON does not have.
func (d *Decoder) noValue(expected string) error {
	at := ""
	if d.key != "" {
		at = lean.Sprintf(" at key %q", lean.Clip(d.key))
	}
	for _, word := range []string{"NaN", "Infinity", "-Infinity"} {
		if start := d.pos; d.literal(word) {
			d.pos = start
			return d.fail("found %s%s, which is not JSON; expected %s", word, at, expected)
		}
	}
	if d.pos < len(d.data) && d.data[d.pos] == 0xef {
		return d.fail("found a byte order mark, expected %s", expected)
	}
	if d.pos >= len(d.data) {
		return d.fail("found the end of the text%s, expected %s", at, expected)
	}
	return d.fail("found no value%s, expected %s", at, expected)
}

func (d *Decoder) enter() error {
	d.pos++
	if d.depth++; d.depth > MaxDepth {
		return d.fail("nested deeper than %d", MaxDepth)
	}
	return nil
}

// Object reads an object and calls member for each key, in order. member must
// consume the value (with [Decoder.Skip] if it is of no interest). A repeated key
// is an error.
func (d *Decoder) Object(member func(key string) error) error {
	if err := d.want(Object); err != nil {
		return err
	}
	if err := d.enter(); err != nil {
		return err
	}
	var keys keySet
	for first := true; ; first = false {
		d.space()
		if d.pos < len(d.data) && d.data[d.pos] == '}' && first {
			break
		}
		key, err := d.String()
		if err != nil {
			return err
		}
		if !keys.add(key) {
			return d.keep(lean.Errorf("%w: byte %d: key %q occurs twice", ErrDuplicateKey, d.pos, lean.Clip(key)))
		}
		if d.space(); d.pos >= len(d.data) || d.data[d.pos] != ':' {
			return d.fail("no colon after key %q", lean.Clip(key))
		}
		d.pos++
		d.key = key
		if err := member(key); err != nil {
			return d.keep(err)
		}
		more, err := d.next('}')
		if err != nil {
			return err
		}
		if !more {
			return nil
		}
	}
	d.pos++
	d.depth--
	return nil
}

// Array reads an array and calls element for each index; element must consume
// the value.
func (d *Decoder) Array(element func(i int) error) error {
	if err := d.want(Array); err != nil {
		return err
	}
	if err := d.enter(); err != nil {
		return err
	}
	if d.space(); d.pos < len(d.data) && d.data[d.pos] == ']' {
		d.pos++
		d.depth--
		return nil
	}
	for i := 0; ; i++ {
		if err := element(i); err != nil {
			return d.keep(err)
		}
		more, err := d.next(']')
		if err != nil || !more {
			return err
		}
	}
}

// next steps over the comma that continues a container or the bracket that ends it.
func (d *Decoder) next(end byte) (more bool, err error) {
	if d.err != nil {
		return false, d.err
	}
	d.space()
	if d.pos < len(d.data) {
		switch d.data[d.pos] {
		case ',':
			d.pos++
			return true, nil
		case end:
			d.pos++
			d.depth--
			return false, nil
		}
	}
	return false, d.fail("expected ',' or '%c'", end)
}

// keep makes an error of the caller's stick, so that a half-read document is
// never read on.
func (d *Decoder) keep(err error) error {
	if d.err == nil {
		d.err = err
	}
	return err
}

// String reads a string.
func (d *Decoder) String() (string, error) {
	s, err := d.text()
	return string(s), err
}

// AppendString reads a string and appends it to buf: for many of them, which then share one allocation.
func (d *Decoder) AppendString(buf []byte) ([]byte, error) {
	s, err := d.text()
	return append(buf, s...), err
}

// text is a string's bytes: a part of the document, unless there are escapes in it.
func (d *Decoder) text() ([]byte, error) {
	if err := d.want(String); err != nil {
		return nil, err
	}
	d.pos++
	start := d.pos
	for d.pos < len(d.data) {
		switch c := d.data[d.pos]; {
		case c == '"':
			s := d.data[start:d.pos]
			if !utf8.Valid(s) {
				return nil, d.fail("a string that is not UTF-8")
			}
			d.pos++
			return s, nil
		case c == '\\':
			return d.escaped(start)
		case c < 0x20:
			return nil, d.fail("control character 0x%02x in a string", c)
		}
		d.pos++
	}
	return nil, d.fail("unterminated string")
}

// escaped continues a string at its first backslash.
func (d *Decoder) escaped(start int) ([]byte, error) {
	buf := append([]byte(nil), d.data[start:d.pos]...)
	for d.pos < len(d.data) {
		c := d.data[d.pos]
		d.pos++
		switch {
		case c == '"':
			if !utf8.Valid(buf) {
				return nil, d.fail("a string that is not UTF-8")
			}
			return buf, nil
		case c < 0x20:
			return nil, d.fail("control character 0x%02x in a string", c)
		case c != '\\':
			buf = append(buf, c)
			continue
		}
		if d.pos >= len(d.data) {
			break
		}
		c = d.data[d.pos]
		d.pos++
		switch c {
		case '"', '\\', '/':
			buf = append(buf, c)
		case 'b':
			buf = append(buf, '\b')
		case 'f':
			buf = append(buf, '\f')
		case 'n':
			buf = append(buf, '\n')
		case 'r':
			buf = append(buf, '\r')
		case 't':
			buf = append(buf, '\t')
		case 'u':
			r, err := d.hex4()
			if err != nil {
				return nil, err
			}
			if utf16.IsSurrogate(r) {
				if d.pos+1 >= len(d.data) || d.data[d.pos] != '\\' || d.data[d.pos+1] != 'u' {
					return nil, d.fail("lone surrogate \\u%04x", r)
				}
				d.pos += 2
				low, err := d.hex4()
				if err != nil {
					return nil, err
				}
				pair := utf16.DecodeRune(r, low)
				if pair == utf8.RuneError {
					return nil, d.fail("lone surrogate \\u%04x", r)
				}
				r = pair
			}
			buf = utf8.AppendRune(buf, r)
		default:
			return nil, d.fail("unknown escape \\%c", c)
		}
	}
	return nil, d.fail("unterminated string")
}

func (d *Decoder) hex4() (rune, error) {
	if d.pos+4 > len(d.data) {
		return 0, d.fail("unterminated escape")
	}
	var r rune
	for _, c := range d.data[d.pos : d.pos+4] {
		switch {
		case c >= '0' && c <= '9':
			r = r<<4 | rune(c-'0')
		case c >= 'a' && c <= 'f':
			r = r<<4 | rune(c-'a'+10)
		case c >= 'A' && c <= 'F':
			r = r<<4 | rune(c-'A'+10)
		default:
			return 0, d.fail("bad \\u escape")
		}
	}
	d.pos += 4
	return r, nil
}

// number returns the text of a number in JSON's grammar, where it stands in the document.
func (d *Decoder) number() (string, error) {
	if err := d.want(Number); err != nil {
		return "", err
	}
	start := d.pos
	digits := func() int {
		n := 0
		for d.pos < len(d.data) && d.data[d.pos] >= '0' && d.data[d.pos] <= '9' {
			d.pos++
			n++
		}
		return n
	}
	if d.data[d.pos] == '-' {
		if d.pos+1 < len(d.data) && d.data[d.pos+1] == 'I' {
			return "", d.noValue("a number")
		}
		d.pos++
	}
	lead := d.pos
	n := digits()
	if n == 0 || n > 1 && d.data[lead] == '0' {
		return "", d.fail("malformed number")
	}
	if d.pos < len(d.data) && d.data[d.pos] == '.' {
		d.pos++
		if digits() == 0 {
			return "", d.fail("malformed number")
		}
	}
	if d.pos < len(d.data) && d.data[d.pos]|0x20 == 'e' {
		d.pos++
		if d.pos < len(d.data) && (d.data[d.pos] == '+' || d.data[d.pos] == '-') {
			d.pos++
		}
		if digits() == 0 {
			return "", d.fail("malformed number")
		}
	}
	return unsafe.String(&d.data[start], d.pos-start), nil
}

// Float reads a finite number.
func (d *Decoder) Float() (float64, error) {
	s, err := d.number()
	if err != nil {
		return 0, err
	}
	f, err := strconv.ParseFloat(s, 64)
	if err != nil || math.IsInf(f, 0) {
		return 0, d.fail("number %s is out of range", lean.Clip(s))
	}
	return f, nil
}

// Int reads an integer that fits int64. 3.0 and 1e3 are not integers here.
func (d *Decoder) Int() (int64, error) {
	s, err := d.number()
	if err != nil {
		return 0, err
	}
	i, err := strconv.ParseInt(s, 10, 64)
	if err != nil {
		return 0, d.fail("%s is not an integer of 64 bits", lean.Clip(s))
	}
	return i, nil
}

// Bool reads true or false.
func (d *Decoder) Bool() (bool, error) {
	if err := d.want(Bool); err != nil {
		return false, err
	}
	if d.literal("true") {
		return true, nil
	}
	if d.literal("false") {
		return false, nil
	}
	return false, d.fail("malformed literal")
}

// Null reads null.
func (d *Decoder) Null() error {
	if err := d.want(Null); err != nil {
		return err
	}
	if !d.literal("null") {
		return d.fail("malformed literal")
	}
	return nil
}

func (d *Decoder) literal(s string) bool {
	if len(d.data)-d.pos >= len(s) && string(d.data[d.pos:d.pos+len(s)]) == s {
		d.pos += len(s)
		return true
	}
	return false
}

// Skip reads and checks one value of any kind and drops it.
func (d *Decoder) Skip() error {
	switch d.Peek() {
	case Object:
		return d.Object(func(string) error { return d.Skip() })
	case Array:
		return d.Array(func(int) error { return d.Skip() })
	case String:
		_, err := d.String()
		return err
	case Number:
		_, err := d.number()
		return err
	case Bool:
		_, err := d.Bool()
		return err
	case Null:
		return d.Null()
	}
	if d.err != nil {
		return d.err
	}
	return d.noValue("a value")
}

// Raw returns the bytes of the next value, checked but not decoded.
func (d *Decoder) Raw() ([]byte, error) {
	if d.Peek() == Invalid {
		return nil, d.Skip()
	}
	start := d.pos
	if err := d.Skip(); err != nil {
		return nil, err
	}
	return d.data[start:d.pos], nil
}

// keySet finds repeated keys: a scan for the usual few, a map beyond.
type keySet struct {
	few []string
	all map[string]struct{}
}

func (k *keySet) add(key string) bool {
	if k.all == nil && len(k.few) < 16 {
		for _, s := range k.few {
			if s == key {
				return false
			}
		}
		k.few = append(k.few, key)
		return true
	}
	if k.all == nil {
		k.all = make(map[string]struct{}, 64)
		for _, s := range k.few {
			k.all[s] = struct{}{}
		}
	}
	if _, ok := k.all[key]; ok {
		return false
	}
	k.all[key] = struct{}{}
	return true
}
