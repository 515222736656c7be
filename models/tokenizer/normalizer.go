package tokenizer

import (
	"bytes"
	"unicode/utf8"
)

// normalizer rewrites a section of text in place; tmp is scratch.
type normalizer interface {
	normalize(a, tmp *aligned)
}

// normalizers apply one after the other.
type normalizers []normalizer

func (ns normalizers) normalize(a, tmp *aligned) {
	for _, n := range ns {
		if a.poll(0) != nil {
			return
		}
		n.normalize(a, tmp)
	}
}

// replace puts content for each occurrence of pattern, which is not empty, or of regex.
type replace struct {
	pattern, content string
	regex            *pattern
}

// finder finds the matches of a text or a regular expression one after the other.
type finder struct {
	pattern string
	regex   *pattern
	matcher
}

// in begins to find the matches in text, in so many steps.
func (r *replace) in(text []byte, steps *int) finder {
	f := finder{pattern: r.pattern, regex: r.regex}
	f.text, f.steps = text, steps
	if r.regex != nil {
		f.chars = charData()
	}
	return f
}

// patternSteps limits the work of regular expressions in a call with n bytes. The patterns
// that tokenizers have need some five for each.
func patternSteps(n int) int { return 1<<22 + 64*n }

// next is the first match from a position on; lo is -1 where there is none.
func (f *finder) next(from int) (lo, hi int) {
	if f.regex != nil {
		return f.regex.find(&f.matcher, from)
	}
	at := indexString(f.text[from:], f.pattern)
	if at < 0 {
		return -1, 0
	}
	return from + at, from + at + len(f.pattern)
}

// indexString is where pattern, which is not empty, begins in text, or -1.
func indexString(text []byte, pattern string) int {
	for from := 0; ; from++ {
		at := bytes.IndexByte(text[from:], pattern[0])
		if at < 0 {
			return -1
		}
		if from += at; hasPrefix(text[from:], pattern) {
			return from
		}
	}
}

func (r *replace) normalize(a, tmp *aligned) {
	e := edit(a, tmp)
	if a.progress == nil {
		a.progress = &progress{most: maxGrown, steps: patternSteps(len(a.text))}
	}
	for f := r.in(a.text, &a.steps); ; {
		lo, hi := f.next(e.pos)
		if lo < 0 {
			if a.steps < 0 {
				a.fail(errPatternSteps)
			}
			break
		}
		e.keep(lo - e.pos)
		e.drop(hi - lo)
		for _, c := range r.content {
			e.put(c, 1)
		}
	}
	e.keep(len(a.text) - e.pos)
	*a, *tmp = *tmp, *a
}

// prepend puts a text before every section that is not empty.
type prepend string

func (p *prepend) normalize(a, tmp *aligned) {
	if len(a.text) == 0 || *p == "" {
		return
	}
	e := edit(a, tmp)
	e.prepend(string(*p))
	e.keep(len(a.text) - e.pos)
	*a, *tmp = *tmp, *a
}

// prepend writes s with the range of the first character of the input, which must
// not be empty.
//
//go:noinline
func (e *editor) prepend(s string) {
	for _, c := range s {
		e.out.append(c, e.in.align[0])
	}
}

// stripSpace is Strip: it drops the white space at the ends.
type stripSpace struct{ left, right bool }

func (s *stripSpace) normalize(a, _ *aligned) {
	lo, hi := 0, len(a.text)
	for s.left && lo < hi {
		r, n := decodeRune(a.text[lo:])
		if !isSpaceRune(r) {
			break
		}
		lo += n
	}
	for s.right && lo < hi {
		r, n := utf8.DecodeLastRune(a.text[:hi])
		if !isSpaceRune(r) {
			break
		}
		hi -= n
	}
	a.text, a.align = append(a.text[:0], a.text[lo:hi]...), append(a.align[:0], a.align[lo:hi]...)
}

// dropClass drops the characters of a class: StripAccents, which decomposes nothing.
type dropClass uint32

func (class dropClass) normalize(a, tmp *aligned) {
	t := charData()
	mapRunes(a, tmp, func(r rune) rune {
		if t.of(r)&uint32(class) != 0 {
			return dropped
		}
		return r
	})
}

// nmt is Nmt: it drops controls and writes a space for other white space.
type nmt struct{}

func (nmt) normalize(a, tmp *aligned) {
	mapRunes(a, tmp, func(r rune) rune {
		switch {
		case r == '\t' || r == '\n' || r == '\f' || r == '\r' || r == 0x1680 || r >= 0x200B && r <= 0x200F ||
			r == 0x2028 || r == 0x2029 || r == 0x2581 || r == 0xFEFF || r == 0xFFFD:
			return ' '
		case r > 0 && r < ' ' || r == 0x7F || r == 0x8F || r == 0x9F:
			return dropped
		}
		return r
	})
}

// normalize writes the characters that stand for the bytes: the normaliser ByteLevel.
func (*byteLevel) normalize(a, tmp *aligned) {
	e := edit(a, tmp)
	e.out.spell(a.text, a.align)
	*a, *tmp = *tmp, *a
}
