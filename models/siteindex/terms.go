package siteindex

import (
	"encoding/binary"
	"math"
	"math/bits"
	"sort"
	"unicode/utf8"
)

const (
	termChunk    = 12 << 10 // bytes of a chunk of terms
	inlineMost   = 1024     // postings of a term in its chunk
	spellingMost = 24000
	spellingLong = 16 // code points; longer words share a chunk
)

// writeTerms writes the terms table.
func (b *Builder) writeTerms(x *inverted) (stored, error) {
	average := x.averages()
	type entry struct {
		first string
		ref   ref
	}
	var dir []entry
	body := newWriter("LSTC")
	var rows writer
	n, first, before := 0, "", ""
	flush := func() error {
		if n == 0 {
			return nil
		}
		body.uv(n)
		body.bytes(rows.b)
		r, _, err := b.out.put(body)
		dir = append(dir, entry{first, r})
		body, rows.b, n, before = newWriter("LSTC"), rows.b[:0], 0, ""
		return err
	}
	for _, id := range x.sorted() {
		term := x.terms[id]
		if n == 0 {
			first = term
		}
		head, tail := split(x.impacts(id, average))
		rows.front(before, term)
		rows.uv(len(head) + len(tail))
		rows.uv(len(head))
		list := appendPostings(nil, head)
		rows.uv(len(list))
		rows.bytes(list)
		if len(tail) > 0 {
			w := newWriter("LSTP")
			w.uv(len(tail))
			w.bytes(appendPostings(nil, tail))
			r, _, err := b.out.put(w)
			if err != nil {
				return stored{}, err
			}
			rows.ref(r)
		}
		before = term
		if n++; len(rows.b) >= termChunk {
			if err := flush(); err != nil {
				return stored{}, err
			}
		}
	}
	if err := flush(); err != nil {
		return stored{}, err
	}
	w := newWriter("LSTD")
	w.uv(len(dir))
	before = ""
	for _, e := range dir {
		w.front(before, e.first)
		w.ref(e.ref)
		before = e.first
	}
	_, s, err := b.out.put(w)
	return s, err
}

// split divides postings into those of the highest impact and the others, each by passage.
func split(list []posting) (head, tail []posting) {
	if len(list) <= inlineMost {
		return list, nil
	}
	order := append([]posting(nil), list...)
	sort.SliceStable(order, func(i, j int) bool { return order[i].impact > order[j].impact })
	head, tail = order[:inlineMost:inlineMost], order[inlineMost:]
	byPassage(head)
	byPassage(tail)
	return head, tail
}

func byPassage(list []posting) {
	sort.Slice(list, func(i, j int) bool { return list[i].passage < list[j].passage })
}

func appendPostings(b []byte, list []posting) []byte {
	before := uint32(0)
	for _, p := range list {
		b = binary.AppendUvarint(b, uint64(p.passage-before))
		b = append(b, p.impact)
		before = p.passage
	}
	return b
}

// writeSpelling writes the spelling table.
func (b *Builder) writeSpelling(x *inverted) (stored, error) {
	type word struct {
		text string
		n    int32
	}
	var words []word
	for w, n := range x.spelling {
		if n >= 2 && utf8.RuneCountInString(w) >= 4 {
			words = append(words, word{w, n})
		}
	}
	sort.Slice(words, func(i, j int) bool {
		if words[i].n != words[j].n {
			return words[i].n > words[j].n
		}
		return words[i].text < words[j].text
	})
	words = words[:min(len(words), spellingMost)]
	sort.Slice(words, func(i, j int) bool { return words[i].text < words[j].text })
	byLength := make([][]word, spellingLong+1)
	for _, w := range words {
		l := min(utf8.RuneCountInString(w.text), spellingLong)
		byLength[l] = append(byLength[l], w)
	}
	dir, lengths := writer{}, 0
	for l, list := range byLength {
		if len(list) == 0 {
			continue
		}
		w := newWriter("LSSC")
		w.uv(len(list))
		before := ""
		for _, e := range list {
			w.front(before, e.text)
			before = e.text
		}
		for _, e := range list {
			w.u8(byte(bits.Len32(uint32(e.n)) - 1))
		}
		r, _, err := b.out.put(w)
		if err != nil {
			return stored{}, err
		}
		dir.uv(l)
		dir.ref(r)
		lengths++
	}
	w := newWriter("LSSD")
	w.uv(lengths)
	w.bytes(dir.b)
	_, s, err := b.out.put(w)
	return s, err
}

// quantize gives the int8 numbers of a row and their scale.
func quantize(v []float32) (scale float32, q []int8) {
	most := 0.0
	for _, x := range v {
		most = max(most, math.Abs(float64(x)))
	}
	q = make([]int8, len(v))
	if most == 0 {
		return 0, q
	}
	s := most / 127
	for i, x := range v {
		q[i] = int8(math.Round(float64(x) / s))
	}
	return float32(s), q
}
