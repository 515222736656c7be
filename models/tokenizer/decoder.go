package tokenizer

import (
	"unicode/utf8"

	"github.com/lodestone-wasm/lodestone/kernels/lean"
)

// parts are pieces of text one after the other, which are joined in the end.
type parts struct {
	text []byte
	ends []int // where each ends in text
}

func (p *parts) reset() { p.text, p.ends = p.text[:0], p.ends[:0] }

// add appends text to the last part, which is not ended. It is called from everywhere, and
// inlined it would be a kilobyte of the engine's.
//
//go:noinline
func (p *parts) add(text []byte) { p.text = append(p.text, text...) }

//go:noinline
func (p *parts) addString(text string) {
	for i := range len(text) {
		p.addByte(text[i])
	}
}

//go:noinline
func (p *parts) addByte(b byte) { p.text = append(p.text, b) }

// end ends the last part.
//
//go:noinline
func (p *parts) end() { p.ends = append(p.ends, len(p.text)) }

// open is where the part begins that is not ended.
func (p *parts) open() int {
	if len(p.ends) == 0 {
		return 0
	}
	return p.ends[len(p.ends)-1]
}

// decoder turns tokens back into text.
type decoder struct {
	// token adds what becomes of a token to out.
	token func(out *parts, at place, token []byte)
	// finish, if set, is called behind the last token. The memory of spare may be used.
	finish func(out, spare *parts)
	growth int // how many bytes it makes of one, at most; 0 and 1: no more
}

// place is where a token is among all.
type place struct {
	first, last bool
	before      []byte // the token before
}

// maxDecodedGrowth is how many bytes all decoders make of one, at most: a file could
// otherwise make any text out of a few ids.
const maxDecodedGrowth = 8

// growth is how many bytes the decoders make of one.
func (ds *decoders) growth() int {
	n := 1
	for _, d := range *ds {
		n *= max(d.growth, 1)
	}
	return n
}

// decoders apply one after the other.
type decoders []decoder

// decode makes text of the tokens in; it is the text of out. Both are written to, and grow
// where they are too small: nothing else is allocated.
func (ds decoders) decode(in, out *parts) {
	for _, d := range ds {
		out.reset()
		at := 0
		var p place
		for i, end := range in.ends {
			p.first, p.last = i == 0, i == len(in.ends)-1
			d.token(out, p, in.text[at:end])
			p.before, at = in.text[at:end], end
		}
		if d.finish != nil {
			d.finish(out, in)
		}
		*in, *out = *out, *in
	}
	*in, *out = *out, *in
}

// spaces puts a space between tokens: what decodes where the file has no decoder.
func spaces(out *parts, at place, token []byte) {
	if !at.first {
		out.addByte(' ')
	}
	out.add(token)
	out.end()
}

// decodeToken writes spaces for the replacement and drops those of the first token.
func (m *metaspace) decodeToken(out *parts, at place, token []byte) {
	space := " "
	if at.first && m.scheme != prependNever {
		space = ""
	}
	out.addReplaced(token, string(m.replacement), space)
	out.end()
}

func (r *replace) decodeToken(out *parts, _ place, token []byte) {
	if r.regex == nil {
		out.addReplaced(token, r.pattern, r.content)
		out.end()
		return
	}
	pos, steps := 0, patternSteps(len(token))
	for f := r.in(token, &steps); ; {
		lo, hi := f.next(pos)
		if lo < 0 {
			break
		}
		out.add(token[pos:lo])
		out.addString(r.content)
		pos = hi
	}
	out.add(token[pos:])
	out.end()
}

// addReplaced adds text with content for each pattern, which is not empty. Where content is
// no longer than pattern, text may lie where it is written to.
func (p *parts) addReplaced(text []byte, pattern, content string) {
	for i := 0; i < len(text); {
		if text[i] != pattern[0] || !hasPrefix(text[i:], pattern) {
			p.addByte(text[i])
			i++
			continue
		}
		p.addString(content)
		i += len(pattern)
	}
}

func hasPrefix(text []byte, prefix string) bool {
	return len(text) >= len(prefix) && string(text[:len(prefix)]) == prefix
}

// fuse joins all tokens into one.
var fuse = decoder{
	token:  func(out *parts, _ place, token []byte) { out.add(token) },
	finish: func(out, _ *parts) { out.end() },
}

// strip drops up to start copies of content from the front of each token and up to
// stop from its end.
type strip struct {
	content     rune
	start, stop int64
}

func (s *strip) decodeToken(out *parts, _ place, token []byte) {
	c := string(s.content)
	for n := int64(0); n < s.start && hasPrefix(token, c); n++ {
		token = token[len(c):]
	}
	for n := int64(0); n < s.stop && len(token) >= len(c) && hasPrefix(token[len(token)-len(c):], c); n++ {
		token = token[:len(token)-len(c)]
	}
	out.add(token)
	out.end()
}

// byteFallback joins runs of <0xNN> into characters; each byte of a run that is not
// UTF-8 becomes U+FFFD.
var byteFallback = decoder{
	token: func(out *parts, _ place, token []byte) {
		if b, ok := byteToken(token); ok {
			out.addByte(b)
			return
		}
		endRun(out, nil)
		out.add(token)
		out.end()
	},
	finish: endRun,
}

func endRun(out, _ *parts) {
	at := out.open()
	run := out.text[at:]
	switch {
	case len(run) == 0:
	case utf8.Valid(run):
		out.end()
	default:
		out.text = out.text[:at]
		for range run {
			out.text = utf8.AppendRune(out.text, utf8.RuneError)
			out.end()
		}
	}
}

// byteToken reads <0xNN>. As in Rust, the number may have a plus sign for its first digit.
func byteToken(token []byte) (byte, bool) {
	if len(token) != 6 || string(token[:3]) != "<0x" || token[5] != '>' {
		return 0, false
	}
	number := [2]byte(token[3:])
	if number[0] == '+' {
		number[0] = '0'
	}
	var b [1]byte
	ok := lean.DecodeHex(b[:], string(number[:]))
	return b[0], ok
}

// wordPieceDecoder joins tokens with a prefix to the one before and puts spaces before others.
type wordPieceDecoder struct {
	prefix  string
	cleanup bool
}

// cleanups are applied to each token in turn. None makes a token longer.
var cleanups = [...][2]string{
	{" .", "."}, {" ?", "?"}, {" !", "!"}, {" ,", ","}, {" ' ", "'"}, {" n't", "n't"}, {" 'm", "'m"},
	{" do not", " don't"}, {" 's", "'s"}, {" 've", "'ve"}, {" 're", "'re"},
}

func (w *wordPieceDecoder) decodeToken(out *parts, at place, token []byte) {
	if !at.first {
		if hasPrefix(token, w.prefix) {
			token = token[len(w.prefix):]
		} else {
			out.addByte(' ')
		}
	}
	out.add(token)
	if w.cleanup {
		out.cleanup(out.open())
	}
	out.end()
}

// cleanup applies the cleanups to the text from at on.
func (p *parts) cleanup(at int) {
	for _, c := range cleanups {
		text := p.text[at:]
		p.text = p.text[:at]
		p.addReplaced(text, c[0], c[1])
	}
}

// suffixDecoder is BPEDecoder: suffix ends a word, and becomes a space but in the last token.
type suffixDecoder struct{ suffix string }

func (x *suffixDecoder) decodeToken(out *parts, at place, token []byte) {
	space := " "
	if at.last {
		space = ""
	}
	out.addReplaced(token, x.suffix, space)
	out.end()
}

// ctcDecoder is CTC: of equal tokens in a row one stays, and padding goes.
type ctcDecoder struct {
	pad, delimiter string
	cleanup        bool
}

func (x *ctcDecoder) decodeToken(out *parts, at place, token []byte) {
	if !at.first && string(at.before) == string(token) {
		return
	}
	start := len(out.text)
	out.addReplaced(token, x.pad, "")
	if x.cleanup {
		out.cleanup(start)
		text := out.text[start:]
		out.text = out.text[:start]
		out.addReplaced(text, x.delimiter, " ")
	}
	if len(out.text) > start {
		out.end()
	}
}
