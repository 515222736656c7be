//go:build !js

package kformer_test

import (
	"errors"
	"fmt"
	"math"
	"os"
	"reflect"
	"slices"
	"testing"

	"github.com/lodestone-wasm/lodestone/kernels"
	"github.com/lodestone-wasm/lodestone/models/kformer"
	"github.com/lodestone-wasm/lodestone/models/transformer"
)

// open loads the model of the golden vectors: knowledge in layers 2 and 3 of 4.
func open() (*transformer.Model, *kformer.Reader, error) {
	dev := kernels.NewDevice(kernels.NewReference(0))
	s, closer, err := transformer.OpenFile(dev, "../golden/testdata/kformer/weights.safetensors")
	if err != nil {
		return nil, nil, err
	}
	defer closer.Close()
	m, err := transformer.Load(dev, kformer.Config(31, 16, 4, 4, 24, 20, 1, 2, 4, 5), []transformer.Stream{s}, transformer.LoadOptions{})
	if err != nil {
		return nil, nil, err
	}
	r, err := kformer.NewReader(m)
	return m, r, err
}

func must(t *testing.T) (*transformer.Model, *kformer.Reader) {
	t.Helper()
	m, r, err := open()
	if err != nil {
		t.Fatal(err)
	}
	return m, r
}

var (
	question = []int32{0, 5, 7, 9, 2, 11, 12, 2}
	notes    = [][]int32{{4, 5, 6}, {7, 8}, {}, {14, 15, 16}, {17, 18}, {19, 20, 21}}
)

func read(t *testing.T, m *transformer.Model, r *kformer.Reader, k ...*kformer.Knowledge) ([]float32, [][]int) {
	t.Helper()
	b := transformer.Batch{}
	for range k {
		b.IDs = append(b.IDs, question...)
		b.Lengths = append(b.Lengths, len(question))
	}
	d := m.Device()
	defer d.Release(d.Mark())
	x, chosen, err := r.Forward(b, k, nil)
	if err != nil {
		t.Fatal(err)
	}
	y := make([]float32, x.Rows*x.Cols)
	d.Get(y, x)
	return y, chosen
}

func TestKnowledgeCanBeSwappedBetweenCalls(t *testing.T) {
	m, r := must(t)
	learn := func(items [][]int32) *kformer.Knowledge {
		k, err := r.Knowledge(items)
		if err != nil {
			t.Fatal(err)
		}
		return k
	}
	mine, other, none := learn(notes), learn([][]int32{{25}, {26, 27}}), learn(nil)
	plain, _ := read(t, m, r, nil)
	first, chosen := read(t, m, r, mine)
	if len(chosen[0]) != 5 || slices.Contains(chosen[0], 2) {
		t.Errorf("chose %v of six notes: five, without the empty one", chosen[0])
	}
	second, chosen := read(t, m, r, other)
	if len(chosen[0]) != 2 {
		t.Errorf("chose %v of two notes", chosen[0])
	}
	if slices.Equal(first, second) || slices.Equal(first, plain) {
		t.Error("knowledge makes no difference")
	}
	if empty, chosen := read(t, m, r, none); len(chosen[0]) != 0 || !slices.Equal(empty, plain) {
		t.Errorf("knowledge of nothing chose %v and differs from none", chosen[0])
	}
	// Each sequence of a batch has its own.
	together, _ := read(t, m, r, mine, nil, other)
	n := len(plain)
	for i, want := range [][]float32{first, plain, second} {
		for j, x := range want {
			if math.Abs(float64(x-together[i*n+j])) > 1e-5 {
				t.Fatalf("sequence %d of the batch differs from itself alone", i)
			}
		}
	}
}

func TestEqualScoresChooseTheLowerNumber(t *testing.T) {
	_, r := must(t)
	inf := float32(math.Inf(-1))
	if got := r.Choose([]float32{1, 3, 3, inf, 1, 1, 1, 2}); !slices.Equal(got, []int{1, 2, 7, 0, 4}) {
		t.Errorf("chose %v", got)
	}
}

func TestWhatAReaderCannotDoIsRefused(t *testing.T) {
	m, r := must(t)
	if _, err := r.Knowledge([][]int32{{4}, {31}}); !errors.Is(err, transformer.ErrInput) {
		t.Errorf("an id beyond the vocabulary: %v", err)
	}
	if _, _, err := r.Forward(transformer.Batch{IDs: question, Lengths: []int{8}}, nil, nil); !errors.Is(err, transformer.ErrInput) {
		t.Errorf("knowledge for nobody: %v", err)
	}
	used := m.Device().Used()
	k, _ := r.Knowledge(notes)
	if _, _, err := r.Forward(transformer.Batch{IDs: question, Lengths: []int{9}}, []*kformer.Knowledge{k}, nil); !errors.Is(err, transformer.ErrInput) {
		t.Errorf("a length beyond the tokens: %v", err)
	}
	if m.Device().Used() != used {
		t.Errorf("%d bytes in use after a refusal, %d before", m.Device().Used(), used)
	}
	plain := *m.Config
	plain.KnowledgeLayers = [2]int{0, 0}
	if _, err := kformer.NewReader(&transformer.Model{Config: &plain}); !errors.Is(err, kformer.ErrModel) {
		t.Errorf("a model without knowledge: %v", err)
	}
}

// A question is read with five of six notes.
func ExampleReader() {
	if _, err := os.Stat("../golden/testdata/kformer"); err != nil {
		fmt.Println(err)
		return
	}
	m, r, err := open()
	if err != nil {
		fmt.Println(err)
		return
	}
	notes, err := r.Knowledge([][]int32{{4, 5, 6}, {7, 8}, {9, 10, 11, 12}, {13}, {14, 15, 16}, {17, 18}})
	if err != nil {
		fmt.Println(err)
		return
	}
	d := m.Device()
	mark := d.Mark()
	x, chosen, err := r.Forward(transformer.Batch{IDs: []int32{0, 5, 7, 9, 2}, Lengths: []int{5}}, []*kformer.Knowledge{notes}, nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(x.Rows, "states of width", x.Cols, "with", len(chosen[0]), "notes")
	d.Release(mark)
	// Output: 5 states of width 16 with 5 notes
}

func TestAFolderSaysThatItIsAKformer(t *testing.T) {
	c, err := transformer.ParseConfig([]byte(`{"model_type":"kformer","vocab_size":31,"hidden_size":16,"num_hidden_layers":4,"num_attention_heads":4,"intermediate_size":24,
		"max_position_embeddings":22,"pad_token_id":1,"layer_norm_eps":1e-5,"hidden_act":"gelu","knowledge_layer":[2,4]}`))
	if err != nil {
		t.Fatal(err)
	}
	if want := kformer.Config(31, 16, 4, 4, 24, 20, 1, 2, 4, 5); !reflect.DeepEqual(c, want) {
		t.Errorf("%+v, expected %+v", c, want)
	}
	for _, layers := range []string{`[2]`, `[3,2]`, `[0,5]`, `"all"`, `[0.5,1]`} {
		text := `{"model_type":"kformer","vocab_size":31,"hidden_size":16,"num_hidden_layers":4,"num_attention_heads":4,"intermediate_size":24,"max_position_embeddings":22,"pad_token_id":1,"knowledge_layer":` + layers + `}`
		if _, err := transformer.ParseConfig([]byte(text)); !errors.Is(err, transformer.ErrConfig) {
			t.Errorf("knowledge_layer %s: %v", layers, err)
		}
	}
}

func TestPaddingChangesNothing(t *testing.T) {
	m, r := must(t)
	k, err := r.Knowledge(notes)
	if err != nil {
		t.Fatal(err)
	}
	run := func(p transformer.Padded) ([]float32, [][]int) {
		t.Helper()
		used := m.Device().Used()
		x, release, chosen, err := r.RunPadded(p, k)
		if err != nil {
			t.Fatal(err)
		}
		v := make([]float32, x.Rows*x.Cols)
		m.Device().Get(v, x)
		release()
		if m.Device().Used() != used {
			t.Errorf("%d bytes in use, %d before", m.Device().Used(), used)
		}
		return v, chosen
	}
	want, chose := run(transformer.Padded{IDs: question[:5], Rows: 1, Cols: 5})
	got, chosen := run(transformer.Padded{IDs: append(append([]int32{1, 1, 1, 1, 1, 1, 1}, question[:5]...), 1, 1), Mask: []int32{0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 0, 0}, Rows: 2, Cols: 7})
	if len(chosen[0]) != 0 || !slices.Equal(chosen[1], chose[0]) {
		t.Errorf("chose %v, without padding %v", chosen, chose)
	}
	for i, x := range got {
		expected := float32(0)
		if j := i - 7*16; j >= 0 && j < len(want) {
			expected = want[j]
		}
		if math.Abs(float64(x-expected)) > 1e-5 {
			t.Fatalf("number %d is %v, expected %v", i, x, expected)
		}
	}
	if _, _, _, err := r.RunPadded(transformer.Padded{IDs: question, Rows: 2, Cols: 5}, k); !errors.Is(err, transformer.ErrInput) {
		t.Errorf("8 ids for 2×5: %v", err)
	}
}
