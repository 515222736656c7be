package transformer

import (
	"math"
	"testing"

	"github.com/lodestone-wasm/lodestone/kernels"
)

// A long text is read in parts, so that its embeddings are not in memory at once. The mean is the same.
func TestTheMeanOfALongTextIsThatOfItsTokens(t *testing.T) {
	m := build(t, kernels.NewReference(0), parse(t, tinyConfig("")), LoadOptions{})
	one := func(id int32) []float32 {
		v, err := m.MeanEmbedding([]int32{id}, false)
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
	a, b := one(4), one(5)
	for _, n := range []int{meanRows, meanRows + 1, 3 * meanRows, 3*meanRows + 7} {
		ids := make([]int32, n)
		fives := 0
		for i := range ids {
			if ids[i] = 4; i%3 == 0 {
				ids[i] = 5
				fives++
			}
		}
		used := m.dev.Used()
		got, err := m.MeanEmbedding(ids, false)
		if err != nil || m.dev.Used() != used {
			t.Fatalf("%v, %d bytes in use, %d before", err, m.dev.Used(), used)
		}
		share := float64(fives) / float64(n)
		for i := range got {
			if want := float64(a[i])*(1-share) + float64(b[i])*share; math.Abs(float64(got[i])-want) > 1e-4 {
				t.Fatalf("%d tokens: element %d is %v, expected %v", n, i, got[i], want)
			}
		}
	}
}
