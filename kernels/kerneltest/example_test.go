package kerneltest_test

import (
	"fmt"

	"github.com/lodestone-wasm/lodestone/kernels"
	"github.com/lodestone-wasm/lodestone/kernels/kerneltest"
)

// wrong adds a once more than it should.
type wrong struct{ *kernels.Reference }

func (w wrong) Add(y, a, b, n uint32, alpha float32) { w.Reference.Add(y, a, b, n, alpha+1) }

func ExampleRun() {
	c := kerneltest.Case{Op: "add", Name: "three numbers", Do: func(e *kerneltest.Env) {
		a, b := e.In("a", []float32{1, 2, 4}), e.In("b", []float32{0, 0, 0})
		e.B.Add(e.Out("y", make([]float32, 3), 3, 3), a, b, 3, 1)
	}}
	backend := wrong{kernels.NewReference(0)}
	for _, r := range kerneltest.Run(kernels.NewReference(0), backend, []kerneltest.Case{c}) {
		fmt.Println(r.Op, r.Name+":", r.Err)
	}
	// Output: add three numbers: y: error 1 of the largest, budget 2e-07
}
