package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// The golden vectors of Kformer and MetaLM as model folders, with io.json beside: kformer,
// and metalm with one connector each.
const goldenDir = "models/golden/testdata"

func dockedFolders() map[string]model {
	var pieces []any
	for _, p := range []string{"<s>", "<pad>", "</s>", "<unk>"} {
		pieces = append(pieces, []any{p, 0})
	}
	for r := 'a'; r <= 'z'; r++ {
		pieces = append(pieces, []any{"▁" + string(r), -1})
	}
	metaspace := `{"type":"Metaspace","replacement":"▁","prepend_scheme":"always","split":true}`
	letters := tokenizerJSON("", map[string]any{"type": "Unigram", "unk_id": 3, "vocab": pieces}, metaspace, "null", metaspace)

	all := map[string]model{}
	read := func(name, from, config string) model {
		m := model{configFile: []byte(config), tokenizerFile: letters}
		for to, file := range map[string]string{weightsFile: "weights.safetensors", "io.json": "io.json"} {
			text, err := os.ReadFile(filepath.Join(goldenDir, from, file))
			must(err)
			m[to] = text
		}
		all[name] = m
		return m
	}
	read("kformer", "kformer", `{"model_type":"kformer","vocab_size":31,"hidden_size":16,"num_hidden_layers":4,"num_attention_heads":4,"intermediate_size":24,
		"max_position_embeddings":22,"pad_token_id":1,"layer_norm_eps":1e-5,"hidden_act":"gelu","knowledge_layer":[2,4],"top_n":5}`)
	for kind, prefix := range map[string]string{"simple": "connector.simple.", "complex": "connector.complex.", "xconnector": "connector.x."} {
		m := read("metalm-"+kind, "metalm_semicausal", fmt.Sprintf(metalmConfig, kind))
		h, data := m.open()
		var names []string
		for _, name := range h.names() {
			rest, mine := strings.CutPrefix(name, prefix)
			if mine {
				h["connector."+rest] = h[name]
				name = "connector." + rest
			} else if strings.HasPrefix(name, "connector.") {
				continue
			}
			names = append(names, name)
		}
		m[weightsFile] = take(h, data, names)
	}
	return all
}

const metalmConfig = `{"model_type":"metalm","connector":%q,"latent_query_num":3,
	"decoder":{"model_type":"torchscale","vocab_size":33,"decoder_embed_dim":16,"decoder_layers":2,"decoder_attention_heads":4,"decoder_ffn_embed_dim":24,
		"deepnorm":true,"decoder_normalize_before":false,"activation_fn":"gelu","positions":"sinusoidal","no_scale_embedding":false,"share_decoder_input_output_embed":true},
	"encoder":{"model_type":"torchscale","vocab_size":33,"encoder_embed_dim":12,"encoder_layers":2,"encoder_attention_heads":4,"encoder_ffn_embed_dim":20,
		"deepnorm":true,"activation_fn":"gelu","rel_pos_buckets":8,"max_rel_pos":12,"max_source_positions":38}}`
