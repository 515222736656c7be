//go:build !js

package pipeline_test

import (
	"context"
	"fmt"
	"log"

	"github.com/lodestone-wasm/lodestone/kernels"
	"github.com/lodestone-wasm/lodestone/kernels/simd"
	"github.com/lodestone-wasm/lodestone/models/pipeline"
	"github.com/lodestone-wasm/lodestone/models/tasks"
)

func Example() {
	ctx := context.Background()
	backend, err := simd.New(ctx) // the kernels of the page, natively
	if err != nil {
		log.Fatal(err)
	}
	defer backend.Close()
	embed, err := pipeline.Open(kernels.NewDevice(backend), pipeline.Dir("../../weights/prompt-magneto-en-de-fr"), pipeline.FeatureExtraction, pipeline.Options{})
	if err != nil {
		log.Fatal(err)
	}
	vectors, err := embed.Run(ctx, []string{"Guten Morgen", "good morning"}, tasks.FeatureExtractionOptions{Normalize: true})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(vectors.Dims)
	// Output: [2 256]
}
