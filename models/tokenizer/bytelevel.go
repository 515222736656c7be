package tokenizer

import "unicode/utf8"

// byteLevel is ByteLevel, as GPT-2 and RoBERTa have it: words by a pattern, then each
// byte as one printable character.
type byteLevel struct{ prefix, trim, regex bool }

//go:noinline
func (b *byteLevel) parse(c *component) error {
	*b = byteLevel{true, true, true}
	return c.fields(field{"add_prefix_space", &b.prefix}, field{"trim_offsets", &b.trim}, field{"use_regex", &b.regex})
}

// byteRune is the character that stands for a byte: itself if it is printable in Latin-1,
// otherwise U+0100 and on, in order.
func byteRune(b byte) rune {
	switch {
	case b <= ' ':
		return rune(b) + 0x100
	case b >= 0x7F && b <= 0xA0:
		return rune(b) - 0x7F + 0x121
	case b == 0xAD:
		return 0x143
	}
	return rune(b)
}

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

func (b *byteLevel) preTokenize(in *aligned, ws *workspace, emit func(*aligned) bool) bool {
	if !b.prefix || len(in.text) == 0 || in.text[0] == ' ' {
		return b.words(in, ws, emit)
	}
	text := ws.take()
	e := edit(in, text)
	e.prepend(" ")
	e.keep(len(in.text))
	more := b.words(text, ws, emit)
	ws.give()
	return more
}

func (b *byteLevel) words(text *aligned, ws *workspace, emit func(*aligned) bool) bool {
	out := ws.take()
	more := true
	t := charData()
	for start := 0; start < len(text.text) && more; {
		end := len(text.text)
		if b.regex {
			end = start + nextWord(t, text.text[start:])
		}
		out.text, out.align, out.shift = out.text[:0], out.align[:0], text.align[start].start
		out.spell(text.text[start:end], text.align[start:end])
		start = end
		more = emit(out)
	}
	ws.give()
	return more
}

// nextWord is the length of the first match of GPT-2's pattern in text, which is not empty:
//
//	's|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+
//
// Some alternative matches anywhere, so that words follow each other without gaps.
func nextWord(t *chars, text []byte) int {
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
	kind, n := classify(t, text[start:])
	if kind == white { // the space, if any, is one of several
		start = 0
		kind, n = classify(t, text)
	}
	last := 0 // where the latest character begins
	i := start + n
	for i < len(text) {
		k, n := classify(t, text[i:])
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

// The kinds of characters that the pattern tells apart.
const (
	white   = isSpace
	letters = isL
	numbers = isN
	others  = 0
)

// classify is the kind and size of the first character of text.
func classify(t *chars, text []byte) (uint32, int) {
	r, n := decodeRune(text)
	switch bits := t.of(r); {
	case bits&letters != 0:
		return letters, n
	case bits&white != 0:
		return white, n
	case bits&numbers != 0:
		return numbers, n
	}
	return others, n
}

// byteLevelDecoder joins the bytes that tokens spell; a token with any other character
// stands for itself.
var byteLevelDecoder = decoder{
	token: func(out *parts, _ place, token []byte) {
		at := len(out.text)
		for rest := token; len(rest) > 0; {
			r, n := utf8.DecodeRune(rest)
			b, ok := runeByte(r)
			if !ok {
				out.text = out.text[:at]
				out.add(token)
				return
			}
			out.addByte(b)
			rest = rest[n:]
		}
	},
	finish: func(out, spare *parts) {
		if !utf8.Valid(out.text) {
			spare.text = appendLossy(spare.text[:0], out.text)
			out.text, spare.text = spare.text, out.text
		}
		out.end()
	},
}

// appendLossy appends text, with U+FFFD for each maximal part of a character that does not
// go on: The Unicode Standard, section 3.9, "U+FFFD Substitution of Maximal Subparts".
func appendLossy(to, text []byte) []byte {
	for len(text) > 0 {
		r, n := utf8.DecodeRune(text)
		if r == utf8.RuneError && n == 1 {
			for n < len(text) && !utf8.FullRune(text[:n+1]) {
				n++ // still the beginning of some character
			}
		}
		to = utf8.AppendRune(to, r)
		text = text[n:]
	}
	return to
}

// trim is trim_offsets: white space at the ends of tokens is left out of their offsets.
type trim struct{ prefix bool }

// offsets trims those of a token, at, in the original text. first is set for the first token.
// Spaces of the token are counted, characters of the original are skipped for them,
// as the Rust library does even where normalisation made one of the other.
func (t trim) offsets(token string, at Offset, text []byte, first bool) Offset {
	leading, trailing := 0, 0
	for _, r := range token {
		if r != spaceRune && !isSpaceRune(r) {
			break
		}
		leading++
	}
	for rest := token; rest != ""; trailing++ {
		r, n := utf8.DecodeLastRuneInString(rest)
		if r != spaceRune && !isSpaceRune(r) {
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
