package prune_test

import (
	"fmt"

	"github.com/lodestone-wasm/lodestone/models/prune"
)

// The rule alone: four experts, one of which the texts hardly use.
func ExampleLayer() {
	l, err := prune.NewLayer(4, 0.5)
	if err != nil {
		fmt.Println(err)
		return
	}
	w, err := l.Observe([]float64{40, 2, 38, 20}, []float64{31.5, 0.8, 30.1, 12.2})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println("below", w.Threshold, "goes; left:", w.Survivors)
	fmt.Println("in the end:", l.Keep())
	// Output:
	// below 0.125 goes; left: [0 2 3]
	// in the end: 0
}
