package quant_test

import (
	"fmt"

	"github.com/lodestone-wasm/lodestone/weights/quant"
)

func ExampleQuantizeRows() {
	w := []float32{ // [2, 3]
		0.5, -2.54, 1.27,
		0, 0, 0,
	}
	q, scale := make([]int8, 6), make([]float32, 2)
	if err := quant.QuantizeRows(q, scale, w, 2, 3); err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(q, scale)
	back := make([]float32, 6)
	if err := quant.DequantizeRows(back, q, scale, 2, 3); err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(back)
	// Output:
	// [25 -127 64 0 0 0] [0.02 0]
	// [0.5 -2.54 1.28 0 0 0]
}

func ExampleReadConfig() {
	config, err := quant.WriteConfig([]byte(`{"model_type": "magneto"}`), quant.Config{Targets: []string{"Linear"}, Ignore: []string{"embed_positions"}})
	if err != nil {
		fmt.Println(err)
		return
	}
	c, err := quant.ReadConfig(config)
	fmt.Println(c.Ignore, err)

	_, err = quant.ReadConfig([]byte(`{"quantization_config": {"quant_method": "gptq", "bits": 4}}`))
	fmt.Println(err)
	// Output:
	// [embed_positions] <nil>
	// quant: config.json: quantization_config: quant_method "gptq" is not supported; supported: "compressed-tensors"
}
