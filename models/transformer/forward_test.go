package transformer

import (
	"errors"
	"math"
	"slices"
	"strings"
	"testing"
)

// far is the largest difference of two slices.
func far(a, b []float32) float64 {
	if len(a) != len(b) {
		return math.Inf(1)
	}
	worst := 0.0
	for i := range a {
		worst = max(worst, math.Abs(float64(a[i]-b[i])))
	}
	return worst
}

// variants are configurations that take different paths through the layers.
var variants = map[string]string{
	"Sub-LN":             ``,
	"Pre-LN":             `"subln":false,"encoder_normalize_before":true`,
	"Post-LN":            `"subln":false,"deepnorm":false,"encoder_normalize_before":false`,
	"DeepNorm":           `"deepnorm":true`,
	"relative positions": `"rel_pos_buckets":8,"max_rel_pos":12,"positions":false`,
	"xpos":               `"xpos_rel_pos":true,"positions":false`,
}

var (
	first  = []int32{0, 7, 11, 5, 9, 2}
	second = []int32{0, 4, 2}
	third  = []int32{0}
)

func TestASequenceOfABatchEqualsTheSequenceAlone(t *testing.T) {
	for name, extra := range variants {
		t.Run(name, func(t *testing.T) {
			m := load(t, extra)
			together := states(t, m, Batch{IDs: slices.Concat(first, second, third), Lengths: []int{6, 3, 1}})
			var alone []float32
			for _, ids := range [][]int32{first, second, third} {
				alone = append(alone, states(t, m, Batch{IDs: ids, Lengths: []int{len(ids)}})...)
			}
			// xpos centres its scales on the longest sequence: equal but for rounding.
			if d := far(together, alone); d > 1e-5 {
				t.Errorf("differs by %g", d)
			}
		})
	}
}

func TestSelectedRowsEqualThoseOfTheWhole(t *testing.T) {
	for name, extra := range variants {
		t.Run(name, func(t *testing.T) {
			m := load(t, extra)
			b := Batch{IDs: slices.Concat(first, second, third), Lengths: []int{6, 3, 1}}
			all := states(t, m, b)
			b.Select = []int32{0, 4, 8, 9}
			var want []float32
			for _, r := range b.Select {
				want = append(want, all[int(r)*m.Dim():(int(r)+1)*m.Dim()]...)
			}
			if d := far(states(t, m, b), want); d > 1e-5 {
				t.Errorf("differs by %g", d)
			}
		})
	}
}

func TestPaddingDoesNotChangeARow(t *testing.T) {
	for name, extra := range variants {
		t.Run(name, func(t *testing.T) {
			m := load(t, extra)
			const pad = 1
			ids := slices.Concat(first, second, []int32{pad, pad, pad}, []int32{pad, pad, pad, pad, pad, pad})
			mask := []int32{1, 1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0}
			x, release, err := m.ForwardPadded(ids, mask, 3, 6, nil)
			if err != nil {
				t.Fatal(err)
			}
			got := make([]float32, 18*m.Dim())
			m.dev.Get(got, x)
			release()
			want := make([]float32, len(got))
			copy(want, states(t, m, Batch{IDs: first, Lengths: []int{6}}))
			copy(want[6*m.Dim():], states(t, m, Batch{IDs: second, Lengths: []int{3}}))
			if d := far(got, want); d > 1e-5 {
				t.Errorf("differs by %g; rows of padding are zeros", d)
			}
		})
	}
}

func TestABatchOfNothingButPaddingIsZeros(t *testing.T) {
	m := load(t, "")
	x, release, err := m.ForwardPadded([]int32{1, 1}, []int32{0, 0}, 1, 2, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer release()
	got := make([]float32, 2*m.Dim())
	m.dev.Get(got, x)
	if far(got, make([]float32, len(got))) != 0 {
		t.Errorf("states %v, expected zeros", got)
	}
}

func TestRunsAtTheLongestLengthAndRefusesOneMore(t *testing.T) {
	m := load(t, "")
	ids := make([]int32, 17)
	if got := states(t, m, Batch{IDs: ids[:16], Lengths: []int{16}}); len(got) != 16*m.Dim() {
		t.Errorf("%d numbers", len(got))
	}
	if _, err := m.Forward(Batch{IDs: ids, Lengths: []int{17}}); !errors.Is(err, ErrTooLong) {
		t.Errorf("error %v, expected %v", err, ErrTooLong)
	}
}

func TestAPauseThatFailsEndsTheRunAndLeavesTheModelUsable(t *testing.T) {
	m := load(t, "")
	want := states(t, m, Batch{IDs: first, Lengths: []int{6}})
	stop, calls, used := errors.New("stop"), 0, m.dev.Used()
	_, err := m.Forward(Batch{IDs: first, Lengths: []int{6}, Pause: func() error {
		if calls++; calls == 2 {
			return stop
		}
		return nil
	}})
	if err != stop || calls != 2 {
		t.Fatalf("error %v after %d layers, expected %v after 2", err, calls, stop)
	}
	if m.dev.Used() != used {
		t.Errorf("%d bytes in use after the run ended, %d before", m.dev.Used(), used)
	}
	if d := far(states(t, m, Batch{IDs: first, Lengths: []int{6}}), want); d != 0 {
		t.Errorf("the next run differs by %g", d)
	}
}

func TestBadInputIsRefused(t *testing.T) {
	m := load(t, "")
	relative := load(t, variants["relative positions"])
	padded := func(m *Model, ids, mask []int32, b, t int) error {
		_, _, err := m.ForwardPadded(ids, mask, b, t, nil)
		return err
	}
	forward := func(b Batch) error {
		_, err := m.Forward(b)
		return err
	}
	for _, c := range []struct {
		name  string
		err   error
		want  error
		names string
	}{
		{"id beyond the vocabulary", forward(Batch{IDs: []int32{29}, Lengths: []int{1}}), ErrInput, "id 29"},
		{"negative id", forward(Batch{IDs: []int32{-1}, Lengths: []int{1}}), ErrInput, "id -1"},
		{"lengths that do not add up", forward(Batch{IDs: first, Lengths: []int{5}}), ErrInput, "add up to 5"},
		{"length beyond the tokens", forward(Batch{IDs: first, Lengths: []int{7}}), ErrInput, "length 7"},
		{"empty sequence", forward(Batch{IDs: first, Lengths: []int{6, 0}}), ErrInput, "length 0"},
		{"mask of another size", forward(Batch{IDs: first, Lengths: []int{6}, Mask: make([]float32, 5)}), ErrInput, "mask of 5"},
		{"selected rows out of order", forward(Batch{IDs: first, Lengths: []int{6}, Select: []int32{2, 1}}), ErrInput, "row 1"},
		{"selected row beyond the end", forward(Batch{IDs: first, Lengths: []int{6}, Select: []int32{6}}), ErrInput, "row 6"},
		{"position beyond the table", forward(Batch{IDs: []int32{0}, Lengths: []int{1}, Columns: []int32{16}}), ErrTooLong, "position 16"},
		{"sizes that do not match", padded(m, first, nil, 2, 2), ErrInput, "2×2"},
		{"sizes that overflow", padded(m, first, nil, 1<<40, 1<<40), ErrInput, "at most"},
		{"a gap in the mask with relative positions", padded(relative, first, []int32{1, 0, 1, 1, 1, 1}, 1, 6), ErrInput, "zeros between ones"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if !errors.Is(c.err, c.want) || !strings.Contains(c.err.Error(), c.names) {
				t.Errorf("error %v, expected %v naming %q", c.err, c.want, c.names)
			}
		})
	}
}

// The buckets were printed by torchscale's RelativePositionBias.
func TestRelativeBucketsAreTorchscales(t *testing.T) {
	for _, c := range []struct {
		buckets, distance, from int
		want                    []int
	}{
		{8, 12, -14, []int{3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 2, 2, 2, 1, 0, 5, 6, 6, 6, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7}},
		{32, 128, -14, []int{9, 9, 9, 8, 8, 8, 8, 7, 6, 5, 4, 3, 2, 1, 0, 17, 18, 19, 20, 21, 22, 23, 24, 24, 24, 24, 25, 25, 25}},
	} {
		for i, want := range c.want {
			if got := relativeBucket(c.from+i, c.buckets, c.distance); got != want {
				t.Errorf("%d buckets to %d: distance %d is in %d, expected %d", c.buckets, c.distance, c.from+i, got, want)
			}
		}
	}
}
