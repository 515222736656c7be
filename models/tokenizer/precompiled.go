package tokenizer

import (
	"bytes"
	"strings"
	"unicode/utf8"

	"github.com/lodestone-wasm/lodestone/kernels/lean"
)

// precompiled is Precompiled: the table of replacements of SentencePiece, such as nmt_nfkc.
// It is a double-array trie in the format of darts-clone over UTF-8, whose values are
// places in text, where each replacement ends with a zero byte.
type precompiled struct {
	units []byte // 4 bytes each, little-endian
	text  string
	first [4]uint64 // the bytes that keys begin with
}

// maxCharsmap is the most bytes of a table; that of nmt_nfkc_cf has 330,000.
const maxCharsmap = 8 << 20

func newPrecompiled(section string, data []byte) (*precompiled, error) {
	if len(data) < 4 || len(data) > maxCharsmap {
		return nil, invalid("tokenizer: %s: Precompiled: the charsmap has %d bytes, expected 4 to %d", section, len(data), maxCharsmap)
	}
	n := int64(lean.Uint32(data))
	data = data[4:]
	if n == 0 || n%4 != 0 || n > int64(len(data)) {
		return nil, invalid("tokenizer: %s: Precompiled: the trie has %d bytes of the %d of the charsmap, expected a multiple of 4", section, n, len(data))
	}
	text := data[n:]
	if !utf8.Valid(text) || len(text) > 0 && text[len(text)-1] != 0 {
		return nil, invalid("tokenizer: %s: Precompiled: the replacements are not UTF-8, each ended by a zero byte", section)
	}
	p := &precompiled{units: data[:n:n], text: string(text)}
	root, _ := p.unit(0)
	for b := range uint32(256) {
		if unit, ok := p.unit(offset(root) ^ b); ok && unit&(1<<31|0xFF) == b {
			p.first[b>>6] |= 1 << (b & 63)
		}
	}
	return p, nil
}

//go:noinline
func (p *precompiled) unit(at uint32) (uint32, bool) {
	if uint64(at)*4+4 > uint64(len(p.units)) {
		return 0, false
	}
	return lean.Uint32(p.units[at*4:]), true
}

// replacement is what stands for the shortest key that text begins with.
func (p *precompiled) replacement(text []byte) (string, bool) {
	unit, ok := p.unit(0)
	at := offset(unit)
	for _, b := range text {
		if b == 0 {
			break
		}
		at ^= uint32(b)
		if unit, ok = p.unit(at); !ok || unit&(1<<31|0xFF) != uint32(b) {
			break
		}
		at ^= offset(unit)
		if unit&(1<<8) == 0 {
			continue
		}
		if unit, ok = p.unit(at); !ok {
			break
		}
		start := int64(unit &^ (1 << 31))
		if start > int64(len(p.text)) {
			break
		}
		to, _, _ := strings.Cut(p.text[start:], "\x00")
		return to, utf8.ValidString(to)
	}
	return "", false
}

// offset is the distance from a unit to its children.
func offset(unit uint32) uint32 { return unit >> 10 << (unit & (1 << 9) >> 6) }

// normalize replaces clusters of less than six bytes, and of others each character. As
// the Rust library does, it takes the replacement of the shortest key that a cluster
// begins with for all of it.
func (p *precompiled) normalize(a, tmp *aligned) {
	g := graphemes{chars: charData()}
	w := rewriter{editor: edit(a, tmp)}
	changed := false
	last := 0 // where the character before i begins
	for i := 0; i < len(a.text); {
		n := g.next(a.text[i:])
		whole := n < 6
		for end := i + n; i < end; i += n {
			if !whole {
				_, n = decodeRune(a.text[i:])
			}
			to, ok := "", false
			if b := a.text[i]; p.first[b>>6]>>(b&63)&1 != 0 {
				to, ok = p.replacement(a.text[i : i+n])
			}
			switch {
			case ok && !changed:
				changed = true
				w.keep(last)
				if i > last {
					r, _ := decodeRune(a.text[last:])
					w.write(r, 0)
				}
				fallthrough
			case ok:
				w.replace(a.text[i:i+n], to)
			case whole && n > 1 && a.text[i] < utf8.RuneSelf || whole && utf8.RuneCount(a.text[i:i+n]) > 1:
				whole, n = false, 0 // each character by itself
				continue
			case changed:
				r, _ := decodeRune(a.text[i:])
				w.write(r, 0)
			}
			last = i
		}
	}
	if !changed {
		return
	}
	w.flush()
	*a, *tmp = *tmp, *a
}

// rewriter writes characters one behind the other's change: the tag of the latest may
// still grow.
type rewriter struct {
	editor
	c       rune
	tag     int
	pending bool
}

func (w *rewriter) flush() {
	if w.pending {
		w.put(w.c, w.tag)
	}
}

//go:noinline
func (w *rewriter) write(c rune, tag int) {
	w.flush()
	w.c, w.tag, w.pending = c, tag, true
}

// replace writes to for old. Of more characters than there were the last are inserted. Of
// fewer the last stands for those that go, or where there is none, the one before.
func (w *rewriter) replace(old []byte, to string) {
	less := utf8.RuneCount(old)
	for _, r := range to {
		tag := 0
		if less--; less < 0 {
			tag = 1
		}
		w.write(r, tag)
	}
	if less > 0 {
		w.tag -= less
	}
}

func parsePrecompiled(c *component) (*precompiled, error) {
	var text []byte
	if err := c.fields(field{"precompiled_charsmap", &text}); err != nil {
		return nil, err
	}
	data, ok := decodeBase64(text)
	if !ok {
		return nil, c.invalid("has a precompiled_charsmap of another alphabet", "base64")
	}
	return newPrecompiled(c.section, data)
}

// decodeBase64 decodes standard base64 with padding, in place.
func decodeBase64(text []byte) ([]byte, bool) {
	n := len(bytes.TrimRight(text, "="))
	if len(text)%4 != 0 || len(text)-n > 2 {
		return nil, false
	}
	out := text[:0]
	var bits uint32
	for i, c := range text[:n] {
		v := strings.IndexByte("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/", c)
		if v < 0 {
			return nil, false
		}
		bits = bits<<6 | uint32(v)
		if i%4 != 0 {
			out = append(out, byte(bits>>(6-2*(i%4))))
		}
	}
	return out, true
}
