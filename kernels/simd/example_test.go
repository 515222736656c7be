package simd_test

import (
	"context"
	"fmt"

	"github.com/lodestone-wasm/lodestone/kernels"
	"github.com/lodestone-wasm/lodestone/kernels/simd"
)

func Example() {
	b, err := simd.New(context.Background())
	if err != nil {
		fmt.Println(err)
		return
	}
	defer b.Close()

	d := kernels.NewDevice(b)
	x := d.NewTensor(1, 3)
	d.Set(x, []float32{-1, 0, 2})
	d.Activate(x, x, kernels.ReLU)
	out := make([]float32, 3)
	d.Get(out, x)
	fmt.Println(b.Name(), out, d.Err())
	// Output: simd128 [0 0 2] <nil>
}
