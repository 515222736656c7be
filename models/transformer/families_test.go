package transformer

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/lodestone-wasm/lodestone/kernels"
	"github.com/lodestone-wasm/lodestone/weights/safetensors"
)

// renamed makes a checkpoint with other names: table maps parts of a name to others, in
// order; a name that becomes "" is left out.
func (k *checkpoint) renamed(table ...string) *checkpoint {
	r := strings.NewReplacer(table...)
	y := &checkpoint{shapes: map[string][]int{}, values: map[string][]float32{}, dtypes: map[string]safetensors.DType{}}
	for _, n := range k.names {
		to := r.Replace(n)
		if strings.Contains(to, "!") {
			continue
		}
		y.names = append(y.names, to)
		y.shapes[to], y.values[to], y.dtypes[to] = k.shapes[n], k.values[n], k.dtypes[n]
	}
	return y
}

// distilNames are those of transformers' DistilBertModel beside BertModel's.
var distilNames = []string{
	"encoder.layer.", "distilbert.transformer.layer.", "attention.self.query", "attention.q_lin", "attention.self.key", "attention.k_lin",
	"attention.self.value", "attention.v_lin", "attention.output.dense", "attention.out_lin", "attention.output.LayerNorm", "sa_layer_norm",
	"intermediate.dense", "ffn.lin1", "output.dense", "ffn.lin2", "output.LayerNorm", "output_layer_norm",
	"embeddings.token_type", "!", "embeddings.word_", "distilbert.embeddings.word_", "embeddings.position_", "distilbert.embeddings.position_",
	"embeddings.LayerNorm", "distilbert.embeddings.LayerNorm",
}

const bertText = `{"model_type":"bert","vocab_size":29,"hidden_size":12,"num_hidden_layers":2,"num_attention_heads":3,"intermediate_size":20,"max_position_embeddings":16,"type_vocab_size":1}`

// A DistilBERT is a BERT without token types.
func TestDistilBERTEqualsTheBERTWithItsNumbers(t *testing.T) {
	bert := parse(t, bertText)
	k := tiny(bert)
	types := k.values["embeddings.token_type_embeddings.weight"]
	clear(types)
	load := func(c *Config, k *checkpoint) []float32 {
		dev := newDevice()
		m, err := Load(dev, c, []Stream{stream(dev, k.encode(t))}, LoadOptions{})
		if err != nil {
			t.Fatal(err)
		}
		return states(t, m, Batch{IDs: first, Lengths: []int{6}})
	}
	distil := parse(t, `{"model_type":"distilbert","vocab_size":29,"dim":12,"n_layers":2,"n_heads":3,"hidden_dim":20,"max_position_embeddings":16,"activation":"gelu"}`)
	other := k.renamed(distilNames...)
	other.add("vocab_transform.weight", 12, 12)
	if d := far(load(distil, other), load(bert, k)); d != 0 {
		t.Errorf("differs by %g", d)
	}
}

const m2mText = `{"model_type":"m2m_100","vocab_size":29,"d_model":18,"encoder_layers":2,"decoder_layers":3,"encoder_attention_heads":3,
	"decoder_attention_heads":3,"encoder_ffn_dim":20,"decoder_ffn_dim":22,"max_position_embeddings":16,"activation_function":"relu","scale_embedding":true,"pad_token_id":1}`

// m2mCheckpoint is a random M2M100 under Hugging Face's names, with copies copies of the
// shared table, and the same numbers as torchscale stores them, where positions are a
// table: that of the sines.
func m2mCheckpoint(c *Config, copies bool) (hf, scale *checkpoint) {
	r := rand.New(rand.NewPCG(5, 6))
	hf = &checkpoint{shapes: map[string][]int{}, values: map[string][]float32{}, dtypes: map[string]safetensors.DType{}}
	scale = &checkpoint{shapes: map[string][]int{}, values: map[string][]float32{}, dtypes: map[string]safetensors.DType{}}
	both := func(a, b string, shape ...int) {
		hf.random(r, a, shape...)
		scale.names = append(scale.names, b)
		scale.shapes[b], scale.values[b], scale.dtypes[b] = hf.shapes[a], hf.values[a], hf.dtypes[a]
	}
	copied := func(to *checkpoint, name string, v []float32, shape ...int) {
		to.names = append(to.names, name)
		to.shapes[name], to.values[name], to.dtypes[name] = shape, v, safetensors.F32
	}
	d := c.HiddenSize
	hf.random(r, "model.shared.weight", c.VocabSize, d)
	table := hf.values["model.shared.weight"]
	sines := make([]float32, (c.MaxPositions+2)*d)
	for p := range c.MaxPositions + 2 {
		Sinusoid(sines[p*d:(p+1)*d], int32(p))
	}
	if copies {
		copied(hf, "lm_head.weight", table, c.VocabSize, d)
	}
	copied(scale, "decoder.output_projection.weight", table, c.VocabSize, d)
	for _, s := range []struct {
		side string
		c    *Config
	}{{"encoder.", c.Encoder}, {"decoder.", c}} {
		if copies {
			copied(hf, "model."+s.side+"embed_tokens.weight", table, c.VocabSize, d)
			copied(hf, "model."+s.side+"embed_positions.weights", sines, c.MaxPositions+2, d)
		}
		copied(scale, s.side+"embed_tokens.weight", table, c.VocabSize, d)
		copied(scale, s.side+"embed_positions.weight", sines, c.MaxPositions+2, d)
		linear := func(a, b string, out, in int) {
			both("model."+s.side+a+".weight", s.side+b+".weight", out, in)
			both("model."+s.side+a+".bias", s.side+b+".bias", out)
		}
		norm := func(name string) {
			both("model."+s.side+name+".weight", s.side+name+".weight", d)
			both("model."+s.side+name+".bias", s.side+name+".bias", d)
		}
		for i := range s.c.NumLayers {
			at := fmt.Sprintf("layers.%d.", i)
			attentions := []string{"self_attn"}
			if s.c.Causal {
				attentions = append(attentions, "encoder_attn")
			}
			for _, a := range attentions {
				for _, p := range []string{"q", "k", "v", "out"} {
					linear(at+a+"."+p+"_proj", at+a+"."+p+"_proj", d, d)
				}
				norm(at + a + "_layer_norm")
			}
			linear(at+"fc1", at+"ffn.fc1", s.c.IntermediateSize, d)
			linear(at+"fc2", at+"ffn.fc2", d, s.c.IntermediateSize)
			norm(at + "final_layer_norm")
		}
		norm("layer_norm")
	}
	return hf, scale
}

// An M2M100 is torchscale's pre-norm encoder–decoder with sines for positions: written
// into a table there, computed here.
func TestM2M100EqualsTheTorchscaleModelWithItsNumbers(t *testing.T) {
	c := parse(t, m2mText)
	scaleText := strings.TrimSuffix(encoderDecoderConfig(`"subln":false,"encoder_normalize_before":true,"no_scale_embedding":false`), "}") + "}"
	scaleConfig := parse(t, strings.Replace(scaleText, `"gelu"`, `"relu"`, 1))
	for _, copies := range []bool{false, true} {
		for _, dtype := range []string{"f32", "q8"} {
			hf, scale := m2mCheckpoint(c, copies)
			run := func(c *Config, k *checkpoint) []float32 {
				dev := newDevice()
				m, err := Load(dev, c, []Stream{stream(dev, k.encode(t))}, LoadOptions{Head: true, DType: dtype})
				if err != nil {
					t.Fatal(err)
				}
				if c.Family == "m2m_100 decoder" && m.tokens.At != m.Encoder.tokens.At {
					t.Error("two tables of tokens in memory")
				}
				return logits(t, m, sourced(t, m, Batch{IDs: first, Lengths: []int{6}}, 5))
			}
			got, want := run(c, hf), run(scaleConfig, scale)
			if d := far(got, want); d > 1e-5 && dtype == "f32" || cosine(got, want) < 0.999 {
				t.Errorf("copies %t, %s: differs by %g, cosine %g", copies, dtype, d, cosine(got, want))
			}
		}
	}
}

func TestFamiliesRefuseWhatTheyCannotDo(t *testing.T) {
	for text, want := range map[string]error{
		strings.Replace(m2mText, `}`, `,"tie_word_embeddings":false}`, 1):                         ErrUnsupported,
		strings.Replace(m2mText, `"relu"`, `"gelu_new"`, 1):                                       ErrUnsupported,
		strings.Replace(m2mText, `"decoder_layers":3,`, ``, 1):                                    ErrConfig,
		strings.Replace(m2mText, `"encoder_attention_heads":3`, `"encoder_attention_heads":4`, 1): ErrConfig,
		`{"model_type":"distilbert","vocab_size":29}`:                                             ErrConfig,
		`{"model_type":"gpt2"}`: ErrUnsupported,
	} {
		if _, err := ParseConfig([]byte(text)); !errors.Is(err, want) {
			t.Errorf("%s: error %v, expected %v", text, err, want)
		}
	}
	// A checkpoint without its cross-attention is another model.
	c := parse(t, m2mText)
	hf, _ := m2mCheckpoint(c, false)
	hf.drop("model.decoder.layers.1.encoder_attn.q_proj.weight")
	dev := kernels.NewDevice(kernels.NewReference(0))
	if _, err := Load(dev, c, []Stream{stream(dev, hf.encode(t))}, LoadOptions{}); !errors.Is(err, ErrMissingTensor) {
		t.Errorf("error %v, expected %v", err, ErrMissingTensor)
	}
}
