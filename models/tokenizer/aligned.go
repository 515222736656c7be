package tokenizer

import "unicode/utf8"

// span is a range of bytes of the original text.
type span struct{ start, end int32 }

// aligned is text on its way from what the user wrote to what the model reads.
// Every byte knows the range of original bytes that it came from, which is how
// offsets survive normalisation.
//
// The rules by which edits inherit ranges are those of NormalizedString in
// Hugging Face tokenizers, odd cases included: e and U+0301 compose to é with the
// range of e alone, and every character of an expansion has the range of its source.
type aligned struct {
	text      []byte
	align     []span // one for each byte of text; the bytes of one character share it
	shift     int32  // where this section begins in the original text
	*progress        // of the call; nil: nobody waits
}

// load makes a the original bytes text[start:end].
func (a *aligned) load(text []byte, start, end int) {
	a.text = append(a.text[:0], text[start:end]...)
	a.align = a.align[:0]
	a.shift = int32(start)
	for i := start; i < end; {
		n := 1
		if text[i] >= utf8.RuneSelf {
			_, n = utf8.DecodeRune(text[i:end])
		}
		for range n {
			a.align = append(a.align, span{int32(i), int32(i + n)})
		}
		i += n
	}
}

// slice is a view of the bytes lo to hi, lo < hi, on character boundaries.
//
//go:noinline
func (a *aligned) slice(lo, hi int) aligned {
	return aligned{a.text[lo:hi:hi], a.align[lo:hi:hi], a.align[lo].start, a.progress}
}

// original is the range of original bytes that the bytes lo to hi, lo < hi, came from.
func (a *aligned) original(lo, hi int) Offset {
	return Offset{int(a.align[lo].start), int(a.align[hi-1].end)}
}

// editor writes an edited version of in to out, from left to right.
type editor struct {
	in, out *aligned
	pos     int // bytes of in consumed
}

// edit begins an edit; in and out must not be the same.
//
//go:noinline
func edit(in, out *aligned) editor {
	out.text, out.align, out.shift, out.progress = out.text[:0], out.align[:0], in.shift, in.progress
	return editor{in: in, out: out}
}

// keep copies n bytes.
//
//go:noinline
func (e *editor) keep(n int) {
	if e.out.room(n) {
		e.out.text = append(e.out.text, e.in.text[e.pos:e.pos+n]...)
		e.out.align = append(e.out.align, e.in.align[e.pos:e.pos+n]...)
	}
	e.pos += n
}

// drop skips n bytes.
func (e *editor) drop(n int) { e.pos += n }

// put writes c. tag 1 inserts it: c takes the range of the byte before the cursor.
// Otherwise c replaces the character at the cursor, takes its range, and -tag
// further characters of the input are dropped.
func (e *editor) put(c rune, tag int) {
	at := span{e.in.shift, e.in.shift}
	if tag > 0 {
		if e.pos > 0 {
			at = e.in.align[e.pos-1]
		}
	} else {
		if e.pos < len(e.in.align) {
			at = e.in.align[e.pos]
		}
		for ; tag <= 0 && e.pos < len(e.in.text); tag++ {
			_, n := utf8.DecodeRune(e.in.text[e.pos:])
			e.pos += n
		}
	}
	e.out.append(c, at)
}

// append adds c with the range at. Not inlined, like keep: they are called at many places
// of a binary that is weighed.
//
//go:noinline
func (a *aligned) append(c rune, at span) {
	if !a.room(utf8.UTFMax) {
		return
	}
	n := len(a.text)
	a.text = utf8.AppendRune(a.text, c)
	for range len(a.text) - n {
		a.align = append(a.align, at)
	}
}

// room reports whether n more bytes may come, and fails the call otherwise: a file could
// make any text out of one character.
func (a *aligned) room(n int) bool {
	if a.progress == nil || len(a.text)+n <= a.most {
		return true
	}
	a.fail(errGrown)
	return false
}

// spell appends the characters that stand for the bytes of text.
func (a *aligned) spell(text []byte, align []span) {
	if !a.room(2 * len(text)) {
		return
	}
	for i, b := range text {
		r := byteRune(b)
		if r >= utf8.RuneSelf {
			a.text = append(a.text, byte(0xC0|r>>6), byte(0x80|r&0x3F))
			a.align = append(a.align, align[i], align[i])
			continue
		}
		a.text = append(a.text, byte(r))
		a.align = append(a.align, align[i])
	}
}
