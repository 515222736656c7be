package webgpu

import "github.com/lodestone-wasm/lodestone/kernels"

// The layouts that the kernels of package gen read.

func roundUp(n, to uint64) uint64 { return (n + to - 1) / to * to }

func blocksQ4(k uint32) uint64 { return roundUp(uint64(k), kernels.BlockQ4) / kernels.BlockQ4 }

// PackedSize is the size of rows that are padded to 16 bytes:
//
//	F32  f32 [n][k], k padded to 4
//	F16  f16 [n][k], k padded to 8
//	I8   panels of 16 rows: i8 [16][k], k padded to 16, and the sum of each row, i32 [16]
//	Q4   panels of 16 rows: blocks u8 [16][⌈k/32⌉][16], and their scales f32 [16][⌈k/32⌉]
func (r *Recorder) PackedSize(t kernels.DType, n, k uint32) uint64 {
	panels := roundUp(uint64(n), kernels.PanelWidth)
	switch t {
	case kernels.F32:
		return uint64(n) * roundUp(uint64(k), 4) * 4
	case kernels.F16:
		return uint64(n) * roundUp(uint64(k), 8) * 2
	case kernels.Q4:
		return panels * blocksQ4(k) * (kernels.BlockQ4/2 + 4)
	}
	return panels * (roundUp(uint64(k), 16) + 4)
}

// levelsQ4 is the largest magnitude of an activation of 8 bits.
const levelsQ4 = 127

// FlushesSubnormals is true: WGSL lets a GPU read a subnormal number as 0, so that its product
// with an infinity may be NaN.
func (r *Recorder) FlushesSubnormals() bool { return true }

// Levels are those of activations of 8 bits: 0…255 with int8 weights, ±127 with 4-bit weights.
func (r *Recorder) Levels(t kernels.DType, k uint32) uint32 {
	if t == kernels.Q4 {
		return levelsQ4
	}
	return kernels.MaxUnsignedLevels
}

// LinearScratch is room for
//
//	I8   i8 [m, k], k padded to 16; scales f32 [m]; zero points i32 [m]
//	Q4   blocks i8 [m, ⌈k/32⌉, 32]; their sums i32 [m, ⌈k/32⌉]; scales f32 [m]
func (r *Recorder) LinearScratch(t kernels.DType, m, k uint32) uint64 {
	switch t {
	case kernels.I8:
		return uint64(m) * (roundUp(uint64(k), 16) + 8)
	case kernels.Q4:
		return uint64(m) * (blocksQ4(k)*(kernels.BlockQ4+4) + 4)
	}
	return 0
}

// AttentionScratch is 0: scores stay in a workgroup's own memory.
func (r *Recorder) AttentionScratch(tq, tk, h uint32) uint64 { return 0 }
