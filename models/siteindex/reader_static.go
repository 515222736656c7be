package siteindex

import (
	"math"
	"sort"
)

// staticReader has the tables of the static vectors.
type staticReader struct {
	seg     *segmenter
	row     []int // of each piece
	inChunk int
	rowRefs []ref

	dim       int
	centroids []float32
	book      []float32 // (dim/2, 16, 2)
	lists     []ref
	counts    []int
	probes    int
}

func (r *Reader) staticTables() (*staticReader, error) {
	m := r.Manifest
	switch {
	case m.Static == nil:
		return nil, errNoVectors
	case r.static != nil:
		return r.static, nil
	}
	s := &staticReader{}
	for _, t := range []struct {
		name  string
		parse func([]byte, *Manifest) error
	}{{"pieces", s.parsePieces}, {"rows", s.parseRows}, {"vectors", s.parseVectors}} {
		b, err := r.table(t.name, m.Tables[t.name])
		if err == nil {
			err = t.parse(b, m)
		}
		if err != nil {
			return nil, err
		}
	}
	r.static = s
	return s, nil
}

func (s *staticReader) parsePieces(b []byte, m *Manifest) error {
	c := open(b, "LSPV")
	lower := c.u8()
	n := c.count(4)
	if n != m.Static.Pieces || lower > 1 {
		c.fail("it has %d pieces, the manifest %d", n, m.Static.Pieces)
	}
	worst, step := c.f32(), c.f32()
	var texts []string
	before := ""
	for i := 0; i < n && c.err == nil; i++ {
		before = c.front(before)
		texts = append(texts, before)
	}
	coded := c.take(len(texts))
	if err := c.end(); err != nil {
		return err
	}
	scores := make([]float32, len(texts))
	for i, x := range coded {
		scores[i] = worst + step*float32(x)
	}
	s.row = make([]int, len(texts))
	for row, i := range rowOrder(coded) {
		s.row[i] = row
	}
	s.seg = newSegmenter(texts, scores, lower == 1)
	return nil
}

func (s *staticReader) parseRows(b []byte, m *Manifest) error {
	c := open(b, "LSRD")
	s.inChunk = c.uv(1 << 16)
	n := c.uv(noRow)
	if s.inChunk != m.Static.RowsPerChunk || n != m.Static.Pieces {
		c.fail("it has %d rows, %d in a chunk; the manifest has %d and %d", n, s.inChunk, m.Static.Pieces, m.Static.RowsPerChunk)
		return c.err
	}
	for range (n + s.inChunk - 1) / s.inChunk {
		s.rowRefs = append(s.rowRefs, c.ref())
	}
	return c.end()
}

func (s *staticReader) parseVectors(b []byte, m *Manifest) error {
	c := open(b, "LSVD")
	s.dim = c.uv(1024)
	if s.dim != m.Static.Dim {
		c.fail("it has %d dimensions, the manifest %d", s.dim, m.Static.Dim)
	}
	k := c.count(4 + s.dim)
	for i := 0; i < k && c.err == nil; i++ {
		scale := c.f32()
		for _, x := range c.i8s(s.dim) {
			s.centroids = append(s.centroids, scale*float32(x))
		}
	}
	scale := c.f32()
	for _, x := range c.i8s(s.dim / 2 * codes * 2) {
		s.book = append(s.book, scale*float32(x))
	}
	for i := 0; i < k && c.err == nil; i++ {
		s.counts = append(s.counts, c.uv(m.Passages))
		s.lists = append(s.lists, c.ref())
	}
	s.probes = c.uv(k)
	return c.end()
}

// Vector is the static vector of a query, and the share of its code points that the model
// does not know. It is nil if nothing is known.
func (r *Reader) Vector(query string) (v []float32, unknown float64, err error) {
	s, err := r.staticTables()
	if err != nil {
		return nil, 0, err
	}
	unknown = s.seg.unknownShare(query)
	sum := make([]float64, s.dim)
	for _, p := range s.seg.pieces(query) {
		if p < 0 {
			continue
		}
		row, err := r.row(s, s.row[p])
		if err != nil {
			return nil, unknown, err
		}
		for k, x := range row {
			sum[k] += float64(x)
		}
	}
	length := 0.0
	for _, x := range sum {
		length += x * x
	}
	if length < 1e-12 || unknown > 0.5 {
		return nil, unknown, nil
	}
	v = make([]float32, s.dim)
	for k, x := range sum {
		v[k] = float32(x / math.Sqrt(length))
	}
	return v, unknown, nil
}

func (r *Reader) row(s *staticReader, n int) ([]float32, error) {
	b, err := r.fetch(s.rowRefs[n/s.inChunk])
	if err != nil {
		return nil, err
	}
	c := open(b, "LSRC")
	c.take(n % s.inChunk * (4 + s.dim))
	scale := c.f32()
	row := make([]float32, s.dim)
	for k, x := range c.i8s(s.dim) {
		row[k] = scale * float32(x)
	}
	return row, c.err
}

// scored is a passage and its score.
type scored struct {
	passage uint32
	score   float32
}

// nearestPassages are the passages of the clusters nearest to a vector, best first.
func (r *Reader) nearestPassages(v []float32, probes int) ([]scored, error) {
	s, err := r.staticTables()
	if err != nil {
		return nil, err
	}
	if probes <= 0 {
		probes = s.probes
	}
	order := make([]scored, len(s.lists))
	for c := range order {
		order[c] = scored{uint32(c), dot(v, s.centroids[c*s.dim:])}
	}
	best(order)
	lut := make([]float32, s.dim/2*codes)
	for i := range lut {
		m := i / codes
		lut[i] = v[2*m]*s.book[2*i] + v[2*m+1]*s.book[2*i+1]
	}
	var out []scored
	for _, o := range order[:min(probes, len(order))] {
		if s.counts[o.passage] == 0 {
			continue
		}
		b, err := r.fetch(s.lists[o.passage])
		if err != nil {
			return nil, err
		}
		if out, err = s.scan(out, b, o.score, lut, r.Manifest.Passages, s.counts[o.passage]); err != nil {
			return nil, err
		}
	}
	best(out)
	return out, nil
}

func (s *staticReader) scan(out []scored, b []byte, base float32, lut []float32, passages, count int) ([]scored, error) {
	c := open(b, "LSVC")
	n := c.count(1 + s.dim/4)
	if n != count {
		c.fail("it has %d passages, the table %d", n, count)
	}
	first, at := len(out), 0
	for i := 0; i < n && c.err == nil; i++ {
		at += c.uv(passages - 1 - at)
		out = append(out, scored{uint32(at), base})
	}
	for i := first; i < len(out) && c.err == nil; i++ {
		sum := base
		for j, x := range c.take(s.dim / 4) {
			sum += lut[(2*j)*codes+int(x&15)] + lut[(2*j+1)*codes+int(x>>4)]
		}
		out[i].score = sum
	}
	return out, c.end()
}

// best sorts by score; equal scores are in the order of the passages.
func best(list []scored) {
	sort.Slice(list, func(i, j int) bool {
		if list[i].score != list[j].score {
			return list[i].score > list[j].score
		}
		return list[i].passage < list[j].passage
	})
}
