package simd

import (
	"math"

	"github.com/lodestone-wasm/lodestone/kernels"
	"github.com/lodestone-wasm/lodestone/kernels/lean"
)

// Name is the name of the variant that every engine runs; it is embedded natively.
const Name = "simd128"

// variant is what the module's export of that name returns.
type variant uint32

// The variants of the int8 layer. The module relaxed.wasm holds all but the first.
const (
	plain   variant = iota // 16-bit products
	relaxed                // 8-bit products, added up in two steps
	fused                  // 8-bit products, added up in one
	fused8                 // the same with activations of 8 bits instead of 7
)

var variantNames = [...]string{plain: Name, relaxed: "relaxed", fused: "fused", fused8: "fused8"}

// pageSize is that of a WebAssembly memory.
const pageSize = 1 << 16

func roundUp(n, to uint64) uint64 { return (n + to - 1) / to * to }

// layout is what the host must know of how the module lays out its data.
type layout struct{ v variant }

// Name is "simd128", "relaxed", "fused" or "fused8".
func (l layout) Name() string { return variantNames[l.v] }

// pad is k filled up to the multiple of columns that the int8 layer takes at once.
func (l layout) pad(k uint32) uint64 {
	if l.v == plain {
		return roundUp(uint64(k), 8)
	}
	return roundUp(uint64(k), 16)
}

// PackedSize is that of whole panels of 16 columns: f32 [k][16], or i8 [k][16] with k
// filled up, and in relaxed variants the sum of each column, i32; or blocks of 4-bit
// weights, u8 [16][16], and their scales f32 [16]; or f16 [k][16] and for each column whether
// it has a number that is not finite, u16 [16].
func (l layout) PackedSize(t kernels.DType, n, k uint32) uint64 {
	panels := roundUp(uint64(n), kernels.PanelWidth)
	switch {
	case t == kernels.F32:
		return panels * uint64(k) * 4
	case t == kernels.F16:
		return panels * (uint64(k) + 1) * 2
	case t == kernels.Q4:
		return panels * blocksQ4(k) * (kernels.BlockQ4/2 + 4)
	case l.v == plain:
		return panels * l.pad(k)
	}
	return panels * (l.pad(k) + 4)
}

// QuantScratch is room for i16 [m, k] with k filled up, and the scales f32 [m]; in
// relaxed variants for u8 [m, k], the scales and the zero points i32 [m].
func (l layout) QuantScratch(m, k uint32) uint64 {
	if l.v == plain {
		return uint64(m) * (l.pad(k)*2 + 4)
	}
	return uint64(m) * (l.pad(k) + 8)
}

// QuantLevels is that of 16-bit, 7-bit or 8-bit activations.
func (l layout) QuantLevels(k uint32) uint32 {
	switch l.v {
	case plain:
		return kernels.QuantLevels16(k)
	case fused8:
		return kernels.EightBits
	}
	return sevenBits
}

// sevenBits are the levels of activations that every engine multiplies exactly.
const sevenBits = 127

// blocksQ4 is the number of blocks of 4-bit weights in a row.
func blocksQ4(k uint32) uint64 { return roundUp(uint64(k), kernels.BlockQ4) / kernels.BlockQ4 }

// LevelsQ4 is that of 16-bit or of 8-bit activations.
func (l layout) LevelsQ4() uint32 {
	if l.v == plain {
		return math.MaxInt16
	}
	return math.MaxInt8
}

// ScratchQ4 is room for blocks of i16 [32], or i8 [32] in relaxed variants, and an i32 of
// each, and the scales f32 [m].
func (l layout) ScratchQ4(m, k uint32) uint64 {
	block := uint64(2*kernels.BlockQ4 + 4)
	if l.v != plain {
		block = kernels.BlockQ4 + 4
	}
	return uint64(m) * (blocksQ4(k)*block + 4)
}

// AttentionScratch is room for the scores of four queries with all keys, or, whatever the
// number of keys, for a chunk of queries and a block of values, packed, and the scores of
// 16 queries with the block.
func (l layout) AttentionScratch(tq, tk, h uint32) uint64 {
	if tq >= 12 && tk >= 32 && h <= 256 { // as in gen/flash.go
		return flashSize
	}
	return 16 * roundUp(uint64(tk), 4)
}

// flashSize is that of gen/flash.go; a test compares them.
const flashSize = 4*32*256 + 192 + 4*4096 + 4*16*(64+4) + 4*16*64 + 8*80

// ScratchF16 is room for a block of 256 rows of a panel as f32, and the sums of m rows.
func (l layout) ScratchF16(m, k uint32) uint64 { return 4 * 16 * (256 + uint64(m)) }

// reserve is the most that Grow asks for beyond what is needed.
const reserve = 4 << 20

// growBy makes a memory of have bytes at least want bytes long with grow, which adds
// pages and tells whether it did. It first asks for a little more, an eighth but no
// more than reserve, so that a stack that grows by small steps does not grow each time.
func growBy(have, want uint64, grow func(pages uint32) bool) error {
	if want > kernels.MaxMemory {
		return lean.Errorf("a WebAssembly memory holds %d bytes, not %d", uint64(kernels.MaxMemory), want)
	}
	if want <= have {
		return nil
	}
	pages := func(to uint64) uint32 { return uint32((to - have + pageSize - 1) / pageSize) }
	extra := min(want+min(have/8, reserve), kernels.MaxMemory)
	if grow(pages(extra)) || grow(pages(want)) {
		return nil
	}
	return lean.Errorf("memory.grow refused %d bytes on top of %d", want-have, have)
}
