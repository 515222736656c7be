package similar

import (
	"errors"
	"fmt"
	"math"
)

// Kinds of refusal, for errors.Is.
var (
	ErrShape  = errors.New("shape")      // lengths that do not fit together
	ErrFinite = errors.New("not finite") // NaN, infinity or a zero vector where a direction is needed
)

// Set holds n vectors of one dimension, each scaled to length 1, so that a dot product is a cosine. The zero Set is empty.
type Set struct {
	dim  int
	data []float32 // [n, dim] row-major
}

// Len returns the number of vectors.
func (s *Set) Len() int {
	if s.dim == 0 {
		return 0
	}
	return len(s.data) / s.dim
}

// Dim returns the dimension, 0 for an empty set that has not seen a vector yet.
func (s *Set) Dim() int { return s.dim }

// At returns vector i; the caller must not change it.
func (s *Set) At(i int) []float32 { return s.data[i*s.dim : (i+1)*s.dim] }

// Append adds the rows of data [n, dim], scaled to length 1. On an error nothing is added.
func (s *Set) Append(data []float32, dim int) error {
	if dim <= 0 || len(data)%dim != 0 || s.dim != 0 && dim != s.dim {
		return fmt.Errorf("similar: %w: %d numbers in rows of %d, the set has rows of %d; all vectors must come from one model", ErrShape, len(data), dim, s.dim)
	}
	old := len(s.data)
	for r := 0; r < len(data); r += dim {
		row, err := Unit(data[r : r+dim])
		if err != nil {
			s.data = s.data[:old]
			return fmt.Errorf("row %d: %w", r/dim, err)
		}
		s.data = append(s.data, row...)
	}
	s.dim = dim
	return nil
}

// Remove drops the vectors from lo up to hi (not included).
func (s *Set) Remove(lo, hi int) {
	s.data = append(s.data[:lo*s.dim], s.data[hi*s.dim:]...)
}

// Clone returns a copy that later changes of s do not touch.
func (s *Set) Clone() *Set {
	return &Set{dim: s.dim, data: append([]float32(nil), s.data...)}
}

// Unit returns v scaled to length 1.
func Unit(v []float32) ([]float32, error) {
	var sum float64
	for _, x := range v {
		sum += float64(x) * float64(x)
	}
	if !(sum > 0) || math.IsInf(sum, 0) {
		return nil, fmt.Errorf("similar: %w: a vector of %d numbers has length %v, expected a positive one", ErrFinite, len(v), math.Sqrt(sum))
	}
	inv := 1 / math.Sqrt(sum)
	out := make([]float32, len(v))
	for i, x := range v {
		out[i] = float32(float64(x) * inv)
	}
	return out, nil
}

// Dot is
//
//	for i := range a {
//		sum += a[i] * b[i]
//	}
//
// over the length of a; b must be as long. Four partial sums, added at the end.
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

// Hit is one vector of a set and its cosine with the query.
type Hit struct {
	Index int
	Score float32
}

// Top returns the k vectors nearest to the unit vector q, best first; equal scores by index.
func (s *Set) Top(q []float32, k int) ([]Hit, error) {
	if len(q) != s.dim {
		return nil, fmt.Errorf("similar: %w: the query has %d numbers, the set has rows of %d", ErrShape, len(q), s.dim)
	}
	hits := make([]Hit, 0, max(k, 0)+1)
	for i := range s.Len() {
		hits = keep(hits, Hit{i, Dot(q, s.At(i))}, k)
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
