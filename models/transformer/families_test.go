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

const gpt2Text = `{"model_type":"gpt2","vocab_size":29,"n_embd":18,"n_layer":3,"n_head":3,"n_inner":null,"n_positions":16,"activation_function":"gelu_new"}`

// gpt2Checkpoint is a decoder's checkpoint as transformers' GPT2LMHeadModel stores it:
// matrices turned, queries, keys and values side by side.
func gpt2Checkpoint(c *Config, k *checkpoint) *checkpoint {
	y := &checkpoint{shapes: map[string][]int{}, values: map[string][]float32{}, dtypes: map[string]safetensors.DType{}}
	put := func(name string, v []float32, shape ...int) {
		y.names = append(y.names, name)
		y.shapes[name], y.values[name], y.dtypes[name] = shape, v, safetensors.F32
	}
	d := c.HiddenSize
	// side puts matrices [out, in] beside each other, turned, and their biases behind each other.
	side := func(to string, from ...string) {
		out, in := 0, 0
		var bias []float32
		for _, f := range from {
			out, in = out+k.shapes[f+".weight"][0], k.shapes[f+".weight"][1]
			bias = append(bias, k.values[f+".bias"]...)
		}
		v := make([]float32, in*out)
		at := 0
		for _, f := range from {
			n := k.shapes[f+".weight"][0]
			for o := range n {
				for i := range in {
					v[i*out+at+o] = k.values[f+".weight"][o*in+i]
				}
			}
			at += n
		}
		put(to+".weight", v, in, out)
		put(to+".bias", bias, out)
	}
	same := func(to, from string) {
		put(to+".weight", k.values[from+".weight"], d)
		put(to+".bias", k.values[from+".bias"], d)
	}
	put("transformer.wte.weight", k.values["embed_tokens.weight"], c.VocabSize, d)
	put("transformer.wpe.weight", k.values["embed_positions.weight"], c.MaxPositions, d)
	for i := range c.NumLayers {
		to, from := fmt.Sprintf("transformer.h.%d.", i), fmt.Sprintf("layers.%d.", i)
		side(to+"attn.c_attn", from+"self_attn.q_proj", from+"self_attn.k_proj", from+"self_attn.v_proj")
		side(to+"attn.c_proj", from+"self_attn.out_proj")
		side(to+"mlp.c_fc", from+"ffn.fc1")
		side(to+"mlp.c_proj", from+"ffn.fc2")
		same(to+"ln_1", from+"self_attn_layer_norm")
		same(to+"ln_2", from+"final_layer_norm")
		put(to+"attn.bias", make([]float32, 4), 1, 1, 2, 2)
	}
	same("transformer.ln_f", "layer_norm")
	return y
}

// A GPT-2 is torchscale's pre-norm decoder with its matrices turned.
func TestGPT2EqualsTheTorchscaleModelWithItsNumbers(t *testing.T) {
	c := parse(t, gpt2Text)
	text := decoderConfig(`"subln":false,"position_offset":0,"share_decoder_input_output_embed":true`)
	scaleConfig := parse(t, strings.NewReplacer(`"gelu"`, `"gelu_new"`, `ffn_embed_dim":22`, `ffn_embed_dim":72`).Replace(text))
	scale := tiny(scaleConfig)
	scale.drop("output_projection.weight")
	for _, dtype := range []string{"f32", "q8"} {
		run := func(c *Config, k *checkpoint) []float32 {
			dev := newDevice()
			m, err := Load(dev, c, []Stream{stream(dev, k.encode(t))}, LoadOptions{Head: true, DType: dtype})
			if err != nil {
				t.Fatal(err)
			}
			if m.DType() != dtype || m.layers[0].branches[0].qkv.fused.Out != 96 {
				t.Errorf("dtype %s, %d rows of queries, keys and values together", m.DType(), m.layers[0].branches[0].qkv.fused.Out)
			}
			return logits(t, m, Batch{IDs: first, Lengths: []int{6}})
		}
		if d := far(run(c, gpt2Checkpoint(c, scale)), run(scaleConfig, scale)); d != 0 {
			t.Errorf("%s: differs by %g", dtype, d)
		}
	}
	for name, break_ := range map[string]func(k *checkpoint){
		"a missing bias":         func(k *checkpoint) { k.drop("transformer.h.1.attn.c_attn.bias") },
		"a matrix not turned":    func(k *checkpoint) { n := "transformer.h.0.mlp.c_fc.weight"; k.shapes[n] = []int{72, 18} },
		"integers for a matrix":  func(k *checkpoint) { k.dtypes["transformer.h.0.mlp.c_fc.weight"] = safetensors.I8 },
		"integers for all three": func(k *checkpoint) { k.dtypes["transformer.h.0.attn.c_attn.weight"] = safetensors.I8 },
	} {
		k := gpt2Checkpoint(c, scale)
		break_(k)
		dev := newDevice()
		if _, err := Load(dev, c, []Stream{stream(dev, k.encode(t))}, LoadOptions{}); !errors.Is(err, ErrMissingTensor) && !errors.Is(err, ErrShape) {
			t.Errorf("%s: error %v", name, err)
		}
	}
}

// What config.json leaves out is what the library that writes it means by that.
func TestAnActivationThatIsLeftOutIsTheFamilysOwn(t *testing.T) {
	for text, want := range map[string]kernels.Activation{
		strings.Replace(tinyConfig(""), `"activation_fn":"gelu"`, `"dropout":0`, 1):        kernels.GELU,
		strings.Replace(decoderConfig(""), `"activation_fn":"gelu"`, `"dropout":0`, 1):     kernels.GELU,
		strings.Replace(m2mText, `"activation_function":"relu"`, `"dropout":0`, 1):         kernels.ReLU,
		strings.Replace(gpt2Text, `"activation_function":"gelu_new"`, `"attn_pdrop":0`, 1): kernels.GELUTanh,
		strings.Replace(llamaText(""), `"hidden_act":"silu"`, `"attention_dropout":0`, 1):  kernels.SiLU,
		bertText: kernels.GELU,
	} {
		if strings.Contains(text, `"activation`) || strings.Contains(text, `"hidden_act"`) {
			t.Errorf("%s names its activation: the test says nothing", text)
		}
		if c := parse(t, text); c.Activation != want {
			t.Errorf("%s: %s, expected %s", text, c.Activation, want)
		}
	}
}

func TestFamiliesRefuseWhatTheyCannotDo(t *testing.T) {
	for text, want := range map[string]error{
		strings.Replace(m2mText, `}`, `,"tie_word_embeddings":false}`, 1):                         ErrUnsupported,
		strings.Replace(m2mText, `"relu"`, `"mish"`, 1):                                           ErrUnsupported,
		strings.Replace(m2mText, `"decoder_layers":3,`, ``, 1):                                    ErrConfig,
		strings.Replace(m2mText, `"encoder_attention_heads":3`, `"encoder_attention_heads":4`, 1): ErrConfig,
		`{"model_type":"distilbert","vocab_size":29}`:                                             ErrConfig,
		`{"model_type":"gptj"}`: ErrUnsupported,
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
