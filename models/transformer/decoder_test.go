package transformer

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/lodestone-wasm/lodestone/kernels"
	"github.com/lodestone-wasm/lodestone/weights/safetensors"
)

// decoderConfig is a torchscale decoder; encoderDecoderConfig has an encoder too.
func decoderConfig(extra string) string {
	if extra != "" {
		extra = "," + extra
	}
	return `{"model_type":"torchscale","vocab_size":29,"decoder_embed_dim":18,"decoder_layers":3,"decoder_attention_heads":3,
		"decoder_ffn_embed_dim":22,"max_target_positions":16,"activation_fn":"gelu"` + extra + `}`
}

func encoderDecoderConfig(extra string) string {
	return strings.TrimSuffix(decoderConfig(extra), "}") + `,"encoder_embed_dim":18,"encoder_layers":2,"encoder_attention_heads":3,
		"encoder_ffn_embed_dim":20,"max_source_positions":16}`
}

// decoders are configurations that take different paths through a decoder. The
// capacity of experts is unlimited: with one, a token's result depends on the batch.
var decoders = map[string]string{
	"Sub-LN":             decoderConfig(``),
	"Pre-LN":             decoderConfig(`"subln":false`),
	"Post-LN":            decoderConfig(`"subln":false,"deepnorm":false,"decoder_normalize_before":false`),
	"DeepNorm":           decoderConfig(`"deepnorm":true,"decoder_normalize_before":false`),
	"DeepNorm, Pre-LN":   decoderConfig(`"deepnorm":true`),
	"relative positions": decoderConfig(`"rel_pos_buckets":8,"max_rel_pos":12,"positions":false`),
	"xpos":               decoderConfig(`"xpos_rel_pos":true,"positions":false`),
	"experts":            decoderConfig(`"moe_freq":2,"moe_expert_count":5`),
	"X-MoE":              decoderConfig(`"moe_freq":1,"moe_expert_count":3,"use_xmoe":true,"moe_top1_expert":true`),
	"encoder–decoder":    encoderDecoderConfig(``),
	"enc–dec, DeepNorm":  encoderDecoderConfig(`"deepnorm":true,"decoder_normalize_before":false`),
	"Kosmos-2":           `{"model_type":"kosmos_2_text_model","vocab_size":29,"embed_dim":18,"layers":3,"attention_heads":3,"ffn_dim":22,"max_position_embeddings":16}`,
	"Llama":              llamaText(``),
	"Llama, one head":    with(llamaText(``), `,"num_key_value_heads":1,"tie_word_embeddings":true,"rope_scaling":{"type":"linear","factor":2.0}`),
	"enc–dec, relative":  encoderDecoderConfig(`"rel_pos_buckets":8,"max_rel_pos":12`),
}

// sourced adds the states of an encoder to a batch, if the model has one.
func sourced(t *testing.T, m *Model, b Batch, lengths ...int) Batch {
	t.Helper()
	if m.Encoder == nil {
		return b
	}
	ids := slices.Concat(first, second, third, first)
	total := 0
	for _, n := range lengths {
		total += n
	}
	x, err := m.Encoder.Forward(Batch{IDs: ids[:total], Lengths: lengths})
	if err != nil {
		t.Fatal(err)
	}
	b.Source, b.SourceLengths = x, lengths
	return b
}

// logits runs a batch to its logits.
func logits(t *testing.T, m *Model, b Batch) []float32 {
	t.Helper()
	mark := m.dev.Mark()
	defer m.dev.Release(mark)
	x, err := m.Forward(b)
	if err != nil {
		t.Fatal(err)
	}
	if x, err = m.Logits(x); err != nil {
		t.Fatal(err)
	}
	y := make([]float32, x.Rows*x.Cols)
	m.dev.Get(y, x)
	return y
}

func TestTokensOneAtATimeEqualTheWholeSequence(t *testing.T) {
	sequences := [][]int32{{0, 7, 11, 5, 9, 2}, {0, 4, 2, 8, 8, 8}, {3, 3, 1, 6, 20, 28}}
	sources := []int{4, 1, 5}
	for name, config := range decoders {
		for _, prompts := range [][]int{{1, 1, 1}, {3, 1, 5}} {
			t.Run(fmt.Sprint(name, prompts), func(t *testing.T) {
				m := build(t, kernels.NewReference(0), parse(t, config), LoadOptions{Head: true})
				whole := logits(t, m, sourced(t, m, Batch{IDs: slices.Concat(sequences...), Lengths: []int{6, 6, 6}}, sources...))
				v := m.Config.VocabSize

				from := sourced(t, m, Batch{}, sources...)
				cache, err := m.NewCache(CacheOptions{Sequences: 3, Capacity: 16, Source: from.Source, SourceLengths: from.SourceLengths})
				if err != nil {
					t.Fatal(err)
				}
				lengths := prompts
				for cache.Len(0) < 6 && cache.Len(1) < 6 && cache.Len(2) < 6 {
					b := Batch{Cache: cache, Lengths: lengths}
					var want []float32
					for s, n := range lengths {
						at := cache.Len(s)
						b.IDs = append(b.IDs, sequences[s][at:at+n]...)
						want = append(want, whole[(s*6+at)*v:(s*6+at+n)*v]...)
					}
					if d := far(logits(t, m, b), want); d > 1e-5 {
						t.Fatalf("after %d, %d and %d tokens, the next differ by %g", cache.Len(0), cache.Len(1), cache.Len(2), d)
					}
					lengths = []int{1, 1, 1}
				}
			})
		}
	}
}

func TestASequenceOfADecodersBatchEqualsItAlone(t *testing.T) {
	sources := []int{2, 5, 3}
	for name, config := range decoders {
		t.Run(name, func(t *testing.T) {
			m := build(t, kernels.NewReference(0), parse(t, config), LoadOptions{Head: true})
			together := logits(t, m, sourced(t, m, Batch{IDs: slices.Concat(first, second, third), Lengths: []int{6, 3, 1}}, sources...))
			var alone []float32
			all := sourced(t, m, Batch{}, sources...)
			at := 0
			for i, ids := range [][]int32{first, second, third} {
				b := Batch{IDs: ids, Lengths: []int{len(ids)}}
				if m.Encoder != nil {
					b.Source, b.SourceLengths = all.Source.Slice(at, at+sources[i]), sources[i:i+1]
					at += sources[i]
				}
				alone = append(alone, logits(t, m, b)...)
			}
			if d := far(together, alone); d > 1e-5 {
				t.Errorf("differs by %g", d)
			}
		})
	}
}

func TestALaterTokenChangesNothingBefore(t *testing.T) {
	for name, config := range decoders {
		t.Run(name, func(t *testing.T) {
			m := build(t, kernels.NewReference(0), parse(t, config), LoadOptions{Head: true})
			a := logits(t, m, sourced(t, m, Batch{IDs: []int32{0, 7, 11, 5}, Lengths: []int{4}}, 3))
			b := logits(t, m, sourced(t, m, Batch{IDs: []int32{0, 7, 11, 6}, Lengths: []int{4}}, 3))
			v := m.Config.VocabSize
			if d := far(a[:3*v], b[:3*v]); d != 0 {
				t.Errorf("the first three tokens differ by %g", d)
			}
			if far(a[3*v:], b[3*v:]) == 0 {
				t.Error("the last token makes no difference to itself")
			}
		})
	}
}

func TestSelectedRowsOfADecoderEqualThoseOfTheWhole(t *testing.T) {
	for name, config := range decoders {
		t.Run(name, func(t *testing.T) {
			m := build(t, kernels.NewReference(0), parse(t, config), LoadOptions{Head: true})
			b := sourced(t, m, Batch{IDs: slices.Concat(first, second), Lengths: []int{6, 3}}, 2, 4)
			all, v := logits(t, m, b), m.Config.VocabSize
			b.Select = []int32{2, 5, 8}
			want := slices.Concat(all[2*v:3*v], all[5*v:6*v], all[8*v:9*v])
			if d := far(logits(t, m, b), want); d > 1e-5 {
				t.Errorf("differs by %g", d)
			}
		})
	}
}

func TestBeamsAreExchangedAndCutBack(t *testing.T) {
	for _, config := range []string{decoders["xpos"], decoders["enc–dec, relative"]} {
		m := build(t, kernels.NewReference(0), parse(t, config), LoadOptions{Head: true})
		o := CacheOptions{Sequences: 3, Capacity: 8}
		from := sourced(t, m, Batch{}, 4)
		if m.Encoder != nil {
			o.Source, o.SourceLengths, o.SourceOf = from.Source, from.SourceLengths, []int{0, 0, 0}
		}
		cache, err := m.NewCache(o)
		if err != nil {
			t.Fatal(err)
		}
		logits(t, m, Batch{Cache: cache, IDs: []int32{5, 6, 7, 8, 9, 10}, Lengths: []int{2, 2, 2}})
		if err := cache.Reorder([]int{2, 0, 0}); err != nil {
			t.Fatal(err)
		}
		cache.Truncate(2, 1)
		got := logits(t, m, Batch{Cache: cache, IDs: []int32{3, 3, 3}, Lengths: []int{1, 1, 1}})
		v := m.Config.VocabSize
		for s, ids := range [][]int32{{9, 10, 3}, {5, 6, 3}, {5, 3}} {
			b := Batch{IDs: ids, Lengths: []int{len(ids)}}
			if m.Encoder != nil {
				b.Source, b.SourceLengths = from.Source, from.SourceLengths
			}
			want := logits(t, m, b)
			if d := far(got[s*v:(s+1)*v], want[len(want)-v:]); d > 1e-5 {
				t.Errorf("sequence %d differs from %v by %g", s, ids, d)
			}
		}
	}
}

func TestATiedHeadIsTheTableOfTokens(t *testing.T) {
	for _, dtype := range []string{"f32", "q8"} {
		c := parse(t, decoderConfig(`"share_decoder_input_output_embed":true`))
		k := tiny(c)
		copy(k.values["output_projection.weight"], k.values["embed_tokens.weight"])
		run := func() []float32 {
			dev := newDevice()
			m, err := Load(dev, c, []Stream{stream(dev, k.encode(t))}, LoadOptions{Head: true, DType: dtype})
			if err != nil {
				t.Fatal(err)
			}
			return logits(t, m, Batch{IDs: first, Lengths: []int{6}})
		}
		stored := run()
		k.drop("output_projection.weight")
		if d := far(run(), stored); d != 0 {
			t.Errorf("%s: differs by %g", dtype, d)
		}
	}
}

// share_all_embeddings: one table for encoder, decoder and output, stored three times or once.
func TestADecoderStoredWithoutATableHasItsEncoders(t *testing.T) {
	for _, dtype := range []string{"f32", "q8"} {
		c := parse(t, encoderDecoderConfig(`"share_all_embeddings":true`))
		k := tiny(c)
		table := k.values["encoder.embed_tokens.weight"]
		for _, name := range []string{"decoder.embed_tokens.weight", "decoder.output_projection.weight"} {
			if len(table) == 0 || copy(k.values[name], table) != len(table) {
				t.Fatalf("%s has %d numbers, the encoder's table %d", name, len(k.values[name]), len(table))
			}
		}
		run := func() ([]float32, error) {
			dev := newDevice()
			m, err := Load(dev, c, []Stream{stream(dev, k.encode(t))}, LoadOptions{Head: true, DType: dtype})
			if err != nil {
				return nil, err
			}
			return logits(t, m, sourced(t, m, Batch{IDs: first, Lengths: []int{6}}, 4)), nil
		}
		stored, err := run()
		if err != nil {
			t.Fatal(err)
		}
		k.drop("decoder.output_projection.weight")
		k.drop("decoder.embed_tokens.weight")
		once, err := run()
		if err != nil {
			t.Fatal(err)
		}
		if d := far(once, stored); d != 0 {
			t.Errorf("%s: differs by %g", dtype, d)
		}
		c = parse(t, encoderDecoderConfig(``))
		if _, err := run(); !errors.Is(err, ErrMissingTensor) {
			t.Errorf("%s: a table that is missing and not shared: %v", dtype, err)
		}
	}
}

func TestWhatADecoderCannotDoIsRefused(t *testing.T) {
	m := build(t, kernels.NewReference(0), parse(t, decoders["Sub-LN"]), LoadOptions{})
	other := build(t, kernels.NewReference(0), parse(t, decoders["Sub-LN"]), LoadOptions{})
	both := build(t, kernels.NewReference(0), parse(t, decoders["encoder–decoder"]), LoadOptions{})
	encoder := load(t, "")
	cache := func(m *Model, o CacheOptions) (*Cache, error) { return m.NewCache(o) }
	small, err := cache(m, CacheOptions{Sequences: 1, Capacity: 4})
	if err != nil {
		t.Fatal(err)
	}
	refused := func(m *Model, o CacheOptions) error {
		_, err := m.NewCache(o)
		return err
	}
	forward := func(m *Model, b Batch) error {
		_, err := m.Forward(b)
		return err
	}
	used := m.dev.Used()
	for _, c := range []struct {
		name  string
		err   error
		want  error
		names string
	}{
		{"a cache for an encoder", refused(encoder, CacheOptions{Sequences: 1, Capacity: 4}), ErrUnsupported, "no decoder"},
		{"a cache beyond the positions", refused(m, CacheOptions{Sequences: 1, Capacity: 17}), ErrTooLong, "16 positions"},
		{"a cache of nothing", refused(m, CacheOptions{}), ErrTooLong, "0 sequences"},
		{"a cache without its source", refused(both, CacheOptions{Sequences: 1, Capacity: 4}), ErrInput, "source"},
		{"beams of a source that is not there", refused(both, CacheOptions{Sequences: 1, Capacity: 4, SourceOf: []int{0}}), ErrInput, "source 0 of 0"},
		{"a cache of another model", forward(other, Batch{Cache: small, IDs: []int32{1}, Lengths: []int{1}}), ErrInput, "another model"},
		{"more than the cache holds", forward(m, Batch{Cache: small, IDs: []int32{1, 2, 3, 4, 5}, Lengths: []int{5}}), ErrTooLong, "holds 4"},
		{"other sequences than the cache's", forward(m, Batch{Cache: small, IDs: []int32{1, 2}, Lengths: []int{1, 1}}), ErrInput, "2 sequences"},
		{"cross-attention without a source", forward(both, Batch{IDs: []int32{1}, Lengths: []int{1}}), ErrInput, "source"},
		{"a source that nobody reads", forward(m, Batch{IDs: []int32{1}, Lengths: []int{1}, SourceLengths: []int{0}}), ErrInput, "without cross-attention"},
		{"an image for a decoder", forward(m, Batch{IDs: []int32{1}, Lengths: []int{1}, Images: []int{1}}), ErrInput, "images"},
		{"a span beyond the end", forward(m, Batch{IDs: []int32{1}, Lengths: []int{1}, Spans: []Span{{At: 1, X: kernels.Tensor{Rows: 1, Cols: 18}}}}), ErrInput, "span"},
		{"a new order of other sequences", small.Reorder([]int{1}), ErrInput, "sequence 1"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if !errors.Is(c.err, c.want) || !strings.Contains(c.err.Error(), c.names) {
				t.Errorf("error %v, expected %v naming %q", c.err, c.want, c.names)
			}
		})
	}
	if m.dev.Used() != used || small.Len(0) != 0 {
		t.Errorf("%d bytes in use and %d tokens cached after refusals, %d and 0 before", m.dev.Used(), small.Len(0), used)
	}
}

func TestADecodersCheckpointMustFitItsNorms(t *testing.T) {
	for _, c := range []struct{ name, config, drop, add string }{
		{"Pre-LN without its last norm", decoders["Pre-LN"], "layer_norm.weight", ""},
		{"DeepNorm with a last norm", decoders["DeepNorm"], "", "layer_norm.weight"},
		{"no cross-attention", decoders["encoder–decoder"], "decoder.layers.0.encoder_attn.k_proj.weight", ""},
		{"no encoder", decoders["encoder–decoder"], "encoder.embed_tokens.weight", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			conf := parse(t, c.config)
			k := tiny(conf)
			want := ErrMissingTensor
			if k.drop(c.drop); c.add != "" {
				k.add(c.add, 18)
				want = ErrUnexpectedTensor
			}
			dev := newDevice()
			if _, err := Load(dev, conf, []Stream{stream(dev, k.encode(t))}, LoadOptions{}); !errors.Is(err, want) {
				t.Errorf("error %v, expected %v", err, want)
			}
		})
	}
	// A shard that names a tensor twice stays refused with two stacks.
	conf := parse(t, decoders["encoder–decoder"])
	dev := newDevice()
	file := tiny(conf).encode(t)
	if _, err := Load(dev, conf, []Stream{stream(dev, file), stream(dev, file)}, LoadOptions{}); !errors.Is(err, safetensors.ErrDuplicateTensor) {
		t.Errorf("error %v, expected %v", err, safetensors.ErrDuplicateTensor)
	}
}
