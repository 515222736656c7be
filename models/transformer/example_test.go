//go:build !js

package transformer_test

import (
	"fmt"
	"os"

	"github.com/lodestone-wasm/lodestone/kernels"
	"github.com/lodestone-wasm/lodestone/models/transformer"
)

// open loads a decoder of the golden vectors.
func open() (*transformer.Model, error) {
	const dir = "../golden/testdata/dec_subln/"
	text, err := os.ReadFile(dir + "config.json")
	if err != nil {
		return nil, err
	}
	c, err := transformer.ParseConfig(text)
	if err != nil {
		return nil, err
	}
	dev := kernels.NewDevice(kernels.NewReference(0))
	s, closer, err := transformer.OpenFile(dev, dir+"weights.safetensors")
	if err != nil {
		return nil, err
	}
	defer closer.Close()
	return transformer.Load(dev, c, []transformer.Stream{s}, transformer.LoadOptions{Head: true})
}

// Two sequences in one batch, and the logits behind the last token of each.
func ExampleModel_Forward() {
	m, err := open()
	if err != nil {
		fmt.Println(err)
		return
	}
	d := m.Device()
	mark := d.Mark()
	x, err := m.Forward(transformer.Batch{IDs: []int32{2, 5, 7, 9, 2, 11}, Lengths: []int{4, 2}, Select: []int32{3, 5}})
	if err != nil {
		fmt.Println(err)
		return
	}
	y, err := m.Logits(x)
	if err != nil {
		fmt.Println(err)
		return
	}
	logits := make([]float32, y.Rows*y.Cols)
	d.Get(logits, y)
	d.Release(mark)
	fmt.Printf("%s: %d states of width %d, %d logits\n", m.Config.Norm, x.Rows, x.Cols, len(logits))
	// Output: Sub-LN: 2 states of width 16, 58 logits
}

// A prompt of three tokens, then one token more: the cache has the others.
func ExampleModel_NewCache() {
	m, err := open()
	if err != nil {
		fmt.Println(err)
		return
	}
	cache, err := m.NewCache(transformer.CacheOptions{Sequences: 1, Capacity: 8})
	if err != nil {
		fmt.Println(err)
		return
	}
	d := m.Device()
	for _, ids := range [][]int32{{2, 5, 7}, {9}} {
		mark := d.Mark()
		x, err := m.Forward(transformer.Batch{IDs: ids, Lengths: []int{len(ids)}, Cache: cache})
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Println(x.Rows, "new states,", cache.Len(0), "tokens cached")
		d.Release(mark)
	}
	// Output:
	// 3 new states, 3 tokens cached
	// 1 new states, 4 tokens cached
}
