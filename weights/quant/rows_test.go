package quant

import (
	"errors"
	"math"
	"math/rand/v2"
	"strings"
	"testing"
)

var (
	inf = float32(math.Inf(1))
	nan = float32(math.NaN())
)

// Expected values follow from the definition: the largest magnitude becomes ±127, halves
// go to the even neighbour.
func TestQuantizeRowsKnownValues(t *testing.T) {
	const tiny = math.SmallestNonzeroFloat32 // 2⁻¹⁴⁹
	for _, tt := range []struct {
		name  string
		row   []float32
		scale float32
		want  []int8
	}{
		{"scale one, halves to even", []float32{127, -127, 0.5, 1.5, 2.5, -0.5, -1.5, -2.5, 126.5}, 1, []int8{127, -127, 0, 2, 2, 0, -2, -2, 126}},
		{"scale two", []float32{-254, 1, 3, 5, 2}, 2, []int8{-127, 0, 2, 2, 1}},
		{"one weight", []float32{-0.3}, float32(0.3) / 127, []int8{-127}},
		{"zeros", []float32{0, float32(math.Copysign(0, -1))}, 0, []int8{0, 0}},
		{"largest float", []float32{math.MaxFloat32, -math.MaxFloat32, 0}, math.MaxFloat32 / 127, []int8{127, -127, 0}},
		{"scale would vanish", []float32{63 * tiny, -tiny}, 0, []int8{0, 0}},
		{"scale rounds up to the least float", []float32{64 * tiny, tiny}, tiny, []int8{64, 1}},
		{"scale rounds down, so clamped", []float32{190 * tiny, -190 * tiny, 100 * tiny}, tiny, []int8{127, -127, 100}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			q, scale := make([]int8, len(tt.row)), []float32{99}
			if err := QuantizeRows(q, scale, tt.row, 1, len(tt.row)); err != nil {
				t.Fatal(err)
			}
			if scale[0] != tt.scale {
				t.Errorf("scale %g, want %g", scale[0], tt.scale)
			}
			for i := range q {
				if q[i] != tt.want[i] {
					t.Errorf("%g became %d, want %d", tt.row[i], q[i], tt.want[i])
				}
			}
		})
	}
}

// Every weight comes back within half a step of its row, the largest is ±127, no −128
// occurs, inputs and what lies behind the outputs are left alone.
func TestQuantizeRowsErrorIsHalfAStep(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 6))
	for _, size := range [][2]int{{0, 0}, {0, 5}, {5, 0}, {1, 1}, {1, 127}, {3, 31}, {17, 65}, {64, 100}} {
		rows, cols := size[0], size[1]
		n := rows * cols
		src := make([]float32, n)
		for i := range src {
			src[i] = float32(rng.NormFloat64() * math.Pow(10, float64(rng.IntN(9)-4)))
		}
		before := append([]float32(nil), src...)
		q, scale, back := make([]int8, n+3), make([]float32, rows+3), make([]float32, n+3)
		for i := range 3 {
			q[n+i], scale[rows+i], back[n+i] = 11, 11, 11
		}
		if err := QuantizeRows(q, scale, src, rows, cols); err != nil {
			t.Fatal(err)
		}
		if err := DequantizeRows(back, q, scale, rows, cols); err != nil {
			t.Fatal(err)
		}
		for i := range 3 {
			if q[n+i] != 11 || scale[rows+i] != 11 || back[n+i] != 11 {
				t.Fatalf("%d×%d: written beyond the matrix", rows, cols)
			}
		}
		for r := range rows {
			largest := 0
			for c := range cols {
				i := r*cols + c
				if src[i] != before[i] {
					t.Fatal("the source was changed")
				}
				if q[i] == -128 {
					t.Fatal("−128")
				}
				largest = max(largest, int(q[i]), -int(q[i]))
				// Half a step, and the rounding of three float32 operations on up to 127 steps.
				if limit := float64(scale[r]) * (0.5 + 127*0x1p-22); math.Abs(float64(back[i])-float64(src[i])) > limit {
					t.Fatalf("%d×%d: %g came back as %g, a step is %g", rows, cols, src[i], back[i], scale[r])
				}
			}
			if cols > 0 && largest != 127 {
				t.Errorf("%d×%d: row %d has largest %d", rows, cols, r, largest)
			}
		}
	}
}

func TestQuantizeRowsRefuses(t *testing.T) {
	for _, bad := range []float32{inf, -inf, nan, math.Float32frombits(0xffc00001)} {
		src := make([]float32, 6)
		src[5] = bad
		err := QuantizeRows(make([]int8, 6), make([]float32, 3), src, 3, 2)
		if !errors.Is(err, ErrNotFinite) || !strings.Contains(err.Error(), "row 2, column 1") {
			t.Errorf("%v: %v", bad, err)
		}
	}
	for _, tt := range []struct{ q, scale, src, rows, cols int }{
		{5, 3, 6, 3, 2}, {6, 2, 6, 3, 2}, {6, 3, 5, 3, 2}, {0, 0, 0, -1, 0}, {0, 0, 0, 0, -1}, {0, 0, 0, -1, -1},
		{0, 0, 0, math.MaxInt, 2}, {0, 0, 0, math.MaxInt/2 + 1, math.MaxInt/2 + 1}, {0, 0, 0, 1, 0},
	} {
		if err := QuantizeRows(make([]int8, tt.q), make([]float32, tt.scale), make([]float32, tt.src), tt.rows, tt.cols); !errors.Is(err, ErrShape) {
			t.Errorf("quantise %+v: %v", tt, err)
		}
		if err := DequantizeRows(make([]float32, tt.src), make([]int8, tt.q), make([]float32, tt.scale), tt.rows, tt.cols); !errors.Is(err, ErrShape) {
			t.Errorf("dequantise %+v: %v", tt, err)
		}
	}
}

func BenchmarkQuantizeRows(b *testing.B) {
	const rows, cols = 1024, 256
	src := make([]float32, rows*cols)
	for i := range src {
		src[i] = float32(i%511) - 255
	}
	q, scale := make([]int8, len(src)), make([]float32, rows)
	b.SetBytes(int64(4 * len(src)))
	for b.Loop() {
		if err := QuantizeRows(q, scale, src, rows, cols); err != nil {
			b.Fatal(err)
		}
	}
}
