package transformer

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/lodestone-wasm/lodestone/kernels"
	"github.com/lodestone-wasm/lodestone/models/routing"
)

// withoutCapacity is everyKind but for experts that fill up: there a token's result
// depends on the others by design.
func withoutCapacity(t *testing.T) map[string]*Config {
	all := map[string]*Config{}
	for name, text := range everyKind() {
		if c := parse(t, text); c.MoE == nil || c.MoE.Capacity.Kind == routing.Unlimited {
			all[name] = c
		}
	}
	return all
}

// A row of one token beside one of the greatest length, before it and behind it.
func TestRowsOfVeryDifferentLengthsEqualThemselvesAlone(t *testing.T) {
	sources := []int{16, 1, 3, 1, 7}
	backends := both(t)
	for name, c := range withoutCapacity(t) {
		t.Run(name, func(t *testing.T) {
			longest := c.MaxPositions
			if longest == 0 {
				longest = 16
			}
			lengths := []int{1, longest, 2, 9, 1}
			for _, b := range backends {
				m := build(t, b, c, LoadOptions{})
				ids := make([]int32, longest+13)
				for i := range ids {
					ids[i] = int32(i * i % 29)
				}
				encoder := Batch{}
				if m.Encoder != nil {
					x, err := m.Encoder.Forward(Batch{IDs: slices.Clone(ids[:28]), Lengths: sources})
					if err != nil {
						t.Fatal(err)
					}
					encoder.Source, encoder.SourceLengths = x, sources
				}
				together := states(t, m, Batch{IDs: ids, Lengths: lengths, Source: encoder.Source, SourceLengths: encoder.SourceLengths})
				row, source := 0, 0
				for i, n := range lengths {
					one := Batch{IDs: ids[row : row+n], Lengths: []int{n}}
					if m.Encoder != nil {
						one.Source, one.SourceLengths = encoder.Source.Slice(source, source+sources[i]), sources[i:i+1]
						source += sources[i]
					}
					alone, at := states(t, m, one), row*m.Dim()
					if d := far(together[at:at+n*m.Dim()], alone); d > 1e-5 {
						t.Errorf("%s: row %d of %d tokens differs by %g", b.Name(), i, n, d)
					}
					row += n
				}
			}
		})
	}
}

// One token more than there are positions is refused, wherever it stands, and the model
// goes on.
func TestATokenTooManyIsRefusedByEveryArchitecture(t *testing.T) {
	for name, text := range everyKind() {
		c := parse(t, text)
		if c.MaxPositions == 0 {
			continue // positions that are relative have no end
		}
		t.Run(name, func(t *testing.T) {
			m := build(t, kernels.NewReference(0), c, LoadOptions{})
			n := c.MaxPositions + 1
			for _, lengths := range [][]int{{n}, {1, n}, {n, 2}} {
				total := 0
				for _, l := range lengths {
					total += l
				}
				b := sourced(t, m, Batch{IDs: make([]int32, total), Lengths: lengths}, slices.Repeat([]int{1}, len(lengths))...)
				if _, err := m.Forward(b); !errors.Is(err, ErrTooLong) {
					t.Errorf("lengths %v: error %v, expected %v", lengths, err, ErrTooLong)
				}
			}
			if c.Causal {
				if _, err := m.NewCache(CacheOptions{Sequences: 1, Capacity: n}); !errors.Is(err, ErrTooLong) {
					t.Errorf("a cache of %d: error %v, expected %v", n, err, ErrTooLong)
				}
			}
			states(t, m, sourced(t, m, Batch{IDs: first, Lengths: []int{6}}, 2))
		})
	}
}

// Two experts with the same row in the router score alike for every token: it goes to the
// lower one, and the other is never computed.
func TestATieInAModelsRouterGoesToTheLowerExpert(t *testing.T) {
	for _, extra := range []string{experts, `"moe_freq":1,"moe_expert_count":4,"use_xmoe":true,"moe_top1_expert":true`} {
		c := parse(t, tinyConfig(extra))
		k := tiny(c)
		for name, v := range k.values {
			if strings.HasSuffix(name, "gate.wg.weight") || strings.HasSuffix(name, "gate.wg") {
				width := k.shapes[name][1]
				copy(v[3*width:], v[:width])
				copy(v[2*width:3*width], v[:width])
				copy(v[width:2*width], v[:width])
			}
		}
		for _, b := range both(t) {
			dev := kernels.NewDevice(b)
			m, err := Load(dev, c, []Stream{stream(dev, k.encode(t))}, LoadOptions{})
			if err != nil {
				t.Fatal(err)
			}
			_, d := routed(t, m, Batch{IDs: first, Lengths: []int{6}})
			for i, e := range d.Expert {
				if e != 0 {
					t.Errorf("%s: token %d went to expert %d of four that score alike", b.Name(), i, e)
				}
			}
		}
	}
}

// Numbers that wrap, or that no memory holds, are refused before anything is handed out.
func TestHyperparametersBeyondReasonAreRefused(t *testing.T) {
	llama := func(extra string) string { return with(llamaText(``), extra) }
	for name, text := range map[string]string{
		"heads times their width":    llama(`,"num_attention_heads":65536,"num_key_value_heads":65536,"head_dim":65536`),
		"heads that wrap 32 bits":    llama(`,"num_attention_heads":65536,"num_key_value_heads":1,"head_dim":65535`),
		"a head wider than any":      llama(`,"head_dim":4294967304`),
		"a negative head":            llama(`,"head_dim":-8`),
		"no head of keys":            llama(`,"num_key_value_heads":0`),
		"layers by the million":      strings.Replace(llamaText(``), `"num_hidden_layers":3`, `"num_hidden_layers":1000000`, 1),
		"positions that wrap":        strings.Replace(llamaText(``), `"max_position_embeddings":16`, `"max_position_embeddings":9007199254740991`, 1),
		"a fraction of a head":       llama(`,"num_key_value_heads":1.5`),
		"an offset beyond the table": tinyConfig(`"position_offset":1e15`),
		"buckets by the billion":     tinyConfig(`"rel_pos_buckets":4294967296,"max_rel_pos":8`),
		"an alpha that is not":       tinyConfig(`"deepnorm":true,"alpha":0`),
		"a negative alpha":           tinyConfig(`"deepnorm":true,"alpha":-1.5`),
		"an epsilon above one":       tinyConfig(`"layernorm_eps":2`),
		"a theta of zero":            llama(`,"rope_theta":0`),
		"a factor beyond reason":     llama(`,"rope_scaling":{"type":"linear","factor":1e300}`),
	} {
		if _, err := ParseConfig([]byte(text)); !errors.Is(err, ErrConfig) {
			t.Errorf("%s: error %v, expected %v", name, err, ErrConfig)
		}
	}
	// The largest that are taken ask for more than a file of a few bytes has.
	c := parse(t, `{"model_type":"llama","vocab_size":4194304,"hidden_size":65536,"num_hidden_layers":4096,"num_attention_heads":2048,"intermediate_size":262144,"max_position_embeddings":1048576}`)
	small := parse(t, llamaText(``))
	for _, dtype := range []string{"f32", "q8", "q4"} {
		dev := newDevice()
		_, err := Load(dev, c, []Stream{stream(dev, llamaCheckpoint(small, "model.").encode(t))}, LoadOptions{DType: dtype, Head: true})
		if !errors.Is(err, ErrShape) || dev.Used() != newDevice().Used() {
			t.Errorf("%s: error %v, expected %v; %d bytes kept", dtype, err, ErrShape, dev.Used())
		}
	}
}
