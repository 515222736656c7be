package tokenizer

import "unicode/utf8"

// Offset is the range [Start, End) of a token in the original text, in bytes of
// UTF-8 unless a function says otherwise. Special tokens that no text stands for
// have 0, 0.
type Offset struct{ Start, End int }

// UTF16Offsets converts byte offsets into text to UTF-16 code units, the positions
// of JavaScript strings. Offsets outside text are clamped to it; one inside a
// character counts as the character's start.
func UTF16Offsets(text string, offsets []Offset) []Offset {
	return convertOffsets(text, offsets, func(r rune) int32 {
		if r > 0xFFFF {
			return 2
		}
		return 1
	})
}

// CodePointOffsets converts byte offsets into text to code points, the positions
// of Python strings. Offsets outside text are clamped to it; one inside a character
// counts as the character's start.
func CodePointOffsets(text string, offsets []Offset) []Offset {
	return convertOffsets(text, offsets, func(rune) int32 { return 1 })
}

//go:noinline
func convertOffsets(text string, offsets []Offset, units func(rune) int32) []Offset {
	ascii := true
	for i := 0; i < len(text) && ascii; i++ {
		ascii = text[i] < utf8.RuneSelf
	}
	var at []int32 // position of each byte of text and of its end, in units
	if !ascii {
		at = make([]int32, len(text)+1)
		n := int32(0)
		for i := 0; i < len(text); {
			r, size := utf8.DecodeRuneInString(text[i:])
			for j := range size {
				at[i+j] = n
			}
			n += units(r)
			i += size
		}
		at[len(text)] = n
	}
	convert := func(i int) int {
		i = min(max(i, 0), len(text))
		if ascii {
			return i
		}
		return int(at[i])
	}
	out := make([]Offset, len(offsets))
	for i, o := range offsets {
		out[i] = Offset{convert(o.Start), convert(o.End)}
	}
	return out
}

// coverMarks moves the ends of offsets into text over the combining marks behind them, up to
// where a later offset begins.
func coverMarks(text string, offsets []Offset) {
	t := charData()
	limit, start := len(text), len(text) // start of the offsets behind, limit of those that begin there
	for i := len(offsets) - 1; i >= 0; i-- {
		o := &offsets[i]
		if o.Start < start {
			limit, start = start, o.Start
		}
		for o.Start < o.End && o.End < limit {
			r, n := utf8.DecodeRuneInString(text[o.End:])
			if t.of(r)&isM == 0 {
				break
			}
			o.End += n
		}
	}
}
