//go:build !js

package thex_test

import (
	"fmt"
	"log"

	"github.com/lodestone-wasm/lodestone/models/thex"
)

// Both sides of a run on a simulator, which adds CKKS's noise without encrypting.
func ExampleSimulate() {
	f, err := thex.OpenFolder("../../weights/thex-kinds-en", thex.DefaultTokens)
	if err != nil {
		log.Fatal(err)
	}
	ids, _, err := f.IDs("Where is the station?")
	if err != nil {
		log.Fatal(err)
	}
	logits, err := thex.Simulate(thex.NewSimulator(1), f.Plan, f.Weights, f.Embeddings, ids)
	if err != nil {
		log.Fatal(err)
	}
	up, down := f.Plan.Traffic()
	fmt.Println(f.Labels[best(logits)], len(f.Plan.Exchanges), "exchanges,", up/1e6, "and", down/1e6, "MB")
	// Output: conversation 9 exchanges, 3 and 1 MB
}
