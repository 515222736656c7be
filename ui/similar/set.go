package similar

import (
	"errors"
	"fmt"
	"math"
	"slices"
)

// Kinds of refusal, for errors.Is.
var (
	ErrShape  = errors.New("shape")              // lengths that do not fit together
	ErrLength = errors.New("not of unit length") // NaN, infinity, zero, or a vector that was not normalised
)

// Set holds n unit vectors of one dimension, so that a dot product is a cosine. The zero Set is empty.
type Set struct {
	dim  int
	rows [][]float32 // each a part of a slice that Append took
}

// Len returns the number of vectors.
func (s *Set) Len() int { return len(s.rows) }

// Dim returns the dimension, 0 before the first Append.
func (s *Set) Dim() int { return s.dim }

// At returns vector i. The caller must not change it.
func (s *Set) At(i int) []float32 { return s.rows[i] }

// Append adds the rows of data [n, dim], which have length 1. The set keeps data and copies nothing, so the caller must not change
// data afterwards. On an error nothing is added.
func (s *Set) Append(data []float32, dim int) error {
	if dim <= 0 || len(data)%dim != 0 || s.dim != 0 && dim != s.dim {
		return fmt.Errorf("similar: %w: got %d numbers in rows of %d, expected rows of %d; all vectors must come from one model", ErrShape, len(data), dim, s.dim)
	}
	for r := 0; r < len(data); r += dim {
		if err := CheckUnit(data[r : r+dim]); err != nil {
			return fmt.Errorf("row %d: %w", r/dim, err)
		}
	}
	for r := 0; r < len(data); r += dim {
		s.rows = append(s.rows, data[r:r+dim:r+dim])
	}
	s.dim = dim
	return nil
}

// Remove drops the vectors from lo up to hi (not included).
func (s *Set) Remove(lo, hi int) { s.rows = slices.Delete(s.rows, lo, hi) }

// Clone returns a set with the same vectors that later changes of s do not affect. It copies no vector.
func (s *Set) Clone() *Set { return &Set{dim: s.dim, rows: slices.Clone(s.rows)} }

// unitError is how far the squared length of a unit vector may be from 1. Rounding 256 numbers to 32 bits changes it by about 1e-7.
const unitError = 1e-3

// CheckUnit returns an error unless v has length 1. It does not normalise: the engine does, once.
func CheckUnit(v []float32) error {
	var sum float64
	for _, x := range v {
		sum += float64(x) * float64(x)
	}
	if !(math.Abs(sum-1) <= unitError) {
		return fmt.Errorf("similar: %w: got a vector of %d numbers and length %v, expected length 1; ask the engine to normalize", ErrLength, len(v), math.Sqrt(sum))
	}
	return nil
}

// Dot is
//
//	for i := range a {
//		sum += a[i] * b[i]
//	}
//
// over the length of a; b must be as long. It adds up four partial sums at the end.
func Dot(a, b []float32) float32 {
	b = b[:len(a)]
	var s0, s1, s2, s3 float32
	i := 0
	for ; i+4 <= len(a); i += 4 {
		s0 += a[i] * b[i]
		s1 += a[i+1] * b[i+1]
		s2 += a[i+2] * b[i+2]
		s3 += a[i+3] * b[i+3]
	}
	for ; i < len(a); i++ {
		s0 += a[i] * b[i]
	}
	return s0 + s1 + (s2 + s3)
}

// Hit is a vector of a set and its cosine with the query.
type Hit struct {
	Index int
	Score float32
}

// Top returns the k vectors nearest to the unit vector q, best first. Equal scores are ordered by index.
func (s *Set) Top(q []float32, k int) ([]Hit, error) {
	if len(q) != s.dim {
		return nil, fmt.Errorf("similar: %w: got a query of %d numbers, expected %d; all vectors must come from one model", ErrShape, len(q), s.dim)
	}
	hits := make([]Hit, 0, max(k, 0)+1)
	for i, row := range s.rows {
		hits = keep(hits, Hit{i, Dot(q, row)}, k)
	}
	return hits, nil
}

// keep inserts h into hits, which are sorted best first, and drops what exceeds k.
func keep(hits []Hit, h Hit, k int) []Hit {
	if len(hits) == k && (k == 0 || h.Score <= hits[k-1].Score) {
		return hits
	}
	hits = append(hits, h)
	for i := len(hits) - 1; i > 0 && hits[i].Score > hits[i-1].Score; i-- {
		hits[i], hits[i-1] = hits[i-1], hits[i]
	}
	if len(hits) > k {
		hits = hits[:k]
	}
	return hits
}
