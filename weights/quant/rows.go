package quant

import (
	"math"
	"slices"
)

// MaxQ is the largest magnitude of a quantised weight. −128 is not used: the scheme is
// symmetric, and products stay within what 16-bit sums can hold.
const MaxQ = 127

// QuantizeRows quantises a matrix row by row.
//
//	for r := range rows {
//		scale[r] = max(|src[r, :]|) / 127
//		dst[r, c] = clamp(roundHalfEven(src[r, c] / scale[r]), −127, 127)
//	}
//
// dst [rows, cols], scale [rows], src [rows, cols], row-major; the slices may be longer.
// All arithmetic is float32 and rounds to nearest even, so the result is the same on every machine.
// A row of zeros has scale 0 and quantised values 0; so has a row whose largest
// magnitude is at most 127 · 2⁻¹⁵⁰, where the scale would not be a float32.
// The first NaN or infinity is [ErrNotFinite] and names its row and column.
func QuantizeRows(dst []int8, scale []float32, src []float32, rows, cols int) error {
	if err := checkSizes(len(src), len(dst), len(scale), rows, cols); err != nil {
		return err
	}
	for r := range rows {
		row := src[r*cols : (r+1)*cols]
		s, bad := rowScale(row)
		if bad >= 0 {
			return refuse(ErrNotFinite, "row %d, column %d is %v: was the model trained to the end?", r, bad, row[bad])
		}
		scale[r] = s
		quantizeRow(dst[r*cols:(r+1)*cols], row, s)
	}
	return nil
}

// DequantizeRows is the way back.
//
//	dst[r, c] = float32(src[r, c]) · scale[r]
//
// dst [rows, cols], src [rows, cols], scale [rows], row-major; the slices may be longer.
func DequantizeRows(dst []float32, src []int8, scale []float32, rows, cols int) error {
	if err := checkSizes(len(dst), len(src), len(scale), rows, cols); err != nil {
		return err
	}
	for r := range rows {
		s := scale[r]
		out := dst[r*cols : (r+1)*cols]
		for c, q := range src[r*cols : (r+1)*cols] {
			out[c] = float32(q) * s
		}
	}
	return nil
}

func checkSizes(floats, ints, scales, rows, cols int) error {
	if rows < 0 || cols < 0 || cols > 0 && rows > math.MaxInt/cols {
		return refuse(ErrShape, "%d × %d is no matrix", rows, cols)
	}
	if n := rows * cols; floats < n || ints < n || scales < rows {
		return refuse(ErrShape, "%d floats, %d integers, %d scales, expected at least %d, %d, %d", floats, ints, scales, n, n, rows)
	}
	return nil
}

// rowScale returns the scale, or the column of a weight that is not finite (−1 if there
// is none). It compares magnitudes as bits: for non-negative floats the order is the
// same, and NaN and infinity come out on top.
func rowScale(row []float32) (scale float32, bad int) {
	const inf = 0x7f800000
	var top uint32
	for _, w := range row {
		top = max(top, math.Float32bits(w)&0x7fffffff)
	}
	if top >= inf {
		return 0, slices.IndexFunc(row, func(w float32) bool { return math.Float32bits(w)&0x7fffffff >= inf })
	}
	return math.Float32frombits(top) / MaxQ, -1
}

func quantizeRow(dst []int8, row []float32, scale float32) {
	if scale == 0 {
		clear(dst)
		return
	}
	for c, w := range row {
		// The quotient exceeds 127 only where the scale is a subnormal that was rounded down.
		q := math.RoundToEven(float64(w / scale))
		dst[c] = int8(min(max(q, -MaxQ), MaxQ))
	}
}
