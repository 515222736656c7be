package transformer

// llama is transformers' LlamaForCausalLM and LlamaModel; Mistral's are the same.
var llama = &keyMap{
	prefixes: []string{"model.", ""}, keepsPadding: true,
	tokens: "embed_tokens", finalNorm: "norm", head: "lm_head", headAtRoot: true, copiesHead: true,
	layer: "layers.", q: "self_attn.q_proj", k: "self_attn.k_proj", v: "self_attn.v_proj", out: "self_attn.o_proj",
	attnNorm: "input_layernorm", gate: "mlp.gate_proj", fc1: "mlp.up_proj", fc2: "mlp.down_proj", ffnNorm: "post_attention_layernorm",
	// The angles of old releases, and the head of a classifier.
	ignored: []string{"*rotary_emb.inv_freq", "score.weight"},
}
