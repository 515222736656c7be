package transformer

import (
	"errors"
	"math"
	"strings"
	"testing"

	"github.com/lodestone-wasm/lodestone/kernels"
	"github.com/lodestone-wasm/lodestone/kernels/simd"
	"github.com/lodestone-wasm/lodestone/weights/quant"
	"github.com/lodestone-wasm/lodestone/weights/safetensors"
)

// A scale that is not a number would make every result of its row NaN, in silence.
func TestScalesThatAreNoNumbersAreRefusedByTensorAndRow(t *testing.T) {
	const matrix, table = "layers.1.ffn.fc1.weight", "embed_tokens.weight"
	nan, inf := float32(math.NaN()), float32(math.Inf(1))

	for _, c := range []struct {
		name, tensor string
		dtype        string
		edit         func(k *checkpoint)
		row          string
	}{
		{"NaN in a matrix that is quantised", matrix, "q8", func(k *checkpoint) { k.values[matrix][3*18+2] = nan }, "row 3"},
		{"infinity in a matrix that is quantised", matrix, "q8", func(k *checkpoint) { k.values[matrix][21*18] = -inf }, "row 21"},
		{"NaN in a table that is quantised", table, "q8", func(k *checkpoint) { k.values[table][28*18+17] = nan }, "row 28"},
	} {
		t.Run(c.name, func(t *testing.T) {
			for _, backend := range both(t) {
				config := parse(t, tinyConfig(""))
				k := tiny(config)
				c.edit(k)
				dev := kernels.NewDevice(backend)
				_, err := Load(dev, config, []Stream{stream(dev, k.encode(t))}, LoadOptions{DType: c.dtype})
				if !errors.Is(err, quant.ErrNotFinite) || !strings.Contains(err.Error(), c.tensor) || !strings.Contains(err.Error(), c.row) {
					t.Errorf("%s: error %v, expected %v naming %s and %s", backend.Name(), err, quant.ErrNotFinite, c.tensor, c.row)
				}
			}
		})
	}
	for _, bad := range []float32{nan, inf, -1} {
		config := parse(t, tinyConfig(""))
		k := tiny(config)
		k.values[matrix] = make([]float32, 22*18)
		k.add(matrix+"_scale", 22, 1)
		k.values[matrix+"_scale"][5] = bad
		k.dtypes[matrix] = safetensors.I8
		dev := newDevice()
		_, err := Load(dev, config, []Stream{stream(dev, k.encode(t))}, LoadOptions{})
		kind, says := quant.ErrNotFinite, "which is not finite"
		if bad == -1 {
			kind, says = quant.ErrScale, "is -1, which is negative"
		}
		if !errors.Is(err, kind) || !strings.Contains(err.Error(), matrix+"_scale") || !strings.Contains(err.Error(), "row 5") || !strings.Contains(err.Error(), says) {
			t.Errorf("a stored scale of %v: error %v", bad, err)
		}
	}
}

// both are the backends that run natively.
func both(t testing.TB) []kernels.Backend {
	t.Helper()
	b, err := simd.New(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { b.Close() })
	return []kernels.Backend{kernels.NewReference(0), b}
}
