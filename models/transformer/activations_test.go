package transformer

import (
	"errors"
	"slices"
	"testing"

	"github.com/lodestone-wasm/lodestone/kernels"
)

// What is stated before a run is what the run then takes, to the byte.
func TestActivationBytesAreThoseOfTheRun(t *testing.T) {
	for name, config := range everyKind() {
		c := parse(t, config)
		t.Run(name, func(t *testing.T) {
			for _, b := range both(t) {
				for _, dtype := range []string{"f32", "q8", "q4"} {
					m := build(t, b, c, LoadOptions{DType: dtype})
					d := m.Device()
					for _, lengths := range [][]int{{1}, {7}, {5, 3, 1}, {9, 9, 2}} {
						used, size := d.Used(), d.Backend().Size()
						stated, err := m.ActivationBytes(lengths...)
						if err != nil || stated == 0 || d.Used() != used || d.Backend().Size() != size {
							t.Fatalf("%v: %d bytes, %v", lengths, stated, err)
						}
						batch := Batch{Lengths: lengths}
						for _, n := range lengths {
							batch.IDs = append(batch.IDs, make([]int32, n)...)
						}
						d.ResetPeak()
						if c.CrossAttention {
							batch.Source = d.NewTensor(len(batch.IDs), c.HiddenSize)
							d.Zero(batch.Source.At, uint64(len(batch.IDs)*c.HiddenSize)*4)
							batch.SourceLengths = lengths
						}
						if _, err := m.Forward(batch); err != nil {
							t.Fatal(err)
						}
						took := d.Peak() - used
						d.Release(used)
						// Which experts tokens of other embeddings choose is known after the run only.
						if took != stated && c.MoE == nil || took > stated {
							t.Errorf("%s %s %v: %d bytes, stated were %d", b.Name(), dtype, lengths, took, stated)
						}
					}
				}
			}
		})
	}
	m := load(t, "")
	for _, bad := range [][]int{{0}, {-1}, {17}, {MaxBatchTokens, 1}} {
		if _, err := m.ActivationBytes(bad...); !errors.Is(err, ErrInput) && !errors.Is(err, ErrTooLong) {
			t.Errorf("%v: %v", bad, err)
		}
	}
}

// The buffers of the layers are the four widths that live at once, however many layers.
func TestActivationsAreReused(t *testing.T) {
	c := parse(t, wide(tinyConfig(""))) // 96 wide, the feed-forward 128
	m := build(t, kernels.NewReference(0), c, LoadOptions{})
	const s, d = 12, 96
	got, err := m.ActivationBytes(s)
	if err != nil {
		t.Fatal(err)
	}
	// x, h or attention, and the wider of queries, keys, values and the feed-forward.
	want := uint64(s * (d + d + 3*d) * 4)
	if got < want || got > want+want/50+4096 {
		t.Errorf("%d bytes, expected %d", got, want)
	}
	mark := m.Device().Mark()
	if _, err := m.Forward(Batch{IDs: slices.Repeat([]int32{4}, s), Lengths: []int{s}}); err != nil {
		t.Fatal(err)
	}
	m.Device().Release(mark)
}
