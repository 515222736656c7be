package sentence

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// MaxRunes is the longest sentence that Split returns, in code points. A longer sentence is cut at the last clause or space before the
// limit: the search's model reads at most 117 pieces, about 400 letters, and truncates the rest.
const MaxRunes = 400

// Split returns the sentences of text in order, trimmed, with inner white space folded to single spaces.
//
// A blank line always ends a sentence. A single line break ends one unless the line looks wrapped. Pieces without a letter are dropped.
func Split(text string) []string {
	var out []string
	for _, b := range blocks(text) {
		for _, s := range splitBlock(b.text) {
			out = appendCut(out, s)
		}
	}
	return slices.DeleteFunc(out, func(s string) bool { return strings.IndexFunc(s, unicode.IsLetter) < 0 })
}

// Paragraph is a paragraph, a list item, a heading or a single line.
type Paragraph struct {
	Lead      string   // what comes before it: line breaks, unless it is the first, and the marker of a list or heading
	Sentences []string // as Split returns them, and pieces without a letter
}

// Paragraphs returns the parts of text in order, so that their sentences can be replaced, for example by translations.
func Paragraphs(text string) []Paragraph {
	var out []Paragraph
	for i, b := range blocks(text) {
		p := Paragraph{Lead: b.marker}
		switch {
		case i > 0 && b.apart:
			p.Lead = "\n\n" + p.Lead
		case i > 0:
			p.Lead = "\n" + p.Lead
		}
		for _, s := range splitBlock(b.text) {
			p.Sentences = appendCut(p.Sentences, s)
		}
		out = append(out, p)
	}
	return out
}

// block is a paragraph or a list item. Lines of a wrapped paragraph are joined by a space.
type block struct {
	marker, text string
	apart        bool // blank lines come before it
}

func blocks(text string) []block {
	text = strings.TrimPrefix(text, "\uFEFF")
	text = strings.ReplaceAll(text, "\r\n", "\n")
	text = strings.ReplaceAll(text, "\r", "\n")
	var out []block
	var cur block
	var b strings.Builder
	last := "" // the line that b ends with
	flush := func() {
		if b.Len() > 0 {
			cur.text = b.String()
			out = append(out, cur)
			b.Reset()
		}
		cur, last = block{}, ""
	}
	apart := false
	lines := strings.Split(text, "\n")
	for i, line := range lines {
		lines[i] = strings.Join(strings.Fields(line), " ")
	}
	lists := listed(lines)
	for i, line := range lines {
		item, marked := trimMarker(line)
		if item == "" {
			flush()
			apart = true
			continue
		}
		if marked || last != "" && !wrapped(last, item, lists[i]) {
			flush()
		}
		if b.Len() > 0 {
			b.WriteByte(' ')
		} else {
			cur.marker, cur.apart = strings.TrimSuffix(line, item), apart
		}
		apart = false
		b.WriteString(item)
		last = item
	}
	flush()
	return out
}

// wrapLine is the length in code points from which a line without closing punctuation counts as wrapped by an editor.
const wrapLine = 55

// Lines are items, such as those of a shopping list, if at least listLines follow each other, none longer than narrow code points and
// none with the end of a sentence.
const (
	listLines = 3
	narrow    = 32
)

// wrapped reports whether next continues the sentence of line. item: they belong to a list.
func wrapped(line, next string, item bool) bool {
	if r, _ := utf8.DecodeRuneInString(next); unicode.IsLower(r) {
		return !item || strings.ContainsAny(line[len(line)-1:], ",;-")
	}
	return utf8.RuneCountInString(line) >= wrapLine
}

// listed returns for each line whether it is of a list. Blank lines separate lists.
func listed(lines []string) []bool {
	all := make([]bool, len(lines))
	for from := 0; from < len(lines); {
		to, item := from, true
		for to < len(lines) && lines[to] != "" {
			item = item && utf8.RuneCountInString(lines[to]) <= narrow && strings.IndexFunc(lines[to], isTerminal) < 0
			to++
		}
		for i := from; i < to; i++ {
			all[i] = item && to-from >= listLines
		}
		from = to + 1
	}
	return all
}

// trimMarker removes the marker of a list or heading from the start of a line and reports whether there was one.
func trimMarker(line string) (string, bool) {
	for _, m := range []string{"- ", "* ", "• ", "– ", "> "} {
		if rest, ok := strings.CutPrefix(line, m); ok {
			return strings.TrimSpace(rest), true
		}
	}
	if rest := strings.TrimLeft(line, "#"); rest != line && strings.HasPrefix(rest, " ") {
		return strings.TrimSpace(rest), true
	}
	// "1. milk", "12) bread": digits, one mark, a space
	n := 0
	for n < len(line) && n < 3 && line[n] >= '0' && line[n] <= '9' {
		n++
	}
	if n > 0 && n+1 < len(line) && (line[n] == '.' || line[n] == ')') && line[n+1] == ' ' {
		if r, _ := utf8.DecodeRuneInString(line[n+2:]); line[n] == ')' || !isMonth(firstWord(line[n+2:])) && unicode.IsLetter(r) {
			return strings.TrimSpace(line[n+2:]), true
		}
	}
	return line, false
}

func splitBlock(s string) []string {
	rs := []rune(s)
	var out []string
	start, opened := 0, -1 // opened: the last opening mark, so that quoted needs no second pass
	for i := 0; i < len(rs); i++ {
		if !isTerminal(rs[i]) {
			if isOpener(rs[i]) {
				opened = i
			}
			continue
		}
		end := i + 1
		for end < len(rs) && isTerminal(rs[end]) { // "?!", "..."
			end++
		}
		run := rs[i:end]
		end = closers(rs, end)
		if end < len(rs) && boundary(rs, start, i, run, end, opened >= start) {
			out = append(out, string(rs[start:end]))
			start = end
		}
		i = end - 1
	}
	return append(out, string(rs[start:]))
}

// closers returns the index after the quotation marks and brackets that close at i. In French a space may precede », ? and !.
func closers(rs []rune, i int) int {
	for i < len(rs) {
		switch {
		case isCloser(rs[i]):
			i++
		case isSpace(rs[i]) && i+1 < len(rs) && (rs[i+1] == '»' && !opensNext(rs, i+1)):
			i += 2
		default:
			return i
		}
	}
	return i
}

// opensNext reports whether the » at i is a German opening mark (»So ist es.«), which a letter follows directly.
func opensNext(rs []rune, i int) bool {
	return i+1 < len(rs) && unicode.IsLetter(rs[i+1])
}

// boundary decides whether the sentence from start ends with the punctuation run at i. end is the first rune after the run and its
// closers.
func boundary(rs []rune, start, i int, run []rune, end int, quoted bool) bool {
	if !isSpace(rs[end]) {
		return run[0] >= 0x3000 // ideographic marks need no space after them
	}
	next := end
	for next < len(rs) && (isSpace(rs[next]) || isOpener(rs[next]) || rs[next] == '-' || rs[next] == '–' || rs[next] == '—') {
		next++
	}
	if next == len(rs) {
		return true
	}
	follows := rs[next]
	if isTerminal(follows) { // "Vraiment ?": the mark belongs to the sentence before it
		return false
	}
	single := len(run) == 1
	switch {
	case single && run[0] == '.':
		return fullStop(rs, start, i, next)
	case run[0] == '…' || run[0] == '.': // an ellipsis may be inside a sentence
		return !unicode.IsLower(follows)
	}
	return !unicode.IsLower(follows) || end > i+len(run) && !quoted // „Kommst du?“ fragte sie: the sentence continues
}

// fullStop decides whether a single dot at i, followed by the word at next, ends a sentence.
func fullStop(rs []rune, start, i, next int) bool {
	if unicode.IsLower(rs[next]) {
		return false
	}
	w := i
	for w > start && !isSpace(rs[w-1]) && (!isOpener(rs[w-1]) || rs[w-1] == '\'' || rs[w-1] == '’' || rs[w-1] == '‘') {
		w--
	}
	word := strings.ToLower(string(rs[w:i]))
	if word == "" {
		return true
	}
	if n := strings.IndexByte(word, '.'); n >= 0 && len(word) <= 6 { // "z.B", "e.g", "U.S"
		return !innerAbbreviation[word]
	}
	if utf8.RuneCountInString(word) == 1 && unicode.IsLetter(rs[w]) {
		chain := w >= 3 && rs[w-2] == '.' && unicode.IsLetter(rs[w-3]) && (w == 3 || isSpace(rs[w-4]))
		if unicode.IsLower(rs[w]) || chain && abbreviation["."+word] {
			return !abbreviation["."+word] // "z. B.", "d. h."
		}
		return !initial(rs, w, next) // J. S. Bach, M. Dupont; but "Plan B."
	}
	if digits(word) { // German and French ordinals: am 3. Mai, der 2. Zug
		return len(word) > 2 || !ordinalContext(rs, start, w, next)
	}
	return !abbreviation[word]
}

// initial reports whether the single capital at w abbreviates a name: a capital word follows, and the word before allows a name.
func initial(rs []rune, w, next int) bool {
	if !unicode.IsUpper(rs[next]) {
		return false
	}
	if w == 0 {
		return true
	}
	// "Plan B. Then": the word before begins in lower case or is a common noun; "Johann S. Bach", "M. Dupont" begin a sentence or follow a capital.
	b := w - 1
	for b > 0 && isSpace(rs[b]) {
		b--
	}
	e := b + 1
	for b > 0 && !isSpace(rs[b-1]) {
		b--
	}
	before := strings.ToLower(string(rs[b:e]))
	switch before {
	case "plan", "vitamin", "vitamine", "grade", "group", "gruppe", "groupe", "note", "and", "und", "et", "or", "oder", "ou", "than", "als", "que", "type", "typ":
		return false
	}
	return rs[w] != 'I'
}

// ordinalContext reports whether the number at w followed by a dot and the word at next reads as an ordinal.
func ordinalContext(rs []rune, start, w, next int) bool {
	if isMonth(firstWord(string(rs[next:min(len(rs), next+16)]))) {
		return true
	}
	b := w
	for b > start && isSpace(rs[b-1]) {
		b--
	}
	e := b
	for b > start && !isSpace(rs[b-1]) {
		b--
	}
	switch strings.ToLower(string(rs[b:e])) {
	case "am", "vom", "zum", "der", "den", "dem", "des", "die", "das", "im", "beim", "ab", "bis", "seit":
		return true
	}
	return false
}

func firstWord(s string) string {
	for i, r := range s {
		if !unicode.IsLetter(r) {
			return s[:i]
		}
	}
	return s
}

func digits(s string) bool {
	for _, r := range s {
		if r < '0' || r > '9' {
			return false
		}
	}
	return s != ""
}

// appendCut appends s, trimmed, in parts of at most MaxRunes.
func appendCut(out []string, s string) []string {
	rs := []rune(strings.TrimSpace(s))
	for len(rs) > MaxRunes {
		cut := 0
		for i := MaxRunes - 1; i > MaxRunes/2; i-- {
			if isSpace(rs[i]) {
				if cut == 0 {
					cut = i
				}
				if p := rs[i-1]; p == ',' || p == ';' || p == ':' || p == '–' || p == '—' {
					cut = i
					break
				}
			}
		}
		if cut == 0 {
			cut = MaxRunes
		}
		out = appendTrimmed(out, string(rs[:cut]))
		rs = rs[cut:]
	}
	return appendTrimmed(out, string(rs))
}

func appendTrimmed(out []string, s string) []string {
	if s = strings.TrimSpace(s); s == "" {
		return out
	}
	return append(out, s)
}

func isTerminal(r rune) bool {
	switch r {
	case '.', '!', '?', '…', '。', '！', '？', '‽':
		return true
	}
	return false
}

func isCloser(r rune) bool {
	switch r {
	case '"', '\'', '”', '“', '’', '‘', '«', '»', '‹', '›', ')', ']', '}':
		return true
	}
	return false
}

func isOpener(r rune) bool {
	switch r {
	case '"', '\'', '“', '”', '„', '‚', '‘', '«', '»', '‹', '›', '(', '[', '{', '¿', '¡':
		return true
	}
	return false
}

func isSpace(r rune) bool { return unicode.IsSpace(r) || r == '\u202F' || r == '\u00A0' }
