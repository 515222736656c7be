package quant

import "testing"

// Names of torchscale, fairseq, the original X-MoE code and Hugging Face models.
func TestKeepF32(t *testing.T) {
	m := []int{64, 32}
	for _, tt := range []struct {
		name  string
		shape []int
		keep  bool
	}{
		{"embed_tokens.weight", m, false},
		{"encoder.embed_tokens.weight", m, false},
		{"embeddings.word_embeddings.weight", m, false},
		{"model.shared.weight", m, false},
		{"layers.0.self_attn.q_proj.weight", m, false},
		{"layers.0.self_attn.out_proj.A.weight", m, false},
		{"layers.0.ffn.fc1.weight", m, false},
		{"layers.0.kfc1.weight", m, false},
		{"layers.0.moe_layer.experts.3.fc2.weight", m, false},
		{"model.layers.0.mlp.gate_proj.weight", m, false},
		{"output_projection.weight", m, false},
		{"lm_head.weight", m, false},

		{"embed_positions.weight", m, true},
		{"embed_positions.A.weight", m, true},
		{"embeddings.position_embeddings.weight", m, true},
		{"embeddings.token_type_embeddings.weight", []int{2, 64}, true},
		{"wpe.weight", m, true},
		{"relative_position.relative_attention_bias.weight", m, true},
		{"layers.0.moe_layer.gate.wg.weight", m, true},
		{"layers.0.moe_layer.gate.wg", m, true},
		{"layers.0.moe_layer.gate.wg_reduction.weight", m, true},
		{"gate.gating_t", []int{1}, true},
		{"layers.0.block_sparse_moe.gate.weight", m, true},
		{"layers.0.mlp.router.classifier.weight", m, true},
		{"T.layer2.weight", m, true},
		{"alpha", nil, true},
		{"layers.0.alpha", m, true},
		{"layer_norm.weight", []int{64}, true},
		{"layers.0.ffn.ffn_layernorm.weight", []int{64}, true},
		{"embeddings.LayerNorm.weight", m, true},
		{"layers.0.ffn.fc1.bias", []int{64}, true},
		{"layers.0.ffn.fc1.bias", m, true},
		{"vision.conv1.weight", []int{64, 3, 16, 16}, true},
		{"layers.0.self_attn.in_proj_weight", m, true},
		{"weight", m, true},
		{"h.0.attn.c_attn.weight", []int{64, 192}, true},
		{"empty.weight", []int{0, 4}, true},
		{"empty.weight", []int{4, 0}, true},
		{"vector.weight", []int{4}, true},
	} {
		if got := KeepF32(tt.name, tt.shape); got != tt.keep {
			t.Errorf("KeepF32(%q, %v) = %v (%q)", tt.name, tt.shape, got, KeepReason(tt.name, tt.shape))
		}
	}
}
