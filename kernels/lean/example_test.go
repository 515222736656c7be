package lean_test

import (
	"errors"
	"fmt"

	"github.com/lodestone-wasm/lodestone/kernels/lean"
)

func Example() {
	overlap := errors.New("two tensors share bytes")
	err := lean.Errorf("weights: tensor %q: offset %d overlaps %q: %w", "x", 96, "y", overlap)
	fmt.Println(err)
	fmt.Println(errors.Is(err, overlap))
	fmt.Println(lean.Sprintf("shape %v, byte 0x%02x", []int{768, 3072}, byte(7)))
	// Output:
	// weights: tensor "x": offset 96 overlaps "y": two tensors share bytes
	// true
	// shape [768 3072], byte 0x07
}
