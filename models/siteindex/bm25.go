package siteindex

import (
	"math"
	"path"
	"sort"
	"strings"
)

// Weights of BM25F (Robertson, Zaragoza, Taylor, "Simple BM25 extension to multiple weighted
// fields", CIKM 2004): a weight and a length normalisation for each field. They are usual
// values, and were not tuned.
const k1 = 1.2

type field int

const (
	inText field = iota
	inHeading
	inOuter
	inTitle
	inAddress
	fields
)

var fieldWeights = [fields]struct{ weight, b float64 }{
	inText:    {1, 0.75},
	inHeading: {2, 0.3},
	inOuter:   {0.5, 0.3},
	inTitle:   {4, 0.3},
	inAddress: {1, 0},
}

// counted is a term's number of occurrences in the fields of a passage.
type counted struct {
	passage uint32
	n       [fields]uint8
}

// posting is a passage and a term's impact in it.
type posting struct {
	passage uint32
	impact  uint8
}

// inverted is the inverted index while it is built.
type inverted struct {
	ids      map[string]int32
	terms    []string
	lists    [][]counted
	lengths  [][fields]uint16
	spelling map[string]int32 // words as they are written, and in how many passages
	last     map[string]uint32
	stems    map[string]func(string) string
}

func newInverted() *inverted {
	return &inverted{ids: map[string]int32{}, spelling: map[string]int32{}, last: map[string]uint32{}, stems: map[string]func(string) string{}}
}

// add adds the next passage. first says that it is the first of its page.
func (x *inverted) add(p *Page, q *Passage, first bool) {
	n := uint32(len(x.lengths))
	x.lengths = append(x.lengths, [fields]uint16{})
	if first {
		x.field(n, inTitle, p.Title, p.Language)
		x.field(n, inAddress, lastPart(p.Address), p.Language)
	}
	for i, h := range q.Headings {
		f := inOuter
		if i == len(q.Headings)-1 {
			f = inHeading
		}
		x.field(n, f, h, p.Language)
	}
	x.field(n, inText, q.Text, p.Language)
}

func lastPart(address string) string {
	name := path.Base(strings.TrimSuffix(address, "/"))
	name = strings.TrimSuffix(name, path.Ext(name))
	return strings.ReplaceAll(name, "-", " ")
}

func (x *inverted) field(passage uint32, f field, text, language string) {
	stem, ok := x.stems[language]
	if !ok {
		stem = stemmer(language)
		x.stems[language] = stem
	}
	Words(Normalize(text), func(w Word) {
		if w.Letters && len(w.Text) >= 4 {
			x.spelled(w.Text, passage)
		}
		t := termOf(w, stem)
		if t == "" {
			return
		}
		id, ok := x.ids[t]
		if !ok {
			id = int32(len(x.terms))
			t = strings.Clone(t)
			x.ids[t] = id
			x.terms = append(x.terms, t)
			x.lists = append(x.lists, nil)
		}
		list := x.lists[id]
		if len(list) == 0 || list[len(list)-1].passage != passage {
			list = append(list, counted{passage: passage})
			x.lists[id] = list
		}
		c := &list[len(list)-1].n[f]
		*c += 1 - *c/255
		l := &x.lengths[passage][f]
		*l += 1 - *l/65535
	})
}

// spelled counts the passages that have a word.
func (x *inverted) spelled(word string, passage uint32) {
	if last, ok := x.last[word]; ok && last == passage {
		return
	}
	if _, ok := x.last[word]; !ok {
		word = strings.Clone(word)
	}
	x.last[word] = passage
	x.spelling[word]++
}

// impacts are the postings of a term, by passage.
func (x *inverted) impacts(id int32, average [fields]float64) []posting {
	list := make([]posting, len(x.lists[id]))
	for i, c := range x.lists[id] {
		f := 0.0
		for k, n := range c.n {
			if n > 0 {
				w := fieldWeights[k]
				f += w.weight * float64(n) / (1 - w.b + w.b*float64(x.lengths[c.passage][k])/average[k])
			}
		}
		list[i] = posting{c.passage, uint8(max(1, math.Round(255*f/(f+k1))))}
	}
	return list
}

// averages are the average lengths of the fields, over the passages that have them.
func (x *inverted) averages() (average [fields]float64) {
	var have [fields]float64
	for _, l := range x.lengths {
		for k, n := range l {
			if n > 0 {
				average[k] += float64(n)
				have[k]++
			}
		}
	}
	for k := range average {
		average[k] = max(average[k], 1) / max(have[k], 1)
	}
	return average
}

// sorted are the ids of the terms in the order of their bytes.
func (x *inverted) sorted() []int32 {
	order := make([]int32, len(x.terms))
	for i := range order {
		order[i] = int32(i)
	}
	sort.Slice(order, func(i, j int) bool { return x.terms[order[i]] < x.terms[order[j]] })
	return order
}

// idf is the inverse document frequency of a term that df of n passages have.
func idf(n, df int) float64 { return math.Log(1 + (float64(n-df)+0.5)/(float64(df)+0.5)) }
