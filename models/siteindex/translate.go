package siteindex

import (
	"math"
	"sort"

	"github.com/lodestone-wasm/lodestone/models/siteindex/lexicon"
)

const (
	translationChunk = 4 << 10 // bytes of a chunk of translations
	translatedPart   = 0.8
	compoundPart     = 4 // code points of the shortest part of a compound
	compoundTries    = 3 // second parts that are looked up
)

// translation is a term of the index that a word of another language stands for.
type translation struct {
	term   string
	weight uint8 // probability in 255ths
}

// writeTranslations writes the table translations: the German terms whose English terms
// stand in the index. It is left out of an index that has no English pages, or German ones as well.
func (b *Builder) writeTranslations(x *inverted, m *Manifest) error {
	languages := map[string]bool{}
	for _, l := range m.Languages {
		languages[l] = true
	}
	if !languages["en"] || languages["de"] {
		return nil
	}
	all, err := lexicon.German()
	if err != nil {
		return err
	}
	dir := newWriter("LSLD")
	var heads writer
	body, n, chunks := writer{}, 0, 0
	first, lastFirst, before := "", "", ""
	flush := func() error {
		if n == 0 {
			return nil
		}
		w := newWriter("LSLC")
		w.uv(n)
		w.bytes(body.b)
		r, _, err := b.out.put(w)
		heads.front(lastFirst, first)
		heads.ref(r)
		lastFirst, before, n, body.b = first, "", 0, body.b[:0]
		chunks++
		return err
	}
	for _, term := range sortedKeys(all) {
		var known []lexicon.Translation
		for _, t := range all[term] {
			if _, ok := x.ids[t.Term]; ok {
				known = append(known, t)
			}
		}
		if len(known) == 0 {
			continue
		}
		if n == 0 {
			first = term
		}
		body.front(before, term)
		before = term
		body.uv(len(known))
		for _, t := range known {
			body.str(t.Term)
			body.u8(uint8(math.Round(255 * t.Probability)))
		}
		if n++; len(body.b) >= translationChunk {
			if err := flush(); err != nil {
				return err
			}
		}
	}
	if err := flush(); err != nil || chunks == 0 {
		return err
	}
	dir.uv(chunks)
	dir.bytes(heads.b)
	_, s, err := b.out.put(dir)
	m.Tables["translations"] = s
	m.Translates = "de"
	return err
}

// translated is the entry of a chunk of translations.
type translated struct {
	term string
	list []translation
}

func parseTranslations(b []byte) ([]translated, error) {
	c := open(b, "LSLC")
	var out []translated
	before := ""
	for n := c.count(4); n > 0 && c.err == nil; n-- {
		e := translated{term: c.front(before)}
		before = e.term
		for k := c.count(2); k > 0 && c.err == nil; k-- {
			e.list = append(e.list, translation{c.str(), c.u8()})
		}
		out = append(out, e)
	}
	return out, c.end()
}

// translations are the terms that a word of the language Manifest.Translates stands for.
func (r *Reader) translations(word string) ([]translation, error) {
	if r.lexicon == nil {
		b, err := r.table("translations", r.Manifest.Tables["translations"])
		if err != nil {
			return nil, err
		}
		if r.lexicon, err = parseDir(b, "LSLD"); err != nil {
			return nil, err
		}
	}
	term := termOf(Word{Text: word, Letters: true}, stemmer(r.Manifest.Translates))
	i := r.lexicon.chunkOf(term)
	if i < 0 || term == "" {
		return nil, nil
	}
	b, err := r.fetch(r.lexicon.chunks[i])
	if err != nil {
		return nil, err
	}
	entries, err := parseTranslations(b)
	if err != nil {
		return nil, err
	}
	at := sort.Search(len(entries), func(k int) bool { return entries[k].term >= term })
	if at == len(entries) || entries[at].term != term {
		return nil, nil
	}
	return entries[at].list, nil
}

// translate are the terms that a word stands for in the language of the pages, one list for a
// word and two for a compound of two words that have translations: the one whose first part is
// the longest.
func (r *Reader) translate(word string) ([][]alternative, error) {
	if r.Manifest.Translates == "" {
		return nil, nil
	}
	list, err := r.translations(word)
	if err != nil {
		return nil, err
	}
	if len(list) > 0 {
		return r.translatedTerms(list)
	}
	points := []rune(word)
	tries := 0
	for cut := len(points) - compoundPart; cut >= compoundPart && tries < compoundTries; cut-- {
		first, err := r.translations(string(points[:cut]))
		if err != nil {
			return nil, err
		}
		if len(first) == 0 {
			continue
		}
		tries++
		second, err := r.translations(string(points[cut:]))
		if err != nil {
			return nil, err
		}
		if len(second) > 0 {
			return r.translatedTerms(first, second)
		}
	}
	return nil, nil
}

func (r *Reader) translatedTerms(lists ...[]translation) (out [][]alternative, err error) {
	for _, list := range lists {
		var terms []alternative
		for _, t := range list {
			e, ok, err := r.term(t.term)
			if err != nil {
				return nil, err
			}
			if ok {
				terms = append(terms, alternative{termEntry: e, weight: translatedPart * (float64(t.weight) / float64(max(1, list[0].weight))), translated: true})
			}
		}
		if len(terms) > 0 {
			out = append(out, terms)
		}
	}
	return out, nil
}
