package similar

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"gonum.org/v1/gonum/mat"
	"gonum.org/v1/gonum/stat"
)

func ExampleSet_Top() {
	var s Set
	s.Append([]float32{1, 0, 0, 1, 0.8, 0.6}, 2) // three unit vectors of two numbers
	hits, _ := s.Top([]float32{0.6, 0.8}, 2)
	for _, h := range hits {
		fmt.Printf("%d %.2f\n", h.Index, h.Score)
	}
	// Output:
	// 2 0.96
	// 1 0.80
}

// unit returns v scaled to length 1.
func unit(v ...float32) []float32 {
	var sum float64
	for _, x := range v {
		sum += float64(x) * float64(x)
	}
	out := make([]float32, len(v))
	for i, x := range v {
		out[i] = float32(float64(x) / math.Sqrt(sum))
	}
	return out
}

// cloud returns n random unit vectors around a few centres. Equal seeds give equal vectors.
func cloud(n, dim int, seed uint64) *Set {
	r := rand.New(rand.NewPCG(seed, 1))
	var s Set
	centres := make([]float32, 5*dim)
	for i := range centres {
		centres[i] = float32(r.NormFloat64())
	}
	for range n {
		c := r.IntN(5)
		row := make([]float32, dim)
		for j := range row {
			row[j] = centres[c*dim+j] + 0.7*float32(r.NormFloat64())
		}
		if err := s.Append(unit(row...), dim); err != nil {
			panic(err)
		}
	}
	return &s
}

func TestTopEqualsSortingEverything(t *testing.T) {
	s := cloud(137, 17, 3)
	for _, k := range []int{0, 1, 5, 137, 200} {
		q := s.At(11)
		got, err := s.Top(q, k)
		if err != nil {
			t.Fatal(err)
		}
		var all []Hit
		for i := range s.Len() {
			all = append(all, Hit{i, Dot(q, s.At(i))})
		}
		slices.SortStableFunc(all, func(a, b Hit) int {
			switch {
			case a.Score > b.Score:
				return -1
			case a.Score < b.Score:
				return 1
			}
			return a.Index - b.Index
		})
		if want := all[:min(k, len(all))]; !slices.Equal(got, want) {
			t.Errorf("k=%d: got %v, want %v", k, got, want)
		}
	}
}

func TestAppendRefuses(t *testing.T) {
	nan := float32(math.NaN())
	for _, c := range []struct {
		name string
		data []float32
		dim  int
		kind error
	}{
		{"rows that do not divide", []float32{1, 0, 1}, 2, ErrShape},
		{"another dimension", []float32{1, 0, 0}, 3, ErrShape},
		{"no dimension", []float32{1}, 0, ErrShape},
		{"zero vector in the second row", []float32{1, 0, 0, 0}, 2, ErrLength},
		{"a vector that was not normalised", []float32{3, 4}, 2, ErrLength},
		{"NaN", []float32{nan, 1}, 2, ErrLength},
		{"infinity", []float32{float32(math.Inf(1)), 1}, 2, ErrLength},
	} {
		t.Run(c.name, func(t *testing.T) {
			var s Set
			if err := s.Append([]float32{0.6, 0.8}, 2); err != nil {
				t.Fatal(err)
			}
			if err := s.Append(c.data, c.dim); !errors.Is(err, c.kind) {
				t.Errorf("error %v, want kind %v", err, c.kind)
			}
			if s.Len() != 1 || s.At(0)[0] != 0.6 {
				t.Errorf("a refused Append changed the set: %v", s)
			}
		})
	}
	if _, err := cloud(3, 4, 1).Top([]float32{1}, 1); !errors.Is(err, ErrShape) {
		t.Errorf("short query: %v", err)
	}
}

func TestRemove(t *testing.T) {
	s := cloud(10, 3, 9)
	all := s.Clone()
	s.Remove(2, 5)
	if s.Len() != 7 || all.Len() != 10 {
		t.Fatalf("Remove(2, 5) left %d of 10 vectors; the clone has %d", s.Len(), all.Len())
	}
	for i := range s.Len() {
		was := i
		if i >= 2 {
			was += 3
		}
		if !slices.Equal(s.At(i), all.At(was)) {
			t.Errorf("vector %d is not the one that was at %d", i, was)
		}
	}
}

// The engine normalises, and the page copies a vector once: the set holds the very numbers that were given to it.
func TestASetNeitherCopiesNorNormalises(t *testing.T) {
	data := []float32{0.6, 0.8, 0.8003, 0.6} // the second is as far from length 1 as rounding may bring it
	var s Set
	if err := s.Append(data, 2); err != nil {
		t.Fatal(err)
	}
	for i := range 2 {
		if at := s.At(i); &at[0] != &data[2*i] || &s.Clone().At(i)[0] != &data[2*i] {
			t.Errorf("vector %d is a copy", i)
		}
	}
	if !slices.Equal(data, []float32{0.6, 0.8, 0.8003, 0.6}) {
		t.Errorf("the numbers changed: %v", data)
	}
}

// The oracle is gonum's principal component analysis; directions agree up to sign, so the planes' coordinates agree in absolute value.
func TestPlaneEqualsGonum(t *testing.T) {
	for _, c := range []struct{ n, dim int }{{40, 3}, {60, 8}, {240, 64}, {10, 30}} {
		s := cloud(c.n, c.dim, uint64(c.n))
		x := mat.NewDense(c.n, c.dim, nil)
		for i := range c.n {
			for j, v := range s.At(i) {
				x.Set(i, j, float64(v))
			}
		}
		var pc stat.PC
		if !pc.PrincipalComponents(x, nil) {
			t.Fatal("gonum failed")
		}
		var vec mat.Dense
		pc.VectorsTo(&vec)
		p := NewPlane(s, nil)
		for a := range 2 {
			var d float64
			for j := range c.dim {
				d += float64(p.axis[a][j]) * vec.At(j, a)
			}
			if math.Abs(d) < 0.999 {
				t.Errorf("n=%d dim=%d axis %d: cosine with gonum %.5f", c.n, c.dim, a, d)
			}
		}
	}
}

func TestPlaneOfDegenerateSets(t *testing.T) {
	for name, rows := range map[string][]float32{
		"empty": {}, "one": {0.6, 0.8}, "equal": {0.6, 0.8, 0.6, 0.8, 0.6, 0.8}, "line": {1, 0, 0, 1},
	} {
		var s Set
		if err := s.Append(rows, 2); err != nil {
			t.Fatal(err)
		}
		for _, p := range NewLayout(&s, nil).Points {
			if math.IsNaN(p.X+p.Y) || math.Abs(p.X) > 1.1 || math.Abs(p.Y) > 1.1 {
				t.Errorf("%s: point %v", name, p)
			}
		}
	}
}

func TestLayoutIsDeterministicFramedAndSeparated(t *testing.T) {
	s := cloud(200, 32, 5)
	pauses := 0
	a, b := NewLayout(s, func() { pauses++ }), NewLayout(s, nil)
	if !slices.Equal(a.Points, b.Points) {
		t.Error("two runs differ")
	}
	if pauses < 30 {
		t.Errorf("%d pauses: the page would freeze", pauses)
	}
	for i, p := range a.Points {
		if math.Abs(p.X) > 1.1 || math.Abs(p.Y) > 1.1 {
			t.Errorf("point %d at %v leaves the map", i, p)
		}
	}
	same := &Set{}
	for range 8 {
		same.Append([]float32{0.48, 0.64, 0.6}, 3)
	}
	pts := NewLayout(same, nil).Points
	for i := range pts {
		for j := range i {
			if math.Hypot(pts[i].X-pts[j].X, pts[i].Y-pts[j].Y) < apart/3 {
				t.Errorf("equal sentences %d and %d cover each other: %v %v", i, j, pts[i], pts[j])
			}
		}
	}
}

// A query equal to a sentence must land on that sentence (up to the separation of overlapping dots), and near its cluster in any case.
func TestPlaceAgreesWithTheLayout(t *testing.T) {
	s := cloud(120, 32, 8)
	l := NewLayout(s, nil)
	for i := range s.Len() {
		hits, _ := s.Top(s.At(i), 12)
		p := l.Place(s.At(i), hits)
		if d := math.Hypot(p.X-l.Points[i].X, p.Y-l.Points[i].Y); d > 3*apart {
			t.Errorf("sentence %d placed %.3f away from its dot", i, d)
		}
	}
}

func BenchmarkLayout240(b *testing.B) {
	s := cloud(240, 256, 1)
	for b.Loop() {
		NewLayout(s, nil)
	}
}

func BenchmarkTop240(b *testing.B) {
	s := cloud(240, 256, 1)
	for b.Loop() {
		s.Top(s.At(7), 9)
	}
}
