package kernels_test

import (
	"fmt"

	"github.com/lodestone-wasm/lodestone/kernels"
)

// A linear layer of three inputs and two outputs, on the reference backend.
func Example() {
	d := kernels.NewDevice(kernels.NewReference(0))

	// Weights are brought into the backend's own form once, while loading.
	w := d.NewWeight(kernels.F32, 2, 3, false)
	rows := d.Floats([]float32{1, 0, -1, 2, 1, 0}) // [2,3], row-major
	d.Pack(w, 0, 2, rows.At)

	// What a call needs is handed out and given back afterwards.
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

// What does not fit is refused; the first error stays until it is asked for.
func ExampleDevice_Err() {
	d := kernels.NewDevice(kernels.NewReference(0))
	a, b := d.NewTensor(2, 4), d.NewTensor(2, 3)
	d.Add(a, a, b, 1)
	fmt.Println(d.Err())
	// Output: kernels: invalid argument: add: b is 2×3, needs 2×4
}
