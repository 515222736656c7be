package transformer

import "strings"

// keyMap is the names that a family gives to the tensors of a checkpoint. Linear
// layers and norms have a ".weight" and a ".bias" under their name, tables a
// ".weight". A '*' in a name is the branch of a multiway model.
type keyMap struct {
	// prefixes are tried in this order; the first whose token table exists holds for all.
	prefixes []string
	// sharedTokens are the names of a table of tokens of all stacks, tried before tokens.
	sharedTokens []string
	// encoderTokens are whole names of the encoder's table, for Config.SharedTokens.
	encoderTokens []string

	tokens, positions, types, embedNorm, relative, crossRelative, finalNorm, head string
	patches, wholeView                                                            string // an image's

	embedNormOld string // what embedNorm was called once

	layer                                             string // prefix of a layer, before its number
	q, k, v, out                                      string
	attnNorm, innerNorm                               string
	crossQ, crossK, crossV, crossOut, crossNorm       string
	gate, fc1, fc2, ffnNorm, innerFFN                 string
	experts, router, routerReduction, routerTemper    string
	knowledgeKeys, knowledgeValues, knowledgeTokens   string
	expertFC1, expertFC2, expertInner, routerUnitName string

	qkv    string // queries, keys and values in one, where they are
	turned bool   // linear layers are stored as [in, out]
	// headAtRoot: the head's name has no prefix.
	headAtRoot bool
	// copiesHead: a head that is stored, though it is tied, is a copy of the table of tokens.
	copiesHead bool

	normWeight, normBias string // what follows a norm's name, if not ".weight" and ".bias"
	reciprocal           string // prefix of the three linear layers of THE-X's T

	keepsPadding bool // padding is embedded like any token
	countsKept   bool // the positions of a padded batch count the tokens that are kept

	// ignored are patterns of tensors that say nothing about the result: a leading
	// '*' matches any beginning, a trailing '*' any end.
	ignored []string
}

// with is a copy of k after change.
func (k *keyMap) with(change func(*keyMap)) *keyMap {
	c := *k
	change(&c)
	return &c
}

// torchscale is microsoft/torchscale, and what is derived from it (Kosmos).
var torchscale = &keyMap{
	prefixes:        []string{"", "encoder.", "beit3.encoder.", "enc."},
	tokens:          "embed_tokens",
	positions:       "embed_positions",
	embedNorm:       "layernorm_embedding",
	relative:        "relative_position.relative_attention_bias",
	finalNorm:       "layer_norm",
	head:            "output_projection",
	layer:           "layers.",
	q:               "self_attn.q_proj",
	k:               "self_attn.k_proj",
	v:               "self_attn.v_proj",
	out:             "self_attn.out_proj",
	attnNorm:        "self_attn_layer_norm",
	innerNorm:       "self_attn.inner_attn_ln",
	fc1:             "ffn.fc1",
	fc2:             "ffn.fc2",
	ffnNorm:         "final_layer_norm",
	innerFFN:        "ffn.ffn_layernorm",
	experts:         "moe_layer.experts.",
	expertFC1:       "fc1",
	expertFC2:       "fc2",
	expertInner:     "ffn_layernorm",
	router:          "moe_layer.gate.wg.weight",
	routerUnitName:  "moe_layer.gate.wg",
	routerReduction: "moe_layer.gate.wg_reduction.weight",
	routerTemper:    "moe_layer.gate.gating_t",
	// xpos.scale is computed from the width of a head, the others are leftovers of training.
	// The heads belong to tasks.
	ignored: []string{"*.xpos.scale", "*.version", "*._float_tensor", "classifier.*", "qa_outputs.*", "lm_head.*"},
}

var keyMaps = map[string]*keyMap{
	"torchscale": torchscale,
	"torchscale decoder": torchscale.with(func(k *keyMap) {
		k.prefixes = []string{"", "decoder.", "dec."}
		k.encoderTokens = []string{"encoder.embed_tokens", "enc.embed_tokens"}
		k.relative = "self_attn_relative_position.relative_attention_bias"
		k.crossRelative = "cross_attn_relative_position.relative_attention_bias"
		crossNames(k)
	}),
	"fairseq encoder":        fairseqStackKeys("encoder."),
	"fairseq decoder":        fairseqStackKeys("decoder."),
	"fairseq shared encoder": fairseqStackKeys("encoder.", fairseqTables...),
	"fairseq shared decoder": fairseqStackKeys("decoder.", fairseqTables...),
	"fairseq roberta":        fairseqRobertaKeys,
	"kosmos-2":               kosmosKeys,
	// microsoft/unilm, beit3.
	"beit3": torchscale.with(func(k *keyMap) {
		k.prefixes = []string{"", "beit3."}
		k.tokens, k.positions, k.finalNorm = "text_embed", "encoder.embed_positions.*", "encoder.layer_norm.*"
		k.patches, k.wholeView = "vision_embed.proj", "vision_embed.cls_token"
		k.layer = "encoder.layers."
		for _, name := range []*string{&k.q, &k.k, &k.v, &k.out, &k.attnNorm, &k.innerNorm, &k.ffnNorm} {
			*name += ".*"
		}
		k.fc1, k.fc2, k.innerFFN = "ffn.*.fc1", "ffn.*.fc2", "ffn.*.ffn_layernorm"
		// mask_token stands for hidden patches in training; the heads belong to tasks.
		k.ignored = append([]string{"vision_embed.mask_token", "*head.*", "*pooler.*", "logit_scale"}, k.ignored...)
	}),
	// transformers' BertModel; RobertaModel has the same names.
	"bert":    bertKeys("", "bert."),
	"roberta": bertKeys("", "roberta.").with(func(k *keyMap) { k.countsKept = true }),
	"distilbert": bertKeys("", "distilbert.").with(func(k *keyMap) {
		k.types = ""
		k.layer = "transformer.layer."
		k.q, k.k, k.v, k.out = "attention.q_lin", "attention.k_lin", "attention.v_lin", "attention.out_lin"
		k.attnNorm, k.ffnNorm, k.fc1, k.fc2 = "sa_layer_norm", "output_layer_norm", "ffn.lin1", "ffn.lin2"
		k.ignored = []string{"*position_ids", "vocab_*", "pre_classifier.*", "classifier.*", "qa_outputs.*"}
	}),
	"gpt2": {
		prefixes: []string{"transformer.", ""}, turned: true, copiesHead: true, keepsPadding: true,
		tokens: "wte", positions: "wpe", finalNorm: "ln_f", head: "lm_head",
		layer: "h.", qkv: "attn.c_attn", out: "attn.c_proj", attnNorm: "ln_1",
		fc1: "mlp.c_fc", fc2: "mlp.c_proj", ffnNorm: "ln_2",
		// The causal mask of old releases, and heads of tasks.
		ignored: []string{"*.attn.bias", "*.attn.masked_bias", "lm_head.weight", "score.weight"},
	},
	"llama": llama,
	// transformers' M2M100 (NLLB too), fairseq's layers under other prefixes.
	"m2m_100":         m2m("encoder."),
	"m2m_100 decoder": m2m("decoder."),
	// A BERT whose norms and softmax were replaced (no published checkpoint; the names are ours).
	"thex": bertKeys("", "bert.").with(func(k *keyMap) {
		k.normWeight, k.normBias, k.reciprocal = ".affine_gamma", ".affine_beta", "T.layer"
		k.ignored = append([]string{"*LayerNorm.weight", "*LayerNorm.bias"}, k.ignored...)
	}),
	// zjunlp/Kformer: fairseq's RoBERTa of that time.
	"kformer": fairseqRobertaKeys.with(func(k *keyMap) {
		k.knowledgeKeys, k.knowledgeValues, k.knowledgeTokens = "kfc1", "kfc2", "kembed_tokens"
	}),
}

// m2m is one stack of an M2M100: "encoder." or "decoder.".
func m2m(stack string) *keyMap {
	return fairseqStackKeys(stack, "shared", "encoder.embed_tokens", "decoder.embed_tokens").with(func(k *keyMap) {
		k.prefixes, k.head = []string{"model.", ""}, "lm_head"
		// Copies of the shared table, and the sines.
		k.ignored = append([]string{"lm_head.weight", "*embed_positions.weights"}, k.ignored...)
	})
}

func bertKeys(prefixes ...string) *keyMap {
	return &keyMap{
		prefixes: prefixes, keepsPadding: true,
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

// branchName is name for branch b of a multiway model: A sees images, B text.
func branchName(name string, b int) string {
	return strings.Replace(name, "*", "AB"[b:b+1], 1)
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
