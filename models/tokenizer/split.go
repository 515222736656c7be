package tokenizer

// split is Split: it cuts text at the matches of a pattern.
type split struct {
	replace  // without content
	behavior splitBehavior
	invert   bool // cut at what lies between the matches
}

// splitBehavior says what becomes of the matches.
type splitBehavior byte

const (
	removed splitBehavior = iota
	isolated
	mergedWithPrevious
	mergedWithNext
	contiguous // neighbouring matches are one word
)

// splitBehaviors are their names in tokenizer.json, each ended by a comma.
const splitBehaviors = "Removed,Isolated,MergedWithPrevious,MergedWithNext,Contiguous,"

func (s *split) preTokenize(in *aligned, ws *workspace, emit func(*aligned) bool) bool {
	w := splitWriter{in: in, emit: emit, behavior: s.behavior}
	f := s.in(in.text, &ws.steps)
	for pos := 0; pos < len(in.text); {
		lo, hi := f.next(pos)
		if lo < 0 {
			if ws.steps < 0 {
				ws.fail(errPatternSteps)
				return false
			}
			lo, hi = len(in.text), len(in.text)
		}
		if lo > pos && !w.add(pos, lo, s.invert) || hi > lo && !w.add(lo, hi, !s.invert) || ws.poll(hi-pos) != nil {
			return false
		}
		pos = hi
	}
	return w.flush()
}

// splitWriter emits words from parts of text that are matches or not.
type splitWriter struct {
	in       *aligned
	emit     func(*aligned) bool
	behavior splitBehavior
	word     aligned
	lo, hi   int  // a word that may still grow
	match    bool // the last part was one
}

func (w *splitWriter) flush() bool {
	if w.lo == w.hi {
		return true
	}
	w.word = w.in.slice(w.lo, w.hi)
	w.lo = w.hi
	return w.emit(&w.word)
}

func (w *splitWriter) add(lo, hi int, match bool) bool {
	grow := false
	switch w.behavior {
	case removed:
		if match {
			return true
		}
	case mergedWithPrevious:
		grow = match && !w.match
	case mergedWithNext:
		grow = !match && w.match
	case contiguous:
		grow = match == w.match
	}
	w.match = match
	if !grow || w.lo == w.hi {
		if !w.flush() {
			return false
		}
		w.lo = lo
	}
	w.hi = hi
	return true
}

// splitRunes is Punctuation and CharDelimiterSplit: split at single characters.
type splitRunes struct {
	class    uint32 // of chars
	char     rune   // without class
	behavior splitBehavior
}

func (s *splitRunes) preTokenize(in *aligned, ws *workspace, emit func(*aligned) bool) bool {
	t := charData()
	w := splitWriter{in: in, emit: emit, behavior: s.behavior}
	start := 0
	for i := 0; i < len(in.text); {
		r, n := decodeRune(in.text[i:])
		if s.class == 0 && r == s.char || t.of(r)&s.class != 0 {
			if start < i && !w.add(start, i, false) || !w.add(i, i+n, true) {
				return false
			}
			start = i + n
		}
		i += n
	}
	if start < len(in.text) && !w.add(start, len(in.text), false) {
		return false
	}
	return w.flush()
}

// whitespace is Whitespace, \w+|[^\w\s]+, or WhitespaceSplit, [^\s]+.
type whitespace struct{ words bool }

func (x *whitespace) preTokenize(in *aligned, _ *workspace, emit func(*aligned) bool) bool {
	t := charData()
	return cutWords(in, emit, func(r rune) cut {
		bits := t.of(r)
		switch {
		case bits&isSpace != 0:
			return cutOut
		case x.words && bits&isWordChar == 0:
			return 1
		}
		return 0
	})
}
