package tokenizer

import (
	"unicode/utf8"

	"github.com/lodestone-wasm/lodestone/kernels/lean"
	"github.com/lodestone-wasm/lodestone/weights/strictjson"
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
	// token adds what becomes of token i to out.
	token func(out *parts, i int, token []byte)
	// finish, if set, is called behind the last token. The memory of spare may be used.
	finish func(out, spare *parts)
}

// decoders apply one after the other.
type decoders []decoder

// decode makes text of the tokens in; it is the text of out. Both are written to, and grow
// where they are too small: nothing else is allocated.
func (ds decoders) decode(in, out *parts) {
	for _, d := range ds {
		out.reset()
		at := 0
		for i, end := range in.ends {
			d.token(out, i, in.text[at:end])
			at = end
		}
		if d.finish != nil {
			d.finish(out, in)
		}
		*in, *out = *out, *in
	}
	*in, *out = *out, *in
}

// spaces puts a space between tokens: what decodes where the file has no decoder.
func spaces(out *parts, i int, token []byte) {
	if i > 0 {
		out.addByte(' ')
	}
	out.add(token)
	out.end()
}

// decodeToken writes spaces for the replacement and drops those of the first token.
func (m metaspace) decodeToken(out *parts, i int, token []byte) {
	space := " "
	if i == 0 && m.scheme != prependNever {
		space = ""
	}
	out.addReplaced(token, string(m.replacement), space)
	out.end()
}

func (r replace) decodeToken(out *parts, _ int, token []byte) {
	out.addReplaced(token, r.pattern, r.content)
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
		for j := range len(content) {
			p.addByte(content[j])
		}
		i += len(pattern)
	}
}

func hasPrefix(text []byte, prefix string) bool {
	return len(text) >= len(prefix) && string(text[:len(prefix)]) == prefix
}

// fuse joins all tokens into one.
var fuse = decoder{
	token:  func(out *parts, _ int, token []byte) { out.add(token) },
	finish: func(out, _ *parts) { out.end() },
}

// strip drops up to start copies of content from the front of each token and up to
// stop from its end.
type strip struct {
	content     rune
	start, stop int
}

func (s strip) decodeToken(out *parts, _ int, token []byte) {
	c := string(s.content)
	for n := 0; n < s.start && hasPrefix(token, c); n++ {
		token = token[len(c):]
	}
	for n := 0; n < s.stop && len(token) >= len(c) && hasPrefix(token[len(token)-len(c):], c); n++ {
		token = token[:len(token)-len(c)]
	}
	out.add(token)
	out.end()
}

// byteFallback joins runs of <0xNN> into characters; each byte of a run that is not
// UTF-8 becomes U+FFFD.
var byteFallback = decoder{
	token: func(out *parts, _ int, token []byte) {
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

func (w wordPieceDecoder) decodeToken(out *parts, i int, token []byte) {
	if i > 0 {
		if hasPrefix(token, w.prefix) {
			token = token[len(w.prefix):]
		} else {
			out.addByte(' ')
		}
	}
	out.add(token)
	if w.cleanup {
		at := out.open()
		for _, c := range cleanups {
			text := out.text[at:]
			out.text = out.text[:at]
			out.addReplaced(text, c[0], c[1])
		}
	}
	out.end()
}

func parseWordPieceDecoder(c *component) (wordPieceDecoder, error) {
	w := wordPieceDecoder{prefix: "##", cleanup: true}
	err := c.fields(func(d *strictjson.Decoder, key string) (known bool, err error) {
		switch key {
		case "prefix":
			w.prefix, err = d.String()
		case "cleanup":
			w.cleanup, err = d.Bool()
		default:
			return false, nil
		}
		return true, err
	})
	return w, err
}
