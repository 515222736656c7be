package main

import "fmt"

// quantizeTile7 emits quantize_tile(q, rows, x, ldx, k, levels, s) of the relaxed variants. It
// quantises rows of x f32, ldx bytes apart, to u8 [kp/4][rows][4] at q, 0…levels with a zero
// point, and writes a scale f32 and the zero point i32 of each row at s. See
// Operations.LinearQ8. Padding beyond the next multiple of 8 is not written, because the
// weights there are zeros. In the form dotWideSigned all of these integers are 128 less.
//
// x·0 is NaN where x is not finite and 0 elsewhere; the sum over a row makes the scale NaN
// and so the whole row of results. Where a scale is not above 0, numbers are divided by +∞.
func quantizeTile7(m *Module) {
	f := m.helper("quantize_tile")
	q, rows, x, ldx, k := f.int("q"), f.int("rows"), f.int("x"), f.int("ldx"), f.int("k")
	levels, s := f.float("levels"), f.int("s")
	r, p, l, d := f.newInt("r"), f.newInt("p"), f.newInt("l"), f.newInt("d")
	div, shift := f.newVec("div"), f.newVec("shift")
	v0, v1 := f.newVec("v0"), f.newVec("v1")
	// The minimum, the maximum and the sum of x·0 of each half of eight numbers.
	var low, high, odd [2]V128
	for i := range 2 {
		low[i], high[i], odd[i] = f.newVec(fmt.Sprintf("low%d", i)), f.newVec(fmt.Sprintf("high%d", i)), f.newVec(fmt.Sprintf("odd%d", i))
	}
	lim := let(f, "lim", splatF(levels))
	most := let(f, "most", V128(emit("i16x8.splat", string(I32(emit("i32.trunc_f32_u", string(levels)))))))
	step := let(f, "step", rows.shl(2))
	signed := form().eq(num(int(dotWideSigned)))
	flip := let(f, "flip", V128(emit("i8x16.splat", string(pick(signed, num(128), num(0))))))
	set(f, r, rows)
	// shift is the bits of roundUp23 less the zero point.
	quantum := func(v V128) V128 { return isub(rounded(m, fdiv(v, div)), shift) }
	emitQuads := func() {
		set(f, v0, V128(emit("i16x8.narrow_i32x4_s", string(quantum(v0)), string(quantum(v1)))))
		set(f, v0, bin("i16x8.min_s", v0, most))
		set(f, v0, bin("v128.xor", V128(emit("i8x16.narrow_i16x8_u", string(v0), string(v0))), flip))
		for i := range 2 {
			f.storeLane(d, 0, i, v0)
			f.inc(d, step)
		}
	}
	loadTail := func() {
		set(f, v0, vand(loadV(p, 0), tailMask(l)))
		set(f, v1, vand(loadV(p, 16), tailMask(l.plus(-4))))
	}
	spread := func() {
		for i, v := range []V128{v0, v1} {
			set(f, low[i], pmin(low[i], v))
			set(f, high[i], pmax(high[i], v))
			set(f, odd[i], fadd(odd[i], fmul(v, zeroV)))
		}
	}
	fold := func(h [2]V128, op func(a, b V128) V128) V128 {
		v := h[0]
		set(f, v, op(v, h[1]))
		set(f, v, op(v, lanes(v, v, 2, 3, 0, 1)))
		set(f, v, op(v, lanes(v, v, 1, 0, 3, 2)))
		return v
	}
	// each runs body for the row, with eight numbers at a time in v0 and v1.
	each := func(body func()) {
		set(f, p, x)
		set(f, l, k)
		f.while(l.atLeast(num(8)), func() {
			set(f, v0, loadV(p, 0))
			set(f, v1, loadV(p, 16))
			body()
			f.inc(p, num(32))
			f.inc(l, num(-8))
		})
		f.when(l, func() {
			loadTail()
			body()
		})
	}
	f.repeat(func() {
		for i := range 2 {
			set(f, low[i], zeroV)
			set(f, high[i], zeroV)
			set(f, odd[i], zeroV)
		}
		each(spread)
		lowest, highest, notFinite := fold(low, pmin), fold(high, pmax), fold(odd, fadd)
		set(f, div, fadd(fsub(fdiv(highest, lim), fdiv(lowest, lim)), notFinite))
		f.storeF(s, 0, laneF(div, 0))
		set(f, div, blend(flt(zeroV, div), div, infV))
		// The zero point is −low in units of the scale, at most levels.
		set(f, shift, truncSat(pmax(pmin(nearest(fdiv(un("f32x4.neg", lowest), div)), lim), zeroV)))
		f.storeI(s, 4, I32(emit("i32x4.extract_lane 0", string(shift))).sub(pick(signed, num(128), num(0))))
		set(f, shift, isub(m.k(roundUp23), shift))
		set(f, d, q)
		each(emitQuads)
		f.inc(s, num(8))
		f.inc(q, num(4))
		f.inc(x, ldx)
		f.inc(r, num(-1))
	}, r)
}

// roundUp23 is 3·2²². A number of at most 2²² in magnitude that is added to it is rounded to
// an integer, half to even. The integer is the difference of the bits to those of roundUp23.
const roundUp23 = 3 << 22

// rounded is v, at most 2²² in magnitude, as an integer plus the bits of roundUp23.
func rounded(m *Module, v V128) V128 { return fadd(v, m.k(roundUp23)) }
