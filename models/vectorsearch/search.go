package vectorsearch

import (
	"math"

	"github.com/lodestone-wasm/lodestone/kernels"
)

// Filter is a set of ids: bit id%8 of byte id/8. Ids after its end are not in it. nil is
// every id.
type Filter []byte

func (f Filter) has(id uint32) bool {
	return f == nil || int(id/8) < len(f) && f[id/8]>>(id%8)&1 != 0
}

// again is how many candidates for each result are compared again after a search of clusters.
const again = 4

// Search finds the k vectors that are most similar to a query, best first; equal ones by
// their ids. The filter is applied during the scan, so k results come back if it leaves so
// many among what is read.
func (x *Index) Search(query []float32, k int, filter Filter) ([]Hit, error) {
	if len(query) != x.dim {
		return nil, x.wrongLength(len(query))
	}
	if err := checkVector(query); err != nil {
		return nil, err
	}
	if k <= 0 || x.count == 0 {
		return nil, nil
	}
	k = min(k, x.count)
	row := make([]byte, x.padded)
	scale := x.round(row, query)
	x.dev.Write(x.query, row)
	want := k
	if x.centroids != nil {
		want = again * k
	}
	top := newTop(min(want, x.count))
	if x.centroids == nil {
		x.scan(&x.lists[0], scale, filter, top)
	} else {
		for _, l := range x.nearestLists() {
			x.scan(&x.lists[l], scale, filter, top)
		}
	}
	hits := top.sorted()
	if x.centroids != nil {
		hits = x.rescore(query, hits)
	}
	return hits[:min(k, len(hits))], x.dev.Err()
}

// scan compares the query with the rows of a list.
func (x *Index) scan(s *list, scale float32, filter Filter, top *top) {
	scores := make([]float32, pageRows)
	var keep []byte
	if filter != nil {
		keep = make([]byte, pageRows)
	}
	for p, at := range s.pages {
		ids := s.ids[p*pageRows : min(len(s.ids), (p+1)*pageRows)]
		if len(ids) == 0 {
			return
		}
		hidden := uint32(0)
		if filter != nil {
			some := false
			for i, id := range ids {
				keep[i] = 0
				if filter.has(id) {
					keep[i], some = 1, true
				}
			}
			if !some {
				continue
			}
			hidden = x.keep
			x.dev.Write(x.keep, keep[:len(ids)])
		}
		y := kernels.Vector{At: x.scores, Len: len(ids)}
		x.dev.Scan(y, x.query, x.page(at, len(ids)), hidden)
		if x.dev.Err() != nil {
			return
		}
		x.dev.Get(scores[:len(ids)], kernels.Tensor{At: y.At, Rows: 1, Cols: len(ids), Stride: len(ids)})
		least := top.least()
		for i, v := range scores[:len(ids)] {
			if v *= scale; v >= least && v > float32(math.Inf(-1)) {
				top.add(Hit{ids[i], v})
				least = top.least()
			}
		}
	}
}

// rescore compares candidates with the query itself.
func (x *Index) rescore(query []float32, hits []Hit) []Hit {
	length := 0.0
	for _, y := range query {
		length += float64(y) * float64(y)
	}
	if length == 0 {
		return hits
	}
	top := newTop(len(hits))
	for _, h := range hits {
		place := x.where[h.ID]
		row, scale := x.read(&x.lists[place>>32], int(uint32(place)))
		sum := 0.0
		for j, y := range query {
			sum += float64(y) * float64(int8(row[j]))
		}
		top.add(Hit{h.ID, float32(sum * float64(scale) / math.Sqrt(length))})
	}
	return top.sorted()
}

func (h Hit) before(o Hit) bool {
	if h.Score != o.Score {
		return h.Score > o.Score
	}
	return h.ID < o.ID
}

// top keeps the best hits: a heap with the worst one in front.
type top struct {
	hits []Hit
	n    int
}

func newTop(n int) *top { return &top{make([]Hit, 0, n), n} }

// least is the score that a hit needs.
func (t *top) least() float32 {
	if len(t.hits) < t.n {
		return float32(math.Inf(-1))
	}
	return t.hits[0].Score
}

func (t *top) add(h Hit) {
	s := t.hits
	if len(s) < t.n {
		s = append(s, h)
		for i := len(s) - 1; i > 0; {
			up := (i - 1) / 2
			if !s[up].before(s[i]) {
				break
			}
			s[up], s[i] = s[i], s[up]
			i = up
		}
		t.hits = s
		return
	}
	if !h.before(s[0]) {
		return
	}
	s[0] = h
	t.sink(len(s))
}

// sink moves the first of n hits to its place in the heap.
func (t *top) sink(n int) {
	s := t.hits
	for i := 0; ; {
		worst := i
		for c := 2*i + 1; c <= 2*i+2 && c < n; c++ {
			if s[worst].before(s[c]) {
				worst = c
			}
		}
		if worst == i {
			return
		}
		s[worst], s[i] = s[i], s[worst]
		i = worst
	}
}

// sorted puts the best hit first; the heap is spent.
func (t *top) sorted() []Hit {
	for n := len(t.hits) - 1; n > 0; n-- {
		t.hits[0], t.hits[n] = t.hits[n], t.hits[0]
		t.sink(n)
	}
	return t.hits
}
