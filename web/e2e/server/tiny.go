package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"net/http"
	"strings"
	"sync"
	"testing/fstest"

	"github.com/lodestone-wasm/lodestone/kernels"
	"github.com/lodestone-wasm/lodestone/models/generate"
	"github.com/lodestone-wasm/lodestone/models/pipeline"
	"github.com/lodestone-wasm/lodestone/web/serve/static"
	"github.com/lodestone-wasm/lodestone/weights/safetensors"
)

// tiny serves folders of random models that generate, in the layouts of Hugging Face:
// gpt2, m2m, and gpt2-defaults, which has a generation_config.json; and expected.json,
// what the reference kernels make of the same requests natively (kformer and metalm-… are
// in docked.go):
//
//	{"NAME": [{"texts": […], "from": "", "to": "", "options": {…}, "results": [{"text": "", "ids": […]}]}]}
type tiny struct {
	once     sync.Once
	folders  map[string]model
	expected []byte
	err      error
}

func (t *tiny) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	t.once.Do(t.prepare)
	static.Headers(w.Header())
	if t.err != nil {
		http.Error(w, t.err.Error(), http.StatusInternalServerError)
		return
	}
	body := t.expected
	if r.URL.Path != "expected.json" {
		name, file, _ := strings.Cut(r.URL.Path, "/")
		if body = t.folders[name][file]; body == nil {
			http.NotFound(w, r)
			return
		}
	}
	(&answer{body: body}).send(w, r.URL.Path)
}

func (t *tiny) prepare() {
	gpt2, m2m := tinyGPT2(), tinyM2M()
	t.folders = map[string]model{"gpt2": gpt2, "m2m": m2m, "gpt2-defaults": {
		configFile: gpt2[configFile], tokenizerFile: gpt2[tokenizerFile], weightsFile: gpt2[weightsFile],
		"generation_config.json": []byte(`{"max_new_tokens": 7, "repetition_penalty": 1.5, "eos_token_id": [259]}`),
	}}
	// A chat model: GPT-2 with a template of its own, in each of the files that may hold one.
	const chatml = "{% for m in messages %}{{ '<|' + m.role + '|>' + m.content + '\n' }}{% endfor %}{% if add_generation_prompt %}{{ '<|assistant|>' }}{% endif %}"
	config, err := json.Marshal(map[string]any{"chat_template": chatml, "eos_token": "<|endoftext|>"})
	must(err)
	t.folders["chat"] = model{configFile: gpt2[configFile], tokenizerFile: gpt2[tokenizerFile], weightsFile: gpt2[weightsFile], "tokenizer_config.json": config}
	t.folders["chat-jinja"] = model{configFile: gpt2[configFile], tokenizerFile: gpt2[tokenizerFile], weightsFile: gpt2[weightsFile],
		"tokenizer_config.json": config, "chat_template.jinja": []byte("{% macro f() %}{% endmacro %}")}
	t.folders["summaries"] = model{configFile: m2m[configFile], tokenizerFile: m2m[tokenizerFile], weightsFile: m2m[weightsFile],
		"generation_config.json": []byte(`{"forced_bos_token_id": 19, "max_new_tokens": 8, "suppress_tokens": [0, 1, 3, 18, 19, 20]}`)}
	maps.Copy(t.folders, dockedFolders())
	all := map[string][]*generation{"gpt2": continuations, "m2m": translations, "gpt2-defaults": {{Texts: []string{"hello"}, Options: options(`{}`)}}}
	for name, list := range all {
		for _, g := range list {
			if t.err = g.run(t.folders[name]); t.err != nil {
				t.err = fmt.Errorf("e2e: %s: %w", name, t.err)
				return
			}
		}
	}
	t.expected, t.err = json.Marshal(all)
}

// generation is a request and what comes of it.
type generation struct {
	Texts   []string        `json:"texts"`
	From    string          `json:"from"`
	To      string          `json:"to"`
	Options json.RawMessage `json:"options"`
	Results []generated     `json:"results"`
}

type generated struct {
	Text   string  `json:"text"`
	IDs    []int32 `json:"ids"`
	Reason string  `json:"reason"`
}

func options(text string) json.RawMessage { return json.RawMessage(text) }

var continuations = []*generation{
	{Texts: []string{"hello"}, Options: options(`{"max_new_tokens":24}`)},
	{Texts: []string{"h", "hello again, and again", ""}, Options: options(`{"max_new_tokens":17}`)},
	{Texts: []string{"hello"}, Options: options(`{"max_length":12}`)},
	{Texts: []string{"one", "another"}, Options: options(`{"max_new_tokens":12,"do_sample":true,"seed":7,"top_k":9,"temperature":1.5}`)},
	{Texts: []string{"one"}, Options: options(`{"max_new_tokens":12,"do_sample":true,"seed":9007199254740991,"top_k":0,"top_p":0.9,"num_return_sequences":3}`)},
	{Texts: []string{"one", "another one"}, Options: options(`{"max_new_tokens":10,"num_beams":4,"num_return_sequences":2,"no_repeat_ngram_size":2}`)},
	{Texts: []string{"one"}, Options: options(`{"max_new_tokens":30,"num_beams":3,"early_stopping":true,"eos_token_id":[1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31,32,33]}`)},
	{Texts: []string{"hello"}, Options: options(`{"max_new_tokens":15,"repetition_penalty":1.7,"no_repeat_ngram_size":2,"suppress_tokens":[33,34,35,36,37]}`)},
}

var translations = []*generation{
	{Texts: []string{"ein Haus"}, From: "de", To: "en", Options: options(`{"max_new_tokens":12,"suppress_tokens":[0,1,3]}`)},
	{Texts: []string{"ein Haus", "das", "ein Baum und ein Haus"}, From: "__de__", To: "fr", Options: options(`{"max_new_tokens":9,"repetition_penalty":1.3,"suppress_tokens":[0,1,3,18,19,20]}`)},
	{Texts: []string{"ein Haus"}, To: "fr", Options: options(`{"max_new_tokens":9,"num_beams":3,"length_penalty":0.5,"suppress_tokens":[0,1,3,18,19,20]}`)},
}

// run computes the results with the reference kernels.
func (g *generation) run(m model) error {
	folder := fstest.MapFS{}
	for name, text := range m {
		folder[name] = &fstest.MapFile{Data: text}
	}
	dev := kernels.NewDevice(kernels.NewReference(0))
	opened, err := pipeline.Read(dev, pipeline.FS(folder), pipeline.Options{})
	if err != nil {
		return err
	}
	head := pipeline.CausalLM
	if opened.Config.CrossAttention {
		head = pipeline.Seq2SeqLM
	}
	loaded, err := opened.Load(dev, head, pipeline.Options{})
	if err != nil {
		return err
	}
	x, err := loaded.Generator()
	if err != nil {
		return err
	}
	f, err := x.Options(g.Options)
	if err != nil {
		return err
	}
	var in []generate.Input
	if x.Translates() {
		in, f.Options.ForcedBOS, err = x.Sources(g.Texts, g.From, g.To, f)
	} else {
		in, err = x.Prompts(g.Texts, true)
	}
	if err != nil {
		return err
	}
	results, err := x.Generate(in, f.Options, nil)
	for _, r := range results {
		g.Results = append(g.Results, generated{r.Text, r.IDs, r.Reason.String()})
	}
	return err
}

// random makes the weights of a tiny model.
type random struct {
	r       *rand.Rand
	entries []safetensors.Entry
}

// tensor adds one; those of norms lie around 1.
func (x *random) tensor(name string, shape ...int) {
	n := 1
	for _, s := range shape {
		n *= s
	}
	scale := 0.5
	if strings.Contains(name, "wte") || strings.Contains(name, "wpe") || strings.Contains(name, "shared") {
		scale = 0.15 // so that a token does not only repeat itself
	}
	v := make([]float32, n)
	for i := range v {
		v[i] = float32(x.r.NormFloat64() * scale)
		if strings.Contains(name, "ln_") && strings.HasSuffix(name, "weight") || strings.HasSuffix(name, "norm.weight") {
			v[i]++
		}
	}
	x.entries = append(x.entries, safetensors.Entry{Name: name, DType: safetensors.F32, Shape: shape, Data: safetensors.Floats(v, safetensors.F32)})
}

// both adds a weight of a shape and a bias of n.
func (x *random) both(name string, n int, shape ...int) {
	x.tensor(name+".weight", shape...)
	x.tensor(name+".bias", n)
}

func (x *random) file() []byte {
	var b bytes.Buffer
	must(safetensors.Write(&b, nil, x.entries))
	return b.Bytes()
}

// tinyGPT2 has 2048 positions, so that a run can be long.
func tinyGPT2() model {
	const v, d, f, layers, positions = 260, 32, 64, 3, 2048
	x := &random{r: rand.New(rand.NewPCG(3, 4))}
	x.tensor("transformer.wte.weight", v, d)
	x.tensor("transformer.wpe.weight", positions, d)
	for i := range layers {
		at := fmt.Sprintf("transformer.h.%d.", i)
		x.both(at+"ln_1", d, d)
		x.both(at+"ln_2", d, d)
		x.both(at+"attn.c_attn", 3*d, d, 3*d)
		x.both(at+"attn.c_proj", d, d, d)
		x.both(at+"mlp.c_fc", f, d, f)
		x.both(at+"mlp.c_proj", d, f, d)
	}
	x.both("transformer.ln_f", d, d)

	// GPT-2's alphabet: printable bytes stand for themselves, others for what follows 255.
	vocab, next := map[string]int{}, 256
	for b := range 256 {
		if b >= '!' && b <= '~' || b >= 0xa1 && b <= 0xac || b >= 0xae {
			vocab[string(rune(b))] = b
			continue
		}
		vocab[string(rune(next))] = b
		next++
	}
	vocab["he"], vocab["ll"], vocab["hell"] = 256, 257, 258
	return model{
		configFile: fmt.Appendf(nil, `{"model_type":"gpt2","vocab_size":%d,"n_embd":%d,"n_inner":%d,"n_layer":%d,"n_head":4,"n_positions":%d,"bos_token_id":259,"eos_token_id":259}`,
			v, d, f, layers, positions),
		weightsFile: x.file(),
		tokenizerFile: tokenizerJSON(`{"id":259,"content":"<|endoftext|>","single_word":false,"lstrip":false,"rstrip":false,"normalized":false,"special":true}`,
			map[string]any{"type": "BPE", "dropout": nil, "unk_token": nil, "continuing_subword_prefix": "", "end_of_word_suffix": "", "fuse_unk": false, "byte_fallback": false,
				"vocab": vocab, "merges": []string{"h e", "l l", "he ll"}},
			`{"type":"ByteLevel","add_prefix_space":false,"trim_offsets":true,"use_regex":true}`, `null`, `{"type":"ByteLevel"}`),
	}
}

func tinyM2M() model {
	const d, f, layers, positions = 24, 40, 2, 64
	languages := []string{"__de__", "__en__", "__fr__"}
	pieces := []any{[]any{"<s>", 0}, []any{"<pad>", 0}, []any{"</s>", 0}, []any{"<unk>", 0}}
	for _, p := range []string{"▁", "▁ein", "▁das", "▁Haus", "▁Baum", "▁und", "▁une", "▁maison", "▁house", "▁tree", "é", "ü", "s", "t"} {
		pieces = append(pieces, []any{p, -2})
	}
	added := []string{}
	for i, name := range append([]string{"<s>", "<pad>", "</s>", "<unk>"}, languages...) {
		id := i
		if i > 3 {
			id = len(pieces) + i - 4
		}
		added = append(added, fmt.Sprintf(`{"id":%d,"content":%q,"single_word":false,"lstrip":false,"rstrip":false,"normalized":false,"special":true}`, id, name))
	}
	vocab := len(pieces) + len(languages) + 2 // as in M2M100, some rows are nobody's

	x := &random{r: rand.New(rand.NewPCG(5, 6))}
	x.tensor("model.shared.weight", vocab, d)
	for _, side := range []string{"encoder", "decoder"} {
		for i := range layers {
			at := fmt.Sprintf("model.%s.layers.%d.", side, i)
			attentions := []string{"self_attn"}
			if side == "decoder" {
				attentions = append(attentions, "encoder_attn")
			}
			for _, a := range attentions {
				for _, p := range []string{"q_proj", "k_proj", "v_proj", "out_proj"} {
					x.both(at+a+"."+p, d, d, d)
				}
				x.both(at+a+"_layer_norm", d, d)
			}
			x.both(at+"fc1", f, f, d)
			x.both(at+"fc2", d, d, f)
			x.both(at+"final_layer_norm", d, d)
		}
		x.both("model."+side+".layer_norm", d, d)
	}
	metaspace := `{"type":"Metaspace","replacement":"▁","prepend_scheme":"always","split":true}`
	return model{
		configFile: fmt.Appendf(nil, `{"model_type":"m2m_100","vocab_size":%d,"d_model":%d,"encoder_layers":%d,"decoder_layers":%d,"encoder_attention_heads":4,"decoder_attention_heads":4,
			"encoder_ffn_dim":%d,"decoder_ffn_dim":%d,"max_position_embeddings":%d,"activation_function":"relu","scale_embedding":false,
			"bos_token_id":0,"pad_token_id":1,"eos_token_id":2,"decoder_start_token_id":2,"max_length":30,"num_beams":5}`, vocab, d, layers, layers, f, f, positions),
		weightsFile: x.file(),
		tokenizerFile: tokenizerJSON(strings.Join(added, ","), map[string]any{"type": "Unigram", "unk_id": 3, "vocab": pieces}, metaspace,
			fmt.Sprintf(`{"type":"TemplateProcessing","single":[{"SpecialToken":{"id":"__en__","type_id":0}},{"Sequence":{"id":"A","type_id":0}},{"SpecialToken":{"id":"</s>","type_id":0}}],
				"pair":[{"Sequence":{"id":"A","type_id":0}},{"Sequence":{"id":"B","type_id":0}},{"SpecialToken":{"id":"</s>","type_id":0}}],
				"special_tokens":{"__en__":{"id":"__en__","ids":[%d],"tokens":["__en__"]},"</s>":{"id":"</s>","ids":[2],"tokens":["</s>"]}}}`, len(pieces)+1), metaspace),
	}
}

func tokenizerJSON(added string, model any, preTokenizer, postProcessor, decoder string) []byte {
	text, err := json.Marshal(model)
	must(err)
	return fmt.Appendf(nil, `{"version":"1.0","truncation":null,"padding":null,"added_tokens":[%s],"normalizer":null,"pre_tokenizer":%s,"post_processor":%s,"decoder":%s,"model":%s}`,
		added, preTokenizer, postProcessor, decoder, text)
}
