package main

import (
	"errors"

	"github.com/lodestone-wasm/lodestone/kernels/lean"
)

// errNotFinite: a vector has a NaN or an infinity in it, which only weights that are
// damaged or an overflow give.
var errNotFinite = errors.New("a vector that is not finite")

// finite is an error if one of the numbers of data, texts vectors of equal size, is
// NaN or infinite. A wrong vector must not pass for a result.
func finite(data []float32, texts int) error {
	for i, v := range data {
		if v-v != 0 { // NaN − NaN and ∞ − ∞ are NaN
			return lean.Errorf("engine: %w: %v in the vector of text %d", errNotFinite, v, i/max(1, len(data)/max(1, texts)))
		}
	}
	return nil
}
