package tokenizer

import "unicode/utf8"

// unicodeForm is one of the four normalisation forms of UAX #15, in the Unicode
// version that the Rust library has, without the stream-safe limit on marks.
type unicodeForm struct {
	compatible bool // NFKC, NFKD
	compose    bool // NFC, NFKC
}

// normItem is a character between decomposition and composition; tag is as in editor.put.
type normItem struct {
	c     rune
	tag   int32
	class uint8
}

func (f *unicodeForm) normalize(a, tmp *aligned) {
	t := unicodeData()
	inert := inertNFC
	if f.compatible {
		inert = inertNFKC
	}
	e := edit(a, tmp)
	// Inert characters stand for themselves. Whatever is not inert is worked out
	// together with the inert character before it, up to the next inert character.
	var items []normItem
	last := 0 // where the latest inert character begins
	for i := 0; i < len(a.text); {
		r, n := rune(a.text[i]), 1
		if r >= utf8.RuneSelf {
			r, n = utf8.DecodeRune(a.text[i:])
		}
		if f.isInert(t, r, inert) {
			last = i
			i += n
			continue
		}
		e.keep(last - e.pos)
		end := i + n
		for end < len(a.text) {
			r, n := utf8.DecodeRune(a.text[end:])
			if f.isInert(t, r, inert) {
				break
			}
			end += n
		}
		items = f.decompose(t, a.text[last:end], items[:0])
		if f.compose {
			items = compose(t, items)
		}
		for _, x := range items {
			e.put(x.c, int(x.tag))
		}
		last, i = end, end
	}
	e.keep(len(a.text) - e.pos)
	*a, *tmp = *tmp, *a
}

// isInert reports whether r is unchanged by the form and ends what can interact before it.
func (f *unicodeForm) isInert(t *unicodeTables, r rune, inert property) bool {
	if r < 0xA0 {
		return true
	}
	if f.compose {
		return t.property(r)&inert != 0
	}
	p := t.property(r)
	if p&classMask != 0 || r >= hangulS && r < hangulS+hangulSCount {
		return false
	}
	if p>>decompShift == 0 {
		return true
	}
	d := t.decomp[p>>decompShift]
	return d.canonical[1] == 0 && !f.compatible
}

// decompose appends the decomposition of text in canonical order.
func (f *unicodeForm) decompose(t *unicodeTables, text []byte, items []normItem) []normItem {
	for len(text) > 0 {
		r, n := utf8.DecodeRune(text)
		text = text[n:]
		if s := r - hangulS; s >= 0 && s < hangulSCount {
			items = append(items,
				normItem{c: hangulL + s/(hangulVCount*hangulTCount)},
				normItem{c: hangulV + s%(hangulVCount*hangulTCount)/hangulTCount, tag: 1})
			if s%hangulTCount != 0 {
				items = append(items, normItem{c: hangulT + s%hangulTCount, tag: 1})
			}
			continue
		}
		p := t.property(r)
		d := t.decomp[p>>decompShift]
		full := d.canonical
		if f.compatible {
			full = d.compatible
		}
		if full[1] == 0 {
			items = append(items, normItem{c: r, class: uint8(p & classMask)})
			continue
		}
		for i, c := range t.runes[full[0]:full[1]] {
			items = append(items, normItem{c: c, tag: int32(min(i, 1)), class: uint8(t.property(c) & classMask)})
		}
	}
	for i := 0; i < len(items); i++ {
		start := i
		for i < len(items) && items[i].class != 0 {
			i++
		}
		if i-start > 1 {
			sortByClass(items[start:i])
		}
	}
	return items
}

// sortByClass sorts by combining class and keeps the order of equals, in linear time
// for text that is one long run of marks.
func sortByClass(items []normItem) {
	if len(items) <= 16 {
		for i := 1; i < len(items); i++ {
			for j := i; j > 0 && items[j-1].class > items[j].class; j-- {
				items[j-1], items[j] = items[j], items[j-1]
			}
		}
		return
	}
	var start [257]int
	for _, x := range items {
		start[int(x.class)+1]++
	}
	for class := range 256 {
		start[class+1] += start[class]
	}
	sorted := make([]normItem, len(items))
	for _, x := range items {
		sorted[start[x.class]] = x
		start[x.class]++
	}
	copy(items, sorted)
}

// compose joins starters with the marks and starters that follow them, in place. A
// composite's tag counts the characters that it swallowed.
func compose(t *unicodeTables, items []normItem) []normItem {
	n := 0        // items[:n] is finished, apart from the starter
	starter := -1 // index of the starter that may still grow
	var last uint8
	blocked := false // something stands between the starter and the next character
	for _, x := range items {
		if starter >= 0 && (!blocked || last < x.class) {
			if t.property(x.c)&composeSecond != 0 {
				if c := t.compose(items[starter].c, x.c); c != 0 {
					items[starter].c = c
					items[starter].tag += x.tag - 1
					continue
				}
			}
		}
		items[n] = x
		if x.class == 0 {
			starter, blocked = n, false
		} else {
			last, blocked = x.class, true
		}
		n++
	}
	return items[:n]
}
