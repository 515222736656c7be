package simd

import (
	"fmt"

	"github.com/lodestone-wasm/lodestone/kernels"
)

// Name is the name of the variant that this package runs.
const Name = "simd128"

// pageSize is that of a WebAssembly memory.
const pageSize = 1 << 16

// kPad is the multiple to which the columns of int8 weights and of quantised
// activations are filled up with zeros.
const kPad = 8

func roundUp(n, to uint64) uint64 { return (n + to - 1) / to * to }

// layout is what the host must know of how the module lays out its data.
type layout struct{}

// Name is "simd128".
func (layout) Name() string { return Name }

// PackedSize is that of whole panels of 16 columns: f32 [k][16], or i8 [k/2][16][2]
// with k filled up to a multiple of 8.
func (layout) PackedSize(t kernels.DType, n, k uint32) uint64 {
	panels := roundUp(uint64(n), kernels.PanelWidth)
	if t == kernels.F32 {
		return panels * uint64(k) * 4
	}
	return panels * roundUp(uint64(k), kPad)
}

// QuantScratch is room for i16 [m, k] with k filled up, and the scales f32 [m].
func (layout) QuantScratch(m, k uint32) uint64 {
	return uint64(m)*roundUp(uint64(k), kPad)*2 + uint64(m)*4
}

// QuantLevels is that of 16-bit activations.
func (layout) QuantLevels(k uint32) uint32 { return kernels.QuantLevels16(k) }

// reserve is the most that Grow asks for beyond what is needed.
const reserve = 4 << 20

// growBy makes a memory of have bytes at least want bytes long with grow, which adds
// pages and tells whether it did. It first asks for a little more, an eighth but no
// more than reserve, so that a stack that grows by small steps does not grow each time.
func growBy(have, want uint64, grow func(pages uint32) bool) error {
	if want > kernels.MaxMemory {
		return fmt.Errorf("a WebAssembly memory holds %d bytes, not %d", uint64(kernels.MaxMemory), want)
	}
	if want <= have {
		return nil
	}
	pages := func(to uint64) uint32 { return uint32((to - have + pageSize - 1) / pageSize) }
	extra := min(want+min(have/8, reserve), kernels.MaxMemory)
	if grow(pages(extra)) || grow(pages(want)) {
		return nil
	}
	return fmt.Errorf("memory.grow refused %d bytes on top of %d", want-have, have)
}
