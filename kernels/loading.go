package kernels

// PanelWidth is the number of output columns that packed weights keep together. A loader
// packs rows in multiples of it.
const PanelWidth = 16

// BlockQ4 is the number of adjacent 4-bit weights of a row that share a scale.
const BlockQ4 = 32

// MaxF16 is the largest finite number of half precision.
const MaxF16 = 65504

// Loading converts weights from the form in which a file stores them to the layout that
// the backend computes with. The layout is the backend's own.
//
// 4-bit weights are the integers −8…7 stored as offset binary, the integer plus 8. Eight
// of them fill four bytes, the first in the lowest bits, and a row is padded to whole
// groups of eight: u8 [n, 4*⌈k/8⌉]. compressed-tensors calls this pack-quantized and
// stores it as X.weight_packed i32 [n, k/8]. Their scales are f32 [n, ⌈k/BlockQ4⌉].
type Loading interface {
	// PackedSize is the size in bytes of n×k packed weights of type t; for Q4 it includes
	// the scales. The sizes of two blocks of rows add up if the first has a multiple of
	// PanelWidth rows.
	PackedSize(t DType, n, k uint32) uint64

	// PackF32 packs weights src f32 [n,k] row-major into dst. The n rows start a panel.
	PackF32(dst, src, n, k uint32)
	// PackF16 packs weights src f16 [n,k] row-major into dst in the same way.
	PackF16(dst, src, n, k uint32)
	// PackQ8 packs weights src i8 [n,k] row-major into dst in the same way.
	PackQ8(dst, src, n, k uint32)
	// PackQ4 packs 4-bit weights src u8 [n, 4*⌈k/8⌉] with scale f32 [n, ⌈k/32⌉] into dst
	// in the same way.
	PackQ4(dst, src, scale, n, k uint32)

	// QuantizeRows quantises the rows of src f32 [n,k] to q i8 [n,k] with scale f32 [n].
	//
	//	scale[r] = max_j |src[r,j]| / 127
	//	q[r,j]   = round-half-even(src[r,j] / scale[r])      0 if scale[r] = 0
	QuantizeRows(q, scale, src, n, k uint32)

	// QuantizeQ4 quantises the rows of src f32 [n,k] to q u8 [n, 4*⌈k/8⌉] with scale f32
	// [n, ⌈k/32⌉]. For each block of a row:
	//
	//	low, high = min(0, min_l src[l]), max(0, max_l src[l])
	//	scale     = −(low if −low >= high, else high) / 8    NaN if a src[l] is not finite
	//	q[l]      = round-half-even(src[l] / scale) + 8      clamped to 0…15; 8 if scale = 0
	//
	// The number of largest magnitude is represented exactly. Padding has q = 8.
	QuantizeQ4(q, scale, src, n, k uint32)

	// WidenF16 converts n half-precision numbers (IEEE 754 binary16) to f32. dst and src
	// must not overlap.
	WidenF16(dst, src, n uint32)
	// WidenBF16 converts n bfloat16 numbers to f32 in the same way.
	WidenBF16(dst, src, n uint32)
	// NarrowF16 converts n f32 numbers at src to f16 at dst, rounded to the nearest, ties
	// to even. NaN becomes 0x7e00 or 0xfe00. A finite number beyond ±MaxF16 that rounds to
	// infinity sets beyond u32 to 1; otherwise beyond keeps its value. No two of dst, src
	// and beyond overlap.
	NarrowF16(dst, src, n, beyond uint32)

	// SHA256 applies the compression function of FIPS 180-4 to n blocks of 64 bytes at
	// src. state is u32 [8] in native byte order.
	SHA256(state, src, n uint32)
}
