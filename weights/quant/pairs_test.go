package quant

import (
	"errors"
	"testing"

	"github.com/lodestone-wasm/lodestone/weights/safetensors"
)

func tensor(name string, d safetensors.DType, shape ...int) safetensors.Tensor {
	n := int64(d.Size())
	for _, s := range shape {
		n *= int64(s)
	}
	return safetensors.Tensor{Name: name, DType: d, Shape: shape, End: n}
}

func TestPairs(t *testing.T) {
	const i8, f32 = safetensors.I8, safetensors.F32
	w := tensor("a.weight", i8, 4, 8)
	for _, tt := range []struct {
		name    string
		tensors []safetensors.Tensor
		pairs   int
		want    error
	}{
		{"column of scales", []safetensors.Tensor{w, tensor("a.weight_scale", f32, 4, 1)}, 1, nil},
		{"row of scales", []safetensors.Tensor{tensor("a.weight_scale", f32, 4), w}, 1, nil},
		{"half scales", []safetensors.Tensor{w, tensor("a.weight_scale", safetensors.BF16, 4, 1)}, 1, nil},
		{"float beside it", []safetensors.Tensor{w, tensor("a.weight_scale", safetensors.F16, 4), tensor("b.weight", f32, 2, 2)}, 1, nil},
		{"nothing quantised", []safetensors.Tensor{tensor("a.weight", f32, 4, 8), tensor("mask", i8, 4)}, 0, nil},
		{"no scales", []safetensors.Tensor{w}, 0, ErrScale},
		{"no weights", []safetensors.Tensor{tensor("a.weight_scale", f32, 4, 1)}, 0, ErrScale},
		{"float weights with scales", []safetensors.Tensor{tensor("a.weight", f32, 4, 8), tensor("a.weight_scale", f32, 4, 1)}, 0, ErrScale},
		{"one scale for all", []safetensors.Tensor{w, tensor("a.weight_scale", f32, 1)}, 0, ErrScale},
		{"scalar scale", []safetensors.Tensor{w, tensor("a.weight_scale", f32)}, 0, ErrScale},
		{"scales per group", []safetensors.Tensor{w, tensor("a.weight_scale", f32, 4, 2)}, 0, ErrScale},
		{"scales per column", []safetensors.Tensor{w, tensor("a.weight_scale", f32, 8)}, 0, ErrScale},
		{"too many scales", []safetensors.Tensor{w, tensor("a.weight_scale", f32, 5, 1)}, 0, ErrScale},
		{"integer scales", []safetensors.Tensor{w, tensor("a.weight_scale", safetensors.I32, 4, 1)}, 0, ErrScale},
		{"weights of rank 3", []safetensors.Tensor{tensor("a.weight", i8, 4, 8, 1), tensor("a.weight_scale", f32, 4, 1)}, 0, ErrScale},
		{"4 bits, which PackedOf finds", []safetensors.Tensor{tensor("a.weight_packed", safetensors.I32, 4, 1), tensor("a.weight_scale", f32, 4, 1)}, 0, nil},
		{"asymmetric", []safetensors.Tensor{w, tensor("a.weight_scale", f32, 4, 1), tensor("a.weight_zero_point", i8, 4, 1)}, 0, ErrUnsupported},
		{"static activations", []safetensors.Tensor{w, tensor("a.weight_scale", f32, 4, 1), tensor("a.input_scale", f32, 1)}, 0, ErrUnsupported},
	} {
		pairs, err := Pairs(tt.tensors)
		if !errors.Is(err, tt.want) || len(pairs) != tt.pairs {
			t.Errorf("%s: %d pairs, %v", tt.name, len(pairs), err)
		}
		if s, ok := pairs["a.weight"]; tt.pairs == 1 && (!ok || s.Name != "a.weight_scale") {
			t.Errorf("%s: %v", tt.name, pairs)
		}
	}
}

func TestDecodeScales(t *testing.T) {
	for _, d := range []safetensors.DType{safetensors.F32, safetensors.F16, safetensors.BF16} {
		want := []float32{0, 0.5, 2}
		s := tensor("a.weight_scale", d, 3, 1)
		got := make([]float32, 3)
		if err := DecodeScales(got, safetensors.AppendFloats(nil, want, d), s); err != nil || got[0] != 0 || got[1] != 0.5 || got[2] != 2 {
			t.Errorf("%v: %v, %v", d, got, err)
		}
		for _, bad := range []float32{-1, nan, inf, -inf} {
			if err := DecodeScales(got, safetensors.AppendFloats(nil, []float32{1, bad, 1}, d), s); !errors.Is(err, ErrScale) {
				t.Errorf("%v: scale %v: %v", d, bad, err)
			}
		}
		if err := DecodeScales(got, safetensors.AppendFloats(nil, want[:2], d), s); !errors.Is(err, ErrScale) {
			t.Errorf("%v: two of three scales: %v", d, err)
		}
		if err := DecodeScales(got[:2], safetensors.AppendFloats(nil, want, d), s); !errors.Is(err, ErrScale) {
			t.Errorf("%v: room for two of three scales: %v", d, err)
		}
	}
}
