package tokenizer

import (
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"

	"github.com/lodestone-wasm/lodestone/weights/strictjson"
)

// byteLevel is ByteLevel, as GPT-2 and RoBERTa have it: words by a pattern, then each
// byte as one printable character.
type byteLevel struct{ prefix, trim, regex bool }

func parseByteLevel(c *component) (byteLevel, error) {
	b := byteLevel{prefix: true, trim: true, regex: true}
	err := c.fields(func(d *strictjson.Decoder, key string) (known bool, err error) {
		switch key {
		case "add_prefix_space":
			b.prefix, err = d.Bool()
		case "trim_offsets":
			b.trim, err = d.Bool()
		case "use_regex":
			b.regex, err = d.Bool()
		default:
			return false, nil
		}
		return true, err
	})
	return b, err
}

// byteRune is the character that stands for a byte: itself if it is printable in Latin-1,
// otherwise U+0100 and on, in order.
func byteRune(b byte) rune { return byteRunes()[b] }

var byteRunes = sync.OnceValue(func() *[256]rune {
	var t [256]rune
	next := rune(0x100)
	for b := range t {
		if t[b] = rune(b); b <= ' ' || b >= 0x7F && b <= 0xA0 || b == 0xAD {
			t[b] = next
			next++
		}
	}
	return &t
})

// runeByte is the inverse of byteRune.
func runeByte(r rune) (byte, bool) {
	switch {
	case r < 0x100:
		return byte(r), r > ' ' && r < 0x7F || r > 0xA0 && r != 0xAD
	case r <= 0x120:
		return byte(r - 0x100), true
	case r <= 0x142:
		return byte(r - 0x121 + 0x7F), true
	}
	return 0xAD, r == 0x143
}

// spaceRune stands for a space: Ġ.
const spaceRune = ' ' + 0x100

func (b byteLevel) preTokenize(in *aligned, ws *workspace, emit func(*aligned) bool) bool {
	text := in
	if b.prefix && len(in.text) > 0 && in.text[0] != ' ' {
		text = ws.take()
		defer ws.give()
		e := edit(in, text)
		e.prepend(" ")
		e.keep(len(in.text))
	}
	out := ws.take()
	defer ws.give()
	for start := 0; start < len(text.text); {
		n := len(text.text)
		if b.regex {
			n = nextWord(text.text[start:])
		} else {
			n -= start
		}
		out.text, out.align, out.shift = out.text[:0], out.align[:0], text.align[start].start
		for i := start; i < start+n; i++ {
			size := len(out.text)
			out.text = utf8.AppendRune(out.text, byteRune(text.text[i]))
			for range len(out.text) - size {
				out.align = append(out.align, text.align[i])
			}
		}
		start += n
		if !emit(out) {
			return false
		}
	}
	return true
}

// nextWord is the length of the first match of GPT-2's pattern in text, which is not empty:
//
//	's|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+
//
// Some alternative matches anywhere, so that words follow each other without gaps.
func nextWord(text []byte) int {
	if text[0] == '\'' && len(text) > 1 {
		switch text[1] {
		case 's', 't', 'm', 'd':
			return 2
		case 'r', 'v', 'l':
			if len(text) > 2 && (text[1] != 'l' && text[2] == 'e' || text[1] == 'l' && text[2] == 'l') {
				return 3
			}
		}
	}
	start := 0
	if text[0] == ' ' && len(text) > 1 {
		start = 1
	}
	kind, n := classify(text[start:])
	if kind == white { // the space, if any, is one of several
		start = 0
		kind, n = classify(text)
	}
	last := 0 // where the latest character begins
	i := start + n
	for i < len(text) {
		k, n := classify(text[i:])
		if k != kind {
			break
		}
		last = i
		i += n
	}
	// The last of several white spaces is left to the word that follows.
	if kind == white && i < len(text) && last > 0 {
		return last
	}
	return i
}

// runeKind is what the pattern tells apart.
type runeKind byte

const (
	white runeKind = iota
	letters
	numbers
	others
)

// classify is the kind and size of the first character of text.
func classify(text []byte) (runeKind, int) {
	r, n := rune(text[0]), 1
	if r >= utf8.RuneSelf {
		r, n = utf8.DecodeRune(text)
	}
	switch {
	case letterClass().has(r):
		return letters, n
	case unicode.IsSpace(r):
		return white, n
	case numberClass().has(r):
		return numbers, n
	}
	return others, n
}

// byteLevelDecoder joins the bytes that tokens spell; a token with any other character
// stands for itself.
type byteLevelDecoder struct{}

func (byteLevelDecoder) decode(tokens []string) []string {
	var out []byte
	for _, token := range tokens {
		n := len(out)
		for _, r := range token {
			b, ok := runeByte(r)
			if !ok {
				out = append(out[:n], token...)
				break
			}
			out = append(out, b)
		}
	}
	return []string{lossy(out)}
}

// lossy puts U+FFFD for each maximal part of a character that does not go on: The Unicode
// Standard, section 3.9, "U+FFFD Substitution of Maximal Subparts".
func lossy(text []byte) string {
	if utf8.Valid(text) {
		return string(text)
	}
	var out strings.Builder
	for len(text) > 0 {
		r, n := utf8.DecodeRune(text)
		if r == utf8.RuneError && n == 1 {
			for n < len(text) && !utf8.FullRune(text[:n+1]) {
				n++ // still the beginning of some character
			}
		}
		out.WriteRune(r)
		text = text[n:]
	}
	return out.String()
}

// trim is trim_offsets: white space at the ends of tokens is left out of their offsets.
type trim struct{ prefix bool }

// trimmed is a post-processor with trim_offsets, as the file has it. The tokenizer trims
// while it finds tokens, where their text is at hand.
type trimmed struct {
	postProcessor
	trims []trim
}

// offsets trims those of a token, at, in the original text. first is set for the first token.
// Spaces of the token are counted, characters of the original are skipped for them,
// as the Rust library does even where normalisation made one of the other.
func (t trim) offsets(token string, at Offset, text []byte, first bool) Offset {
	leading, trailing := 0, 0
	for _, r := range token {
		if r != spaceRune && !unicode.IsSpace(r) {
			break
		}
		leading++
	}
	for rest := token; rest != ""; trailing++ {
		r, n := utf8.DecodeLastRuneInString(rest)
		if r != spaceRune && !unicode.IsSpace(r) {
			break
		}
		rest = rest[:len(rest)-n]
	}
	if leading == 1 && t.prefix && (first || at.Start == 0) {
		leading = 0 // ByteLevel put it there; of several it put none
	}
	for ; leading > 0 && at.Start < at.End; leading-- {
		_, n := utf8.DecodeRune(text[at.Start:at.End])
		at.Start += n
	}
	end := at.End
	for ; trailing > 0 && end > 0; trailing-- {
		_, n := utf8.DecodeLastRune(text[:end])
		end -= n
	}
	if trailing == 0 {
		at.End = max(end, at.Start)
	}
	return at
}
