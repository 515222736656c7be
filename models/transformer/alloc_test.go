package transformer

import (
	"strings"
	"testing"

	"github.com/lodestone-wasm/lodestone/kernels"
	"github.com/lodestone-wasm/lodestone/kernels/simd"
)

// Decoding a token allocates nothing on Go's heap: what it needs lies in device memory
// or in buffers that every run uses again. (The reference backend allocates inside
// itself, so this counts on the SIMD module.)
func TestDecodingATokenAllocatesNothing(t *testing.T) {
	for _, name := range []string{"Sub-LN", "DeepNorm", "relative positions", "xpos", "encoder–decoder", "Llama", "Kosmos-2"} {
		t.Run(name, func(t *testing.T) {
			b, err := simd.New(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			defer b.Close()
			m := build(t, b, parse(t, decoders[name]), LoadOptions{Head: true})
			from := sourced(t, m, Batch{}, 3)
			cache, err := m.NewCache(CacheOptions{Sequences: 1, Capacity: 16, Source: from.Source, SourceLengths: from.SourceLengths})
			if err != nil {
				t.Fatal(err)
			}
			ids, lengths, last, v := []int32{3}, []int{1}, []int32{0}, make([]float32, m.Config.VocabSize)
			step := func() {
				cache.Truncate(0, 9)
				mark := m.dev.Mark()
				x, err := m.Forward(Batch{IDs: ids, Lengths: lengths, Select: last, Cache: cache})
				if err != nil {
					t.Fatal(err)
				}
				y, err := m.Logits(x)
				if err != nil {
					t.Fatal(err)
				}
				m.dev.Get(v, y)
				m.dev.Release(mark)
			}
			for range 10 {
				step()
			}
			if n := testing.AllocsPerRun(50, step); n > 0 {
				t.Errorf("%v allocations a token", n)
			}
		})
	}
}

// One token of a decoder of 6 layers of 384 after 128 others, natively through the SIMD
// module: about 14 million multiplications.
func BenchmarkDecode(b *testing.B) {
	for _, dtype := range []string{"f32", "q8", "q4"} {
		b.Run(dtype, func(b *testing.B) {
			backend, err := simd.New(b.Context())
			if err != nil {
				b.Fatal(err)
			}
			defer backend.Close()
			text := strings.NewReplacer(`"vocab_size":29`, `"vocab_size":8000`, `dim":18`, `dim":384`, `layers":3`, `layers":6`, `heads":3`, `heads":6`,
				`ffn_embed_dim":22`, `ffn_embed_dim":1536`, `positions":16`, `positions":256`).Replace(decoderConfig(``))
			c, err := ParseConfig([]byte(text))
			if err != nil {
				b.Fatal(err)
			}
			dev := kernels.NewDevice(backend)
			m, err := Load(dev, c, []Stream{stream(dev, tiny(c).encode(&testing.T{}))}, LoadOptions{Head: true, DType: dtype})
			if err != nil {
				b.Fatal(err)
			}
			cache, err := m.NewCache(CacheOptions{Sequences: 1, Capacity: 256})
			if err != nil {
				b.Fatal(err)
			}
			prompt := make([]int32, 128)
			mark := dev.Mark()
			if _, err := m.Forward(Batch{IDs: prompt, Lengths: []int{128}, Cache: cache}); err != nil {
				b.Fatal(err)
			}
			dev.Release(mark)
			ids, lengths := []int32{3}, []int{1}
			b.ReportAllocs()
			for b.Loop() {
				cache.Truncate(0, 128)
				x, err := m.Forward(Batch{IDs: ids, Lengths: lengths, Cache: cache})
				if err == nil {
					_, err = m.Logits(x)
				}
				if err != nil {
					b.Fatal(err)
				}
				dev.Release(mark)
			}
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "tokens/s")
		})
	}
}
