package transformer

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/lodestone-wasm/lodestone/kernels"
	"github.com/lodestone-wasm/lodestone/weights/safetensors"
)

// llamaText is a LlamaConfig whose heads are wider than the model and share keys.
func llamaText(extra string) string {
	return `{"model_type":"llama","vocab_size":29,"hidden_size":18,"num_hidden_layers":3,"num_attention_heads":6,"num_key_value_heads":2,"head_dim":8,
		"intermediate_size":22,"max_position_embeddings":16,"rms_norm_eps":1e-5,"hidden_act":"silu","tie_word_embeddings":false` + extra + `}`
}

// llamaCheckpoint is a random checkpoint as LlamaForCausalLM stores it.
func llamaCheckpoint(c *Config, prefix string) *checkpoint {
	k := &checkpoint{shapes: map[string][]int{}, values: map[string][]float32{}, dtypes: map[string]safetensors.DType{}}
	r := rand.New(rand.NewPCG(5, 6))
	d, f := c.HiddenSize, c.IntermediateSize
	linear := func(name string, out, in int, bias bool) {
		k.random(r, name+".weight", out, in)
		if bias {
			k.random(r, name+".bias", out)
		}
	}
	k.random(r, prefix+"embed_tokens.weight", c.VocabSize, d)
	for i := range c.NumLayers {
		at := fmt.Sprintf("%slayers.%d.", prefix, i)
		linear(at+"self_attn.q_proj", c.queries(), d, !c.NoQKVBias)
		linear(at+"self_attn.k_proj", c.keyValues(), d, !c.NoQKVBias)
		linear(at+"self_attn.v_proj", c.keyValues(), d, !c.NoQKVBias)
		linear(at+"self_attn.o_proj", d, c.queries(), !c.NoOutBias)
		linear(at+"mlp.gate_proj", f, d, !c.NoFFNBias)
		linear(at+"mlp.up_proj", f, d, !c.NoFFNBias)
		linear(at+"mlp.down_proj", d, f, !c.NoFFNBias)
		k.random(r, at+"input_layernorm.weight", d)
		k.random(r, at+"post_attention_layernorm.weight", d)
	}
	k.random(r, prefix+"norm.weight", d)
	if !c.TiedHead {
		k.random(r, "lm_head.weight", c.VocabSize, d)
	}
	return k
}

// llama64 is the logits of a Llama in float64, written from the formulas alone: of the
// configuration it takes sizes, and the angle of each pair from step.
func llama64(c *Config, k *checkpoint, prefix string, ids []int32, heads, shared, h, turn int, step func(c int) float64) []float64 {
	n, d := len(ids), c.HiddenSize
	linear := func(x []float64, name string) []float64 {
		w, bias := k.values[name+".weight"], k.values[name+".bias"]
		out, in := k.shapes[name+".weight"][0], k.shapes[name+".weight"][1]
		y := make([]float64, n*out)
		for t := range n {
			for o := range out {
				if bias != nil {
					y[t*out+o] = float64(bias[o])
				}
				for i := range in {
					y[t*out+o] += x[t*in+i] * float64(w[o*in+i])
				}
			}
		}
		return y
	}
	norm := func(x []float64, name string) []float64 {
		y := make([]float64, len(x))
		for t := range n {
			mean := 0.0
			for _, v := range x[t*d : (t+1)*d] {
				mean += v * v / float64(d)
			}
			for i := range d {
				y[t*d+i] = x[t*d+i] / math.Sqrt(mean+1e-5) * float64(k.values[name+".weight"][i])
			}
		}
		return y
	}
	// rotate is x·cos + rotate_half(x)·sin, with the angles of the two halves side by side.
	rotate := func(x []float64, heads int) {
		for t := range n {
			for head := range heads {
				row := x[(t*heads+head)*h:][:turn]
				old := slices.Clone(row)
				for c := range turn {
					half, angle := -old[(c+turn/2)%turn], float64(t)*step(c%(turn/2))
					if c >= turn/2 {
						half = old[c-turn/2]
					}
					row[c] = old[c]*math.Cos(angle) + half*math.Sin(angle)
				}
			}
		}
	}
	x := make([]float64, n*d)
	for t, id := range ids {
		for i := range d {
			x[t*d+i] = float64(k.values[prefix+"embed_tokens.weight"][int(id)*d+i])
		}
	}
	for l := range c.NumLayers {
		at := fmt.Sprintf("%slayers.%d.", prefix, l)
		in := norm(x, at+"input_layernorm")
		q, key, val := linear(in, at+"self_attn.q_proj"), linear(in, at+"self_attn.k_proj"), linear(in, at+"self_attn.v_proj")
		rotate(q, heads)
		rotate(key, shared)
		att := make([]float64, n*heads*h)
		for head := range heads {
			from := head / (heads / shared)
			for i := range n {
				p, sum := make([]float64, i+1), 0.0
				for j := range p {
					for e := range h {
						p[j] += q[(i*heads+head)*h+e] * key[(j*shared+from)*h+e]
					}
					p[j] = math.Exp(p[j] / math.Sqrt(float64(h)))
					sum += p[j]
				}
				for j := range p {
					for e := range h {
						att[(i*heads+head)*h+e] += p[j] / sum * val[(j*shared+from)*h+e]
					}
				}
			}
		}
		for i, v := range linear(att, at+"self_attn.o_proj") {
			x[i] += v
		}
		in = norm(x, at+"post_attention_layernorm")
		gate, up := linear(in, at+"mlp.gate_proj"), linear(in, at+"mlp.up_proj")
		for i, g := range gate {
			up[i] *= g / (1 + math.Exp(-g))
		}
		for i, v := range linear(up, at+"mlp.down_proj") {
			x[i] += v
		}
	}
	x = norm(x, prefix+"norm")
	if c.TiedHead {
		k = &checkpoint{shapes: map[string][]int{"lm_head.weight": {c.VocabSize, d}}, values: map[string][]float32{"lm_head.weight": k.values[prefix+"embed_tokens.weight"]}}
	}
	return linear(x, "lm_head")
}

// llamaForms are Llamas as their configurations make them, and what they ask of the
// reference.
var llamaForms = map[string]struct {
	extra                  string
	heads, shared, h, turn int
	step                   func(c int) float64
}{
	"grouped, heads of their own width": {``, 6, 2, 8, 8, plainStep(8)},
	"one head of keys, tied":            {`,"num_key_value_heads":1,"head_dim":null,"num_attention_heads":3,"tie_word_embeddings":true`, 3, 1, 6, 6, plainStep(6)},
	"as many keys as queries":           {`,"num_key_value_heads":6,"rope_theta":500.0`, 6, 6, 8, 8, func(c int) float64 { return math.Pow(500, -float64(c)/4) }},
	"biases":                            {`,"attention_bias":true,"mlp_bias":true`, 6, 2, 8, 8, plainStep(8)},
	"part of a head turns":              {`,"partial_rotary_factor":0.5`, 6, 2, 8, 4, plainStep(4)},
	"linear scaling":                    {`,"rope_scaling":{"type":"linear","factor":4.0}`, 6, 2, 8, 8, func(c int) float64 { return plainStep(8)(c) / 4 }},
	"llama3 scaling": {`,"rope_scaling":{"rope_type":"llama3","factor":8.0,"low_freq_factor":1.0,"high_freq_factor":4.0,"original_max_position_embeddings":64}`, 6, 2, 8, 8,
		func(c int) float64 {
			// transformers' _compute_llama3_parameters.
			step := plainStep(8)(c)
			wavelen := 2 * math.Pi / step
			switch low, high := 64.0/1, 64.0/4; {
			case wavelen < high:
				return step
			case wavelen > low:
				return step / 8
			}
			smooth := (64/wavelen - 1) / (4 - 1)
			return (1-smooth)*step/8 + smooth*step
		}},
	"parameters of transformers 5":   {`,"rope_parameters":{"rope_type":"default","rope_theta":300.0}`, 6, 2, 8, 8, func(c int) float64 { return math.Pow(300, -float64(c)/4) }},
	"a mistral within its window":    {`,"model_type":"mistral","sliding_window":9`, 6, 2, 8, 8, plainStep(8)},
	"a mistral that has no window":   {`,"model_type":"mistral","sliding_window":null,"pad_token_id":-1`, 6, 2, 8, 8, plainStep(8)},
	"heads as wide as they are many": {`,"num_attention_heads":2,"num_key_value_heads":2,"head_dim":16`, 2, 2, 16, 16, plainStep(16)},
}

func plainStep(turn int) func(c int) float64 {
	return func(c int) float64 { return math.Pow(10000, -2*float64(c)/float64(turn)) }
}

// with replaces members of a JSON object by those of extra, which begins with a comma.
func with(text, extra string) string {
	for _, member := range []string{"model_type", "num_key_value_heads", "head_dim", "num_attention_heads", "tie_word_embeddings"} {
		if !strings.Contains(extra, `"`+member+`"`) {
			continue
		}
		at := strings.Index(text, `"`+member+`"`)
		end := at + strings.IndexAny(text[at:], ",}")
		text = text[:at] + text[end+1:]
	}
	return strings.TrimRight(strings.TrimSuffix(text, "}"), ", \n\t") + extra + "}"
}

func TestLlamaAgreesWithFloat64(t *testing.T) {
	backends := both(t)
	for name, form := range llamaForms {
		t.Run(name, func(t *testing.T) {
			c := parse(t, with(llamaText(``), form.extra))
			for _, prefix := range []string{"model.", ""} {
				k := llamaCheckpoint(c, prefix)
				want := llama64(c, k, prefix, first, form.heads, form.shared, form.h, form.turn, form.step)
				for _, b := range backends {
					dev := kernels.NewDevice(b)
					m, err := Load(dev, c, []Stream{stream(dev, k.encode(t))}, LoadOptions{Head: true})
					if err != nil {
						t.Fatal(err)
					}
					for i, v := range logits(t, m, Batch{IDs: first, Lengths: []int{len(first)}}) {
						if !(math.Abs(float64(v)-want[i]) <= 2e-5) {
							t.Fatalf("%s: logit %d of token %d is %v, expected %v", b.Name(), i%29, i/29, v, want[i])
						}
					}
				}
			}
		})
	}
}

func TestQuantisedLlamasStayNear(t *testing.T) {
	c := parse(t, llamaText(`,"attention_bias":true`))
	k := llamaCheckpoint(c, "model.")
	var exact []float32
	for _, dtype := range []string{"f32", "q8", "q4"} {
		dev := newDevice()
		m, err := Load(dev, c, []Stream{stream(dev, k.encode(t))}, LoadOptions{Head: true, DType: dtype})
		if err != nil {
			t.Fatal(err)
		}
		got := logits(t, m, Batch{IDs: slices.Concat(first, second), Lengths: []int{6, 3}})
		if exact == nil {
			exact = got
		}
		least := map[string]float64{"f32": 1, "q8": 0.999, "q4": 0.92}[dtype]
		if m.DType() != dtype || cosine(got, exact) < least-1e-9 {
			t.Errorf("%s: dtype %s, cosine %v", dtype, m.DType(), cosine(got, exact))
		}
	}
}

func TestLlamaRefusesWhatItCannotDo(t *testing.T) {
	for extra, want := range map[string]error{
		`,"num_key_value_heads":4`:                          ErrConfig,
		`,"num_key_value_heads":12`:                         ErrConfig,
		`,"head_dim":7`:                                     ErrConfig,
		`,"head_dim":null`:                                  ErrConfig, // of three columns
		`,"head_dim":null,"num_attention_heads":4`:          ErrConfig,
		`,"head_dim":65536`:                                 ErrConfig,
		`,"partial_rotary_factor":0`:                        ErrConfig,
		`,"partial_rotary_factor":1.5`:                      ErrConfig,
		`,"partial_rotary_factor":0.4`:                      ErrConfig,
		`,"rope_theta":-1`:                                  ErrConfig,
		`,"rope_scaling":{"rope_type":"yarn","factor":4.0}`: ErrUnsupported,
		`,"rope_scaling":{"type":"dynamic","factor":4.0}`:   ErrUnsupported,
		`,"rope_scaling":{"type":"linear"}`:                 ErrConfig,
		`,"rope_scaling":{"type":"linear","factor":0.5}`:    ErrConfig,
		`,"rope_scaling":{"factor":2.0}`:                    ErrConfig,
		`,"rope_scaling":{"rope_type":"llama3","factor":8.0,"low_freq_factor":4.0,"high_freq_factor":4.0}`: ErrConfig,
		`,"hidden_act":"relu6"`:           ErrUnsupported,
		`,"use_qk_norm":true`:             ErrUnsupported,
		`,"is_causal":false`:              ErrUnsupported,
		`,"final_logit_softcapping":30.0`: ErrUnsupported,
		`,"clip_qkv":8.0`:                 ErrUnsupported,
	} {
		text := with(llamaText(``), extra)
		if strings.Contains(extra, "hidden_act") {
			text = strings.Replace(llamaText(``), `"silu"`, `"relu6"`, 1)
		}
		if _, err := ParseConfig([]byte(text)); !errors.Is(err, want) {
			t.Errorf("%s: error %v, expected %v", extra, err, want)
		}
	}
	// The window of a mistral is its length.
	m := func() *Model {
		c := parse(t, with(llamaText(``), `,"model_type":"mistral","sliding_window":4`))
		dev := kernels.NewDevice(kernels.NewReference(0))
		m, err := Load(dev, c, []Stream{stream(dev, llamaCheckpoint(c, "model.").encode(t))}, LoadOptions{})
		if err != nil {
			t.Fatal(err)
		}
		return m
	}()
	if _, err := m.Forward(Batch{IDs: first, Lengths: []int{6}}); !errors.Is(err, ErrTooLong) {
		t.Errorf("six tokens in a window of four: error %v", err)
	}
	// A checkpoint of other heads, or with a bias that config.json does not speak of, is another model.
	c := parse(t, llamaText(``))
	for name, change := range map[string]func(k *checkpoint){
		"keys of every head": func(k *checkpoint) {
			n := "model.layers.1.self_attn.k_proj.weight"
			k.shapes[n], k.values[n] = []int{48, 18}, make([]float32, 48*18)
		},
		"a bias":     func(k *checkpoint) { k.random(rand.New(rand.NewPCG(1, 1)), "model.layers.0.mlp.up_proj.bias", 22) },
		"no gate":    func(k *checkpoint) { k.drop("model.layers.2.mlp.gate_proj.weight") },
		"no lm_head": func(k *checkpoint) { k.drop("lm_head.weight") },
	} {
		k := llamaCheckpoint(c, "model.")
		change(k)
		dev := newDevice()
		_, err := Load(dev, c, []Stream{stream(dev, k.encode(t))}, LoadOptions{Head: true})
		if !errors.Is(err, ErrMissingTensor) && !errors.Is(err, ErrShape) && !errors.Is(err, ErrUnexpectedTensor) {
			t.Errorf("%s: error %v", name, err)
		}
	}
}
