package tokenizer

import "unicode/utf8"

// pattern is a regular expression as Split and Replace have them, read by parsePattern. It
// matches as Oniguruma does: of the alternatives the first that matches, of
// repetitions the most. It never matches nothing.
type pattern struct{ branches [][]patternNode }

// patternNode is a part of a pattern: a repeated character of a set, a group, or a condition.
type patternNode struct {
	kind       nodeKind
	possessive bool
	set        charSet
	least      int
	most       int // -1: no limit
	branches   [][]patternNode
}

type nodeKind byte

const (
	nodeSet     nodeKind = iota
	nodeGroup            // one of branches, or nothing where least is 0
	nodeAhead            // one of branches follows
	nodeNoAhead          // none of branches follows
	nodeLineEnd          // the end of the text or \n follows
)

// charSet is a set of characters.
type charSet struct {
	bits    uint32 // of chars
	ranges  []rune // first and last, pairwise
	negated bool
}

func (s *charSet) has(r rune, bits uint32) bool {
	in := s.bits&bits != 0
	for i := 0; i < len(s.ranges) && !in; i += 2 {
		in = r >= s.ranges[i] && r <= s.ranges[i+1]
	}
	return in != s.negated
}

// matcher is the state of one search.
type matcher struct {
	text  []byte
	chars *chars
	steps *int // that are left
}

// patternTail is what must match behind the nodes at hand.
type patternTail struct {
	nodes []patternNode
	next  *patternTail
}

// find gives the first match in text[from:], or lo -1 where there is none. The steps of a
// search are limited; fewer than 0 are left where that ended it.
func (p *pattern) find(m *matcher, from int) (lo, hi int) {
	for from < len(m.text) && *m.steps >= 0 {
		for _, branch := range p.branches {
			if end := m.match(branch, from, nil); end > from {
				return from, end
			}
		}
		_, n := decodeRune(m.text[from:])
		from += n
	}
	return -1, 0
}

// match gives the end of the match of nodes and then tail at pos, or -1.
func (m *matcher) match(nodes []patternNode, pos int, tail *patternTail) int {
	for len(nodes) > 0 {
		n := &nodes[0]
		nodes = nodes[1:]
		switch n.kind {
		case nodeSet:
			end, count := pos, 0
			for end < len(m.text) && count != n.most {
				r, size := decodeRune(m.text[end:])
				if !n.set.has(r, m.chars.of(r)) {
					break
				}
				end += size
				count++
			}
			if *m.steps -= count + 1; count < n.least || *m.steps < 0 {
				return -1
			}
			if len(nodes) > 0 || tail != nil {
				for ; count > n.least && !n.possessive; count-- {
					if to := m.match(nodes, end, tail); to >= 0 {
						return to
					}
					if *m.steps--; *m.steps < 0 {
						return -1
					}
					_, size := utf8.DecodeLastRune(m.text[pos:end])
					end -= size
				}
			}
			pos = end
		case nodeGroup:
			next := tail
			if len(nodes) > 0 {
				next = &patternTail{nodes, tail}
			}
			for _, branch := range n.branches {
				if to := m.match(branch, pos, next); to >= 0 {
					return to
				}
			}
			if n.least > 0 {
				return -1
			}
		case nodeLineEnd:
			if pos < len(m.text) && m.text[pos] != '\n' {
				return -1
			}
		default:
			found := false
			for _, branch := range n.branches {
				found = found || m.match(branch, pos, nil) >= 0
			}
			if found != (n.kind == nodeAhead) {
				return -1
			}
		}
		if *m.steps--; *m.steps < 0 {
			return -1
		}
	}
	if tail != nil {
		return m.match(tail.nodes, pos, tail.next)
	}
	return pos
}
