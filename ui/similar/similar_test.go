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
	s.Append([]float32{1, 0, 0, 1, 3, 3}, 2) // three vectors of two numbers
	q, _ := Unit([]float32{2, 1.8})
	hits, _ := s.Top(q, 2)
	for _, h := range hits {
		fmt.Printf("%d %.2f\n", h.Index, h.Score)
	}
	// Output:
	// 2 1.00
	// 0 0.74
}

// cloud returns n random vectors around a few centres, deterministic.
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
		if err := s.Append(row, dim); err != nil {
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
		{"rows that do not divide", []float32{1, 2, 3}, 2, ErrShape},
		{"another dimension", []float32{1, 2, 3}, 3, ErrShape},
		{"no dimension", []float32{1}, 0, ErrShape},
		{"zero vector in the second row", []float32{1, 1, 0, 0}, 2, ErrFinite},
		{"NaN", []float32{nan, 1}, 2, ErrFinite},
		{"infinity", []float32{float32(math.Inf(1)), 1}, 2, ErrFinite},
	} {
		t.Run(c.name, func(t *testing.T) {
			var s Set
			if err := s.Append([]float32{3, 4}, 2); err != nil {
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
	want := slices.Concat(s.data[:6], s.data[15:])
	s.Remove(2, 5)
	if s.Len() != 7 || !slices.Equal(s.data, want) {
		t.Error("Remove(2, 5) left the wrong vectors")
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
		"empty": {}, "one": {1, 2}, "equal": {1, 2, 1, 2, 1, 2}, "line": {1, 0, 0, 1},
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
			t.Errorf("point %d at %v leaves the picture", i, p)
		}
	}
	same := &Set{}
	for range 8 {
		same.Append([]float32{1, 2, 3}, 3)
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
