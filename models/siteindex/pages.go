package siteindex

import (
	"sort"
	"strings"
)

const (
	recordsInChunk = 32
	textChunk      = 6 << 10
	maxFacet       = 1000 // values of a facet; one with more is an attribute only
)

// indexed is a page with its passages.
type indexed struct {
	*Page
	passages []Passage
}

// writePages writes text chunks, page records and the pages table.
func (b *Builder) writePages(pages []indexed) (stored, error) {
	texts := make([]ref, len(pages))
	within := make([]int, len(pages))
	for i := 0; i < len(pages); {
		body, n := writer{}, 0
		for ; i+n < len(pages) && (n == 0 || len(body.b) < textChunk); n++ {
			appendText(&body, pages[i+n].passages)
		}
		w := newWriter("LSTX")
		w.uv(n)
		w.bytes(body.b)
		r, _, err := b.out.put(w)
		if err != nil {
			return stored{}, err
		}
		for k := range n {
			texts[i+k], within[i+k] = r, k
		}
		i += n
	}
	dir := newWriter("LSPD")
	dir.uv(len(pages))
	for _, p := range pages {
		dir.uv(len(p.passages))
	}
	dir.uv(recordsInChunk)
	for i := 0; i < len(pages); i += recordsInChunk {
		w := newWriter("LSPR")
		for k := i; k < min(i+recordsInChunk, len(pages)); k++ {
			p := pages[k]
			w.str(p.Address)
			w.str(p.Title)
			w.str(p.Language)
			w.uv(len(p.Attributes))
			for _, a := range p.Attributes {
				w.str(a.Name)
				w.str(a.Value)
			}
			w.ref(texts[k])
			w.uv(within[k])
		}
		r, _, err := b.out.put(w)
		if err != nil {
			return stored{}, err
		}
		dir.ref(r)
	}
	_, s, err := b.out.put(dir)
	return s, err
}

func appendText(w *writer, passages []Passage) {
	w.uv(len(passages))
	for _, p := range passages {
		w.str(p.Anchor)
		w.str(strings.Join(p.Headings, "\x1f"))
		w.str(p.Text)
	}
}

// Facet is what pages may be filtered by.
type Facet struct {
	Name   string       `json:"name"`
	Values []FacetValue `json:"values"`
	Table  stored       `json:"table"`
}

// writeFacets writes a table for each facet.
func (b *Builder) writeFacets(pages []indexed) ([]Facet, error) {
	counts := map[string]map[string]int{}
	for _, p := range pages {
		seen := map[Attribute]bool{}
		for _, a := range p.Attributes {
			if a.Facet && !seen[a] {
				seen[a] = true
				if counts[a.Name] == nil {
					counts[a.Name] = map[string]int{}
				}
				counts[a.Name][a.Value]++
			}
		}
	}
	var facets []Facet
	for _, name := range sortedKeys(counts) {
		if len(counts[name]) > maxFacet {
			continue
		}
		f := Facet{Name: name}
		for _, v := range sortedKeys(counts[name]) {
			f.Values = append(f.Values, FacetValue{v, counts[name][v]})
		}
		sort.SliceStable(f.Values, func(i, j int) bool { return f.Values[i].Pages > f.Values[j].Pages })
		index := map[string]int{}
		for i, v := range f.Values {
			index[v.Value] = i
		}
		w := newWriter("LSFC")
		w.uv(len(pages))
		for _, p := range pages {
			var values []int
			for _, a := range p.Attributes {
				if a.Facet && a.Name == name {
					values = append(values, index[a.Value])
				}
			}
			values = unique(values)
			w.uv(len(values))
			for _, v := range values {
				w.uv(v)
			}
		}
		var err error
		if _, f.Table, err = b.out.put(w); err != nil {
			return nil, err
		}
		facets = append(facets, f)
	}
	return facets, nil
}

func unique(v []int) []int {
	sort.Ints(v)
	n := 0
	for i, x := range v {
		if i == 0 || x != v[i-1] {
			v[n] = x
			n++
		}
	}
	return v[:n]
}
