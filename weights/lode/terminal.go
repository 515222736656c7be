package main

import (
	"fmt"
	"io"
	"os"
	"unicode/utf8"
)

// isTerminal tells whether w is one.
func isTerminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	if !ok {
		return false
	}
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}

// escaper writes control characters as \u001b, so that a name in a file or an answer of a
// server cannot move the cursor, change the title of a window or hide text. Newlines and tabs
// stay. JSON stays JSON: within its strings \u001b is the same character.
type escaper struct {
	w       io.Writer
	exact   bool   // [escaper.text] writes texts as they are
	pending []byte // the beginning of a character whose other bytes have not come yet
}

// Write writes p and holds back a character that it ends within.
func (e *escaper) Write(p []byte) (int, error) {
	text := append(e.pending, p...)
	out := make([]byte, 0, len(text)+16)
	for len(text) > 0 {
		if !utf8.FullRune(text) {
			break
		}
		r, n := utf8.DecodeRune(text)
		switch {
		case r == utf8.RuneError && n == 1:
			out = utf8.AppendRune(out, utf8.RuneError)
		case controls(r):
			out = fmt.Appendf(out, `\u%04x`, r)
		default:
			out = append(out, text[:n]...)
		}
		text = text[n:]
	}
	e.pending = append([]byte(nil), text...)
	if _, err := e.w.Write(out); err != nil {
		return 0, err
	}
	return len(p), nil
}

// controls tells whether a terminal may obey a character instead of showing it: the control
// characters of ASCII and of Latin-1, and those that change the direction of text.
func controls(r rune) bool {
	return r < 0x20 && r != '\n' && r != '\t' || r >= 0x7f && r < 0xa0 || r >= 0x202a && r <= 0x202e || r >= 0x2066 && r <= 0x2069
}

// text is where the texts of models go: to a terminal escaped, to a file or a program as they
// are.
func (e *env) text() io.Writer {
	if x, ok := e.out.(*escaper); ok && x.exact {
		return x.w
	}
	return e.out
}
