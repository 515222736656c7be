package tokenizer

import (
	"bytes"
	"unicode/utf8"
)

// preTokenizer cuts a section into words. It calls emit for each, in order, until
// emit returns false, and reports whether emit never did. A word is valid only
// during the call of emit.
type preTokenizer interface {
	preTokenize(in *aligned, ws *workspace, emit func(*aligned) bool) bool
}

// preTokenizers apply each to the words of the one before.
type preTokenizers []preTokenizer

func (ps preTokenizers) preTokenize(in *aligned, ws *workspace, emit func(*aligned) bool) bool {
	if len(ps) == 0 {
		return emit(in)
	}
	return ps[0].preTokenize(in, ws, func(word *aligned) bool {
		return ps[1:].preTokenize(word, ws, emit)
	})
}

// metaspace writes replacement for spaces and begins a word at each.
type metaspace struct {
	replacement rune
	scheme      prependScheme
	split       bool
}

// prependScheme says which sections get a replacement before their first word.
type prependScheme byte

const (
	prependAlways prependScheme = iota
	prependFirst                // only a section at the very beginning of the text
	prependNever
)

func (m *metaspace) preTokenize(in *aligned, ws *workspace, emit func(*aligned) bool) bool {
	var mark [utf8.UTFMax]byte
	replacement := mark[:utf8.EncodeRune(mark[:], m.replacement)]
	out := ws.take()
	defer ws.give()
	e := edit(in, out)
	if m.scheme == prependAlways || m.scheme == prependFirst && in.shift == 0 {
		if len(in.text) > 0 && in.text[0] != ' ' && !bytes.HasPrefix(in.text, replacement) {
			e.prepend(string(replacement))
		}
	}
	for {
		at := bytes.IndexByte(in.text[e.pos:], ' ')
		if at < 0 {
			break
		}
		e.keep(at)
		e.put(m.replacement, 0)
	}
	e.keep(len(in.text) - e.pos)
	if !m.split {
		return len(out.text) == 0 || emit(out)
	}
	var word aligned // one for all calls of emit: it escapes
	for start := 0; start < len(out.text); {
		end := len(out.text)
		_, n := utf8.DecodeRune(out.text[start:])
		if next := bytes.Index(out.text[start+n:], replacement); next >= 0 {
			end = start + n + next
		}
		word = out.slice(start, end)
		if !emit(&word) {
			return false
		}
		start = end
	}
	return true
}
