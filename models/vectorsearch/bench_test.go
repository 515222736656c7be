package vectorsearch_test

import (
	"math/rand/v2"
	"testing"

	"github.com/lodestone-wasm/lodestone/models/vectorsearch"
)

// BenchmarkSearch compares a query with all of 100,000 vectors of 256 numbers, natively.
func BenchmarkSearch(b *testing.B) {
	x, err := vectorsearch.New(devices(b)["simd128"], 256)
	if err != nil {
		b.Fatal(err)
	}
	v := around(rand.New(rand.NewPCG(1, 2)), 100_000, 256, 1000)
	if _, err := x.Add(v); err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if _, err := x.Search(v[:256], 10, nil); err != nil {
			b.Fatal(err)
		}
	}
}
