//go:build !js

package metalm_test

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"testing"

	"github.com/lodestone-wasm/lodestone/kernels"
	"github.com/lodestone-wasm/lodestone/models/metalm"
	"github.com/lodestone-wasm/lodestone/models/transformer"
)

// open loads the model of the golden vectors with one of its connectors: an encoder of
// width 12 into a decoder of width 16.
func open(kind metalm.Kind) (*metalm.Model, error) {
	dev := kernels.NewDevice(kernels.NewReference(0))
	s, closer, err := transformer.OpenFile(dev, "../golden/testdata/metalm_semicausal/weights.safetensors")
	if err != nil {
		return nil, err
	}
	defer closer.Close()
	c := &metalm.Connector{Kind: kind, From: 12, To: 16, Heads: 4, Latents: 3}
	o := transformer.LoadOptions{Head: true}
	for k, prefix := range []string{"connector.simple.", "connector.complex.", "connector.x."} {
		if metalm.Kind(k) == kind {
			o.Extra = append(o.Extra, c.Extra(prefix)...)
			continue
		}
		// The other connectors of the file have to be named, too.
		other := &metalm.Connector{Kind: metalm.Kind(k), From: 12, To: 16, Heads: 4, Latents: 3}
		o.Extra = append(o.Extra, other.Extra(prefix)...)
	}
	m, err := transformer.Load(dev, config(), []transformer.Stream{s}, o)
	if err != nil {
		return nil, err
	}
	return metalm.New(m, c)
}

func config() *transformer.Config {
	alpha := float32(math.Sqrt2)
	enc := &transformer.Config{Family: "torchscale", VocabSize: 33, HiddenSize: 12, NumLayers: 2, NumHeads: 4, IntermediateSize: 20,
		LearnedPositions: true, PositionOffset: 2, MaxPositions: 38, Norm: transformer.DeepNorm, Alpha: alpha, Eps: 1e-5,
		Activation: kernels.GELU, EmbedScale: 1, RelBuckets: 8, RelMaxDistance: 12}
	return &transformer.Config{Family: "torchscale decoder", Causal: true, Encoder: enc, VocabSize: 33, HiddenSize: 16, NumLayers: 2,
		NumHeads: 4, IntermediateSize: 24, Sinusoidal: true, PositionOffset: 2, Norm: transformer.DeepNorm, Alpha: alpha, Eps: 1e-5,
		Activation: kernels.GELU, EmbedScale: 4, HasHead: true, TiedHead: true}
}

func must(t *testing.T, kind metalm.Kind) *metalm.Model {
	t.Helper()
	m, err := open(kind)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func states(t *testing.T, m *metalm.Model, in metalm.Input, b transformer.Batch) []float32 {
	t.Helper()
	d := m.Decoder.Device()
	defer d.Release(d.Mark())
	x, err := m.Forward(in, b)
	if err != nil {
		t.Fatal(err)
	}
	y := make([]float32, x.Rows*x.Cols)
	d.Get(y, x)
	return y
}

func tokens(ids ...int32) metalm.Piece { return metalm.Piece{IDs: ids} }
func span(ids ...int32) metalm.Piece   { return metalm.Piece{IDs: ids, Span: true} }

func TestSpansMayLieAnywhere(t *testing.T) {
	for _, kind := range []metalm.Kind{metalm.Simple, metalm.Complex, metalm.Resample} {
		m := must(t, kind)
		for _, c := range []struct {
			name    string
			in      metalm.Input
			n       int // positions with a connector that keeps the length
			latents int // positions with three for each span
		}{
			{"none", metalm.Input{tokens(0, 5, 6)}, 3, 3},
			{"at the start", metalm.Input{span(5, 6), tokens(2)}, 3, 4},
			{"at the end", metalm.Input{tokens(0, 4), span(5, 6)}, 4, 5},
			{"adjacent", metalm.Input{tokens(0), span(5, 6), span(7), tokens(2)}, 5, 8},
			{"nothing else", metalm.Input{span(9)}, 1, 3},
			{"empty", metalm.Input{tokens(0), span(), tokens(1)}, 2, 2},
		} {
			want := c.n
			if kind == metalm.Resample {
				want = c.latents
			}
			got := states(t, m, c.in, transformer.Batch{})
			if len(got) != want*16 {
				t.Errorf("kind %d, %s: %d states, expected %d", kind, c.name, len(got)/16, want)
			}
			for _, v := range got {
				if v != v {
					t.Fatalf("kind %d, %s: not a number", kind, c.name)
				}
			}
		}
	}
}

// Spans are read by the encoder in both directions, but each for itself: what lies
// behind a span's first token changes it, what lies in another span does not.
func TestASpanSeesItselfAndNothingElse(t *testing.T) {
	m := must(t, metalm.Simple)
	in := metalm.Input{tokens(0, 4), span(5, 6, 7), tokens(8), span(9, 10)}
	a := states(t, m, in, transformer.Batch{})
	in[3] = span(9, 11)
	b := states(t, m, in, transformer.Batch{})
	if !slices.Equal(a[:6*16], b[:6*16]) {
		t.Error("a later span changes what lies before it")
	}
	if slices.Equal(a[6*16:7*16], b[6*16:7*16]) {
		t.Error("a span's first token does not see its second: the encoder is causal")
	}
}

// The rest of an input follows a cached beginning.
func TestAnInputContinuesACache(t *testing.T) {
	m := must(t, metalm.Simple)
	in := metalm.Input{tokens(0, 4), span(5, 6, 7), tokens(8, 9, 10)}
	whole := states(t, m, in, transformer.Batch{})
	cache, err := m.Decoder.NewCache(transformer.CacheOptions{Sequences: 1, Capacity: 8})
	if err != nil {
		t.Fatal(err)
	}
	in[2] = tokens(8)
	states(t, m, in, transformer.Batch{Cache: cache})
	rest := states(t, m, metalm.Input{tokens(9, 10)}, transformer.Batch{Cache: cache})
	for i, v := range rest {
		if math.Abs(float64(v-whole[6*16+i])) > 1e-5 {
			t.Fatalf("number %d is %v, in one pass %v", i, v, whole[6*16+i])
		}
	}
}

func TestTheLossLeavesSpansOut(t *testing.T) {
	for _, c := range []struct {
		name  string
		n     int
		spans [][2]int
		want  []bool
	}{
		{"none", 3, nil, []bool{true, true, false}},
		{"at the start: no token before it", 4, [][2]int{{0, 2}}, []bool{false, true, true, false}},
		{"at the end", 4, [][2]int{{2, 4}}, []bool{true, false, false, false}},
		{"adjacent", 5, [][2]int{{1, 2}, {2, 4}}, []bool{false, false, false, true, false}},
	} {
		if got := metalm.LossMask(c.n, c.spans); !slices.Equal(got, c.want) {
			t.Errorf("%s: %v, expected %v", c.name, got, c.want)
		}
	}
}

func TestAConnectorThatDoesNotFitIsRefused(t *testing.T) {
	m := must(t, metalm.Simple)
	for _, c := range []*metalm.Connector{{Kind: 3, From: 12, To: 16}, {From: 12}, {Kind: metalm.Resample, From: 12, To: 16, Heads: 3, Latents: 2}, {From: 16, To: 16}} {
		if _, err := metalm.New(m.Decoder, c); !errors.Is(err, metalm.ErrConnector) {
			t.Errorf("%+v: error %v, expected %v", c, err, metalm.ErrConnector)
		}
	}
	if _, err := m.Forward(nil, transformer.Batch{}); !errors.Is(err, transformer.ErrInput) {
		t.Errorf("an empty input: %v", err)
	}
	fresh := &metalm.Connector{From: 12, To: 16}
	if _, err := fresh.Apply(m.Decoder.Device(), kernels.Tensor{Rows: 1, Cols: 12, Stride: 12}); !errors.Is(err, metalm.ErrConnector) {
		t.Errorf("a connector that was not loaded: %v", err)
	}
}

// A few-shot input: what is read in both directions is a span, labels are tokens.
func ExampleModel() {
	m, err := open(metalm.Simple)
	if err != nil {
		fmt.Println(err)
		return
	}
	in := metalm.Input{
		{IDs: []int32{5, 6, 7}, Span: true}, {IDs: []int32{20}}, // a demonstration and its label
		{IDs: []int32{8, 9}, Span: true}, // the question
	}
	d := m.Decoder.Device()
	mark := d.Mark()
	x, err := m.Forward(in, transformer.Batch{Select: []int32{5}})
	if err != nil {
		fmt.Println(err)
		return
	}
	y, err := m.Decoder.Logits(x)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(y.Rows, "row of", y.Cols, "logits for the next token")
	d.Release(mark)
	// Output: 1 row of 33 logits for the next token
}
