//go:build !js

package golden_test

import (
	"fmt"
	"os"

	"github.com/lodestone-wasm/lodestone/kernels"
	"github.com/lodestone-wasm/lodestone/models/golden"
	"github.com/lodestone-wasm/lodestone/models/transformer"
)

func ExampleRun() {
	const dir = "testdata/encdec_subln/"
	config, err := os.ReadFile(dir + "config.json")
	if err != nil {
		fmt.Println(err)
		return
	}
	io, err := os.ReadFile(dir + "io.json")
	if err != nil {
		fmt.Println(err)
		return
	}
	dev := kernels.NewDevice(kernels.NewReference(0))
	weights, closer, err := transformer.OpenFile(dev, dir+"weights.safetensors")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer closer.Close()
	r, err := golden.Run(dev, config, io, weights, "f32")
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, o := range r.Outputs {
		fmt.Println(o.Name, o.Worst <= golden.Tolerance)
	}
	// Output:
	// encoder_out true
	// logits true
	// logits_EncoderDecoder_forward_nomask true
}
