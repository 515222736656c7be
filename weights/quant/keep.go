package quant

import "strings"

// KeepF32 reports whether a tensor stays float32 in a q8 folder. name is its full name,
// as layers.0.ffn.fc1.weight.
func KeepF32(name string, shape []int) bool { return KeepReason(name, shape) != "" }

// KeepReason is why a tensor stays float32, or empty if it is quantised. What is left to
// quantise is every "….weight" of two dimensions [out, in], token embeddings
// [vocabulary, width] among them.
func KeepReason(name string, shape []int) string {
	parts := strings.Split(name, ".")
	for i, p := range parts {
		if r, ok := keepPart[p]; ok {
			return r
		}
		if p == "gate" && i == len(parts)-2 {
			return "router: a close decision between experts must not move"
		}
		for _, k := range keepInside {
			if strings.Contains(p, k.text) {
				return k.reason
			}
		}
	}
	switch {
	case parts[len(parts)-1] == "bias" || strings.HasSuffix(name, "_bias"):
		return "bias: one number per row is nothing to save"
	case len(shape) != 2:
		return "not a matrix: only [out, in] has a scale per output row"
	case len(parts) < 2 || parts[len(parts)-1] != "weight":
		return "not a module's weight: the convention names scales after X.weight"
	case shape[0] == 0 || shape[1] == 0:
		return "empty"
	}
	return ""
}

// keepPart decides by one whole part of a dotted name.
var keepPart = map[string]string{
	"wg":           "router: a close decision between experts must not move",
	"wg_reduction": "router: a close decision between experts must not move",
	"gating_t":     "router: its temperature",
	"router":       "router: a close decision between experts must not move",
	"T":            "THE-X's 1/x: a few numbers, and every attention depends on them",
	"alpha":        "α: a factor of whole layers",
	"wpe":          "position table: small, and added to every token",
	"c_attn":       "Conv1D: stored [in, out], so that its rows are not outputs",
	"c_fc":         "Conv1D: stored [in, out], so that its rows are not outputs",
	"c_proj":       "Conv1D: stored [in, out], so that its rows are not outputs",
}

// keepInside decides by a piece of one part, in this order.
var keepInside = []struct{ text, reason string }{
	{"norm", "normalisation: small, and it sets the scale of everything after it"},
	{"Norm", "normalisation: small, and it sets the scale of everything after it"},
	{"relative", "relative-position table: added to attention scores before the softmax"},
	{"rel_pos", "relative-position table: added to attention scores before the softmax"},
	{"rel_embeddings", "relative-position table: added to attention scores before the softmax"},
	{"embed_positions", "position table: small, and added to every token"},
	{"position_embedding", "position table: small, and added to every token"},
	{"positional_embedding", "position table: small, and added to every token"},
	{"pos_embed", "position table: small, and added to every token"},
	{"token_type_embedding", "segment table: a few rows, added to every token"},
}
