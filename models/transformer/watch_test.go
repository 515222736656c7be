package transformer

import (
	"errors"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/lodestone-wasm/lodestone/kernels"
	"github.com/lodestone-wasm/lodestone/models/routing"
)

// A padded batch is watched in its own places: each row of it sees what the row alone
// does, and padding is zeros.
func TestWatchingAPaddedBatchShowsEachRowInItsPlaces(t *testing.T) {
	m := load(t, `"moe_freq":2,"moe_expert_count":5,"moe_top1_expert":false`)
	ids := []int32{3, 7, 11, 5, 0, 0, 9, 2, 4, 8}
	mask := []int32{1, 1, 1, 1, 0, 0, 1, 1, 1, 1} // the second row is padded on the left
	w := &Watch{Attention: true, Routing: true}
	_, release, err := m.RunPadded(Padded{IDs: ids, Mask: mask, Rows: 2, Cols: 5, Watch: w})
	if err != nil {
		t.Fatal(err)
	}
	release()
	heads := m.Config.NumHeads
	if len(w.Attentions) != 2 || len(w.Attentions[0]) != 2*heads*25 || len(w.Routings) != 1 || w.Routings[0].Layer != 1 {
		t.Fatalf("%d maps of %d, %d routings", len(w.Attentions), len(w.Attentions[0]), len(w.Routings))
	}
	for row := range 2 {
		var kept, columns []int32
		for j := range 5 {
			if mask[5*row+j] == 1 {
				kept, columns = append(kept, ids[5*row+j]), append(columns, int32(j))
			}
		}
		mark := m.Device().Mark()
		_, err := m.Forward(Batch{IDs: kept, Lengths: []int{len(kept)}, Columns: columns,
			Attention: func(a AttentionMap) {
				for h := range heads {
					for q := range 5 {
						for k := range 5 {
							got, want := w.Attentions[a.Layer][((row*heads+h)*5+q)*5+k], float32(0)
							if i, j := slices.Index(columns, int32(q)), slices.Index(columns, int32(k)); i >= 0 && j >= 0 {
								want = a.P[(h*a.Queries+i)*a.Keys+j]
							}
							if math.Abs(float64(got-want)) > 1e-6 {
								t.Errorf("layer %d, row %d, head %d: %d looks at %d by %v, expected %v", a.Layer, row, h, q, k, got, want)
							}
						}
					}
				}
			},
			Routing: func(layer int, d *routing.Decision) {
				r := w.Routings[0]
				for j := range 5 {
					at := slices.Index(columns, int32(j))
					for k := range 2 {
						want := int32(-1)
						if at >= 0 {
							want = d.Expert[2*at+k]
						}
						if got := r.Expert[(5*row+j)*2+k]; got != want || (at >= 0) != r.Kept[(5*row+j)*2+k] {
							t.Errorf("row %d, token %d: expert %d, expected %d", row, j, got, want)
						}
					}
				}
			}})
		if err != nil {
			t.Fatal(err)
		}
		m.Device().Release(mark)
	}
	r, load := w.Routings[0], 0
	for _, n := range r.Load {
		load += n
	}
	if load != 8 || r.Dropped != 0 || !(r.Entropy >= 0 && r.Entropy <= math.Log(5)) {
		t.Errorf("load %v, %d dropped, entropy %v", r.Load, r.Dropped, r.Entropy)
	}
}

// The numbers of experts are the checkpoint's, whoever takes part.
func TestRoutingNamesExpertsByTheirNumberInTheCheckpoint(t *testing.T) {
	m := load(t, `"moe_freq":2,"moe_expert_count":5,"moe_top1_expert":true`)
	if err := m.Experts(1).SetAlive([]int{2, 4}); err != nil {
		t.Fatal(err)
	}
	w := &Watch{Routing: true}
	_, release, err := m.RunPadded(Padded{IDs: []int32{3, 7, 11, 5, 9, 2, 4, 8}, Rows: 1, Cols: 8, Watch: w})
	if err != nil {
		t.Fatal(err)
	}
	release()
	r := w.Routings[0]
	for i, e := range r.Expert {
		gates := r.Gates[5*i : 5*i+5]
		if e != 2 && e != 4 || gates[0] != 0 || gates[e] < 0.5 || math.Abs(float64(gates[2]+gates[4]-1)) > 1e-6 {
			t.Errorf("token %d went to %d of gates %v", i, e, gates)
		}
	}
	if r.Load[2]+r.Load[4] != 8 {
		t.Errorf("load %v", r.Load)
	}
}

func TestTooManyMapsAreRefused(t *testing.T) {
	m := load(t, ``)
	n := 3400 // 2 layers of 3 heads
	_, _, err := m.RunPadded(Padded{IDs: make([]int32, n), Rows: 1, Cols: n, Watch: &Watch{Attention: true}})
	if !errors.Is(err, ErrInput) || !strings.Contains(err.Error(), "are shown") {
		t.Errorf("error %v, expected %v", err, ErrInput)
	}
}

// A causal token sees nothing of what follows, and the encoder of an encoder–decoder is
// watched by itself.
func TestMapsOfDecodersAndOfEncodersBesideThem(t *testing.T) {
	for name, m := range map[string]*Model{
		"a decoder":                         build(t, kernels.NewReference(0), parse(t, decoderConfig("")), LoadOptions{}),
		"the encoder of an encoder–decoder": build(t, kernels.NewReference(0), parse(t, encoderDecoderConfig("")), LoadOptions{}).Encoder,
	} {
		w := &Watch{Attention: true, Routing: true}
		_, release, err := m.RunPadded(Padded{IDs: []int32{3, 7, 11, 5}, Rows: 1, Cols: 4, Watch: w})
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		release()
		if len(w.Attentions) != m.Config.NumLayers || len(w.Routings) != 0 {
			t.Fatalf("%s: %d maps", name, len(w.Attentions))
		}
		later := float32(0)
		for i, x := range w.Attentions[0] {
			if q, k := i/4%4, i%4; k > q {
				later += x
			}
		}
		if (later == 0) != m.Config.Causal {
			t.Errorf("%s: %v of the attention goes to what follows", name, later)
		}
	}
}
