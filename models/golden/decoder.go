package golden

import (
	"fmt"

	"github.com/lodestone-wasm/lodestone/kernels"
	"github.com/lodestone-wasm/lodestone/models/transformer"
)

// runDecoder computes what torchscale's Decoder returns for prev_output_tokens [B,T]:
// logits, embed, layer0 … layerN−1, l_aux; and incremental_logits [B,n,V], those of the
// last n columns when the first T−n+1 tokens are the prompt and the others follow one
// at a time.
func runDecoder(dev *kernels.Device, config []byte, v *Vectors, weights transformer.Stream, dtype string) (*outputs, error) {
	m, err := load(dev, config, v, weights, dtype)
	if err != nil {
		return nil, err
	}
	batch, b, t, err := v.padded("prev_output_tokens", "")
	if err != nil {
		return nil, err
	}
	o := collect(dev)
	o.watch(&batch)
	x, err := m.Forward(batch)
	if err != nil {
		return nil, err
	}
	y, err := m.Logits(x)
	if err != nil {
		return nil, err
	}
	o.add("logits", y)
	if want, ok := v.Outputs["incremental_logits"]; ok {
		if len(want.Shape) != 3 || want.Shape[1] < 1 || want.Shape[1] > t {
			return nil, fmt.Errorf("golden: %w: incremental_logits is %v, %d tokens", ErrVectors, want.Shape, t)
		}
		o.got["incremental_logits"], err = incremental(m, batch.IDs, transformer.CacheOptions{Sequences: b, Capacity: t}, want.Shape[1])
		if err != nil {
			return nil, err
		}
	}
	return o, dev.Err()
}

// incremental is the logits [b, n, V] of the last n of t columns, with a cache for b
// sequences of t tokens.
func incremental(m *transformer.Model, ids []int32, o transformer.CacheOptions, n int) ([]float32, error) {
	dev, vocab, b, t := m.Device(), m.Config.VocabSize, o.Sequences, o.Capacity
	cache, err := m.NewCache(o)
	if err != nil {
		return nil, err
	}
	got := make([]float32, b*n*vocab)
	for step, from := 0, 0; step < n; step++ {
		to := t - n + 1 + step
		batch := transformer.Batch{Cache: cache, Lengths: make([]int, b)}
		for i := range b {
			batch.IDs = append(batch.IDs, ids[i*t+from:i*t+to]...)
			batch.Lengths[i] = to - from
			batch.Select = append(batch.Select, int32((i+1)*(to-from)-1))
		}
		mark := dev.Mark()
		x, err := m.Forward(batch)
		if err != nil {
			return nil, err
		}
		y, err := m.Logits(x)
		if err != nil {
			return nil, err
		}
		for i := range b {
			dev.Get(got[(i*n+step)*vocab:(i*n+step+1)*vocab], y.Slice(i, i+1))
		}
		dev.Release(mark)
		from = to
	}
	return got, dev.Err()
}
