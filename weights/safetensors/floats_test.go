package safetensors

import "testing"

func TestDecodeAndAppendFloats(t *testing.T) {
	values := []float32{0, 1, -1.5, 0.333251953125, 1024} // the fourth is a binary16 number
	for _, d := range []DType{F32, F16} {
		b := AppendFloats(nil, values, d)
		if len(b) != len(values)*d.Size() {
			t.Fatalf("%v: %d bytes", d, len(b))
		}
		dst := make([]float32, len(values)+1)
		dst[len(values)] = 42
		if n := DecodeFloats(dst, b, d); n != len(values) {
			t.Errorf("%v: %d values", d, n)
		}
		for i, v := range append(values, 42) {
			if dst[i] != v {
				t.Errorf("%v: value %d is %g, want %g", d, i, dst[i], v)
			}
		}
		if n := DecodeFloats(dst[:2], b, d); n != 2 {
			t.Errorf("%v: room for 2, %d decoded", d, n)
		}
	}
	if n := DecodeFloats(make([]float32, 4), make([]byte, 16), I32); n != 0 || len(AppendFloats(nil, values, I8)) != 0 {
		t.Error("integers pass for floats")
	}
}

func BenchmarkDecodeFloats(b *testing.B) {
	src := make([]byte, 1<<20)
	dst := make([]float32, 1<<19)
	for _, d := range []DType{F32, F16, BF16} {
		b.Run(d.String(), func(b *testing.B) {
			b.SetBytes(int64(len(src)))
			for b.Loop() {
				DecodeFloats(dst, src, d)
			}
		})
	}
}
