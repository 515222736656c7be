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

// textRun are neighbouring passages of a page in one text chunk.
type textRun struct {
	chunk    ref
	passages int
}

// textWriter writes text chunks.
type textWriter struct {
	out  *chunks
	body writer
	n    int          // passages in body
	open []*textRun   // runs whose chunk is not written yet
	runs [][]*textRun // of each page
	from []int        // number of each page's first passage in its first chunk
}

// page adds the passages of a page. A page begins a chunk of its own unless it fits into the
// one before, so that a change of a page changes few other chunks.
func (t *textWriter) page(list []Passage) error {
	size := 0
	for _, p := range list {
		size += len(p.Text)
	}
	if t.n > 0 && len(t.body.b)+size > textChunk {
		if err := t.flush(); err != nil {
			return err
		}
	}
	t.from = append(t.from, t.n)
	var runs []*textRun
	for _, p := range list {
		if len(runs) == 0 || t.n == 0 {
			runs = append(runs, &textRun{})
			t.open = append(t.open, runs[len(runs)-1])
		}
		runs[len(runs)-1].passages++
		t.body.str(p.Anchor)
		t.body.str(strings.Join(p.Headings, "\x1f"))
		t.body.str(p.Text)
		if t.n++; len(t.body.b) >= textChunk {
			if err := t.flush(); err != nil {
				return err
			}
		}
	}
	t.runs = append(t.runs, runs)
	return nil
}

func (t *textWriter) flush() error {
	if t.n == 0 {
		return nil
	}
	w := newWriter("LSTX")
	w.uv(t.n)
	w.bytes(t.body.b)
	r, _, err := t.out.put(w)
	for _, run := range t.open {
		run.chunk = r
	}
	t.body.b, t.n, t.open = t.body.b[:0], 0, nil
	return err
}

// writePages writes text chunks, page records and the pages table.
func (b *Builder) writePages(pages []indexed) (stored, error) {
	t := textWriter{out: b.out}
	for _, p := range pages {
		if err := t.page(p.passages); err != nil {
			return stored{}, err
		}
	}
	if err := t.flush(); err != nil {
		return stored{}, err
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
			w.uv(t.from[k])
			w.uv(len(t.runs[k]))
			for _, run := range t.runs[k] {
				w.uv(run.passages)
				w.ref(run.chunk)
			}
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
