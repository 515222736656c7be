package transformer

import (
	"testing"

	"github.com/lodestone-wasm/lodestone/kernels"
)

func BenchmarkDecode(b *testing.B) {
	t := &testing.T{}
	m := build(t, kernels.NewReference(0), parse(t, decoderConfig(``)), LoadOptions{Head: true})
	cache, err := m.NewCache(CacheOptions{Sequences: 1, Capacity: 16})
	if err != nil {
		b.Fatal(err)
	}
	ids, lengths := []int32{3}, []int{1}
	b.ReportAllocs()
	for b.Loop() {
		cache.Truncate(0, 5)
		mark := m.dev.Mark()
		if _, err := m.Forward(Batch{IDs: ids, Lengths: lengths, Cache: cache}); err != nil {
			b.Fatal(err)
		}
		m.dev.Release(mark)
	}
}
