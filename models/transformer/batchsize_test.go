package transformer

import (
	"slices"
	"testing"

	"github.com/lodestone-wasm/lodestone/kernels"
)

func TestBatchesAreFilledByTokens(t *testing.T) {
	for _, tt := range []struct {
		name    string
		lengths []int
		want    []int // sequences of each batch
	}{
		{"32 short sentences", slices.Repeat([]int{20}, 32), []int{26, 6}},
		{"32 shorter ones", slices.Repeat([]int{16}, 32), []int{32}},
		{"a few too many", slices.Repeat([]int{17}, 31), []int{31}},
		{"long ones", slices.Repeat([]int{512}, 3), []int{1, 1, 1}},
		{"one that is longer than a batch", []int{5, 2000, 5, 5}, []int{1, 1, 2}},
		{"mixed", []int{400, 300, 300, 10, 10}, []int{2, 3}},
	} {
		var got []int
		have := 0
		for _, n := range tt.lengths {
			if have == 0 || !BatchTakes(have, n) {
				got, have = append(got, 0), 0
			}
			got[len(got)-1]++
			have += n
		}
		if !slices.Equal(got, tt.want) {
			t.Errorf("%s: %v, want %v", tt.name, got, tt.want)
		}
	}
}

// rows counts the rows that linear layers compute, by their width.
type rows struct {
	kernels.Backend
	calls map[uint32][]uint32
}

func (b *rows) LinearF32(y, ldy, x, ldx, w, bias, res, ldres, m, k, n uint32, act kernels.Activation, alpha float32) {
	b.calls[n] = append(b.calls[n], m)
	b.Backend.LinearF32(y, ldy, x, ldx, w, bias, res, ldres, m, k, n, act, alpha)
}

// Padding is dropped before the first layer: what is computed is the tokens, and all of
// them in one matrix.
func TestPaddedRowsAreNotComputed(t *testing.T) {
	b := &rows{kernels.NewReference(0), map[uint32][]uint32{}}
	c := parse(t, tinyConfig(""))
	m := build(t, b, c, LoadOptions{})
	const n, wide = 4, 16
	ids, mask := make([]int32, n*wide), make([]int32, n*wide)
	tokens := 0
	for i, length := range []int{1, 16, 3, 5} {
		tokens += length
		for j := range length {
			ids[i*wide+j], mask[i*wide+j] = int32(3+j), 1
		}
	}
	_, release, err := m.ForwardPadded(ids, mask, n, wide, nil)
	if err != nil {
		t.Fatal(err)
	}
	release()
	calls := b.calls[uint32(c.IntermediateSize)]
	if want := slices.Repeat([]uint32{uint32(tokens)}, c.NumLayers); !slices.Equal(calls, want) {
		t.Errorf("the feed-forwards computed rows %v, expected %v of %d", calls, want, n*wide)
	}
	for width, calls := range b.calls {
		for _, m := range calls {
			if int(m) != tokens {
				t.Errorf("a layer of %d computed %d rows, the batch has %d tokens", width, m, tokens)
			}
		}
	}
}

// No batch takes more memory than the one that LargestBatch names.
func TestTheLargestBatchIsTheLargest(t *testing.T) {
	c := parse(t, tinyConfig(""))
	m := build(t, kernels.NewReference(0), c, LoadOptions{})
	most, err := m.ActivationBytes(LargestBatch(16)...)
	if err != nil {
		t.Fatal(err)
	}
	for _, lengths := range [][]int{{16}, slices.Repeat([]int{16}, 48), slices.Repeat([]int{1}, 512), slices.Repeat([]int{3}, 256), append(slices.Repeat([]int{10}, 51), 16)} {
		if n, err := m.ActivationBytes(lengths...); err != nil || n > most {
			t.Errorf("%d sequences of %d: %d bytes, the largest has %d (%v)", len(lengths), lengths[0], n, most, err)
		}
	}
	if got := LargestBatch(5000); !slices.Equal(got, []int{5000}) {
		t.Errorf("%v", got)
	}
}
