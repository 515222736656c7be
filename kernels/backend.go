package kernels

// Activation is the function that a linear layer applies to its result.
type Activation uint32

// The activations. GELU is the exact form x·Φ(x) with the error function, SiLU is
// x/(1+exp(−x)), GELUTanh what GPT-2 has for GELU: x·(1+tanh(√(2/π)·(x+0.044715·x³)))/2.
// At −∞ all but None give their limit, 0.
const (
	None Activation = iota
	ReLU
	GELU
	SiLU
	GELUTanh
)

func (a Activation) String() string {
	if int(a) < len(activationNames) {
		return activationNames[a]
	}
	return "unknown"
}

var activationNames = [...]string{"none", "relu", "gelu", "silu", "gelu_tanh"}

// PanelWidth is the number of output columns that packed weights keep together.
// Weights are packed in blocks of whole panels, so a loader hands over rows in
// multiples of it.
const PanelWidth = 16

// EightBits is the largest number of levels that means unsigned activations with a
// zero point; see Backend.LinearQ8.
const EightBits = 255

// MaxIn is the largest number of columns of an int8 layer: what 8 by 9 bits can be added
// up in 32.
const MaxIn = 1<<16 - 1

// Backend is device memory and the operations on it.
//
// Every argument is a byte offset into the memory, a count of elements, or a
// number. Offsets of f32 and i32 data are multiples of 4, those of packed weights
// and scratch multiples of 16. The offset 0 stands for "absent" where a comment
// says "optional". ld… is the distance between rows, in elements. Nothing is
// checked here: [Device] does that. Unless a comment says otherwise, outputs must
// not overlap inputs. Loads, never stores, may run up to 60 bytes past an operand, or
// 12 before a relative bias; memory has to be there, its contents do not matter.
//
// In the loops below all arithmetic is that of real numbers; the budget of each
// operation (package kerneltest) bounds the error of float32.
type Backend interface {
	OpsQ4
	OpsF16

	// Name tells the variant: "reference", "simd128", "relaxed", "fused", "fused8".
	Name() string

	// Base is the first offset that is free for data; below it lie the backend's own tables.
	Base() uint32
	// Size is the memory's present size in bytes.
	Size() uint64
	// Grow makes the memory at least size bytes long, keeping its contents.
	Grow(size uint64) error
	// Write copies p into memory at offset at.
	Write(at uint32, p []byte)
	// Read copies memory at offset at into p.
	Read(at uint32, p []byte)

	// PackedSize is the number of bytes of n×k packed weights of type t, those of Q4 with
	// their scales. It is additive over blocks of rows that are multiples of PanelWidth.
	PackedSize(t DType, n, k uint32) uint64
	// QuantScratch is the number of bytes of scratch that LinearQ8 needs for m rows of k.
	QuantScratch(m, k uint32) uint64
	// QuantLevels is the number of levels to which LinearQ8 quantises activations of
	// k columns; it is what the width of the backend's integer arithmetic allows.
	QuantLevels(k uint32) uint32

	// AttentionScratch is the number of bytes of scratch that Attention needs for tq queries
	// and tk keys of h numbers a head.
	AttentionScratch(tq, tk, h uint32) uint64

	// PackF32 packs weights src f32 [n,k] row-major into dst, n rows from a
	// panel's start. The layout is the backend's own.
	PackF32(dst, src, n, k uint32)
	// PackQ8 packs weights src i8 [n,k] row-major into dst likewise.
	PackQ8(dst, src, n, k uint32)

	// QuantizeRows quantises rows of src f32 [n,k] to q i8 [n,k] and scale f32 [n].
	//
	//	scale[r] = max_j |src[r,j]| / 127
	//	q[r,j]   = round-half-even(src[r,j] / scale[r])      0 if scale[r] = 0
	QuantizeRows(q, scale, src, n, k uint32)

	// WidenF16 converts n IEEE 754 half-precision numbers to f32. dst and src may
	// not overlap.
	WidenF16(dst, src, n uint32)
	// WidenBF16 converts n bfloat16 numbers to f32 likewise.
	WidenBF16(dst, src, n uint32)

	// EmbedF32 looks rows up in a table f32 [·,d] by ids i32 [n].
	//
	//	for r := range n {
	//		for j := range d {
	//			v := 0                                   // a negative id is a row of zeros
	//			if ids[r] >= 0 { v = mul * table[ids[r], j] }
	//			if accumulate != 0 { y[r,j] += v } else { y[r,j] = v }
	//		}
	//	}
	EmbedF32(y, table, ids, n, d uint32, mul float32, accumulate uint32)
	// EmbedQ8 is EmbedF32 on a table i8 [·,d] with scale f32 [·]: the entry is
	// scale[id] * table[id, j].
	EmbedQ8(y, table, scale, ids, n, d uint32, mul float32, accumulate uint32)

	// LinearF32 multiplies x f32 [m,k] with packed weights w (n×k, see PackF32).
	// bias f32 [n] and res f32 [m,n] are optional; res may be y itself.
	//
	//	for i := range m {
	//		for j := range n {
	//			s := bias[j]
	//			for l := range k { s += x[i,l] * w[j,l] }
	//			y[i,j] = act(s) + alpha * res[i,j]
	//		}
	//	}
	LinearF32(y, ldy, x, ldx, w, bias, res, ldres, m, k, n uint32, act Activation, alpha float32)
	// LinearQ8 is LinearF32 on packed int8 weights with scale ws f32 [n]. Each row
	// of x is first quantised, to integers of at most levels in magnitude if levels is
	// more than EightBits:
	//
	//	sx      = max_l |x[i,l]| / levels;  z = 0
	//	q[i,l]  = round-half-even(x[i,l] / sx)               0 if sx = 0
	//
	// otherwise to 0…levels, with a zero point:
	//
	//	low     = min(0, min_l x[i,l]);  high = max(0, max_l x[i,l])
	//	sx      = high / levels − low / levels               NaN if an x[i,l] is not finite
	//	z       = round-half-even(−low / sx)                 0 if sx = 0
	//	q[i,l]  = z + round-half-even(x[i,l] / sx)           cut to 0…levels
	//
	// and then
	//
	//	s       = bias[j] + sx * ws[j] * Σ_l (q[i,l] − z) * w[j,l]
	//	y[i,j]  = act(s) + alpha * res[i,j]
	//
	// levels is QuantLevels(k); scratch holds QuantScratch(m, k) bytes.
	LinearQ8(y, ldy, x, ldx, w, ws, bias, res, ldres, m, k, n uint32, act Activation, alpha float32, levels, scratch uint32)

	// LayerNorm normalises the rows of x f32 [n,d]; y may be x.
	//
	//	mean = Σ_j x[r,j] / d;  var = Σ_j (x[r,j] − mean)² / d
	//	y[r,j] = (x[r,j] − mean) / √(var + eps) * w[j] + b[j]
	LayerNorm(y, x, w, b, n, d uint32, eps float32)
	// RMSNorm divides the rows of x f32 [n,d] by their root mean square (arXiv
	// 1910.07467); y may be x.
	//
	//	y[r,j] = x[r,j] / √(Σ_l x[r,l]² / d + eps) * w[j]
	RMSNorm(y, x, w, n, d uint32, eps float32)

	// Activate applies act to n numbers; y may be x.
	Activate(y, x, n uint32, act Activation)

	// Add is y[i] = alpha * a[i] + b[i] over n numbers; y may be a or b.
	Add(y, a, b, n uint32, alpha float32)

	// Gate is y[i] = act(a[i]) * b[i] over n numbers; y may be a or b. An infinite b[i] gives
	// NaN where act(a[i]) is too small for float32.
	Gate(y, a, b, n uint32, act Activation)

	// Attention is scaled dot-product attention of one sequence, all heads: q f32
	// [tq, heads*h], k and v f32 [tk, heads/group*h], y f32 [tq, heads*h]. group heads in
	// a row, which divides heads, share their keys and values (arXiv 2305.13245).
	//
	//	for head, i:
	//		kv := head / group
	//		for j := range tk {
	//			s[j] = scale * Σ_c q[i, head*h+c] * k[j, kv*h+c]
	//			s[j] += mask[i, j]                                    // optional, f32 [tq, ldmask]
	//			s[j] += rel[head*ldrel + relbase + j − i]             // optional, a Toeplitz bias
	//			s[j] = −inf if keep[j] = 0 (optional, u8 [tk]) or j > i + causal
	//		}
	//		p = softmax(s)                                             // zeros if every s[j] is −inf
	//		y[i, head*h+c] = Σ_j p[j] * v[j, kv*h+c]
	//
	// A key that keep or causal hides counts for nothing, whatever k[j] and v[j]
	// hold, NaN included; so does v[j] where mask is −inf. Whether a v[j] that is not finite
	// counts where p[j] is 0 for another reason is not defined. causal = tk means no causal
	// mask. scratch holds AttentionScratch(tq, tk, h) bytes.
	Attention(y, ldy, q, ldq, k, v, ldkv, tq, tk, heads, group, h uint32, scale float32,
		keep, mask, ldmask, rel, ldrel uint32, relbase int32, causal, scratch uint32)

	// Rotate turns the pairs (2c, 2c+1) of every head in place: x f32 [n, heads*h],
	// cos and sin f32 [n, h/2], which may hold a length other than 1 (xpos).
	//
	//	a, b := x[r, head*h+2c], x[r, head*h+2c+1]
	//	x[r, head*h+2c]   = a*cos[r,c] − b*sin[r,c]
	//	x[r, head*h+2c+1] = b*cos[r,c] + a*sin[r,c]
	Rotate(x, ldx, n, heads, h, cos, sin uint32)
	// RotateHalves turns the pairs (c, c+turn/2) of the first turn columns of every head
	// in place, as GPT-NeoX and Llama pair them: x f32 [n, heads*h], cos and sin f32
	// [n, turn/2]; turn is even and at most h.
	//
	//	a, b := x[r, head*h+c], x[r, head*h+turn/2+c]
	//	x[r, head*h+c]        = a*cos[r,c] − b*sin[r,c]
	//	x[r, head*h+turn/2+c] = b*cos[r,c] + a*sin[r,c]
	RotateHalves(x, ldx, n, heads, h, turn, cos, sin uint32)

	// MeanRows is y[j] = Σ_r x[r,j] / n over x f32 [n,d], n > 0.
	MeanRows(y, x, n, d uint32)

	// L2Normalize divides each row of x f32 [n,d] by max(√Σ_j x[r,j]², eps); y may be x.
	L2Normalize(y, x, n, d uint32, eps float32)

	// SHA256 runs the compression function of FIPS 180-4 over n blocks of 64 bytes
	// at src; state is u32 [8], in native byte order.
	SHA256(state, src, n uint32)
}
