package transformer

import (
	"errors"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/lodestone-wasm/lodestone/kernels"
	"github.com/lodestone-wasm/lodestone/weights/safetensors"
)

// halved rounds every number to half precision; with stored the file holds halves.
func (k *checkpoint) halved(stored bool) {
	for name, v := range k.values {
		for i, x := range v {
			v[i] = kernels.FromF16(kernels.ToF16(x))
		}
		if stored {
			k.dtypes[name] = safetensors.F16
		}
	}
}

// What weights of 16 bits compute is what the rounded numbers compute in float32, whether
// the file has them rounded or the loader rounds them.
func TestHalvesAreTheRoundedWeights(t *testing.T) {
	for name, config := range everyKind() {
		c := parse(t, config)
		t.Run(name, func(t *testing.T) {
			for _, b := range both(t) {
				run := func(dtype string, change func(k *checkpoint)) []float32 {
					k := tiny(c)
					change(k)
					dev := kernels.NewDevice(b)
					m, err := Load(dev, c, []Stream{stream(dev, k.encode(t))}, LoadOptions{DType: dtype, Head: c.Causal})
					if err != nil {
						t.Fatal(err)
					}
					if m.DType() != dtype {
						t.Errorf("dtype %s, asked for %s", m.DType(), dtype)
					}
					x := Batch{IDs: slices.Concat(first, second), Lengths: []int{6, 3}}
					if c.Vision != nil {
						return nil
					}
					return states(t, m, sourced(t, m, x, 2, 5))
				}
				want := run("f32", func(k *checkpoint) { k.halved(false) })
				for what, have := range map[string][]float32{
					"stored":  run("f16", func(k *checkpoint) { k.halved(true) }),
					"rounded": run("f16", func(k *checkpoint) { k.halved(false) }),
				} {
					if d := far(have, want); d > 2e-5 {
						t.Errorf("%s, %s: differs by %g", b.Name(), what, d)
					}
				}
			}
		})
	}
}

// A matrix with a number beyond f16 stays f32 and a table is refused by name; infinities
// and NaN of the file are what they were.
func TestNumbersBeyondHalfPrecision(t *testing.T) {
	const matrix = "layers.1.ffn.fc1.weight"
	for _, v := range []float64{65504, 65520, -1e30, math.Inf(1), math.NaN()} {
		m, err := edited(t, "", LoadOptions{DType: "f16"}, func(k *checkpoint) { k.values[matrix][7*18+3] = float32(v) })
		if err != nil {
			t.Fatal(err)
		}
		want := kernels.F16
		if math.Abs(v) > 65504 && !math.IsInf(v, 0) {
			want = kernels.F32
		}
		if have := m.layers[1].branches[0].ffn.fc1.DType; have != want {
			t.Errorf("%v: the matrix is %s, want %s", v, have, want)
		}
		if have := m.layers[0].branches[0].ffn.fc1.DType; have != kernels.F16 {
			t.Errorf("%v: another matrix is %s", v, have)
		}
	}
	_, err := edited(t, "", LoadOptions{DType: "f16"}, func(k *checkpoint) { k.values["embed_tokens.weight"][5] = 1e5 })
	if !errors.Is(err, ErrUnsupported) || !strings.Contains(err.Error(), "embed_tokens.weight") || !strings.Contains(err.Error(), "65504") {
		t.Errorf("error %v", err)
	}
}
