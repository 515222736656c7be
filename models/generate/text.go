package generate

import (
	"strings"
	"unicode/utf8"

	"github.com/lodestone-wasm/lodestone/kernels/lean"
)

// Decoder turns ids into text; a tokenizer.Tokenizer is one.
type Decoder interface {
	Decode(ids []int32, skipSpecial bool) string
}

// TextStream makes text of the tokens of one sequence as they come. What it gives are
// whole characters: a token that ends inside of one waits for the next. Special tokens
// are left out.
//
// A decoder writes a token differently behind another than at the start of a text, so
// tokens are decoded together with those that the last piece came from, and what these
// gave is taken off.
type TextStream struct {
	decoder Decoder
	ids     []int32 // from the beginning of the last piece on
	read    int     // of ids, those whose text was given
	old     string  // the text of these
}

// NewTextStream makes a TextStream of what follows a prompt.
func NewTextStream(d Decoder, prompt []int32) *TextStream {
	t := &TextStream{decoder: d, ids: append([]int32(nil), prompt...), read: len(prompt)}
	t.old = d.Decode(t.ids, true)
	return t
}

// Add is the text that one more token completes, which may be none.
func (t *TextStream) Add(id int32) string {
	t.ids = append(t.ids, id)
	text := t.decoder.Decode(t.ids, true)
	if strings.HasSuffix(text, "\uFFFD") {
		return "" // half a character, or a byte that will never be one
	}
	return t.give(text)
}

// End is the text of what still waits: bytes that no token completed.
func (t *TextStream) End() string { return t.give(t.decoder.Decode(t.ids, true)) }

func (t *TextStream) give(text string) string {
	piece := text[shared(t.old, text):]
	if piece == "" {
		return "" // a special token: the next is decoded behind the same ones
	}
	t.ids = append(t.ids[:0], t.ids[t.read:]...)
	t.read = len(t.ids)
	t.old = t.decoder.Decode(t.ids, true)
	return piece
}

// shared is the length of what a and b begin with alike, in whole characters.
func shared(a, b string) int {
	if strings.HasPrefix(b, a) {
		return len(a)
	}
	n := 0
	for n < len(a) && n < len(b) && a[n] == b[n] {
		n++
	}
	for n > 0 && !utf8.RuneStart(b[n]) {
		n--
	}
	return n
}

// maxStop is the longest stop string in bytes.
const maxStop = 256

// StopStrings makes an Options.Stopped of texts: a sequence ends when its last token
// completes one of them. The text may begin in the prompt, and go on behind the stop
// string to the token's end, as in Hugging Face's StopStringCriteria.
func StopStrings(d Decoder, stops []string) (func(ids []int32) bool, error) {
	window := 0
	for i, s := range stops {
		if s == "" || len(s) > maxStop {
			return nil, lean.Errorf("generate: %w: stop string %d has %d bytes, expected 1 to %d", ErrOptions, i, len(s), maxStop)
		}
		window = max(window, len(s))
	}
	return func(ids []int32) bool {
		// A token has a byte at least, but special ones have none.
		tail := ids[max(0, len(ids)-window-16):]
		text := d.Decode(tail, true)
		before := shared(d.Decode(tail[:len(tail)-1], true), text)
		for _, s := range stops {
			if at := strings.LastIndex(text, s); at >= 0 && at+len(s) > before {
				return true
			}
		}
		return false
	}, nil
}
