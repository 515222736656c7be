package tokenizer

import (
	"sync"
	"unicode"
)

// class is a set of characters: the sorted bounds of its runs, so that a character is
// in it when the number of bounds at or below it is odd.
type class struct {
	ascii  [2]uint64
	bounds []rune
}

// The classes of unicode_classes.go.
const (
	cleanedClass = iota
	accentClass
	punctuationClass
	letterClass
	numberClass
	digitClass
	classCount
)

// classOf unfolds all classes on first use: together they are 11 kB.
func classOf(which int) *class {
	classesOnce.Do(unfoldClasses)
	return &classes[which]
}

var (
	classes     [classCount]class
	classesOnce sync.Once
)

func unfoldClasses() {
	for i := range classes {
		data := cleanedData
		switch i {
		case accentClass:
			data = accentData
		case punctuationClass:
			data = bertPunctuationData
		case letterClass:
			data = letterData
		case numberClass:
			data = numberData
		case digitClass:
			data = digitData
		}
		classes[i].unfold(runeReader(data))
	}
}

func (c *class) unfold(data runeReader) {
	for end := rune(0); data.more(); {
		start := end + data.next()
		end = start + data.next()
		if start == end {
			continue // half of a long distance
		}
		if n := len(c.bounds); n > 0 && c.bounds[n-1] == start {
			c.bounds[n-1] = end
		} else {
			c.bounds = append(c.bounds, start, end)
		}
		for r := start; r < end && r < 128; r++ {
			c.ascii[r>>6] |= 1 << (r & 63)
		}
	}
}

func (c *class) has(r rune) bool {
	if uint32(r) < 128 {
		return c.ascii[r>>6]>>(r&63)&1 != 0
	}
	lo, hi := 0, len(c.bounds)
	for lo < hi {
		if mid := (lo + hi) / 2; c.bounds[mid] <= r {
			lo = mid + 1
		} else {
			hi = mid
		}
	}
	return lo&1 != 0
}

// lower is the lower case of r in Unicode 17, the version of the Rust library; Go 1.26
// has 15.
func lower(r rune) rune {
	if r == 'İ' {
		return dotted
	}
	for _, later := range laterCapitals {
		if r >= later[0] && r <= later[1] {
			return r + later[2]
		}
	}
	return unicode.ToLower(r)
}

// laterCapitals are the capitals of Unicode 16 and 17: first, last, distance to the small letter.
var laterCapitals = [...][3]rune{
	{0x1C89, 0x1C89, 1}, {0xA7CB, 0xA7CB, 0x264 - 0xA7CB}, {0xA7CC, 0xA7CC, 1}, {0xA7CE, 0xA7CE, 1}, {0xA7D2, 0xA7D2, 1},
	{0xA7D4, 0xA7D4, 1}, {0xA7DA, 0xA7DA, 1}, {0xA7DC, 0xA7DC, 0x19B - 0xA7DC}, {0x10D50, 0x10D65, 32}, {0x16EA0, 0x16EB8, 27},
}
