package webgpu

// Kernel describes a compute shader of package gen: its name, the operands that it finds in
// memory, and the numbers that it takes.
//
// A command carries the numbers in this order: the offsets of the operands, each within the
// operand's segment, and then the parameters. The offsets of the operands in Bytes are in
// bytes, the others in words of four bytes. Parameters whose names are in Floats are f32.
type Kernel struct {
	Name     string
	Operands []string
	Params   []string
}

// The numbers of the kernels in a command list.
const (
	kWrite uint32 = iota // data follows the command; see Recorder.write
	kEmbedF32
	kEmbedF16
	kEmbedQ8
	kLayerNorm
	kRMSNorm
	kL2Normalize
	kMeanRows
	kActivate
	kAdd
	kGate
	kRotate
	kRotateHalves
	kPackF32
	kPackF16
	kPackQ8
	kSumQ8
	kPackQ4
	kRowScales
	kQuantizeRows
	kQuantizeQ4
	kWidenF16
	kWidenBF16
	kNarrowF16
	kSHA256
	kQuantizeX8
	kQuantizeX4
	kLinearF32
	kLinearF16
	kLinearQ8
	kLinearQ4
	kFewF32
	kFewF16
	kFewQ8
	kFewQ4
	kAttention
	kScanQ8
	kTopK
)

// linearParams are the parameters of all linear layers. flags has bit 0 where there is a
// bias and bit 1 where there is a residual.
var linearParams = []string{"ldy", "ldx", "ldres", "m", "k", "n", "act", "alpha", "flags"}

// Kernels are all compute shaders, by number.
var Kernels = [...]Kernel{
	kWrite:        {"write", []string{"y"}, []string{"n", "source", "first", "last"}},
	kEmbedF32:     {"embed_f32", []string{"y", "table", "ids"}, []string{"n", "d", "mul", "accumulate"}},
	kEmbedF16:     {"embed_f16", []string{"y", "table", "ids"}, []string{"n", "d", "mul", "accumulate"}},
	kEmbedQ8:      {"embed_q8", []string{"y", "table", "ids", "scale"}, []string{"n", "d", "mul", "accumulate"}},
	kLayerNorm:    {"layer_norm", []string{"y", "x", "w", "b"}, []string{"n", "d", "eps"}},
	kRMSNorm:      {"rms_norm", []string{"y", "x", "w"}, []string{"n", "d", "eps"}},
	kL2Normalize:  {"l2_normalize", []string{"y", "x"}, []string{"n", "d", "eps"}},
	kMeanRows:     {"mean_rows", []string{"y", "x"}, []string{"n", "d"}},
	kActivate:     {"activate", []string{"y", "x"}, []string{"n", "act"}},
	kAdd:          {"add", []string{"y", "a", "b"}, []string{"n", "alpha"}},
	kGate:         {"gate", []string{"y", "a", "b"}, []string{"n", "act"}},
	kRotate:       {"rotate", []string{"x", "cos", "sin"}, []string{"ldx", "n", "heads", "h"}},
	kRotateHalves: {"rotate_halves", []string{"x", "cos", "sin"}, []string{"ldx", "n", "heads", "h", "turn"}},
	kPackF32:      {"pack_f32", []string{"y", "x"}, []string{"n", "k"}},
	kPackF16:      {"pack_f16", []string{"y", "x"}, []string{"n", "k"}},
	kPackQ8:       {"pack_q8", []string{"y", "x"}, []string{"n", "k"}},
	kSumQ8:        {"sum_q8", []string{"y"}, []string{"n", "k"}},
	kPackQ4:       {"pack_q4", []string{"y", "x", "scale"}, []string{"n", "k"}},
	kRowScales:    {"row_scales", []string{"scale", "x"}, []string{"n", "k"}},
	kQuantizeRows: {"quantize_rows", []string{"q", "scale", "x"}, []string{"n", "k"}},
	kQuantizeQ4:   {"quantize_q4", []string{"q", "scale", "x"}, []string{"n", "k"}},
	kWidenF16:     {"widen_f16", []string{"y", "x"}, []string{"n"}},
	kWidenBF16:    {"widen_bf16", []string{"y", "x"}, []string{"n"}},
	kNarrowF16:    {"narrow_f16", []string{"y", "x", "beyond"}, []string{"n"}},
	kSHA256:       {"sha256", []string{"state", "x"}, []string{"n"}},
	kQuantizeX8:   {"quantize_x8", []string{"q", "x"}, []string{"ldx", "m", "k", "levels"}},
	kQuantizeX4:   {"quantize_x4", []string{"q", "x"}, []string{"ldx", "m", "k", "levels"}},
	kLinearF32:    {"linear_f32", []string{"y", "x", "w", "bias", "res"}, linearParams},
	kLinearF16:    {"linear_f16", []string{"y", "x", "w", "bias", "res"}, linearParams},
	kLinearQ8:     {"linear_q8", []string{"y", "x", "w", "bias", "res", "ws"}, linearParams},
	kLinearQ4:     {"linear_q4", []string{"y", "x", "w", "bias", "res"}, linearParams},
	kFewF32:       {"few_f32", []string{"y", "x", "w", "bias", "res"}, linearParams},
	kFewF16:       {"few_f16", []string{"y", "x", "w", "bias", "res"}, linearParams},
	kFewQ8:        {"few_q8", []string{"y", "x", "w", "bias", "res", "ws"}, linearParams},
	kFewQ4:        {"few_q4", []string{"y", "x", "w", "bias", "res"}, linearParams},
	kAttention: {"attention", []string{"y", "q", "k", "v", "keep", "mask", "rel"},
		[]string{"ldy", "ldq", "ldkv", "tq", "tk", "group", "h", "scale", "ldmask", "ldrel", "relbase", "causal", "flags"}},
	kScanQ8: {"scan_q8", []string{"y", "q", "x", "s", "keep"}, []string{"n", "k", "flags"}},
	kTopK:   {"top_k", []string{"ids", "y", "x"}, []string{"ldx", "m", "n", "k"}},
}

// Floats are the parameters that are f32; the others are u32.
var Floats = map[string]bool{"mul": true, "eps": true, "alpha": true, "scale": true}

// Bytes are the operands of some kernels whose offsets are in bytes.
var Bytes = map[string]map[string]bool{
	"embed_f16":     {"table": true},
	"embed_q8":      {"table": true},
	"pack_f16":      {"x": true},
	"pack_q8":       {"x": true},
	"pack_q4":       {"x": true},
	"quantize_rows": {"q": true},
	"widen_f16":     {"x": true},
	"widen_bf16":    {"x": true},
	"narrow_f16":    {"y": true},
	"sha256":        {"x": true},
	"attention":     {"keep": true},
	"scan_q8":       {"keep": true},
}
