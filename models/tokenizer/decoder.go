package tokenizer

import (
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/lodestone-wasm/lodestone/weights/strictjson"
)

// decoder turns tokens back into text, as parts that are then joined.
type decoder interface {
	decode(tokens []string) []string
}

// decoders apply one after the other.
type decoders []decoder

func (ds decoders) decode(tokens []string) []string {
	for _, d := range ds {
		tokens = d.decode(tokens)
	}
	return tokens
}

// decode writes spaces for the replacement and drops those of the first token.
func (m metaspace) decode(tokens []string) []string {
	replacement := string(m.replacement)
	for i := range tokens {
		space := " "
		if i == 0 && m.scheme != prependNever {
			space = ""
		}
		tokens[i] = strings.ReplaceAll(tokens[i], replacement, space)
	}
	return tokens
}

func (r replace) decode(tokens []string) []string {
	for i := range tokens {
		tokens[i] = strings.ReplaceAll(tokens[i], r.pattern, r.content)
	}
	return tokens
}

// fuse joins all tokens into one.
type fuse struct{}

func (fuse) decode(tokens []string) []string { return []string{strings.Join(tokens, "")} }

// strip drops up to start copies of content from the front of each token and up to
// stop from its end.
type strip struct {
	content     rune
	start, stop int
}

func (s strip) decode(tokens []string) []string {
	c := string(s.content)
	for i, token := range tokens {
		for n := 0; n < s.start && strings.HasPrefix(token, c); n++ {
			token = token[len(c):]
		}
		for n := 0; n < s.stop && strings.HasSuffix(token, c); n++ {
			token = token[:len(token)-len(c)]
		}
		tokens[i] = token
	}
	return tokens
}

// byteFallback joins runs of <0xNN> into characters; each byte of a run that is not
// UTF-8 becomes U+FFFD.
type byteFallback struct{}

func (byteFallback) decode(tokens []string) []string {
	var out []string
	var run []byte
	flush := func() {
		if utf8.Valid(run) {
			if len(run) > 0 {
				out = append(out, string(run))
			}
		} else {
			for range run {
				out = append(out, "\uFFFD")
			}
		}
		run = run[:0]
	}
	for _, token := range tokens {
		if b, ok := byteToken(token); ok {
			run = append(run, b)
			continue
		}
		flush()
		out = append(out, token)
	}
	flush()
	return out
}

// byteToken reads <0xNN>.
func byteToken(token string) (byte, bool) {
	if len(token) != 6 || token[:3] != "<0x" || token[5] != '>' {
		return 0, false
	}
	b, err := strconv.ParseUint(strings.TrimPrefix(token[3:5], "+"), 16, 8)
	return byte(b), err == nil
}

// wordPieceDecoder joins tokens with a prefix to the one before and puts spaces before others.
type wordPieceDecoder struct {
	prefix  string
	cleanup bool
}

// cleanups are applied to each token in turn.
var cleanups = [...][2]string{
	{" .", "."}, {" ?", "?"}, {" !", "!"}, {" ,", ","}, {" ' ", "'"}, {" n't", "n't"}, {" 'm", "'m"},
	{" do not", " don't"}, {" 's", "'s"}, {" 've", "'ve"}, {" 're", "'re"},
}

func (w wordPieceDecoder) decode(tokens []string) []string {
	for i, token := range tokens {
		if i > 0 {
			if rest, ok := strings.CutPrefix(token, w.prefix); ok {
				token = rest
			} else {
				token = " " + token
			}
		}
		if w.cleanup {
			for _, c := range cleanups {
				token = strings.ReplaceAll(token, c[0], c[1])
			}
		}
		tokens[i] = token
	}
	return tokens
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
