package rate_test

import (
	"fmt"
	"time"

	"github.com/lodestone-wasm/lodestone/kernels"
	"github.com/lodestone-wasm/lodestone/kernels/rate"
)

func ExampleLinear() {
	d := kernels.NewDevice(kernels.NewReference(1 << 20))
	begin := time.Now()
	clock := rate.Clock{Now: func() float64 { return float64(time.Since(begin).Microseconds()) / 1000 }}
	macs, err := rate.Linear(d, kernels.F32, 4, 64, 64, 1, clock)
	fmt.Println(macs > 0, err)
	// Output: true <nil>
}
