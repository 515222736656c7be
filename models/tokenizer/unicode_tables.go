package tokenizer

import (
	"sync"
	"unicode/utf8"
)

// Hangul syllables compose by arithmetic: The Unicode Standard, section 3.12.
const (
	hangulS, hangulL, hangulV, hangulT = 0xAC00, 0x1100, 0x1161, 0x11A7
	hangulLCount, hangulVCount         = 19, 21
	hangulTCount                       = 28
	hangulSCount                       = hangulLCount * hangulVCount * hangulTCount
)

// property is what normalisation needs to know of a character:
// bits 0–7 its combining class, then flags, bits 16–31 the index of its decomposition.
type property uint32

const (
	classMask     property = 0xFF
	inertNFC      property = 1 << 8  // unchanged by NFC, and never joins what precedes it
	inertNFKC     property = 1 << 9  // the same for NFKC
	composeSecond property = 1 << 10 // second character of some composition
	decompShift            = 16
)

// decomposition holds ranges of unicodeTables.runes: the full canonical and
// compatibility decompositions.
type decomposition struct{ canonical, compatible [2]uint16 }

// unicodeTables are the constants of unicode_data.go, unfolded.
type unicodeTables struct {
	pages  [0x30000 / pageSize]uint16 // page -> block; block 0 is a page without properties
	blocks [][pageSize]property
	decomp []decomposition // entry 0 is not used
	runes  []rune
	pairs  map[[2]rune]rune // (first, second) -> composite
}

const pageSize = 128

// unicodeData unfolds the tables on first use.
var unicodeData = sync.OnceValue(unfoldUnicode)

func unfoldUnicode() *unicodeTables {
	t := &unicodeTables{
		blocks: make([][pageSize]property, 1, 256),
		decomp: make([]decomposition, 1, 6000),
		pairs:  make(map[[2]rune]rune, 1024),
	}
	for i := range t.blocks[0] {
		t.blocks[0][i] = inertNFC | inertNFKC
	}
	for data, start := deltaReader(classOf), rune(0); data != ""; {
		start += data.next()
		n, class := data.next(), data.next()
		for r := start; r < start+n; r++ {
			p := t.at(r)
			*p = *p&^(inertNFC|inertNFKC) | property(class)
		}
	}
	for r := rune(hangulV); r < hangulV+hangulVCount; r++ {
		t.second(r)
	}
	for r := rune(hangulT + 1); r < hangulT+hangulTCount; r++ {
		t.second(r)
	}
	t.readCanonical()
	t.readCompatible()
	return t
}

// readCanonical fills in the canonical decompositions and the compositions.
func (t *unicodeTables) readCanonical() {
	type step struct{ of, first, second rune }
	var steps []step
	var s step
	one := make(map[rune]int) // character -> its step
	for of, first, second := deltaReader(canonicalOf), deltaReader(canonicalFirst), deltaReader(canonicalSecond); of != ""; {
		s = step{s.of + of.next(), s.first + first.next(), s.second + second.next()}
		one[s.of] = len(steps)
		steps = append(steps, s)
	}
	excluded := make(map[rune]bool)
	for data, r := deltaReader(exclusionData), rune(0); data != ""; {
		r += data.next()
		excluded[r] = true
	}
	var expand func(r rune)
	expand = func(r rune) {
		i, ok := one[r]
		if !ok {
			t.runes = append(t.runes, r)
			return
		}
		expand(steps[i].first)
		if s := steps[i].second; s != 0 {
			t.runes = append(t.runes, s)
		}
	}
	for _, s := range steps {
		start := len(t.runes)
		expand(s.of)
		full := [2]uint16{uint16(start), uint16(len(t.runes))}
		p := t.at(s.of)
		*p = *p&^(inertNFC|inertNFKC) | property(len(t.decomp))<<decompShift
		t.decomp = append(t.decomp, decomposition{full, full})
		if s.second != 0 && !excluded[s.of] {
			t.pairs[[2]rune{s.first, s.second}] = s.of
			t.second(s.second)
		}
	}
	// A composite is inert when what it decomposes to cannot join what precedes it.
	for _, s := range steps {
		p := t.at(s.of)
		first := t.runes[t.decomp[*p>>decompShift].canonical[0]]
		if s.second != 0 && !excluded[s.of] && t.property(first)&(classMask|composeSecond) == 0 && *p&(classMask|composeSecond) == 0 {
			*p |= inertNFC | inertNFKC
		}
	}
}

// readCompatible adds the compatibility decompositions.
func (t *unicodeTables) readCompatible() {
	r, first := rune(0), rune(0)
	for of, count, runes := deltaReader(compatibleOf), deltaReader(compatibleCount), deltaReader(compatibleRunes); of != ""; {
		r += of.next()
		start := len(t.runes)
		first += runes.next()
		c := first
		t.runes = append(t.runes, c)
		for n := count.next(); n > 1; n-- {
			c += runes.next()
			t.runes = append(t.runes, c)
		}
		p := t.at(r)
		*p &^= inertNFKC
		if *p>>decompShift == 0 {
			*p |= property(len(t.decomp)) << decompShift
			t.decomp = append(t.decomp, decomposition{})
		}
		t.decomp[*p>>decompShift].compatible = [2]uint16{uint16(start), uint16(len(t.runes))}
	}
}

// second marks r as the second character of a composition.
//
//go:noinline
func (t *unicodeTables) second(r rune) {
	p := t.at(r)
	*p = *p&^(inertNFC|inertNFKC) | composeSecond
}

// at is the property of r for writing; it gives r's page a block of its own.
//
//go:noinline
func (t *unicodeTables) at(r rune) *property {
	page := r / pageSize
	if t.pages[page] == 0 {
		t.pages[page] = uint16(len(t.blocks))
		t.blocks = append(t.blocks, t.blocks[0])
	}
	return &t.blocks[t.pages[page]][r%pageSize]
}

// property is the property of any rune.
func (t *unicodeTables) property(r rune) property {
	if uint32(r) >= uint32(len(t.pages)*pageSize) {
		return inertNFC | inertNFKC
	}
	return t.blocks[t.pages[r/pageSize]][r%pageSize]
}

// compose returns the composite of the pair, or 0.
func (t *unicodeTables) compose(first, second rune) rune {
	switch {
	case first >= hangulL && first < hangulL+hangulLCount:
		if second >= hangulV && second < hangulV+hangulVCount {
			return hangulS + ((first-hangulL)*hangulVCount+second-hangulV)*hangulTCount
		}
	case first >= hangulS && first < hangulS+hangulSCount && (first-hangulS)%hangulTCount == 0:
		if second > hangulT && second < hangulT+hangulTCount {
			return first + second - hangulT
		}
	}
	return t.pairs[[2]rune{first, second}]
}

// deltaReader reads a constant of unicode_data.go one number at a time.
type deltaReader string

//go:noinline
func (s *deltaReader) next() rune {
	v, shift := uint32(0), 0
	for i := 0; ; i++ {
		b := (*s)[i]
		v |= uint32(b&0x7F) << shift
		if shift += 7; b < 0x80 {
			*s = (*s)[i+1:]
			return int32(v>>1) ^ -int32(v&1)
		}
	}
}

// runeReader reads a constant of unicode_classes.go one rune at a time.
type runeReader string

func (s runeReader) more() bool { return s != "" }

//go:noinline
func (s *runeReader) next() rune {
	r, n := utf8.DecodeRuneInString(string(*s))
	*s = (*s)[n:]
	return r
}
