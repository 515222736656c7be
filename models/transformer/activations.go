package transformer

import (
	"github.com/lodestone-wasm/lodestone/kernels"
	"github.com/lodestone-wasm/lodestone/kernels/lean"
	"github.com/lodestone-wasm/lodestone/models/routing"
)

// ActivationBytes is the most device memory that Forward takes above the weights for
// sequences of these lengths, without running it: it walks the layers and computes
// nothing. A model with cross-attention reads as many sources of the same lengths, which
// are counted. Where experts have a capacity it is the most that they can take: tokens
// that are dropped take less.
func (m *Model) ActivationBytes(lengths ...int) (uint64, error) {
	total := 0
	for _, n := range lengths {
		if n < 1 || n > MaxBatchTokens-total {
			return 0, lean.Errorf("transformer: %w: a batch of lengths %v, expected at least 1 each and at most %d together", ErrInput, lengths, MaxBatchTokens)
		}
		total += n
	}
	if moe := m.Config.MoE; moe != nil {
		capacity := moe.Capacity
		moe.Capacity.Kind = routing.Unlimited
		defer func() { moe.Capacity = capacity }()
	}
	return m.dev.Measure(func() error {
		b := Batch{IDs: make([]int32, total), Lengths: lengths}
		if m.Config.CrossAttention {
			b.Source, b.SourceLengths = m.dev.NewTensor(total, m.Config.HiddenSize), lengths
		}
		_, err := m.Forward(b)
		return err
	})
}

// shared hands out memory for two tensors that do not live at the same time.
func (r *run) shared(rows, a, b int) (x, y kernels.Tensor) {
	at := r.dev.NewTensor(rows, max(a, b)).At
	return kernels.Tensor{At: at, Rows: rows, Cols: a, Stride: a}, kernels.Tensor{At: at, Rows: rows, Cols: b, Stride: b}
}
