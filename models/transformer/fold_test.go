package transformer

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/lodestone-wasm/lodestone/kernels"
)

// foldable is everyKind, and the families whose checkpoints are stored in ways of their own.
func foldable(t *testing.T) map[string]func() (*Config, *checkpoint) {
	t.Helper()
	all := map[string]func() (*Config, *checkpoint){}
	for name, text := range everyKind() {
		all[name] = func() (*Config, *checkpoint) {
			c := parse(t, text)
			return c, tiny(c)
		}
	}
	all["GPT-2"] = func() (*Config, *checkpoint) {
		c := parse(t, gpt2Text)
		scale := parse(t, strings.Replace(decoderConfig(`"subln":false,"position_offset":0`), `ffn_embed_dim":22`, `ffn_embed_dim":72`, 1))
		return c, gpt2Checkpoint(c, tiny(scale))
	}
	return all
}

// What is folded changes where a number is multiplied and nothing else.
func TestAFoldedModelIsTheSameModel(t *testing.T) {
	worst, folded := 0.0, 0
	backends := both(t)
	for name, make := range foldable(t) {
		t.Run(name, func(t *testing.T) {
			for _, b := range backends {
				c, k := make()
				run := func(o LoadOptions) (*Model, []float32) {
					dev := kernels.NewDevice(b)
					m, err := Load(dev, c, []Stream{stream(dev, k.encode(t))}, o)
					if err != nil {
						t.Fatal(err)
					}
					return m, states(t, m, sourced(t, m, Batch{IDs: slices.Concat(first, second), Lengths: []int{6, 3}}, 5, 2))
				}
				_, want := run(LoadOptions{})
				m, got := run(LoadOptions{Fold: true})
				d := far(got, want)
				if worst = max(worst, d); d > 2e-5 {
					t.Errorf("%s: differs by %g", b.Name(), d)
				}
				if n := m.ones(); n > 0 || m.layers[0].alpha != c.Alpha {
					folded++
				} else if c.Norm != PostLN {
					t.Errorf("%s: a %s model, and nothing was folded", b.Name(), c.Norm)
				}
			}
		})
	}
	t.Logf("largest difference %.2g, %d models folded", worst, folded)
	if folded < 30 {
		t.Errorf("%d models were folded: the test says nothing", folded)
	}
}

// ones is the number of the layers' norms that have no affine left.
func (m *Model) ones() (n int) {
	plain := func(z norm) {
		if z.weight.Len == 0 {
			return
		}
		w := make([]float32, z.weight.Len)
		m.dev.Read(z.weight.At, floatBytes(w))
		if slices.Max(w) == 1 && slices.Min(w) == 1 {
			n++
		}
	}
	for _, y := range m.layers {
		for _, z := range y.branches {
			plain(z.attnNorm)
			plain(z.inner)
			plain(z.ffnNorm)
			plain(z.ffn.inner)
		}
		if y.cross != nil {
			plain(y.cross.norm)
		}
	}
	return n
}

// Every norm of a Sub-LN layer is folded, in whatever order the file has its tensors.
func TestTheOrderOfAFileDoesNotMatterToFolding(t *testing.T) {
	c := parse(t, tinyConfig(""))
	var want []float32
	for seed := range uint64(4) {
		k := tiny(c)
		rand.New(rand.NewPCG(seed, 1)).Shuffle(len(k.names), func(i, j int) { k.names[i], k.names[j] = k.names[j], k.names[i] })
		dev := newDevice()
		m, err := Load(dev, c, []Stream{stream(dev, k.encode(t))}, LoadOptions{Fold: true})
		if err != nil {
			t.Fatal(err)
		}
		if n := m.ones(); n != 4*c.NumLayers {
			t.Errorf("%d norms folded, expected %d", n, 4*c.NumLayers)
		}
		got := states(t, m, Batch{IDs: first, Lengths: []int{6}})
		if want == nil {
			want = got
		} else if far(got, want) != 0 {
			t.Error("another order, another result")
		}
	}
}

// Rows wait for their norm where they will be packed, so folding needs a window more
// than loading, and not another model.
func TestFoldingTakesNoMemoryOfItsOwn(t *testing.T) {
	text := `{"model_type":"torchscale","vocab_size":40,"encoder_embed_dim":256,"encoder_layers":4,"encoder_attention_heads":4,
		"encoder_ffn_embed_dim":1024,"max_source_positions":16,"activation_fn":"gelu"}`
	c := parse(t, text)
	data := tiny(c).encode(t)
	var used, peak [2]uint64
	for i, fold := range []bool{false, true} {
		dev := newDevice()
		m, err := Load(dev, c, []Stream{stream(dev, data)}, LoadOptions{Fold: fold})
		if err != nil {
			t.Fatal(err)
		}
		used[i], peak[i] = m.WeightBytes(), dev.Peak()
	}
	const window = windowElements*4 + kernels.Alignment
	if used[0] != used[1] || peak[1] > peak[0]+window || peak[1] > used[1]+2*window {
		t.Errorf("weights of %d bytes, folded %d; peak %d, folding %d", used[0], used[1], peak[0], peak[1])
	}
}

func TestOnlyFloatsAreFolded(t *testing.T) {
	for _, dtype := range []string{"q8", "q4"} {
		c := parse(t, tinyConfig(""))
		dev := newDevice()
		if _, err := Load(dev, c, []Stream{stream(dev, tiny(c).encode(t))}, LoadOptions{Fold: true, DType: dtype}); !errors.Is(err, ErrUnsupported) {
			t.Errorf("%s: error %v, expected %v", dtype, err, ErrUnsupported)
		}
		if dev.Used() != newDevice().Used() {
			t.Errorf("%s: %d bytes are kept", dtype, dev.Used())
		}
	}
}

func BenchmarkFold(b *testing.B) {
	text := `{"model_type":"torchscale","vocab_size":64,"encoder_embed_dim":384,"encoder_layers":6,"encoder_attention_heads":6,
		"encoder_ffn_embed_dim":1536,"max_source_positions":128,"activation_fn":"gelu"}`
	c, err := ParseConfig([]byte(text))
	if err != nil {
		b.Fatal(err)
	}
	for _, fold := range []bool{false, true} {
		b.Run(fmt.Sprintf("fold=%t", fold), func(b *testing.B) {
			dev := kernels.NewDevice(both(b)[1])
			m, err := Load(dev, c, []Stream{stream(dev, tiny(c).encode(b))}, LoadOptions{Fold: fold})
			if err != nil {
				b.Fatal(err)
			}
			ids := make([]int32, 64)
			for b.Loop() {
				mark := dev.Mark()
				if _, err := m.Forward(Batch{IDs: ids, Lengths: []int{64}}); err != nil {
					b.Fatal(err)
				}
				dev.Release(mark)
			}
		})
	}
}
