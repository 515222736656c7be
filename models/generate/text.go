package generate

import (
	"bytes"
	"unicode/utf8"

	"github.com/lodestone-wasm/lodestone/kernels/lean"
)

// Decoder turns ids into text; a tokenizer.Tokenizer is one.
type Decoder interface {
	// AppendDecode appends the text of ids to text.
	AppendDecode(text []byte, ids []int32, skipSpecial bool) []byte
}

// TextStream makes text of the tokens of one sequence as they come. What it gives are
// whole characters: a token that ends inside of one waits for the next. Special tokens
// are left out. Its memory is used again, so that a token allocates nothing.
//
// A decoder writes a token differently behind another than at the start of a text, so
// tokens are decoded together with those that the last piece came from, and what these
// gave is taken off.
type TextStream struct {
	decoder Decoder
	ids     []int32 // from the beginning of the last piece on
	read    int     // of ids, those whose text was given
	old     []byte  // the text of these
	text    []byte  // the text of all of them
}

// NewTextStream makes a TextStream of what follows a prompt.
func NewTextStream(d Decoder, prompt []int32) *TextStream {
	t := &TextStream{decoder: d, ids: append([]int32(nil), prompt...), read: len(prompt)}
	t.old = d.AppendDecode(nil, t.ids, true)
	return t
}

// Add is the text that one more token completes, which may be none. It is valid until the
// next call.
func (t *TextStream) Add(id int32) []byte {
	t.ids = append(t.ids, id)
	t.text = t.decoder.AppendDecode(t.text[:0], t.ids, true)
	if r, _ := utf8.DecodeLastRune(t.text); r == utf8.RuneError {
		return nil // half a character, or a byte that will never be one
	}
	return t.give()
}

// End is the text of what still waits: bytes that no token completed.
func (t *TextStream) End() []byte {
	t.text = t.decoder.AppendDecode(t.text[:0], t.ids, true)
	return t.give()
}

func (t *TextStream) give() []byte {
	piece := t.text[shared(t.old, t.text):]
	if len(piece) == 0 {
		return nil // a special token: the next is decoded behind the same ones
	}
	t.ids = append(t.ids[:0], t.ids[t.read:]...)
	t.read = len(t.ids)
	t.old = t.decoder.AppendDecode(t.old[:0], t.ids, true)
	return piece
}

// shared is the length of what a and b begin with alike, in whole characters.
func shared(a, b []byte) int {
	if bytes.HasPrefix(b, a) {
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
// string to the token's end, as in Hugging Face's StopStringCriteria. The function reuses
// its memory: one run at a time.
func StopStrings(d Decoder, stops []string) (func(ids []int32) bool, error) {
	window, ends := 0, make([][]byte, len(stops))
	for i, s := range stops {
		if s == "" || len(s) > maxStop {
			return nil, lean.Errorf("generate: %w: stop string %d has %d bytes, expected 1 to %d", ErrOptions, i, len(s), maxStop)
		}
		window, ends[i] = max(window, len(s)), []byte(s)
	}
	var text, old []byte // used again
	return func(ids []int32) bool {
		// A token has a byte at least, but special ones have none.
		tail := ids[max(0, len(ids)-window-16):]
		text = d.AppendDecode(text[:0], tail, true)
		old = d.AppendDecode(old[:0], tail[:len(tail)-1], true)
		before := shared(old, text)
		for _, s := range ends {
			if bytes.Contains(text[max(0, before-len(s)+1):], s) {
				return true
			}
		}
		return false
	}, nil
}
