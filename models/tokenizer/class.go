package tokenizer

import (
	"sync"
	"unicode"
)

// chars tells the categories and classes of characters, as bits: exactly one of the
// categories, and any of the classes.
type chars struct {
	pages  [0x110000 / charPage]uint16
	blocks [][charPage]uint32
	same   map[uint32]uint16 // a value -> the block in which all characters have it
}

const charPage = 128

// The categories, in the order of categoryData.
const (
	isLu uint32 = 1 << iota
	isLl
	isLt
	isLm
	isLo
	isMn // and Me
	isMc
	isNd
	isNl
	isNo
	isP
	isS
	isZ
	isC  // Cc, Cf, Co
	isCn // not assigned

	isL   = isLu | isLl | isLt | isLm | isLo
	isM   = isMn | isMc
	isN   = isNd | isNl | isNo
	isAny = 1<<15 - 1
)

// The classes.
const (
	isCleaned     uint32 = 1 << (15 + iota) // BertNormalizer drops it with clean_text
	isAccent                                // BertNormalizer drops it with strip_accents
	isMark                                  // StripAccents drops it
	isPunctuation                           // BertPreTokenizer and Punctuation cut it out
	isDigit                                 // Digits cuts it out
	isWordChar                              // \w of Whitespace and single_word
	isExtend                                // joins the character before it
	isPictograph                            // Extended_Pictographic
	isSpace                                 // White_Space
	isNotSpace
	isNewline // \r, \n
)

// charData unfolds the table on first use.
var charData = sync.OnceValue(unfoldChars)

// of gives the bits of r.
func (t *chars) of(r rune) uint32 {
	if uint32(r) >= 0x110000 {
		return isCn | isNotSpace
	}
	return t.blocks[t.pages[r/charPage]][r%charPage]
}

func unfoldChars() *chars {
	t := &chars{same: make(map[uint32]uint16)}
	at := rune(0)
	for data := runeReader(categoryData); data.more(); {
		run := data.next()
		start := at
		at += run / 16
		t.toggle(start, at, uint32(1)<<(run%16)|isNotSpace)
	}
	for i, data := range [...]struct {
		base uint32
		runs string
	}{
		{isC, cleanedData}, {isMn, accentData}, {isM, markData}, {isP, punctuationData},
		{isN, digitData}, {isL | isM | isNd, wordData}, {isM, extendData}, {0, pictographData},
	} {
		bit := isCleaned << i
		for n := range t.blocks {
			for j := range t.blocks[n] {
				if t.blocks[n][j]&data.base != 0 {
					t.blocks[n][j] |= bit
				}
			}
		}
		t.renew()
		end := rune(0)
		for runs := runeReader(data.runs); runs.more(); {
			start := end + runs.next()
			end = start + runs.next()
			t.toggle(start, end, bit)
		}
	}
	for n := range t.blocks {
		for j, bits := range t.blocks[n] {
			if bits&isZ != 0 {
				t.blocks[n][j] ^= isSpace | isNotSpace
			}
		}
	}
	t.renew()
	t.toggle('\t', '\r'+1, isSpace|isNotSpace)
	t.toggle(0x85, 0x86, isSpace|isNotSpace)
	t.toggle('\n', '\n'+1, isNewline)
	t.toggle('\r', '\r'+1, isNewline)
	return t
}

// renew finds the blocks of one value again after all blocks have been changed.
func (t *chars) renew() {
	same := make(map[uint32]uint16, len(t.same))
	for _, n := range t.same {
		same[t.blocks[n][0]] = n
	}
	t.same = same
}

// toggle changes the bits of the characters start to end. Pages of one value share a block.
func (t *chars) toggle(start, end rune, bits uint32) {
	if len(t.blocks) == 0 {
		t.blocks = make([][charPage]uint32, 1, 700)
		t.same[0] = 0
	}
	for start < end {
		page := start / charPage
		stop := min((page+1)*charPage, end)
		n := t.pages[page]
		value := t.blocks[n][0]
		shared, ok := t.same[value]
		if ok && shared == n {
			whole := stop-start == charPage
			value ^= bits
			if n, ok = t.same[value]; !whole || !ok {
				n = uint16(len(t.blocks))
				t.blocks = append(t.blocks, t.blocks[shared])
				if whole {
					t.same[value] = n
				}
			}
			t.pages[page] = n
			if whole && ok {
				start = stop
				continue
			}
		}
		block := &t.blocks[n]
		for ; start < stop; start++ {
			block[start%charPage] ^= bits
		}
	}
}

// isSpaceRune reports white space: White_Space of Unicode.
func isSpaceRune(r rune) bool {
	switch {
	case r < 0x85:
		return r == ' ' || r >= '\t' && r <= '\r'
	case r < 0x1680:
		return r == 0x85 || r == 0xA0
	}
	return r == 0x1680 || r >= 0x2000 && r <= 0x200A || r == 0x2028 || r == 0x2029 || r == 0x202F || r == 0x205F || r == 0x3000
}

// lower is the lower case of r in Unicode 17, the version of the Rust library; Go 1.26
// has 15.
func lower(r rune) rune {
	if r < 0x80 {
		if r >= 'A' && r <= 'Z' {
			r += 'a' - 'A'
		}
		return r
	}
	return lowerOther(r)
}

//go:noinline
func lowerOther(r rune) rune {
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
