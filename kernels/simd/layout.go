package simd

import (
	"math"

	"github.com/lodestone-wasm/lodestone/kernels"
	"github.com/lodestone-wasm/lodestone/kernels/lean"
)

// Name is the name of the variant that every engine runs and that native programs embed.
const Name = "simd128"

// variant is the result of the module's export of that name.
type variant uint32

// The variants of the int8 layer. relaxed.wasm has all but the first.
const (
	plain   variant = iota // 16-bit products
	relaxed                // 8-bit products, added in two steps
	fused                  // 8-bit products, added in one step
	fused8                 // as fused, with activations of 8 bits instead of 7
)

var variantNames = [...]string{plain: Name, relaxed: "relaxed", fused: "fused", fused8: "fused8"}

// pageSize is the page size of a WebAssembly memory.
const pageSize = 1 << 16

func roundUp(n, to uint64) uint64 { return (n + to - 1) / to * to }

// The sizes below are those of the layouts that the kernels of package gen read.

// Name is "simd128", "relaxed", "fused" or "fused8".
func (b *Backend) Name() string { return variantNames[b.v] }

// Place returns from: the memory is in one piece.
func (b *Backend) Place(from, n uint64) uint64 { return from }

// pad is k rounded up to a multiple of the columns that the int8 layer takes at a time.
func (b *Backend) pad(k uint32) uint64 {
	if b.v == plain {
		return roundUp(uint64(k), 8)
	}
	return roundUp(uint64(k), 16)
}

// PackedSize is the size of whole panels of 16 columns:
//
//	F32  f32 [k][16]
//	F16  f16 [k][16], and u16 [16]: whether a column has a number that is not finite
//	I8   i8 [k][16], k padded, and in relaxed variants the sum of each column, i32 [16]
//	Q4   blocks of weights u8 [16][16] with scales f32 [16]
func (b *Backend) PackedSize(t kernels.DType, n, k uint32) uint64 {
	panels := roundUp(uint64(n), kernels.PanelWidth)
	switch {
	case t == kernels.F32:
		return panels * uint64(k) * 4
	case t == kernels.F16:
		return panels * (uint64(k) + 1) * 2
	case t == kernels.Q4:
		return panels * blocksQ4(k) * (kernels.BlockQ4/2 + 4)
	case b.v == plain:
		return panels * b.pad(k)
	}
	return panels * (b.pad(k) + 4)
}

// Levels are those of activations of 16 bits, or, in relaxed variants, of 7 or 8 bits: with
// int8 weights 0…127 or 0…255, with 4-bit weights ±127.
func (b *Backend) Levels(t kernels.DType, k uint32) uint32 {
	switch {
	case b.v == plain && t == kernels.Q4:
		return math.MaxInt16
	case b.v == plain:
		return kernels.LevelsOf16Bits(k)
	case b.v == fused8 && t == kernels.I8:
		return kernels.MaxUnsignedLevels
	}
	return 127
}

// blocksQ4 is the number of blocks of 4-bit weights in a row.
func blocksQ4(k uint32) uint64 { return roundUp(uint64(k), kernels.BlockQ4) / kernels.BlockQ4 }

// LinearScratch is room for
//
//	F16  a block of 256 rows of a panel as f32, and the sums of m rows
//	Q4   blocks of i16 [32], in relaxed variants i8 [32], with an i32 each; scales f32 [m]
//	I8   i16 [m, k], k padded, and scales f32 [m]; in relaxed variants u8 [m, k], scales,
//	     and zero points i32 [m]
func (b *Backend) LinearScratch(t kernels.DType, m, k uint32) uint64 {
	rows := uint64(m)
	switch {
	case t == kernels.F16:
		return 4 * 16 * (256 + rows)
	case t == kernels.Q4 && b.v == plain:
		return rows * (blocksQ4(k)*(2*kernels.BlockQ4+4) + 4)
	case t == kernels.Q4:
		return rows * (blocksQ4(k)*(kernels.BlockQ4+4) + 4)
	case b.v == plain:
		return rows * (b.pad(k)*2 + 4)
	}
	return rows * (b.pad(k) + 8)
}

// AttentionScratch is room for the scores of four queries with all keys; or, independent of
// the number of keys, for a chunk of queries and a block of values, both packed, and the
// scores of 16 queries with the block.
func (b *Backend) AttentionScratch(tq, tk, h uint32) uint64 {
	if tq >= 12 && tk >= 32 && h <= 256 { // as in gen/flash.go
		return flashSize
	}
	return 16 * roundUp(uint64(tk), 4)
}

// flashSize is equal to that of gen/flash.go; a test compares them.
const flashSize = 4*32*256 + 192 + 4*4096 + 4*16*(64+4) + 4*16*64 + 8*80

// reserve is the largest number of bytes that Grow asks for beyond what is needed.
const reserve = 4 << 20

// growBy makes a memory of have bytes at least want bytes long. grow adds pages and reports
// whether it did. growBy first asks for an eighth more, at most reserve, so that a stack
// that grows in small steps does not grow the memory each time.
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
