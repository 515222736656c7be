package siteindex

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"unicode/utf8"
)

// ErrDamaged is the error of a chunk whose content is not what FORMAT.md says.
var ErrDamaged = errors.New("damaged chunk")

// maxContent is the largest content of a chunk, in bytes.
const maxContent = 4 << 20

// chunkVersion is the byte after a chunk's four letters.
const chunkVersion = 2

// ref is the name of a chunk: the beginning of the SHA-256 of its file. Zero is none.
type ref [16]byte

// writer appends the fields of a chunk.
type writer struct{ b []byte }

func newWriter(letters string) *writer {
	return &writer{append([]byte(letters), chunkVersion)}
}

func (w *writer) u8(v byte)     { w.b = append(w.b, v) }
func (w *writer) uv(v int)      { w.b = binary.AppendUvarint(w.b, uint64(v)) }
func (w *writer) f32(v float32) { w.b = binary.LittleEndian.AppendUint32(w.b, math.Float32bits(v)) }
func (w *writer) ref(r ref)     { w.b = append(w.b, r[:]...) }
func (w *writer) bytes(b []byte) {
	w.b = append(w.b, b...)
}

func (w *writer) i8s(v []int8) {
	for _, x := range v {
		w.b = append(w.b, byte(x))
	}
}

func (w *writer) str(s string) {
	w.uv(len(s))
	w.b = append(w.b, s...)
}

// front appends the next string of a front-coded list; before is the string before it.
func (w *writer) front(before, s string) {
	n := 0
	for n < len(before) && n < len(s) && before[n] == s[n] {
		n++
	}
	w.uv(n)
	w.str(s[n:])
}

// cursor reads the fields of a chunk. After the first failure it returns zeros, and err
// says what was wrong.
type cursor struct {
	b    []byte
	at   int
	what string // the letters, for errors
	err  error
}

// open checks the letters and the version of a content.
func open(content []byte, letters string) *cursor {
	c := &cursor{b: content, what: letters}
	switch {
	case len(content) < 5 || string(content[:4]) != letters:
		c.fail("it does not begin with %q", letters)
	case content[4] != chunkVersion:
		c.fail("its version is %d; this reader knows %d", content[4], chunkVersion)
	}
	c.at = 5
	return c
}

func (c *cursor) fail(format string, args ...any) {
	if c.err == nil {
		c.err = fmt.Errorf("siteindex: %w %s: %s", ErrDamaged, c.what, fmt.Sprintf(format, args...))
	}
}

// take returns the next n bytes.
func (c *cursor) take(n int) []byte {
	if c.err != nil {
		return nil
	}
	if n < 0 || n > len(c.b)-c.at {
		c.fail("it ends at byte %d, within a field of %d bytes at byte %d", len(c.b), n, c.at)
		return nil
	}
	c.at += n
	return c.b[c.at-n : c.at]
}

func (c *cursor) u8() byte {
	if b := c.take(1); b != nil {
		return b[0]
	}
	return 0
}

// f32 reads a number that is finite.
func (c *cursor) f32() float32 {
	b := c.take(4)
	if b == nil {
		return 0
	}
	v := math.Float32frombits(binary.LittleEndian.Uint32(b))
	if v-v != 0 {
		c.fail("the number at byte %d is not finite", c.at-4)
		return 0
	}
	return v
}

func (c *cursor) ref() (r ref) {
	copy(r[:], c.take(len(r)))
	return r
}

func (c *cursor) i8s(n int) []int8 {
	b := c.take(n)
	v := make([]int8, len(b))
	for i, x := range b {
		v[i] = int8(x)
	}
	return v
}

// uv reads a number that is at most limit.
func (c *cursor) uv(limit int) int {
	if c.err != nil {
		return 0
	}
	v, n := binary.Uvarint(c.b[c.at:])
	if n <= 0 || n > 5 {
		c.fail("the number at byte %d is cut off or too long", c.at)
		return 0
	}
	if v > uint64(limit) {
		c.fail("the number at byte %d is %d; at most %d was expected", c.at, v, limit)
		return 0
	}
	c.at += n
	return int(v)
}

// count reads a number of items of at least size bytes each: not more than the rest holds.
func (c *cursor) count(size int) int { return c.uv((len(c.b) - min(c.at, len(c.b))) / max(size, 1)) }

func (c *cursor) str() string {
	b := c.take(c.count(1))
	if !utf8.Valid(b) {
		c.fail("the string before byte %d is not UTF-8", c.at)
		return ""
	}
	return string(b)
}

// front reads the next string of a front-coded list. Terms are cut between bytes, not
// between code points, so only the whole is UTF-8.
func (c *cursor) front(before string) string {
	n := c.uv(len(before))
	rest := c.take(c.count(1))
	if c.err != nil {
		return ""
	}
	s := before[:n] + string(rest)
	if before >= s && before != "" || !utf8.ValidString(s) {
		c.fail("the list of strings is not sorted before byte %d, or not UTF-8", c.at)
		return ""
	}
	return s
}

// end checks that nothing is left.
func (c *cursor) end() error {
	if c.err == nil && c.at != len(c.b) {
		c.fail("%d bytes follow the last field", len(c.b)-c.at)
	}
	return c.err
}
