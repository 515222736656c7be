package transformer

// crossNames are the names of cross-attention in fairseq and all that comes of it.
func crossNames(k *keyMap) {
	k.crossQ, k.crossK, k.crossV = "encoder_attn.q_proj", "encoder_attn.k_proj", "encoder_attn.v_proj"
	k.crossOut, k.crossNorm = "encoder_attn.out_proj", "encoder_attn_layer_norm"
}

// fairseqStackKeys are one stack of fairseq's transformer: "encoder." or "decoder.". shared
// are the names of a table that belongs to both, and of its copies.
func fairseqStackKeys(stack string, shared ...string) *keyMap {
	return torchscale.with(func(k *keyMap) {
		k.prefixes, k.sharedTokens, k.countsKept = []string{"", "model."}, shared, true
		k.tokens, k.positions, k.embedNorm = stack+"embed_tokens", stack+"embed_positions", stack+"layernorm_embedding"
		k.layer, k.finalNorm = stack+"layers.", stack+"layer_norm"
		k.fc1, k.fc2, k.head, k.copiesHead = "fc1", "fc2", "decoder.output_projection", true
		crossNames(k)
		for _, copied := range shared {
			k.ignored = append([]string{copied + ".weight"}, k.ignored...)
		}
	})
}

// fairseqTables are the names under which a model with share_all_embeddings has its one table.
var fairseqTables = []string{"decoder.embed_tokens", "encoder.embed_tokens", "decoder.output_projection"}

// fairseqRobertaKeys are fairseq's RobertaModel and XLM-R, those with emb_layer_norm of old too.
var fairseqRobertaKeys = torchscale.with(func(k *keyMap) {
	k.prefixes = []string{"encoder.sentence_encoder.", "decoder.sentence_encoder.", ""}
	k.embedNormOld, k.countsKept = "emb_layer_norm", true
	k.fc1, k.fc2 = "fc1", "fc2"
	k.ignored = append([]string{"*classification_heads.*", "*lm_head.*"}, k.ignored...)
})

// kosmosKeys are the text side of Kosmos-2, as transformers and as fairseq have it.
var kosmosKeys = torchscale.with(func(k *keyMap) {
	k.prefixes = []string{"text_model.model.", "gpt_model.decoder.", "model.", ""}
	k.head, k.headAtRoot, k.copiesHead, k.countsKept = "text_model.lm_head", true, true, true
	k.ignored = append([]string{
		"vision_model.*", "image_to_text_projection.*", "img_model.*", "img_connector.*", // the side of images
		"*output_projection.weight", "*lm_head.weight", // the table of tokens
		"*embed_positions.weights", "*self_attn_sope.scale", // the sines; what Kosmos-2 stores and does not use
	}, k.ignored...)
})
