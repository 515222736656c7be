package kerneltest

import (
	"fmt"
	"testing"

	"github.com/lodestone-wasm/lodestone/kernels"
)

// shapes are (m, k, n) of linear layers: a sentence in a small model and in one of BERT's
// width, and a step of generation.
var shapes = [][3]int{{12, 256, 256}, {12, 256, 1024}, {12, 1024, 256}, {1, 768, 3072}, {32, 768, 3072}, {128, 768, 3072}}

func benchmarkLinear(b *testing.B, be kernels.Backend, t kernels.DType, m, k, n int) {
	d := kernels.NewDevice(be)
	w := d.NewWeight(t, n, k, true)
	zero := d.Alloc(uint64(n*k) * 4)
	d.Zero(zero, uint64(n*k)*4)
	d.Pack(w, 0, n, zero)
	x, y := d.NewTensor(m, k), d.NewTensor(m, n)
	v := make([]float32, m*k)
	for i := range v {
		v[i] = float32(i%17) - 8
	}
	d.Set(x, v)
	if t == kernels.I8 {
		d.Zero(w.Scale.At, uint64(n)*4)
	}
	b.ResetTimer()
	for range b.N {
		d.Linear(y, x, w, kernels.None, nil)
	}
	if err := d.Err(); err != nil {
		b.Fatal(err)
	}
	b.ReportMetric(float64(m*k*n)*float64(b.N)/b.Elapsed().Seconds()/1e9, "GMAC/s")
}

func BenchmarkLinear(b *testing.B) {
	for _, t := range []kernels.DType{kernels.I8, kernels.F32} {
		for _, s := range shapes {
			b.Run(fmt.Sprintf("%s/%dx%dx%d", t, s[0], s[1], s[2]), func(b *testing.B) {
				benchmarkLinear(b, native(b), t, s[0], s[1], s[2])
			})
		}
	}
}

// BenchmarkReferenceLinear is the same layer on the reference.
func BenchmarkReferenceLinear(b *testing.B) {
	for _, t := range []kernels.DType{kernels.I8, kernels.F32} {
		s := shapes[0]
		b.Run(fmt.Sprintf("%s/%dx%dx%d", t, s[0], s[1], s[2]), func(b *testing.B) {
			benchmarkLinear(b, kernels.NewReference(0), t, s[0], s[1], s[2])
		})
	}
}

func BenchmarkAttention(b *testing.B) {
	for _, tokens := range []int{12, 128} {
		b.Run(fmt.Sprintf("%dx%d/12heads/64", tokens, tokens), func(b *testing.B) {
			d := kernels.NewDevice(native(b))
			var ts [4]kernels.Tensor
			for i := range ts {
				ts[i] = d.NewTensor(tokens, 768)
				d.Set(ts[i], make([]float32, tokens*768))
			}
			for b.Loop() {
				d.Attention(ts[0], ts[1], ts[2], ts[3], 12, 0.125, kernels.AttentionMask{})
			}
			if err := d.Err(); err != nil {
				b.Fatal(err)
			}
			b.ReportMetric(2*float64(tokens*tokens*768)*float64(b.N)/b.Elapsed().Seconds()/1e9, "GMAC/s")
		})
	}
}

// BenchmarkDevice calls operations on so few numbers that most of the time is the call
// itself: the checks, the scratch and the way into the module.
func BenchmarkDevice(b *testing.B) {
	d := kernels.NewDevice(native(b))
	x, y, v, out := d.NewTensor(1, 64), d.NewTensor(1, 64), d.Floats(make([]float32, 64)), make([]float32, 64)
	table := d.NewTable(kernels.F32, 16, 64)
	w := d.NewWeight(kernels.I8, 64, 64, true)
	src := d.Alloc(64 * 64)
	d.Zero(src, 64*64)
	d.Zero(w.Scale.At, 64*4)
	d.Pack(w, 0, 64, src)
	for _, c := range []struct {
		name string
		call func()
	}{
		{"Alloc", func() { mark := d.Mark(); d.Alloc(100); d.Release(mark) }},
		{"Get", func() { d.Get(out, x) }},
		{"Add", func() { d.Add(y, x, x, 1) }},
		{"LayerNorm", func() { d.LayerNorm(y, x, v, v, 1e-5) }},
		{"Linear", func() { d.Linear(y, x, w, kernels.GELU, nil) }},
		{"Attention", func() { d.Attention(y, x, x, x, 4, 1, kernels.AttentionMask{}) }},
		{"Embed", func() { d.Embed(y, table, []int32{3}, 1, false) }},
	} {
		b.Run(c.name, func(b *testing.B) {
			for b.Loop() {
				c.call()
			}
			if err := d.Err(); err != nil {
				b.Fatal(err)
			}
		})
	}
}

func BenchmarkSHA256(b *testing.B) {
	const n = 1 << 20
	d := kernels.NewDevice(native(b))
	at := d.Alloc(n)
	h := d.NewHash()
	b.SetBytes(n)
	for b.Loop() {
		h.Update(at, n)
	}
	if err := d.Err(); err != nil {
		b.Fatal(err)
	}
}
