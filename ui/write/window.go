package write

import (
	"context"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/lodestone-wasm/lodestone/ui/host"
)

// trained is how many tokens the texts had in the training of writer-magneto-en. The model has 256 positions, but never saw the last.
const trained = 224

// positions is how many tokens the model reads and writes together, 0 if there is no limit.
func (w *Writing) positions() int { return min(w.engine.Positions(), trained) }

// window is the last part of a text that leaves room for left tokens, or for a quarter of the model's positions if that is less, and
// how many tokens it has. It begins with a sentence if there is one, else with a word.
func (w *Writing) window(ctx context.Context, text string, left int) (string, int, error) {
	positions := w.positions()
	if positions <= 0 {
		return text, 0, nil
	}
	most := positions - min(left, max(1, positions/4))
	part := tail(text, 4*positions) // most pieces are shorter than four letters
	for try := 0; ; try++ {
		n, err := w.engine.Count(ctx, part)
		switch {
		case err != nil:
			return "", 0, err
		case n <= most:
			return part, n, nil
		case try == 8:
			return "", 0, &host.EngineError{Code: "input_too_long", Message: fmt.Sprintf(
				"the last %d letters of the text are %d tokens, the model reads %d; use shorter words", utf8.RuneCountInString(part), n, most)}
		}
		part = tail(part, len(part)*most/n)
	}
}

// tail is the end of s, at most n bytes: from the first sentence in it if that leaves half of them, else from the first word.
func tail(s string, n int) string {
	if len(s) <= n {
		return s
	}
	at := len(s) - n
	for at < len(s) && !utf8.RuneStart(s[at]) {
		at++
	}
	s = s[at:]
	for _, cut := range []string{". ", "! ", "? ", ".\n"} {
		if i := strings.Index(s, cut); i >= 0 && i < len(s)/2 {
			return strings.TrimLeftFunc(s[i+1:], unicode.IsSpace)
		}
	}
	if i := strings.IndexFunc(s, unicode.IsSpace); i >= 0 && i < len(s)/2 {
		return strings.TrimLeftFunc(s[i:], unicode.IsSpace)
	}
	return s
}
