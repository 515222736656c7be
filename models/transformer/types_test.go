package transformer

import (
	"errors"
	"slices"
	"testing"

	"github.com/lodestone-wasm/lodestone/kernels"
)

const typedBERT = `{"model_type":"bert","vocab_size":29,"hidden_size":18,"num_hidden_layers":2,"num_attention_heads":3,"intermediate_size":22,
	"max_position_embeddings":16,"type_vocab_size":2}`

// typed loads a random BERT; swapped exchanges the two rows of its table of types.
func typed(t *testing.T, swapped bool) *Model {
	t.Helper()
	c := parse(t, typedBERT)
	k := tiny(c)
	if rows := k.values["embeddings.token_type_embeddings.weight"]; swapped {
		d := c.HiddenSize
		k.values["embeddings.token_type_embeddings.weight"] = slices.Concat(rows[d:], rows[:d])
	}
	dev := kernels.NewDevice(kernels.NewReference(0))
	m, err := Load(dev, c, []Stream{stream(dev, k.encode(t))}, LoadOptions{})
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func TestTokensHaveTheTypesThatABatchGivesThem(t *testing.T) {
	m, other := typed(t, false), typed(t, true)
	ids := []int32{3, 4, 5, 6, 7}
	plain := states(t, m, Batch{IDs: ids, Lengths: []int{5}})
	mixed := states(t, m, Batch{IDs: ids, Lengths: []int{5}, Types: []int32{0, 0, 0, 1, 1}})
	if d := far(plain, mixed); d < 1e-3 {
		t.Errorf("types change the states by %g", d)
	}
	if d := far(plain, states(t, other, Batch{IDs: ids, Lengths: []int{5}, Types: []int32{1, 1, 1, 1, 1}})); d != 0 {
		t.Errorf("type 1 of the swapped table differs from type 0 by %g", d)
	}
	if d := far(mixed, states(t, other, Batch{IDs: ids, Lengths: []int{5}, Types: []int32{1, 1, 1, 0, 0}})); d != 0 {
		t.Errorf("mixed types of the swapped table differ by %g", d)
	}
}

func TestPaddedTokensKeepTheirTypes(t *testing.T) {
	m := typed(t, false)
	want := states(t, m, Batch{IDs: []int32{3, 4, 5}, Lengths: []int{3}, Types: []int32{0, 1, 1}})
	x, release, err := m.RunPadded(Padded{IDs: []int32{3, 4, 5, 0, 6, 7, 8, 9}, Mask: []int32{1, 1, 1, 0, 1, 1, 1, 1},
		Types: []int32{0, 1, 1, 0, 0, 0, 1, 1}, Rows: 2, Cols: 4})
	if err != nil {
		t.Fatal(err)
	}
	defer release()
	got := make([]float32, 3*m.Dim())
	m.Device().Get(got, x.Slice(0, 3))
	if d := far(got, want); d > 1e-5 {
		t.Errorf("differs by %g", d)
	}
}

func TestTypesThatTheModelDoesNotHaveAreRefused(t *testing.T) {
	m, without := typed(t, false), load(t, "")
	for name, c := range map[string]struct {
		m *Model
		b Batch
	}{
		"too large": {m, Batch{IDs: []int32{3}, Lengths: []int{1}, Types: []int32{2}}},
		"negative":  {m, Batch{IDs: []int32{3}, Lengths: []int{1}, Types: []int32{-1}}},
		"too few":   {m, Batch{IDs: []int32{3, 4}, Lengths: []int{2}, Types: []int32{0}}},
		"no types":  {without, Batch{IDs: []int32{3}, Lengths: []int{1}, Types: []int32{0}}},
	} {
		if _, err := c.m.Forward(c.b); !errors.Is(err, ErrInput) {
			t.Errorf("%s: error %v, expected %v", name, err, ErrInput)
		}
	}
	if _, _, err := m.RunPadded(Padded{IDs: []int32{3}, Rows: 1, Cols: 1, Types: []int32{0, 0}}); !errors.Is(err, ErrInput) {
		t.Errorf("padded: error %v, expected %v", err, ErrInput)
	}
}
