package kerneltest

// Budget is the largest error of a result against the reference, which sums in float64.
type Budget struct {
	// NMSE bounds Σ(y−ref)² / Σref² of buffers with 64 finite numbers or more.
	NMSE float64
	// Abs bounds |y−ref| relative to the largest |ref| of the buffer, or to 1 if that is
	// larger. It detects one wrong number among many.
	Abs float64
}

// exact is the budget of operations that compute the same bits.
var exact = Budget{}

// Budgets of the operations. Float32 has 24 bits: the error of one rounding is 6e-8, its
// square 3.6e-15. The error of a sequential sum of k terms is about √k roundings, whose
// square is 1.1e-11 for the longest row of the table, 3072.
var Budgets = map[string]Budget{
	"linear f32": {NMSE: 1.1e-11, Abs: 3e-6},
	// Widening weights to float32 is exact.
	"linear f16": {NMSE: 1.1e-11, Abs: 3e-6},
	// The integers are equal, and their sum is exact.
	"linear q8": {NMSE: 1e-12, Abs: 1e-6},
	// The sums of the blocks are equal; k/32 of them are added in float32.
	"linear q4": {NMSE: 1e-12, Abs: 1e-6},
	"attention": {NMSE: 1e-11, Abs: 2e-6},
	// With a mean of a thousand standard deviations, float32 keeps 14 bits of the difference.
	"layer norm": {NMSE: 1e-7, Abs: 1e-3},
	"rms norm":   {NMSE: 1e-13, Abs: 4e-7},
	// GELU is within 2.5e-7·|x| (bounds.go).
	"activate":      {NMSE: 1e-12, Abs: 1e-6},
	"add":           {NMSE: 1e-14, Abs: 2e-7},
	"gate":          {NMSE: 1e-12, Abs: 1e-6},
	"rotate halves": {NMSE: 1e-13, Abs: 4e-7},
	"rotate":        {NMSE: 1e-13, Abs: 4e-7},
	"mean":          {NMSE: 1e-12, Abs: 1e-6},
	// The sums are exact and are rounded twice.
	"scan q8":       {NMSE: 1e-14, Abs: 2e-7},
	"top k":         exact,
	"l2 normalize":  {NMSE: 1e-13, Abs: 2e-7},
	"embed f32":     {NMSE: 1e-14, Abs: 2e-7},
	"embed f16":     {NMSE: 1e-14, Abs: 2e-7},
	"embed q8":      {NMSE: 1e-14, Abs: 2e-7},
	"quantize rows": exact,
	"quantize q4":   exact,
	"widen":         exact,
	"narrow":        exact,
	"sha256":        exact,
}
