package vectorsearch_test

import (
	"fmt"

	"github.com/lodestone-wasm/lodestone/kernels"
	"github.com/lodestone-wasm/lodestone/models/vectorsearch"
)

func Example() {
	index, err := vectorsearch.New(kernels.NewDevice(kernels.NewReference(0)), 2)
	if err != nil {
		fmt.Println(err)
		return
	}
	if _, err := index.Add([]float32{1, 0, 0, 1, -1, 0}); err != nil {
		fmt.Println(err)
		return
	}
	hits, err := index.Search([]float32{1, 1}, 2, nil)
	fmt.Printf("%d %.2f, %d %.2f, %v\n", hits[0].ID, hits[0].Score, hits[1].ID, hits[1].Score, err)
	// Output: 0 0.71, 1 0.71, <nil>
}
