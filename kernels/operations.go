package kernels

// Activation is the function that a linear layer applies to its result.
type Activation uint32

// The activations. GELU is the exact form x·Φ(x) with the error function (arXiv
// 1606.08415). SiLU is x/(1+exp(−x)). GELUTanh is GPT-2's approximation of GELU,
// x·(1+tanh(√(2/π)·(x+0.044715·x³)))/2. At −∞ all of them but None return their limit, 0.
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

// MaxUnsignedLevels is the largest number of levels for which LinearQ8 quantises
// activations to unsigned integers with a zero point.
const MaxUnsignedLevels = 255

// MaxIn is the largest number of input columns of an int8 layer: products of 8 by 9 bits
// that can be summed in 32 bits.
const MaxIn = 1<<16 - 1

// RowBlockF16 is the largest number of rows that one call of LinearF16 takes. The call
// widens each panel once for all of its rows.
const RowBlockF16 = 256

// Operations are what a forward pass computes. The contract of each is the loop in its
// comment; [Reference] is that loop in Go.
type Operations interface {
	// EmbedF32 looks up rows of a table f32 [·,d] by ids i32 [n].
	//
	//	for r := range n {
	//		for j := range d {
	//			v := 0                                   // a negative id is a row of zeros
	//			if ids[r] >= 0 { v = mul * table[ids[r], j] }
	//			if accumulate != 0 { y[r,j] += v } else { y[r,j] = v }
	//		}
	//	}
	EmbedF32(y, table, ids, n, d uint32, mul float32, accumulate uint32)
	// EmbedF16 is EmbedF32 on a table f16 [·,d].
	EmbedF16(y, table, ids, n, d uint32, mul float32, accumulate uint32)
	// EmbedQ8 is EmbedF32 on a table i8 [·,d] with scale f32 [·]. An entry is
	// scale[id] * table[id, j].
	EmbedQ8(y, table, scale, ids, n, d uint32, mul float32, accumulate uint32)

	// LinearF32 multiplies x f32 [m,k] by packed weights w (n×k, see PackF32). bias f32 [n]
	// and res f32 [m,n] are optional; res may be y itself. A GPU may read a subnormal number
	// as 0, so that its product with an infinity is NaN there.
	//
	//	for i := range m {
	//		for j := range n {
	//			s := bias[j]
	//			for l := range k { s += x[i,l] * w[j,l] }
	//			y[i,j] = act(s) + alpha * res[i,j]
	//		}
	//	}
	LinearF32(y, ldy, x, ldx, w, bias, res, ldres, m, k, n uint32, act Activation, alpha float32)

	// LinearF16 is LinearF32 on packed weights f16 [n,k] for up to RowBlockF16 rows. scratch
	// holds LinearScratch(F16, m, k) bytes.
	LinearF16(y, ldy, x, ldx, w, bias, res, ldres, m, k, n uint32, act Activation, alpha float32, scratch uint32)
	// LinearQ8 is LinearF32 on packed int8 weights with scale ws f32 [n]. It first quantises
	// each row of x. If levels is more than MaxUnsignedLevels, to integers of at most
	// levels in magnitude:
	//
	//	sx      = max_l |x[i,l]| / levels;  z = 0
	//	q[i,l]  = round-half-even(x[i,l] / sx)               0 if sx = 0
	//
	// otherwise to 0…levels with a zero point:
	//
	//	low     = min(0, min_l x[i,l]);  high = max(0, max_l x[i,l])
	//	sx      = high / levels − low / levels               NaN if an x[i,l] is not finite
	//	z       = round-half-even(−low / sx)                 0 if sx = 0
	//	q[i,l]  = z + round-half-even(x[i,l] / sx)           clamped to 0…levels
	//
	// and then computes
	//
	//	s       = bias[j] + sx * ws[j] * Σ_l (q[i,l] − z) * w[j,l]
	//	y[i,j]  = act(s) + alpha * res[i,j]
	//
	// levels is Levels(I8, k). scratch holds LinearScratch(I8, m, k) bytes.
	LinearQ8(y, ldy, x, ldx, w, ws, bias, res, ldres, m, k, n uint32, act Activation, alpha float32, levels, scratch uint32)
	// LinearQ4 is LinearF32 on packed 4-bit weights:
	//
	//	sx      = max_l |x[i,l]| / levels
	//	q[i,l]  = round-half-even(x[i,l] / sx)               0 if sx = 0
	//	s       = bias[j] + sx * Σ_b scale[j,b] * Σ_{l in b} q[i,l] * w[j,l]
	//	y[i,j]  = act(s) + alpha * res[i,j]
	//
	// levels is Levels(Q4, k). scratch holds LinearScratch(Q4, m, k) bytes.
	LinearQ4(y, ldy, x, ldx, w, bias, res, ldres, m, k, n uint32, act Activation, alpha float32, levels, scratch uint32)

	// Levels is the number of levels to which LinearQ8 (t = I8) or LinearQ4 (t = Q4)
	// quantises activations of k columns, as the width of the backend's integer arithmetic
	// allows. For other types the number means nothing.
	Levels(t DType, k uint32) uint32
	// LinearScratch is the size in bytes of the scratch of a linear layer on weights of
	// type t, F16, I8 or Q4, for m rows of k.
	LinearScratch(t DType, m, k uint32) uint64

	// LayerNorm normalises the rows of x f32 [n,d] (arXiv 1607.06450); y may be x.
	//
	//	mean = Σ_j x[r,j] / d;  var = Σ_j (x[r,j] − mean)² / d
	//	y[r,j] = (x[r,j] − mean) / √(var + eps) * w[j] + b[j]
	LayerNorm(y, x, w, b, n, d uint32, eps float32)
	// RMSNorm divides the rows of x f32 [n,d] by their root mean square (arXiv
	// 1910.07467); y may be x.
	//
	//	y[r,j] = x[r,j] / √(Σ_l x[r,l]² / d + eps) * w[j]
	RMSNorm(y, x, w, n, d uint32, eps float32)
	// L2Normalize divides each row of x f32 [n,d] by max(√Σ_j x[r,j]², eps); y may be x.
	L2Normalize(y, x, n, d uint32, eps float32)
	// MeanRows is y[j] = Σ_r x[r,j] / n over x f32 [n,d], n > 0.
	MeanRows(y, x, n, d uint32)

	// Activate applies act to n numbers; y may be x.
	Activate(y, x, n uint32, act Activation)
	// Add is y[i] = alpha * a[i] + b[i] over n numbers; y may be a or b.
	Add(y, a, b, n uint32, alpha float32)
	// Gate is y[i] = act(a[i]) * b[i] over n numbers; y may be a or b. An infinite b[i]
	// gives NaN where act(a[i]) is too small for float32.
	Gate(y, a, b, n uint32, act Activation)

	// Attention is scaled dot-product attention of one sequence, all heads: q f32
	// [tq, heads*h], k and v f32 [tk, heads/group*h], y f32 [tq, heads*h]. group
	// consecutive heads, a divisor of heads, share keys and values (arXiv 2305.13245).
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
	// A key that keep or causal hides has no effect, whatever k[j] and v[j] hold, NaN
	// included. The same holds for v[j] where mask is −inf. Whether a v[j] that is not
	// finite has an effect where p[j] is 0 for another reason is undefined. causal = tk
	// means no causal mask. scratch holds AttentionScratch(tq, tk, h) bytes.
	Attention(y, ldy, q, ldq, k, v, ldkv, tq, tk, heads, group, h uint32, scale float32,
		keep, mask, ldmask, rel, ldrel uint32, relbase int32, causal, scratch uint32)
	// AttentionScratch is the size in bytes of the scratch of Attention for tq queries and
	// tk keys of h numbers a head.
	AttentionScratch(tq, tk, h uint32) uint64

	// Rotate rotates the pairs (2c, 2c+1) of every head in place: x f32 [n, heads*h], cos
	// and sin f32 [n, h/2]. A pair (cos, sin) may have a length other than 1 (xpos, arXiv
	// 2212.10554).
	//
	//	a, b := x[r, head*h+2c], x[r, head*h+2c+1]
	//	x[r, head*h+2c]   = a*cos[r,c] − b*sin[r,c]
	//	x[r, head*h+2c+1] = b*cos[r,c] + a*sin[r,c]
	Rotate(x, ldx, n, heads, h, cos, sin uint32)
	// RotateHalves rotates the pairs (c, c+turn/2) of the first turn columns of every head
	// in place, which is how GPT-NeoX and Llama pair them: x f32 [n, heads*h], cos and sin
	// f32 [n, turn/2]; turn is even and at most h.
	//
	//	a, b := x[r, head*h+c], x[r, head*h+turn/2+c]
	//	x[r, head*h+c]        = a*cos[r,c] − b*sin[r,c]
	//	x[r, head*h+turn/2+c] = b*cos[r,c] + a*sin[r,c]
	RotateHalves(x, ldx, n, heads, h, turn, cos, sin uint32)

	// ScanQ8 compares a query q i8 [k] with the rows of x i8 [n,k], scale s f32 [n]. k is a
	// multiple of 16 and at most MaxIn.
	//
	//	y[i] = s[i] * Σ_l q[l] * x[i,l]
	//	y[i] = −inf if keep[i] = 0                // optional, u8 [n]
	//
	// The sums are exact, so every backend finds the same neighbours.
	ScanQ8(y, q, x, s, keep, n, k uint32)

	// TopK finds the k largest numbers of each row of x f32 [m,n], largest first, equal ones
	// by their column: ids i32 [m,k] and y f32 [m,k]. NaN counts as −∞ and is written as −∞.
	// k is at most n and at most MaxTopK.
	//
	//	y[i,r] = x[i, ids[i,r]]
	TopK(ids, y, x, ldx, m, n, k uint32)
}

// MaxTopK is the largest k of TopK: the most that sampling keeps of a vocabulary, with room.
const MaxTopK = 64
