package transformer

import "strings"

// keyMap is the names that a family gives to the tensors of a checkpoint. Linear
// layers and norms have a ".weight" and a ".bias" under their name, tables a
// ".weight".
type keyMap struct {
	// prefixes are tried in this order; the first whose token table exists holds for all.
	prefixes []string

	tokens, positions, types, embedNorm, relative, finalNorm, head string

	layer                       string // prefix of a layer, before its number
	q, k, v, out                string
	attnNorm, innerNorm         string
	fc1, fc2, ffnNorm, innerFFN string

	// ignored are patterns of tensors that say nothing about the result: a leading
	// '*' matches any beginning, a trailing '*' any end.
	ignored []string
}

var keyMaps = map[string]*keyMap{
	// microsoft/torchscale, and what is derived from it (BEiT-3's text side, Kosmos).
	"torchscale": {
		prefixes:  []string{"", "encoder.", "beit3.encoder."},
		tokens:    "embed_tokens",
		positions: "embed_positions",
		embedNorm: "layernorm_embedding",
		relative:  "relative_position.relative_attention_bias",
		finalNorm: "layer_norm",
		head:      "output_projection",
		layer:     "layers.",
		q:         "self_attn.q_proj",
		k:         "self_attn.k_proj",
		v:         "self_attn.v_proj",
		out:       "self_attn.out_proj",
		attnNorm:  "self_attn_layer_norm",
		innerNorm: "self_attn.inner_attn_ln",
		fc1:       "ffn.fc1",
		fc2:       "ffn.fc2",
		ffnNorm:   "final_layer_norm",
		innerFFN:  "ffn.ffn_layernorm",
		// xpos.scale is computed from the width of a head, the others are leftovers of training.
		ignored: []string{"*.xpos.scale", "*.version", "*._float_tensor"},
	},
	// transformers' BertModel; RobertaModel has the same names.
	"bert":    bertKeys("", "bert."),
	"roberta": bertKeys("", "roberta."),
}

func bertKeys(prefixes ...string) *keyMap {
	return &keyMap{
		prefixes:  prefixes,
		tokens:    "embeddings.word_embeddings",
		positions: "embeddings.position_embeddings",
		types:     "embeddings.token_type_embeddings",
		embedNorm: "embeddings.LayerNorm",
		layer:     "encoder.layer.",
		q:         "attention.self.query",
		k:         "attention.self.key",
		v:         "attention.self.value",
		out:       "attention.output.dense",
		attnNorm:  "attention.output.LayerNorm",
		fc1:       "intermediate.dense",
		fc2:       "output.dense",
		ffnNorm:   "output.LayerNorm",
		// The heads belong to tasks: the encoder's states do not depend on them.
		ignored: []string{"*position_ids", "*pooler.*", "cls.*", "lm_head.*", "classifier.*", "qa_outputs.*", "mlp.*"},
	}
}

// ignores tells whether a tensor may be left out. name is without the prefix that
// was chosen.
func (k *keyMap) ignores(name string) bool {
	for _, p := range k.ignored {
		head, tail := strings.HasPrefix(p, "*"), strings.HasSuffix(p, "*")
		core := strings.Trim(p, "*")
		switch {
		case head && tail && strings.Contains(name, core),
			head && !tail && strings.HasSuffix(name, core),
			!head && tail && strings.HasPrefix(name, core),
			name == p:
			return true
		}
	}
	return false
}
