package quant

import (
	"math"
	"strings"
)

// MaxPeak bounds the peak of a matrix that int8 is used for.
//
// One scale for a row gives its small weights few steps if one weight is much larger
// than the rest: the error, relative to the row, is peak/(127·√12). Matrices of
// trained transformers peak around 3 to 6. One that is close to a multiple of the
// identity, as residual-free warm starts leave behind, peaks at √cols: with 256 columns
// 3.6 % of what it says would be noise, and that in every token alike. Above 10 (2.3 %)
// a matrix stays float32.
const MaxPeak = 10

// RowPeak is the largest magnitude of a row over its root mean square; 0 for zeros.
func RowPeak(row []float32) float64 {
	top, sum := 0.0, 0.0
	for _, w := range row {
		top = max(top, math.Abs(float64(w)))
		sum += float64(w) * float64(w)
	}
	if sum == 0 {
		return 0
	}
	return top / math.Sqrt(sum/float64(len(row)))
}

// isTable tells embedding tables, whose rows are used one at a time: a row's error is
// its own and does not add up.
func isTable(name string) bool {
	return strings.Contains(name, "embed") || strings.HasSuffix(name, "shared.weight") || strings.HasSuffix(name, "wte.weight")
}

// isHead tells output projections, whose rows are scores of words: a close decision
// between two of them is what 4 bits would move.
func isHead(module string) bool {
	return strings.HasSuffix(module, "lm_head") || strings.HasSuffix(module, "output_projection")
}
