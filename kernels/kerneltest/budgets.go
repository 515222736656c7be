package kerneltest

// Budget is how far a result may lie from the reference, whose sums are float64.
type Budget struct {
	// NMSE bounds Σ(y−ref)² / Σref² where a buffer has 64 finite numbers or more.
	NMSE float64
	// Abs bounds |y−ref| over the largest |ref| of the buffer, or over 1 if that is
	// smaller. It catches one wrong number among many.
	Abs float64
}

// exact is for operations that compute the same bits.
var exact = Budget{}

// Budgets of the operations. Float32 has 24 bits: one rounding is 6e-8, whose square
// is 3.6e-15; a sum of k terms in order is off by about √k roundings, 1.1e-11 in
// square for the longest row of the table, 3072.
var Budgets = map[string]Budget{
	"linear f32": {NMSE: 1.1e-11, Abs: 3e-6},
	// The weights are the same as float32.
	"linear f16": {NMSE: 1.1e-11, Abs: 3e-6},
	// The integers are the same, and their sum is exact.
	"linear q8": {NMSE: 1e-12, Abs: 1e-6},
	// The integers of a block are the same; k/32 of these are added in float32.
	"linear q4": {NMSE: 1e-12, Abs: 1e-6},
	"attention": {NMSE: 1e-11, Abs: 2e-6},
	// With a mean of a thousand deviations, float32 keeps 14 bits of the difference.
	"layer norm": {NMSE: 1e-7, Abs: 1e-3},
	"rms norm":   {NMSE: 1e-13, Abs: 4e-7},
	// GELU is within 2.5e-7·|x| (bounds.go), a quarter of this where the largest is positive.
	"activate":      {NMSE: 1e-12, Abs: 1e-6},
	"add":           {NMSE: 1e-14, Abs: 2e-7},
	"gate":          {NMSE: 1e-12, Abs: 1e-6},
	"rotate halves": {NMSE: 1e-13, Abs: 4e-7},
	"rotate":        {NMSE: 1e-13, Abs: 4e-7},
	"mean":          {NMSE: 1e-12, Abs: 1e-6},
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
