package tokenizer

import (
	"strings"
	"unicode/utf8"

	"github.com/lodestone-wasm/lodestone/kernels/lean"
)

// maxPattern is the most bytes of a regular expression, maxPatternDepth the deepest nesting.
const (
	maxPattern      = 8 << 10
	maxPatternDepth = 8
)

// knownPatterns says what parsePattern reads, for errors.
const knownPatterns = `the patterns of GPT-2, GPT-4, GPT-4o, Llama 3, Qwen, DeepSeek, Bloom and CLIP, and others made of characters, [...], \s, \d, \p{L} and the other categories, |, (?:...), (?i:...), (?!...), (?=...), $, ?, *, + and {n,m}`

// parsePattern reads a regular expression in the syntax of Oniguruma, of which it
// knows what the patterns of tokenizers use. Others are refused.
func parsePattern(section, text string) (*pattern, error) {
	p := patternParser{text: text}
	if len(text) > maxPattern || !utf8.ValidString(text) {
		p.fail()
	}
	branches := p.alternatives(false, 0)
	if p.pos < len(text) || p.bad {
		return nil, lean.Errorf("%w: tokenizer: %s: the regular expression %q is not supported from byte %d on; supported: %s", ErrUnsupported, section, lean.Clip(text), min(p.pos, len(text)), knownPatterns)
	}
	if matchesNothing(branches) {
		return nil, lean.Errorf("%w: tokenizer: %s: the regular expression %q matches the empty text; supported are those that do not", ErrUnsupported, section, lean.Clip(text))
	}
	return &pattern{branches}, nil
}

func matchesNothing(branches [][]patternNode) bool {
	for _, nodes := range branches {
		empty := true
		for i := range nodes {
			n := &nodes[i]
			if n.kind == nodeSet && n.least > 0 || n.kind == nodeGroup && n.least > 0 && !matchesNothing(n.branches) {
				empty = false
			}
		}
		if empty {
			return true
		}
	}
	return false
}

type patternParser struct {
	text string
	pos  int
	bad  bool // text[pos:] is not understood
}

func (p *patternParser) fail() { p.bad = true }

// eat moves past s if it comes next.
//
//go:noinline
func (p *patternParser) eat(s string) bool {
	if p.bad || !strings.HasPrefix(p.text[p.pos:], s) {
		return false
	}
	p.pos += len(s)
	return true
}

// next is the next character.
//
//go:noinline
func (p *patternParser) next() rune {
	r, n := utf8.DecodeRuneInString(p.text[p.pos:])
	if n == 0 {
		p.fail()
	}
	p.pos += n
	return r
}

// alternatives reads up to ")" or the end.
func (p *patternParser) alternatives(fold bool, depth int) (branches [][]patternNode) {
	if depth > maxPatternDepth {
		p.fail()
	}
	for !p.bad {
		branches = append(branches, p.sequence(fold, depth))
		if !p.eat("|") {
			break
		}
	}
	return branches
}

func (p *patternParser) sequence(fold bool, depth int) (nodes []patternNode) {
	start := p.pos
	for !p.bad && p.pos < len(p.text) && p.text[p.pos] != '|' && p.text[p.pos] != ')' {
		// Without regard to case, two letters may match one, as ß.
		if fold && p.pos > start && p.pos+1 < len(p.text) && ligature(p.text[p.pos-1:p.pos+1]) {
			p.fail()
			break
		}
		n := patternNode{least: 1, most: 1}
		inner := fold
		switch {
		case p.eat("(?:"):
			n.kind = nodeGroup
		case p.eat("(?i:"):
			n.kind, inner = nodeGroup, true
		case p.eat("(?!"):
			n.kind = nodeNoAhead
		case p.eat("(?="):
			n.kind = nodeAhead
		case p.eat("(?") || p.eat("^"):
			p.pos--
			p.fail()
		case p.eat("("):
			n.kind = nodeGroup
		case p.eat("$"):
			n.kind = nodeLineEnd
		default:
			p.atom(&n.set, fold)
		}
		if n.kind != nodeSet && n.kind != nodeLineEnd {
			n.branches = p.alternatives(inner, depth+1)
			if !p.eat(")") {
				p.fail()
			}
		}
		p.repeat(&n)
		nodes = append(nodes, n)
	}
	return nodes
}

func ligature(letters string) bool {
	return strings.Contains("ss ff fi fl st", strings.ToLower(letters))
}

// repeat reads ?, *, +, {n}, {n,} or {n,m}.
func (p *patternParser) repeat(n *patternNode) {
	at := p.pos
	interval := false
	switch {
	case p.eat("?"):
		n.least = 0
	case p.eat("*"):
		n.least, n.most = 0, -1
	case p.eat("+"):
		n.most = -1
	case p.eat("{"):
		interval = true
		n.least = p.number()
		n.most = n.least
		if p.eat(",") {
			n.most = -1
			if !p.eat("}") {
				n.most = p.number()
				interval = p.eat("}") && n.least <= n.most
			}
		} else {
			interval = p.eat("}")
		}
		if !interval {
			p.pos = at
			p.fail()
		}
	default:
		return
	}
	once := n.most == 1 && !interval
	// + behind another repetition makes it possessive, but {n,m}+ and {n,m}? mean something else.
	if p.eat("+") {
		n.possessive = true
	}
	if interval && n.possessive || p.eat("?") || p.eat("*") || p.eat("+") || p.eat("{") ||
		n.kind != nodeSet && (n.kind != nodeGroup || !once || n.possessive) {
		p.pos = at
		p.fail()
	}
}

func (p *patternParser) number() (n int) {
	start := p.pos
	for p.pos < len(p.text) && p.text[p.pos] >= '0' && p.text[p.pos] <= '9' && n < 1000 {
		n = 10*n + int(p.text[p.pos]-'0')
		p.pos++
	}
	if p.pos == start || n >= 1000 {
		p.fail()
	}
	return n
}

// atom reads a character, an escape or a class into s.
func (p *patternParser) atom(s *charSet, fold bool) {
	switch {
	case p.eat("["):
		s.negated = p.eat("^")
		p.class(s, fold, 0)
	case p.eat("."):
		s.negated = true
		s.add('\n', '\n', false)
	default:
		if c, ok := p.char(s, "*+?{}"); ok && !s.add(c, c, fold) {
			p.fail()
		}
	}
}

// class reads the rest of a class.
func (p *patternParser) class(s *charSet, fold bool, depth int) {
	first := true
	for !p.bad && !p.eat("]") {
		if p.eat("[:") || p.eat("[^") || p.eat("&&") || depth > maxPatternDepth {
			p.pos -= 2
			p.fail()
			return
		}
		if p.eat("[") {
			p.class(s, fold, depth+1)
			first = false
			continue
		}
		hyphen := !first && p.pos+1 < len(p.text) && p.text[p.pos] == '-' && p.text[p.pos+1] != ']'
		lo, ok := p.char(s, "")
		if hyphen || first && lo == '-' && p.pos < len(p.text) && p.text[p.pos] == '-' {
			p.fail() // Oniguruma warns of it
		}
		first = false
		if !ok {
			continue
		}
		hi := lo
		if p.pos+1 < len(p.text) && p.text[p.pos] == '-' && p.text[p.pos+1] != ']' {
			p.pos++
			if hi, ok = p.char(s, "["); !ok || hi < lo {
				p.fail()
				return
			}
		}
		if !s.add(lo, hi, fold) {
			p.fail()
		}
	}
}

// char reads a character, or a class by its escape, which it adds to s. Characters of
// special must be escaped.
func (p *patternParser) char(s *charSet, special string) (r rune, ok bool) {
	if r = p.next(); r != '\\' {
		if strings.ContainsRune(special, r) {
			p.pos--
			p.fail()
		}
		return r, !p.bad
	}
	at := p.pos
	switch r = p.next(); r {
	case 'r':
		return '\r', true
	case 'n':
		return '\n', true
	case 't':
		return '\t', true
	case 's':
		s.bits |= isSpace
	case 'S':
		s.bits |= isNotSpace
	case 'd':
		s.bits |= isNd
	case 'D':
		s.bits |= isAny &^ isNd
	case 'p', 'P':
		s.bits |= p.property(r == 'P')
	case 'u':
		return p.hex(4, 4), !p.bad
	case 'x':
		braces := p.eat("{")
		if r = p.hex(1, 6); !braces || !p.eat("}") {
			p.fail()
		}
		return r, !p.bad
	default:
		if r >= 0x80 || r >= '0' && r <= '9' || r|0x20 >= 'a' && r|0x20 <= 'z' {
			p.pos = at
			p.fail()
		}
		return r, !p.bad
	}
	return 0, false
}

// hex reads least to most hexadecimal digits.
func (p *patternParser) hex(least, most int) (r rune) {
	n := 0
	for ; n < most && p.pos < len(p.text); n++ {
		c := p.text[p.pos] | 0x20
		d := strings.IndexByte("0123456789abcdef", c)
		if d < 0 || p.text[p.pos] < '0' {
			break
		}
		r = r<<4 | rune(d)
		p.pos++
	}
	if n < least || !utf8.ValidRune(r) {
		p.fail()
	}
	return r
}

// property reads {L} or {^L} behind \p.
func (p *patternParser) property(negated bool) (bits uint32) {
	name, _, ok := strings.Cut(p.text[p.pos:], "}")
	if !ok || !p.eat("{") || len(name) < 2 {
		p.fail()
		return 0
	}
	p.pos += len(name)
	if name = name[1:]; name[0] == '^' {
		negated, name = !negated, name[1:]
	}
	switch name {
	case "L":
		bits = isL
	case "M":
		bits = isM
	case "N":
		bits = isN
	default:
		i := strings.Index("LuLlLtLmLo..McNdNlNoP.S.Z.", name)
		if len(name) == 1 {
			i = strings.Index("P.S.Z.", name) + 20
		}
		if i < 0 || i%2 != 0 || name == "" || len(name) > 2 || name[0] == '.' {
			p.pos -= len(name)
			p.fail()
			return 0
		}
		bits = 1 << (i / 2)
	}
	if negated {
		bits = isAny &^ bits
	}
	return bits
}

// add adds a range, with both cases of its letters if fold is set; it cannot beyond ASCII.
func (s *charSet) add(lo, hi rune, fold bool) bool {
	s.ranges = append(s.ranges, lo, hi)
	if !fold {
		return true
	}
	for r := lo; r <= hi; r++ {
		if r >= 0x80 {
			return false
		}
		if l := r | 0x20; l >= 'a' && l <= 'z' {
			s.ranges = append(s.ranges, r^0x20, r^0x20)
			switch l {
			case 'k':
				s.ranges = append(s.ranges, 0x212A, 0x212A)
			case 's':
				s.ranges = append(s.ranges, 0x17F, 0x17F)
			}
		}
	}
	return true
}
