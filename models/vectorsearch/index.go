package vectorsearch

import (
	"errors"
	"math"

	"github.com/lodestone-wasm/lodestone/kernels"
	"github.com/lodestone-wasm/lodestone/kernels/lean"
)

// ErrInput is the error of a vector that cannot be indexed: another length, NaN or infinite.
var ErrInput = errors.New("unusable vector")

// ErrFormat is the error of a saved index that cannot be read.
var ErrFormat = errors.New("not a saved vector index")

const (
	pageRows = 512     // rows of a page, which one call of the kernel scans
	maxDim   = 4096    // numbers of a vector
	maxRows  = 1 << 24 // ids of an index
	gone     = ^uint64(0)
)

// Index is a set of vectors. Similarity is the cosine. It is not safe for concurrent use.
type Index struct {
	dev    *kernels.Device
	dim    int // numbers of a vector
	padded int // dim, up to a multiple of 16

	lists     []list         // one list, or one for each cluster
	centroids *kernels.Table // nil before Train
	probes    int            // clusters that a search reads
	free      []uint32       // pages that no list uses
	where     []uint64       // of each id: list, row in the list; or gone
	next      int            // the next id; ids from len(where) on are gone
	count     int

	query, keep, scores uint32 // scratch of one page; scores also of the centroids
	scoresFor           int
}

// list is the vectors of a cluster, in pages.
type list struct {
	pages []uint32
	ids   []uint32
}

// Hit is a vector that a search found.
type Hit struct {
	ID    uint32
	Score float32 // the cosine
}

// New makes an empty index of vectors of dim numbers.
func New(dev *kernels.Device, dim int) (*Index, error) {
	if dim < 1 || dim > maxDim {
		return nil, lean.Errorf("vectorsearch: %w: %d numbers in a vector; 1 to %d are supported", ErrInput, dim, maxDim)
	}
	x := &Index{dev: dev, dim: dim, padded: (dim + 15) &^ 15, lists: make([]list, 1)}
	x.query, x.keep = dev.Alloc(uint64(x.padded)), dev.Alloc(pageRows)
	x.reserveScores(pageRows)
	return x, dev.Err()
}

// reserveScores makes room for n results of the kernel.
func (x *Index) reserveScores(n int) {
	if n > x.scoresFor {
		x.scores, x.scoresFor = x.dev.Alloc(4*uint64(n)), n
	}
}

// Len is the number of vectors.
func (x *Index) Len() int { return x.count }

// Dim is the number of numbers of a vector.
func (x *Index) Dim() int { return x.dim }

// Next is the id that the next vector gets. Ids are never used again.
func (x *Index) Next() uint32 { return uint32(x.next) }

// Has tells whether an id is in the index.
func (x *Index) Has(id uint32) bool { return int(id) < len(x.where) && x.where[id] != gone }

// page is the table of the rows of a page.
func (x *Index) page(at uint32, rows int) kernels.Table {
	return kernels.Table{
		DType: kernels.I8, At: at, Rows: rows, Dim: x.padded,
		Scale: kernels.Vector{At: at + uint32(pageRows*x.padded), Len: rows},
	}
}

// newPage takes a free page, or allocates one.
func (x *Index) newPage() uint32 {
	if n := len(x.free); n > 0 {
		at := x.free[n-1]
		x.free = x.free[:n-1]
		return at
	}
	return x.dev.Alloc(uint64(pageRows) * uint64(x.padded+4))
}

// Add adds vectors (n, Dim) and returns the id of the first one; the others follow. Each is
// divided by its length. If one is unusable, none is added.
func (x *Index) Add(vectors []float32) (first uint32, err error) {
	if len(vectors)%x.dim != 0 {
		return 0, lean.Errorf("vectorsearch: %w: %d numbers; a multiple of %d was expected", ErrInput, len(vectors), x.dim)
	}
	n := len(vectors) / x.dim
	if x.next+n > maxRows {
		return 0, lean.Errorf("vectorsearch: %w: more than %d vectors in an index", ErrInput, maxRows)
	}
	for i := range n {
		if err := checkVector(vectors[i*x.dim:][:x.dim]); err != nil {
			return 0, lean.Errorf("vectorsearch: vector %d: %w", i, err)
		}
	}
	first = x.Next()
	row := make([]byte, x.padded)
	for i := range n {
		scale := x.round(row, vectors[i*x.dim:][:x.dim])
		l := 0
		if x.centroids != nil {
			l = x.nearestList(row)
		}
		for len(x.where) <= x.next {
			x.where = append(x.where, gone)
		}
		x.append(l, uint32(x.next), row, scale)
		x.next++
		x.count++
	}
	return first, x.dev.Err()
}

// append puts a row at the end of a list.
func (x *Index) append(l int, id uint32, row []byte, scale float32) {
	s := &x.lists[l]
	n := len(s.ids)
	if n%pageRows == 0 && n/pageRows == len(s.pages) {
		s.pages = append(s.pages, x.newPage())
	}
	at := s.pages[n/pageRows]
	x.dev.Write(at+uint32(n%pageRows*x.padded), row)
	x.dev.Write(at+uint32(pageRows*x.padded+4*(n%pageRows)), lean.AppendUint32(nil, math.Float32bits(scale)))
	s.ids = append(s.ids, id)
	x.where[id] = uint64(l)<<32 | uint64(n)
}

func checkVector(v []float32) error {
	sum := float32(0)
	for _, y := range v {
		sum += y * 0
	}
	if sum != 0 {
		return lean.Errorf("%w: a number is NaN or infinite", ErrInput)
	}
	return nil
}

// round writes the int8 numbers of v divided by its length, and returns their scale. A vector
// of zeros stays one: its cosine to everything is 0.
func (x *Index) round(row []byte, v []float32) float32 {
	most, sum := 0.0, 0.0
	for _, y := range v {
		most = max(most, math.Abs(float64(y)))
	}
	clear(row)
	if most == 0 {
		return 0
	}
	for i, y := range v {
		q := math.RoundToEven(float64(y) / most * 127)
		row[i] = byte(int8(q))
		sum += q * q
	}
	// The length is that of the rounded vector, so the cosine of a vector to itself is 1.
	return float32(1 / math.Sqrt(sum))
}

// Delete removes a vector and reports whether it was there.
func (x *Index) Delete(id uint32) bool {
	if !x.Has(id) {
		return false
	}
	place := x.where[id]
	s := &x.lists[place>>32]
	hole, last := int(uint32(place)), len(s.ids)-1
	if hole != last {
		row, scale := x.read(s, last)
		at := s.pages[hole/pageRows]
		x.dev.Write(at+uint32(hole%pageRows*x.padded), row)
		x.dev.Write(at+uint32(pageRows*x.padded+4*(hole%pageRows)), lean.AppendUint32(nil, math.Float32bits(scale)))
		s.ids[hole] = s.ids[last]
		x.where[s.ids[hole]] = place
	}
	s.ids = s.ids[:last]
	if last%pageRows == 0 {
		x.free = append(x.free, s.pages[last/pageRows])
		s.pages = s.pages[:last/pageRows]
	}
	x.where[id] = gone
	x.count--
	return x.dev.Err() == nil
}

// read reads a row of a list.
func (x *Index) read(s *list, n int) (row []byte, scale float32) {
	row = make([]byte, x.padded)
	x.dev.Read(s.pages[n/pageRows]+uint32(n%pageRows*x.padded), row)
	var b [4]byte
	x.dev.Read(s.pages[n/pageRows]+uint32(pageRows*x.padded+4*(n%pageRows)), b[:])
	return row, math.Float32frombits(lean.Uint32(b[:]))
}
