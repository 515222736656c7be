package attacks

import (
	"fmt"
	"strconv"
	"strings"
)

// parameters are hyper-parameters without bounds, or that do not fit each other.
func parameters(s *set) {
	for _, c := range [][2]string{
		{"num_attention_heads", "0"}, {"num_attention_heads", "-2"}, {"num_attention_heads", "3"}, {"num_attention_heads", "17"}, {"num_attention_heads", "1.5"},
		{"hidden_size", "0"}, {"hidden_size", "-16"}, {"hidden_size", "15"}, {"hidden_size", "32"}, {"intermediate_size", "0"}, {"intermediate_size", "-1"}, {"intermediate_size", "25"},
		{"num_hidden_layers", "0"}, {"num_hidden_layers", "-1"}, {"num_hidden_layers", "3"}, {"num_hidden_layers", "1"}, {"vocab_size", "0"}, {"vocab_size", "-33"}, {"vocab_size", "32"}, {"vocab_size", "34"},
		{"layer_norm_eps", "0"}, {"layer_norm_eps", "-1"}, {"layer_norm_eps", "1e400"}, {"layer_norm_eps", "1e-400"}, {"max_position_embeddings", "0"}, {"max_position_embeddings", "1"},
		{"max_position_embeddings", "-1"}, {"type_vocab_size", "0"}, {"type_vocab_size", "-1"}, {"hidden_act", `"exec"`}, {"hidden_act", `""`}, {"position_embedding_type", `"relative_key"`},
	} {
		s.config(c[0], c[1])
	}
}

// paths are names of shards that leave the folder, or are no files of it.
func paths(s *set) {
	h, _ := split(s.base[weightsFile])
	for _, name := range []string{
		"../model.safetensors", "../../etc/passwd", "/etc/passwd", "/model.safetensors", "..\\model.safetensors", "C:\\model.safetensors", "a/model.safetensors", "./model.safetensors", "%2e%2e/model.safetensors",
		"..%2fmodel.safetensors", "https://example.com/model.safetensors", "//example.com/model.safetensors", "file:///etc/passwd", "data:,x", "javascript:1", "model.safetensors?x", "model.safetensors#x", "model.safetensors\x00",
		"\x00", "", ".", "..", "...", "~/model.safetensors", "con", "model.safetensors ", "model\n.safetensors", "-rf", "config.json", "tokenizer.json", indexFile, manifestFile, strings.Repeat("a", 5000) + ".safetensors", "mödel.safetensors", "＿．．／model.safetensors",
	} {
		text := `{"metadata":{},"weight_map":{"classifier.bias":` + string(marshal(name)) + `}}`
		s.files("a shard "+strconv.Quote(short(name)), map[string][]byte{indexFile: []byte(text), weightsFile: nil, "part.safetensors": s.base[weightsFile]})
	}
	index := func(map_ string) []byte { return []byte(`{"metadata":{},"weight_map":` + map_ + `}`) }
	for _, text := range []string{"null", "[]", "{}", `{"a":1}`} {
		s.files("weight_map "+text, map[string][]byte{indexFile: index(text), weightsFile: nil})
	}
	var many strings.Builder
	for i := range 5000 {
		fmt.Fprintf(&many, `"t%d":"s%d.safetensors",`, i, i)
	}
	s.files("five thousand shards", map[string][]byte{indexFile: index("{" + strings.TrimSuffix(many.String(), ",") + "}"), weightsFile: nil})
	s.files("a shard that has none of its tensors", map[string][]byte{
		indexFile: index(`{"nothing":"part.safetensors"}`), weightsFile: nil, "part.safetensors": weights(h, nil),
	})
}

// code are members that make other loaders run programs or templates, and files that are
// programs. None of it is read here: the folder loads, or what it needs is refused by name.
func code(s *set) {
	for _, c := range [][2]string{
		{"auto_map", `{"AutoModel":"modeling_evil.Evil","AutoConfig":"configuration_evil.Evil"}`}, {"trust_remote_code", "true"}, {"custom_pipelines", `{"x":{"impl":"evil.Pipeline"}}`},
		{"model_type", `"evil"`}, {"model_type", `"__import__('os').system('id')"`}, {"model_type", `"../evil"`}, {"architectures", `["EvilForSequenceClassification"]`}, {"architectures", `["__class__"]`},
		{"architectures", `["BertForSequenceClassification","EvilModel"]`}, {"quantization_config", `{"quant_method":"evil","module":"evil"}`}, {"torch_dtype", `"__import__('os')"`}, {"_name_or_path", `"; rm -rf /"`},
		{"transformers_version", `"$(id)"`}, {"attn_implementation", `"kernels-community/evil"`}, {"_attn_implementation_internal", `"evil/kernel"`}, {"tokenizer_class", `"EvilTokenizer"`}, {"base_model_pp_plan", `{"x":"evil"}`},
		{"constructor", `{"prototype":{"polluted":true}}`}, {"__proto__", `{"polluted":true,"hidden_size":7}`}, {"toString", `"x"`}, {"hasOwnProperty", "1"}, {"prefix", `"{{ ''.__class__.__mro__ }}"`},
		{"task_specific_params", `{"x":{"prefix":"{% import os %}"}}`},
	} {
		s.config(c[0], c[1])
	}
	evil := []byte("import os\nos.system('id')\n")
	s.add("a Python file beside the weights", "modeling_evil.py", evil)
	s.add("a pickle beside the weights", "pytorch_model.bin", []byte("cos\nsystem\n(S'id'\ntR."))
	s.files("a pickle in place of the weights", map[string][]byte{weightsFile: nil, "pytorch_model.bin": []byte("cos\nsystem\n(S'id'\ntR.")})
	s.add("a pickle with the name of the weights", weightsFile, []byte("\x80\x02cos\nsystem\nq\x00X\x02\x00\x00\x00idq\x01\x85q\x02Rq\x03."))
	s.add("a ZIP with the name of the weights", weightsFile, []byte("PK\x03\x04"+strings.Repeat("\x00", 200)))
	s.add("HTML with the name of the weights", weightsFile, []byte("<!doctype html><script>alert(1)</script>"))
	s.add("HTML with the name of config.json", configFile, []byte("<!doctype html><script>alert(1)</script>"))
	s.add("a template that executes", "chat_template.jinja", []byte("{{ cycler.__init__.__globals__.os.popen('id').read() }}"))
	s.add("a tokenizer_config.json with a class", "tokenizer_config.json", []byte(`{"tokenizer_class":"EvilTokenizer","auto_map":{"AutoTokenizer":["evil.T",null]},"chat_template":"{{ x.__class__ }}"}`))
}

// swapped are folders whose manifest is of other files, or no manifest.
func swapped(s *set) {
	good := manifest(s.base)
	with := func(name string, changed map[string][]byte) {
		changed[manifestFile] = good
		s.files(name, changed)
	}
	flipped := func(file string, at int) []byte {
		b := append([]byte{}, s.base[file]...)
		b[(at+len(b))%len(b)] ^= 1
		return b
	}
	for _, file := range []string{configFile, tokenizerFile, weightsFile} {
		for _, at := range []int{0, 100, -1} {
			with(fmt.Sprintf("one bit of %s, byte %d", file, at), map[string][]byte{file: flipped(file, at)})
		}
		with(file+" with a space behind", map[string][]byte{file: append(append([]byte{}, s.base[file]...), ' ')})
		with(file+" cut short", map[string][]byte{file: s.base[file][:len(s.base[file])-1]})
		with("no "+file, map[string][]byte{file: nil})
	}
	text := string(good)
	for _, m := range [][2]string{
		{"nothing", ""}, {"null", "null"}, {"a list", "[]"}, {"no files", `{"format":"lodestone-manifest","version":1,"files":[]}`},
		{"another format", replaceOnce(text, "lodestone-manifest", "other")}, {"another version", replaceOnce(text, `"version":1`, `"version":2`)},
		{"a hash of five letters", strings.NewReplacer(`"sha256":"`, `"sha256":"abcde","x":"`).Replace(text)}, {"a size below 0", replaceOnce(text, `"size":`, `"size":-`)},
		{"a size that wraps", replaceOnce(text, `"size":`, `"size":184467440737095516`)}, {"a path out of the folder", replaceOnce(text, `"path":"config.json"`, `"path":"../config.json"`)},
		{"a file twice", replaceOnce(text, `"files":[`, `"files":[{"path":"config.json","size":1,"sha256":"`+strings.Repeat("0", 64)+`"},`)},
		{"without config.json", replaceOnce(text, `"path":"config.json"`, `"path":"other.json"`)}, {"without the weights", replaceOnce(text, `"path":"model.safetensors"`, `"path":"other.safetensors"`)},
		{"hashes in capitals", strings.ToUpper(text)},
	} {
		s.add("a manifest: "+m[0], manifestFile, []byte(m[1]))
	}
}
