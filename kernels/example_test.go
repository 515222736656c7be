package kernels_test

import (
	"fmt"

	"github.com/lodestone-wasm/lodestone/kernels"
)

// A linear layer of three inputs and two outputs, on the reference backend.
func Example() {
	d := kernels.NewDevice(kernels.NewReference(0))

	// Weights are converted to the backend's own layout once, while loading.
	w := d.NewWeight(kernels.F32, 2, 3, false)
	rows := d.Floats([]float32{1, 0, -1, 2, 1, 0}) // [2,3], row-major
	d.Pack(w, 0, 2, rows.At)

	// The memory of a call is released afterwards.
	mark := d.Mark()
	x, y := d.NewTensor(1, 3), d.NewTensor(1, 2)
	d.Set(x, []float32{1, 2, 5})
	d.Linear(y, x, w, kernels.ReLU, nil)
	out := make([]float32, 2)
	d.Get(out, y)
	d.Release(mark)

	fmt.Println(out, d.Err())
	// Output: [0 4] <nil>
}

// Invalid arguments are an error. The first error sticks until Err returns it.
func ExampleDevice_Err() {
	d := kernels.NewDevice(kernels.NewReference(0))
	a, b := d.NewTensor(2, 4), d.NewTensor(2, 3)
	d.Add(a, a, b, 1)
	fmt.Println(d.Err())
	// Output: kernels: invalid argument: add: b is 2×3, needs 2×4
}
