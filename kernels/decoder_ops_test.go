package kernels

import (
	"bytes"
	"errors"
	"math"
	"strings"
	"testing"
)

// The operations of decoders like Llama, by hand.
func TestDecoderOperationsByHand(t *testing.T) {
	d := newDevice()
	// The mean square of 1 7 is 25, that of 3 4 is 12.5.
	x := tensor(d, 2, 1, 7, 3, 4)
	d.RMSNorm(x, x, d.Floats([]float32{1, 2}), 0)
	s := float32(math.Sqrt(12.5))
	near(t, get(t, d, x), []float32{0.2, 2.8, 3 / s, 8 / s}, 1e-6)

	a, b := tensor(d, 2, -1, 2, 3, -4), tensor(d, 2, 10, 20, 30, 40)
	d.Gate(b, a, b, ReLU)
	near(t, get(t, d, b), []float32{0, 40, 90, 0}, 0)
	d.Gate(a, a, a, None)
	near(t, get(t, d, a), []float32{1, 4, 9, 16}, 0)

	// Two heads of 5 columns, 4 of which are rotated: a quarter turn maps the pairs (1,3),
	// (6,8) to (−3,1), (−8,6); the pairs (2,4), (7,9) are multiplied by 3.
	r := tensor(d, 10, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10)
	d.RotateHalves(r, 2, tensor(d, 2, 0, 3), tensor(d, 2, 1, 0))
	near(t, get(t, d, r), []float32{-3, 6, 1, 12, 5, -8, 21, 6, 27, 10}, 0)
}

// Grouped keys are equal to copies of the keys for each head of the group.
func TestGroupedAttentionIsAttentionToCopies(t *testing.T) {
	for _, tq := range []int{3, 1} {
		for _, mask := range []AttentionMask{{}, {Causal: true, Offset: 1}, {Causal: true, Offset: 9}, {Keep: []byte{1, 0, 1, 1}}, {Keep: []byte{0, 0, 1, 1}, Causal: true, Offset: 1}} {
			groupedEqualsCopies(t, tq, mask)
		}
	}
}

func groupedEqualsCopies(t *testing.T, tq int, mask AttentionMask) {
	t.Helper()
	const tk, heads, kv, h = 4, 6, 2, 2
	d := newDevice()
	number := func(i int) float32 { return float32(math.Sin(float64(i * i))) }
	q, y, want := d.NewTensor(tq, heads*h), d.NewTensor(tq, heads*h), d.NewTensor(tq, heads*h)
	few, many := [2]Tensor{}, [2]Tensor{}
	v := make([]float32, tq*heads*h)
	for i := range v {
		v[i] = number(i)
	}
	d.Set(q, v)
	for n := range few {
		few[n], many[n] = d.NewTensor(tk, kv*h), d.NewTensor(tk, heads*h)
		small, large := make([]float32, tk*kv*h), make([]float32, tk*heads*h)
		for i := range large {
			row, head, c := i/(heads*h), i/h%heads, i%h
			at := row*kv*h + head/(heads/kv)*h + c
			large[i] = number(100*n + at)
			small[at] = large[i]
		}
		d.Set(few[n], small)
		d.Set(many[n], large)
	}
	d.Attention(y, q, few[0], few[1], heads, 0.7, mask)
	d.Attention(want, q, many[0], many[1], heads, 0.7, mask)
	near(t, get(t, d, y), get(t, d, want), 0)
}

func TestDeviceRefusesDecoderOperations(t *testing.T) {
	for _, c := range []struct {
		name, want string
		do         func(f *fixture)
	}{
		{"rms norm: output outside", "output", func(f *fixture) { f.d.RMSNorm(f.end(4, 8), f.x, f.gain, 0) }},
		{"rms norm: short weight", "weight", func(f *fixture) { f.d.RMSNorm(f.y, f.x, short(f.gain), 0) }},
		{"rms norm: gaps", "stride", func(f *fixture) { f.d.RMSNorm(f.y, sized(f.wide, 4, 8), f.gain, 0) }},
		{"rms norm: partial overlap", "overlaps", func(f *fixture) { f.d.RMSNorm(shifted(f.x, 4), f.x, f.gain, 0) }},
		{"gate: unknown activation", "activation", func(f *fixture) { f.d.Gate(f.y, f.x, f.z, GELUTanh+1) }},
		{"gate: other shape", "b is", func(f *fixture) { f.d.Gate(f.y, f.x, sized(f.z, 4, 7), SiLU) }},
		{"gate: partial overlap", "overlaps", func(f *fixture) { f.d.Gate(shifted(f.z, 4), f.x, f.z, SiLU) }},
		{"gate: outside", "a of", func(f *fixture) { f.d.Gate(f.y, f.end(4, 8), f.z, SiLU) }},
		{"attention: groups that do not divide", "heads", func(f *fixture) {
			k := strided(sized(f.z, 4, 6), 8)
			f.d.Attention(f.y, f.x, k, k, 4, 1, AttentionMask{})
		}},
		{"attention: part of a head", "heads", func(f *fixture) {
			k := strided(sized(f.z, 4, 3), 8)
			f.d.Attention(f.y, f.x, k, k, 4, 1, AttentionMask{})
		}},
		{"attention: more keys than queries", "columns", func(f *fixture) { f.d.Attention(sized(f.y, 4, 4), sized(f.x, 4, 4), f.z, f.z, 2, 1, AttentionMask{}) }},
		{"attention: keys of no columns", "columns", func(f *fixture) {
			f.d.Attention(f.y, f.x, sized(f.z, 4, 0), sized(f.z, 4, 0), 2, 1, AttentionMask{})
		}},
		{"attention: values of other columns", "value", func(f *fixture) {
			f.d.Attention(f.y, f.x, strided(sized(f.z, 4, 4), 8), f.z, 2, 1, AttentionMask{})
		}},
		{"rotate halves: more pairs than columns", "pairs", func(f *fixture) { f.d.RotateHalves(f.x, 4, f.half, f.half) }},
		{"rotate halves: no heads", "heads", func(f *fixture) { f.d.RotateHalves(f.x, 0, f.half, f.half) }},
		{"rotate halves: heads that do not divide", "heads", func(f *fixture) { f.d.RotateHalves(f.x, 3, f.half, f.half) }},
		{"rotate halves: table of other rows", "cosines", func(f *fixture) { f.d.RotateHalves(f.x, 2, sized(f.half, 3, 2), f.half) }},
		{"rotate halves: table outside", "sines", func(f *fixture) { f.d.RotateHalves(f.x, 2, f.half, f.end(4, 2)) }},
		{"rotate halves: table in the data", "overlaps", func(f *fixture) {
			f.d.RotateHalves(f.x, 2, Tensor{At: f.x.At, Rows: 4, Cols: 2, Stride: 2}, f.half)
		}},
	} {
		f := newFixture()
		before := f.memory()
		c.do(f)
		if err := f.d.Err(); !errors.Is(err, ErrArgument) || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: error %v, expected one about %q", c.name, err, c.want)
		}
		if !bytes.Equal(before, f.memory()) {
			t.Errorf("%s: memory was changed", c.name)
		}
	}
	f := newFixture()
	f.d.RMSNorm(f.x, f.x, f.gain, 1e-5)
	f.d.Gate(f.x, f.x, f.x, SiLU)
	f.d.RotateHalves(f.x, 2, f.half, f.half)
	few := strided(sized(f.z, 4, 4), 8)
	f.d.Attention(f.y, f.x, few, few, 2, 1, AttentionMask{Rel: f.rel, RelBase: 3})
	none := Tensor{At: f.x.At, Cols: 8, Stride: 8}
	f.d.RMSNorm(none, none, f.gain, 0)
	f.d.Gate(none, none, none, SiLU)
	if err := f.d.Err(); err != nil {
		t.Error(err)
	}
}
