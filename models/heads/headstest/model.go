package headstest

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"

	"github.com/lodestone-wasm/lodestone/models/heads"
	"github.com/lodestone-wasm/lodestone/weights/safetensors"
)

// The sizes of all models.
const (
	width, layers, attention, ffn = 16, 2, 2, 24
	Positions                     = 40 // the most tokens that a model reads
)

// Model is a random model with a head.
type Model struct {
	Family    string
	Kind      heads.Kind
	Config    map[string]any
	Tokenizer string
	Vocab     int

	names  []string // of tensors, in the order of the file
	shapes map[string][]int
	values map[string][]float32
	layout layout
}

// layout is the names of a family, written down here again so that a fault in the
// family's key map is found.
type layout struct {
	prefix, tokens, positions, types, embedNorm, layer string
	q, k, v, out, attnNorm, fc1, fc2, ffnNorm          string
	innerAttn, innerFFN, finalNorm                     string // Magneto
	offset                                             int    // of positions
}

var layouts = map[string]layout{
	"bert":    bertLayout("bert.", 0),
	"roberta": bertLayout("roberta.", 2),
	"distilbert": {prefix: "distilbert.", tokens: "embeddings.word_embeddings", positions: "embeddings.position_embeddings", embedNorm: "embeddings.LayerNorm",
		layer: "transformer.layer.", q: "attention.q_lin", k: "attention.k_lin", v: "attention.v_lin", out: "attention.out_lin",
		attnNorm: "sa_layer_norm", fc1: "ffn.lin1", fc2: "ffn.lin2", ffnNorm: "output_layer_norm"},
	"magneto": {tokens: "embed_tokens", positions: "embed_positions", layer: "layers.", q: "self_attn.q_proj", k: "self_attn.k_proj", v: "self_attn.v_proj",
		out: "self_attn.out_proj", attnNorm: "self_attn_layer_norm", fc1: "ffn.fc1", fc2: "ffn.fc2", ffnNorm: "final_layer_norm",
		innerAttn: "self_attn.inner_attn_ln", innerFFN: "ffn.ffn_layernorm", finalNorm: "layer_norm", offset: 2},
}

func bertLayout(prefix string, offset int) layout {
	return layout{prefix: prefix, tokens: "embeddings.word_embeddings", positions: "embeddings.position_embeddings", types: "embeddings.token_type_embeddings",
		embedNorm: "embeddings.LayerNorm", layer: "encoder.layer.", q: "attention.self.query", k: "attention.self.key", v: "attention.self.value",
		out: "attention.output.dense", attnNorm: "attention.output.LayerNorm", fc1: "intermediate.dense", fc2: "output.dense", ffnNorm: "output.LayerNorm", offset: offset}
}

// Families are those that New knows.
var Families = []string{"bert", "roberta", "distilbert", "magneto"}

// New makes a random model of a family with a head; labels are the classes of a
// classification.
func New(family string, kind heads.Kind, labels ...string) *Model {
	m := &Model{Family: family, Kind: kind, layout: layouts[family], shapes: map[string][]int{}, values: map[string][]float32{}}
	if family == "roberta" {
		m.Tokenizer, m.Vocab = byteLevel()
	} else {
		m.Tokenizer, m.Vocab = wordPiece()
	}
	m.configure(labels)
	r := rand.New(rand.NewPCG(7, uint64(len(family))))
	m.stack(r)
	m.head(r, len(labels))
	return m
}

// configure writes the config.json.
func (m *Model) configure(labels []string) {
	switch m.Family {
	case "bert", "roberta":
		m.Config = map[string]any{"model_type": m.Family, "hidden_size": width, "num_hidden_layers": layers, "num_attention_heads": attention,
			"intermediate_size": ffn, "max_position_embeddings": Positions + m.layout.offset, "type_vocab_size": 2, "hidden_act": "gelu",
			"layer_norm_eps": 1e-5, "pad_token_id": 0}
		if m.Family == "roberta" {
			m.Config["pad_token_id"], m.Config["type_vocab_size"] = 1, 1
		}
	case "distilbert":
		m.Config = map[string]any{"model_type": m.Family, "dim": width, "n_layers": layers, "n_heads": attention, "hidden_dim": ffn,
			"max_position_embeddings": Positions, "activation": "gelu", "pad_token_id": 0}
	case "magneto":
		m.Config = map[string]any{"model_type": m.Family, "encoder_embed_dim": width, "encoder_layers": layers, "encoder_attention_heads": attention,
			"encoder_ffn_embed_dim": ffn, "max_source_positions": Positions, "activation_fn": "gelu", "subln": true, "layernorm_eps": 1e-5,
			"share_encoder_input_output_embed": true, "pad_token_id": 1, "mask_token_id": 4}
	}
	m.Config["vocab_size"] = m.Vocab
	class := map[string]string{"bert": "Bert", "roberta": "Roberta", "distilbert": "DistilBert", "magneto": "Magneto"}[m.Family]
	m.Config["architectures"] = []string{class + map[heads.Kind]string{heads.MaskedLM: "ForMaskedLM", heads.TokenClassification: "ForTokenClassification",
		heads.SequenceClassification: "ForSequenceClassification", heads.QuestionAnswering: "ForQuestionAnswering", heads.MultipleChoice: "ForMultipleChoice"}[m.Kind]}
	if len(labels) > 0 {
		byID := map[string]string{}
		for i, l := range labels {
			byID[fmt.Sprint(i)] = l
		}
		m.Config["id2label"] = byID
	}
}

// add adds a tensor; norms lie around 1.
func (m *Model) add(r *rand.Rand, name string, scale float32, shape ...int) {
	n := 1
	for _, s := range shape {
		n *= s
	}
	v := make([]float32, n)
	for i := range v {
		v[i] = float32(r.NormFloat64()) * scale
		if strings.HasSuffix(name, "orm.weight") || strings.HasSuffix(name, "_ln.weight") || strings.HasSuffix(name, "layernorm.weight") {
			v[i]++
		}
	}
	m.names = append(m.names, name)
	m.shapes[name], m.values[name] = shape, v
}

func (m *Model) norm(r *rand.Rand, name string, n int) {
	if name == "" || strings.HasSuffix(name, ".") { // a family without it
		return
	}
	m.add(r, name+".weight", 0.1, n)
	m.add(r, name+".bias", 0.1, n)
}

func (m *Model) linear(r *rand.Rand, name string, scale float32, out, in int) {
	m.add(r, name+".weight", scale, out, in)
	m.add(r, name+".bias", scale/5, out) // small: what is said should depend on the text
}

func (m *Model) stack(r *rand.Rand) {
	l := m.layout
	m.add(r, l.prefix+l.tokens+".weight", 1, m.Vocab, width)
	m.add(r, l.prefix+l.positions+".weight", 0.3, Positions+l.offset, width)
	if l.types != "" {
		m.add(r, l.prefix+l.types+".weight", 0.3, m.Config["type_vocab_size"].(int), width)
	}
	m.norm(r, l.prefix+l.embedNorm, width)
	for i := range layers {
		at := fmt.Sprintf("%s%s%d.", l.prefix, l.layer, i)
		for _, name := range []string{l.q, l.k, l.v} {
			m.linear(r, at+name, 0.4, width, width)
		}
		m.linear(r, at+l.out, 0.15, width, width)
		m.norm(r, at+l.attnNorm, width)
		m.linear(r, at+l.fc1, 0.4, ffn, width)
		m.linear(r, at+l.fc2, 0.15, width, ffn)
		m.norm(r, at+l.ffnNorm, width)
		m.norm(r, at+l.innerAttn, width)
		m.norm(r, at+l.innerFFN, ffn)
	}
	if l.finalNorm != "" {
		m.norm(r, l.finalNorm, width)
	}
}

// head adds the tensors of the head under the names that Hugging Face gives them.
func (m *Model) head(r *rand.Rand, labels int) {
	const sharp = 1.0 // so that probabilities differ
	switch m.Kind {
	case heads.MaskedLM:
		switch m.Family {
		case "bert":
			m.linear(r, "cls.predictions.transform.dense", 0.4, width, width)
			m.norm(r, "cls.predictions.transform.LayerNorm", width)
			m.add(r, "cls.predictions.bias", sharp, m.Vocab)
		case "roberta":
			m.linear(r, "lm_head.dense", 0.4, width, width)
			m.norm(r, "lm_head.layer_norm", width)
			m.add(r, "lm_head.bias", sharp, m.Vocab)
		case "distilbert":
			m.linear(r, "vocab_transform", 0.4, width, width)
			m.norm(r, "vocab_layer_norm", width)
			m.add(r, "vocab_projector.bias", sharp, m.Vocab)
		}
	case heads.TokenClassification:
		m.linear(r, "classifier", sharp, labels, width)
	case heads.SequenceClassification:
		switch m.Family {
		case "bert":
			m.linear(r, "bert.pooler.dense", 0.4, width, width)
			m.linear(r, "classifier", sharp, labels, width)
		case "distilbert":
			m.linear(r, "pre_classifier", 0.4, width, width)
			m.linear(r, "classifier", sharp, labels, width)
		default:
			m.linear(r, "classifier.dense", 0.4, width, width)
			m.linear(r, "classifier.out_proj", sharp, labels, width)
		}
	case heads.MultipleChoice:
		switch m.Family {
		case "bert", "roberta":
			m.linear(r, m.Family+".pooler.dense", 0.4, width, width)
			m.linear(r, "classifier", sharp, 1, width)
		case "distilbert":
			m.linear(r, "pre_classifier", 0.4, width, width)
			m.linear(r, "classifier", sharp, 1, width)
		default:
			m.linear(r, "classifier.dense", 0.4, width, width)
			m.linear(r, "classifier.out_proj", sharp, 1, width)
		}
	case heads.QuestionAnswering:
		m.linear(r, "qa_outputs", sharp, 2, width)
	}
}

// Files are the files of the folder.
func (m *Model) Files() (map[string][]byte, error) {
	var entries []safetensors.Entry
	for _, name := range m.names {
		entries = append(entries, safetensors.Entry{Name: name, DType: safetensors.F32, Shape: m.shapes[name], Data: safetensors.Floats(m.values[name], safetensors.F32)})
	}
	var b bytes.Buffer
	if err := safetensors.Write(&b, nil, entries); err != nil {
		return nil, err
	}
	return map[string][]byte{"config.json": []byte(encode(m.Config)), "tokenizer.json": []byte(m.Tokenizer), "model.safetensors": b.Bytes()}, nil
}

// Write writes the folder.
func (m *Model) Write(dir string) error {
	files, err := m.Files()
	if err != nil {
		return err
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	for name, data := range files {
		if err := os.WriteFile(filepath.Join(dir, name), data, 0o644); err != nil {
			return err
		}
	}
	return nil
}

// Rename gives a tensor another name, or takes it away if to is empty.
func (m *Model) Rename(from, to string) {
	var names []string
	for _, n := range m.names {
		switch {
		case n != from:
			names = append(names, n)
		case to != "":
			names = append(names, to)
			m.shapes[to], m.values[to] = m.shapes[from], m.values[from]
		}
	}
	m.names = names
}

// Add adds a random tensor.
func (m *Model) Add(name string, shape ...int) {
	m.add(rand.New(rand.NewPCG(11, uint64(len(name)))), name, 0.5, shape...)
}

// With sets a member of config.json.
func (m *Model) With(key string, value any) *Model {
	m.Config[key] = value
	return m
}
