package transformer

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/lodestone-wasm/lodestone/kernels"
	"github.com/lodestone-wasm/lodestone/weights/safetensors"
)

// under is a checkpoint under other names: names gives those of a tensor, several where
// copies are stored, none where it is left out.
func (k *checkpoint) under(names func(name string) []string) *checkpoint {
	y := &checkpoint{shapes: map[string][]int{}, values: map[string][]float32{}, dtypes: map[string]safetensors.DType{}}
	for _, from := range k.names {
		for _, to := range names(from) {
			y.names = append(y.names, to)
			y.shapes[to], y.values[to], y.dtypes[to] = k.shapes[from], k.values[from], k.dtypes[from]
		}
	}
	return y
}

// sines writes fairseq's into a table of positions.
func (k *checkpoint) sines(name string) {
	rows, d := k.shapes[name][0], k.shapes[name][1]
	for p := range rows {
		Sinusoid(k.values[name][p*d:(p+1)*d], int32(p))
	}
}

// A family is torchscale's model of some configuration, with its numbers under its own names.
func TestFamiliesOfFairseqEqualTheTorchscaleModelWithTheirNumbers(t *testing.T) {
	fairseq := func(extra string) string {
		return `{"model_type":"fairseq","arch":"transformer_wmt_en_de","vocab_size":29,"decoder_embed_dim":18,"decoder_layers":3,"decoder_attention_heads":3,
			"decoder_ffn_embed_dim":22,"encoder_embed_dim":18,"encoder_layers":2,"encoder_attention_heads":3,"encoder_ffn_embed_dim":20,
			"max_source_positions":16,"max_target_positions":16,"activation_fn":"gelu"` + extra + `}`
	}
	ffn := strings.NewReplacer(".ffn.fc", ".fc")
	positions := func(name string) bool { return strings.Contains(name, "embed_positions") }
	one := func(name string) []string { return []string{ffn.Replace(name)} }
	sinusoidal := func(name string) []string {
		if positions(name) {
			return nil
		}
		return one(name)
	}
	// One table for everything, stored three times, or where safetensors found it first.
	tables := func(copies ...string) func(name string) []string {
		return func(name string) []string {
			switch name {
			case "decoder.embed_tokens.weight":
				return copies
			case "encoder.embed_tokens.weight", "decoder.output_projection.weight":
				return nil
			}
			return sinusoidal(name)
		}
	}
	all := []string{"encoder.embed_tokens.weight", "decoder.embed_tokens.weight", "decoder.output_projection.weight"}
	kosmos := `"vocab_size":29,"embed_dim":18,"layers":3,"attention_heads":3,"ffn_dim":22,"max_position_embeddings":16,"activation_function":"gelu"`
	under := func(prefix, head string) func(name string) []string {
		return func(name string) []string {
			switch {
			case positions(name):
				return nil
			case name == "output_projection.weight":
				return []string{head}
			}
			return []string{prefix + name}
		}
	}
	roberta := func(norm string) func(name string) []string {
		return func(name string) []string {
			return []string{"encoder.sentence_encoder." + strings.Replace(ffn.Replace(name), "layernorm_embedding", norm, 1)}
		}
	}
	robertaText := strings.Replace(tinyConfig(`"arch":"roberta_base","max_positions":16`), `"torchscale"`, `"fairseq"`, 1)
	const pre, post = `"subln":false,"deepnorm":false,"encoder_normalize_before":true,"no_scale_embedding":false`, `"subln":false,"deepnorm":false,"encoder_normalize_before":false,"decoder_normalize_before":false,"no_scale_embedding":false`
	const sharing = `,"share_decoder_input_output_embed":true`
	for name, c := range map[string]struct {
		text, scale string
		names       func(name string) []string
		shared      bool
		junk        []string
	}{
		"pre-norm, one table in three copies": {text: fairseq(`,"encoder_normalize_before":true,"decoder_normalize_before":true,"share_all_embeddings":true`),
			scale: encoderDecoderConfig(pre + sharing), names: tables(all...), shared: true,
			junk: []string{"encoder.version", "encoder.embed_positions._float_tensor", "decoder.version", "decoder.embed_positions._float_tensor"}},
		"one table, under the encoder's name": {text: fairseq(`,"encoder_normalize_before":true,"decoder_normalize_before":true,"share_all_embeddings":true`),
			scale: encoderDecoderConfig(pre + sharing), names: tables(all[0]), shared: true},
		"one table, under the head's name": {text: fairseq(`,"encoder_normalize_before":true,"decoder_normalize_before":true,"share_all_embeddings":true`),
			scale: encoderDecoderConfig(pre + sharing), names: tables(all[2]), shared: true},
		"post-norm, tables of their own":           {text: fairseq(``), scale: encoderDecoderConfig(post), names: sinusoidal},
		"pre-norm encoder, post-norm decoder":      {text: fairseq(`,"encoder_normalize_before":true`), scale: encoderDecoderConfig(pre + `,"decoder_normalize_before":false`), names: sinusoidal},
		"the decoder's head is its table of words": {text: fairseq(sharing), scale: encoderDecoderConfig(post + sharing), names: sinusoidal},
		"learned positions, norm of embeddings, no scale": {
			text:  fairseq(`,"encoder_learned_pos":true,"decoder_learned_pos":true,"layernorm_embedding":true,"no_scale_embedding":true`),
			scale: encoderDecoderConfig(`"subln":false,"deepnorm":false,"encoder_normalize_before":false,"decoder_normalize_before":false,"layernorm_embedding":true`), names: one},
		"a language model": {text: strings.Replace(fairseq(`,"decoder_normalize_before":true,"share_decoder_input_output_embed":true`), "transformer_wmt_en_de", "transformer_lm_gpt", 1),
			scale: decoderConfig(`"subln":false,"no_scale_embedding":false` + sharing),
			names: func(name string) []string { return sinusoidal("decoder." + name) }},
		"roberta":                   {text: robertaText, scale: tinyConfig(`"subln":false,"deepnorm":false,"encoder_normalize_before":false,"layernorm_embedding":true`), names: roberta("layernorm_embedding")},
		"roberta of old":            {text: robertaText, scale: tinyConfig(`"subln":false,"deepnorm":false,"encoder_normalize_before":false,"layernorm_embedding":true`), names: roberta("emb_layer_norm"), junk: []string{"encoder.lm_head.weight", "classification_heads.sentence.dense.weight"}},
		"roberta, pre-norm":         {text: strings.Replace(robertaText, `"arch"`, `"encoder_normalize_before":true,"layernorm_embedding":false,"arch"`, 1), scale: tinyConfig(`"subln":false`), names: roberta("")},
		"Kosmos-2 of transformers":  {text: `{"model_type":"kosmos-2","latent_query_num":64,"text_config":{` + kosmos + `},"vision_config":{"hidden_size":8}}`, scale: decoderConfig(`"no_scale_embedding":false` + sharing), names: under("text_model.model.", "text_model.lm_head.weight"), junk: []string{"vision_model.model.embeddings.class_embedding", "image_to_text_projection.latent_query", "text_model.model.embed_positions.weights"}},
		"Kosmos-2 of fairseq":       {text: `{"model_type":"kosmos_2_text_model",` + kosmos + `}`, scale: decoderConfig(`"no_scale_embedding":false` + sharing), names: under("gpt_model.decoder.", "gpt_model.decoder.output_projection.weight"), junk: []string{"gpt_model.decoder.self_attn_sope.scale", "gpt_model.decoder.embed_positions._float_tensor", "img_model.visual.conv1.weight", "img_connector.latent_query"}},
		"Kosmos-2, head of its own": {text: `{"model_type":"kosmos-2","tie_word_embeddings":false,"text_config":{` + kosmos + `}}`, scale: decoderConfig(`"no_scale_embedding":false`), names: under("text_model.model.", "text_model.lm_head.weight")},
	} {
		t.Run(name, func(t *testing.T) {
			config, scaleConfig := parse(t, c.text), parse(t, c.scale)
			numbers := tiny(scaleConfig)
			if c.shared {
				numbers.values["encoder.embed_tokens.weight"] = numbers.values["decoder.embed_tokens.weight"]
			}
			if scaleConfig.TiedHead {
				for _, head := range []string{"output_projection.weight", "decoder.output_projection.weight"} {
					if numbers.values[head] != nil {
						numbers.values[head] = numbers.values[strings.Replace(head, "output_projection", "embed_tokens", 1)]
					}
				}
			}
			for _, table := range numbers.names {
				if positions(table) && !config.LearnedPositions {
					numbers.sines(table)
				}
			}
			own := numbers.under(c.names)
			for _, name := range c.junk {
				own.add(name, 3)
			}
			run := func(c *Config, k *checkpoint) []float32 {
				dev := newDevice()
				m, err := Load(dev, c, []Stream{stream(dev, k.encode(t))}, LoadOptions{Head: c.Causal})
				if err != nil {
					t.Fatal(err)
				}
				if strings.Contains(c.Family, "shared") && m.tokens.At != m.Encoder.tokens.At {
					t.Error("two tables of tokens in memory")
				}
				b := sourced(t, m, Batch{IDs: slices.Concat(first, second), Lengths: []int{6, 3}}, 5, 2)
				if !c.Causal {
					return states(t, m, b)
				}
				return logits(t, m, b)
			}
			if d := far(run(config, own), run(scaleConfig, numbers)); d > 1e-5 {
				t.Errorf("differs by %g", d)
			}
		})
	}
}

// What quantising adds to a copy that is left out is left out with it, and to a tensor
// that nobody knows is as unknown as that.
func TestScalesOfACopyAreLeftOutWithIt(t *testing.T) {
	c := parse(t, m2mText)
	for name, want := range map[string]error{"model.encoder.embed_tokens": nil, "lm_head": nil, "model.encoder.odd": ErrUnexpectedTensor} {
		hf, _ := m2mCheckpoint(c, true)
		if want != nil {
			hf.add(name+".weight", c.VocabSize, c.HiddenSize)
		}
		hf.dtypes[name+".weight"] = safetensors.I8
		hf.add(name+".weight_scale", c.VocabSize, 1)
		dev := newDevice()
		if _, err := Load(dev, c, []Stream{stream(dev, hf.encode(t))}, LoadOptions{Head: true}); !errors.Is(err, want) {
			t.Errorf("%s: error %v, expected %v", name, err, want)
		}
	}
}

// Positions of fairseq's families count the tokens that are kept, so padding on the left
// changes nothing.
func TestPaddingOnTheLeftOfFairseqsFamilies(t *testing.T) {
	text := strings.Replace(tinyConfig(`"arch":"roberta_base","max_positions":16`), `"torchscale"`, `"fairseq"`, 1)
	c := parse(t, text)
	m := build(t, kernels.NewReference(0), c, LoadOptions{})
	x, release, err := m.ForwardPadded([]int32{1, 1, 7, 9, 4}, []int32{0, 0, 1, 1, 1}, 1, 5, nil)
	if err != nil {
		t.Fatal(err)
	}
	got := make([]float32, 3*m.Dim())
	m.dev.Get(got, x.Slice(2, 5))
	release()
	if d := far(got, states(t, m, Batch{IDs: []int32{7, 9, 4}, Lengths: []int{3}})); d > 1e-6 {
		t.Errorf("differs by %g", d)
	}
}

func TestFamiliesOfFairseqRefuseWhatTheyCannotDo(t *testing.T) {
	text := func(extra string) string {
		return `{"arch":"transformer","vocab_size":29,"decoder_embed_dim":18,"decoder_layers":1,"decoder_attention_heads":3,"decoder_ffn_embed_dim":22,
			"encoder_embed_dim":18,"encoder_layers":1,"encoder_attention_heads":3,"encoder_ffn_embed_dim":20` + extra + `}`
	}
	if c := parse(t, text(`,"tgt_vocab_size":31,"src_vocab_size":30`)); c.VocabSize != 31 || c.Encoder.VocabSize != 30 {
		t.Errorf("vocabularies of %d and %d, expected 30 and 31", c.Encoder.VocabSize, c.VocabSize)
	}
	for text, want := range map[string]error{
		text(`,"adaptive_softmax_cutoff":"10000,20000"`):                                       ErrUnsupported,
		text(`,"adaptive_input":true`):                                                         ErrUnsupported,
		text(`,"no_cross_attention":true`):                                                     ErrUnsupported,
		text(`,"cross_self_attention":true`):                                                   ErrUnsupported,
		text(`,"decoder_output_dim":16`):                                                       ErrUnsupported,
		text(`,"moe_freq":2`):                                                                  ErrUnsupported,
		text(`,"encoder_layers_to_keep":"0,2"`):                                                ErrUnsupported,
		strings.Replace(text(``), `"transformer"`, `"lightconv"`, 1):                           ErrUnsupported,
		strings.Replace(text(``), `"vocab_size":29,`, ``, 1):                                   ErrConfig,
		strings.Replace(text(``), `"encoder_embed_dim":18`, `"encoder_embed_dim":21`, 1):       ErrConfig,
		strings.Replace(text(``), `"transformer"`, `"roberta","encoder_learned_pos":false`, 1): ErrUnsupported,
		`{"model_type":"kosmos-2"}`:                                                            ErrConfig,
		`{"model_type":"kosmos-2","text_config":{"add_cross_attention":true}}`:                 ErrUnsupported,
		`{"model_type":"beit3","multiway":false}`:                                              ErrUnsupported,
	} {
		if _, err := ParseConfig([]byte(text)); !errors.Is(err, want) {
			t.Errorf("%s: error %v, expected %v", text, err, want)
		}
	}
}
