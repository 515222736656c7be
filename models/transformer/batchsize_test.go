package transformer

import (
	"math/rand/v2"
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
		{"32 short sentences", slices.Repeat([]int{20}, 32), []int{32}},
		{"32 shorter ones", slices.Repeat([]int{16}, 32), []int{32}},
		{"as many tokens as there may be", slices.Repeat([]int{24}, 32), []int{32}},
		{"one sentence more", slices.Repeat([]int{24}, 33), []int{22, 11}},
		{"many short sentences", slices.Repeat([]int{20}, 100), []int{26, 26, 26, 22}},
		{"a few too many", slices.Repeat([]int{17}, 31), []int{31}},
		{"long ones", slices.Repeat([]int{512}, 3), []int{1, 1, 1}},
		{"one that is longer than a batch", []int{5, 2000, 5, 5}, []int{1, 1, 2}},
		{"one that is longer, and the last", []int{5, 2000}, []int{1, 1}},
		{"mixed", []int{400, 300, 300, 10, 10}, []int{2, 3}},
		{"without a token", []int{0, 0, 0}, []int{3}},
		{"some without a token", []int{0, 2000, 0, 700, 0, 100}, []int{2, 2, 2}},
		{"none", nil, nil},
	} {
		var got []int
		for left := tt.lengths; len(left) > 0; left = left[got[len(got)-1]:] {
			got = append(got, BatchSize(left))
		}
		if !slices.Equal(got, tt.want) {
			t.Errorf("%s: %v, want %v", tt.name, got, tt.want)
		}
	}
}

// Whoever knows the lengths of little more than a batch takes the same, and no batch has more
// tokens than it may.
func TestBatchSizeNeedsNoMoreThanItSays(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	sum := func(lengths []int) (sum int) {
		for _, l := range lengths {
			sum += l
		}
		return sum
	}
	for range 2000 {
		lengths := make([]int, 1+r.IntN(200))
		for i := range lengths {
			lengths[i] = r.IntN(1 + r.IntN(900))
		}
		known := 0
		for known < len(lengths) && sum(lengths[:known]) <= BatchLimit {
			known++
		}
		n := BatchSize(lengths)
		if few := BatchSize(lengths[:known]); few != n || n < 1 {
			t.Fatalf("%v: %d, with %d lengths known %d", lengths, n, known, few)
		}
		if s := sum(lengths[:n]); s > BatchLimit && slices.Max(lengths[:n]) != s {
			t.Fatalf("%v: %d of them have %d tokens", lengths, n, s)
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
