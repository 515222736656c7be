package transformer

import (
	"slices"
	"testing"

	"github.com/lodestone-wasm/lodestone/kernels"
)

// everyKind is a configuration of each kind of stack.
func everyKind() map[string]string {
	all := map[string]string{"multiway": tinyConfig(multiway)}
	for name, extra := range variants {
		all["encoder "+name] = tinyConfig(extra)
	}
	for name, extra := range map[string]string{"top 1": experts, "top 2, X-MoE": `"moe_freq":1,"moe_expert_count":4,"use_xmoe":true`,
		"capacity": experts + `,"moe_eval_capacity_token_fraction":0.25`, "one expert": `"moe_freq":2,"moe_expert_count":1`} {
		all["encoder "+name] = tinyConfig(extra)
	}
	for name, text := range decoders {
		all["decoder "+name] = text
	}
	return all
}

// A row of nothing but padding has no key to attend to: torchscale gives NaN there.
func TestARowOfPaddingIsFiniteAndChangesNobody(t *testing.T) {
	for name, config := range everyKind() {
		c := parse(t, config)
		if c.Causal {
			continue
		}
		t.Run(name, func(t *testing.T) {
			if c.MoE != nil {
				c.MoE.Capacity.Kind = 0
			}
			m := build(t, kernels.NewReference(0), c, LoadOptions{})
			got := states(t, m, Batch{IDs: slices.Concat(second, []int32{1, 1, 1}), Lengths: []int{3, 3}, Keep: []byte{1, 1, 1, 0, 0, 0}})
			for i, v := range got {
				if v-v != 0 {
					t.Fatalf("number %d is %v", i, v)
				}
			}
			if d := far(got[:3*m.Dim()], states(t, m, Batch{IDs: second, Lengths: []int{3}})); d > 1e-5 {
				t.Errorf("the other row differs by %g", d)
			}
		})
	}
}

func TestALengthOfOneAndTheGreatestLength(t *testing.T) {
	for name, config := range everyKind() {
		t.Run(name, func(t *testing.T) {
			m := build(t, kernels.NewReference(0), parse(t, config), LoadOptions{})
			for _, n := range []int{1, max(m.Config.MaxPositions, 14)} {
				got := states(t, m, sourced(t, m, Batch{IDs: make([]int32, n), Lengths: []int{n}}, 1))
				if len(got) != n*m.Dim() {
					t.Errorf("%d numbers for a length of %d", len(got), n)
				}
				for i, v := range got {
					if v-v != 0 {
						t.Fatalf("length %d: number %d is %v", n, i, v)
					}
				}
			}
		})
	}
}

// The SIMD module takes the same paths as the reference, in every architecture.
func TestBackendsAgreeOnEveryArchitecture(t *testing.T) {
	backends := both(t)
	for name, config := range everyKind() {
		t.Run(name, func(t *testing.T) {
			var first []float32
			for _, b := range backends {
				m := build(t, b, parse(t, config), LoadOptions{})
				got := states(t, m, sourced(t, m, Batch{IDs: slices.Concat(second, third), Lengths: []int{3, 1}}, 2, 3))
				if first == nil {
					first = got
				} else if d := far(got, first); d > 2e-5 {
					t.Errorf("%s differs from %s by %g", b.Name(), backends[0].Name(), d)
				}
			}
		})
	}
}

func FuzzParseConfig(f *testing.F) {
	for _, config := range everyKind() {
		f.Add([]byte(config))
	}
	f.Add([]byte(`{"model_type":"bert","vocab_size":9,"hidden_size":4,"num_hidden_layers":1,"num_attention_heads":2,"intermediate_size":4,"max_position_embeddings":8}`))
	f.Add([]byte(llamaText(`,"rope_scaling":{"rope_type":"llama3","factor":8.0,"original_max_position_embeddings":64}`)))
	f.Add([]byte(`{"model_type":"kosmos-2","text_config":{"vocab_size":29,"embed_dim":18,"layers":3,"attention_heads":3,"ffn_dim":22}}`))
	f.Add([]byte(`{"arch":"roberta_base","vocab_size":29,"encoder_embed_dim":18,"encoder_layers":3,"encoder_attention_heads":3,"encoder_ffn_embed_dim":22}`))
	f.Add([]byte(`{"model_type":"beit3","encoder_embed_dim":18,"encoder_layers":3,"encoder_attention_heads":3,"encoder_ffn_embed_dim":22}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		c, err := ParseConfig(text)
		if (c == nil) == (err == nil) && err == nil {
			t.Fatal("neither a configuration nor an error")
		}
		if err == nil && (c.VocabSize < 1 || c.queries() < c.keyValues() || c.queries() > 4*maxHidden || c.NumLayers > maxLayers) {
			t.Fatalf("accepted %+v", c)
		}
	})
}
