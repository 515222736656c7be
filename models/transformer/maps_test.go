package transformer

import (
	"math"
	"slices"
	"testing"

	"github.com/lodestone-wasm/lodestone/kernels"
)

func TestMapsOfEveryArchitectureAreShares(t *testing.T) {
	for name, config := range everyKind() {
		t.Run(name, func(t *testing.T) {
			m := build(t, kernels.NewReference(0), parse(t, config), LoadOptions{})
			b := sourced(t, m, Batch{IDs: slices.Concat(first, second), Lengths: []int{6, 3}}, 2, 5)
			want := states(t, m, b)
			var maps []AttentionMap
			b.Attention = func(a AttentionMap) { maps = append(maps, a) }
			if d := far(states(t, m, b), want); d != 0 {
				t.Errorf("looking changes the result by %g", d)
			}
			kinds := 1
			if m.Config.CrossAttention {
				kinds = 2
			}
			if len(maps) != kinds*2*m.Config.NumLayers {
				t.Fatalf("%d maps of %d layers and two sequences", len(maps), m.Config.NumLayers)
			}
			for _, a := range maps {
				keys := []int{6, 3}[a.Sequence]
				if a.Cross {
					keys = []int{2, 5}[a.Sequence]
				}
				if a.Queries != []int{6, 3}[a.Sequence] || a.Keys != keys || len(a.P) != a.Heads*a.Queries*a.Keys {
					t.Fatalf("a map of %d×%d×%d, %d numbers", a.Heads, a.Queries, a.Keys, len(a.P))
				}
				for i := range a.Heads * a.Queries {
					sum := 0.0
					for j, p := range a.P[i*a.Keys : (i+1)*a.Keys] {
						sum += float64(p)
						if m.Config.Causal && !a.Cross && j > i%a.Queries && p != 0 {
							t.Errorf("layer %d: query %d sees key %d", a.Layer, i%a.Queries, j)
						}
					}
					if math.Abs(sum-1) > 1e-5 {
						t.Errorf("layer %d: shares add up to %v", a.Layer, sum)
					}
				}
			}
		})
	}
}

// The map times the values, both read back, is what the kernel computed.
func TestAMapTimesTheValuesIsTheResultOfTheKernel(t *testing.T) {
	for _, name := range []string{"relative positions", "xpos", "Sub-LN"} {
		m := load(t, variants[name])
		var p AttentionMap
		b := Batch{IDs: first, Lengths: []int{6}, Keep: []byte{1, 1, 0, 1, 1, 1}, Mask: make([]float32, 36), Attention: func(a AttentionMap) {
			if a.Layer == 0 {
				p = a
			}
		}}
		b.Mask[1], b.Mask[8] = -1e8, 0.7
		if _, err := m.check(&b); err != nil {
			t.Fatal(err)
		}
		r := &run{Model: m, batch: &b, longest: 6, segments: m.segments(&b)}
		x := r.embed()
		r.masks()
		r.buffers(6)
		r.norms(&m.layers[0], r.h, x, attnNorm)
		r.selfAttention(0, r.h)
		_, v := r.sequence(0, 0, 0, 6)
		values, got := make([]float32, 6*18), make([]float32, 6*18)
		m.dev.Get(values, v)
		m.dev.Get(got, r.att)
		want := make([]float32, 6*18)
		for i := range 6 {
			for c := range 18 {
				for j := range 6 {
					want[i*18+c] += p.P[(c/6*6+i)*6+j] * values[j*18+c]
				}
			}
		}
		if d := far(got, want); d > 1e-5 {
			t.Errorf("%s: differs by %g", name, d)
		}
	}
}
