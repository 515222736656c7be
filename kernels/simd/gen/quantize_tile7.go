package main

// quantizeTile7 emits quantize_tile(q, rows, x, ldx, k, levels, s) of the relaxed
// variants: rows of x f32 with ldx bytes between them become u8 [kp/4][rows][4] at q,
// 0…levels with a zero point, and at s for each row a scale f32 and the zero point i32.
// See Backend.LinearQ8. What fills k up beyond the next multiple of 8 is not written:
// the weights there are zeros.
//
// x·0 is NaN where x is not finite and 0 elsewhere: the sum of these makes the scale
// NaN, and a row of NaN. Numbers are divided by +∞ where a scale is not above 0.
func quantizeTile7(m *Module) {
	f := m.helper("quantize_tile")
	q, rows, x, ldx, k := f.int("q"), f.int("rows"), f.int("x"), f.int("ldx"), f.int("k")
	levels, s := f.float("levels"), f.int("s")
	r, p, l, d := f.newInt("r"), f.newInt("p"), f.newInt("l"), f.newInt("d")
	low, high, odd, div, shift := f.newVec("low"), f.newVec("high"), f.newVec("odd"), f.newVec("div"), f.newVec("shift")
	v0, v1 := f.newVec("v0"), f.newVec("v1")
	lim := let(f, "lim", splatF(levels))
	step := let(f, "step", rows.shl(2))
	set(f, r, rows)
	quantum := func(v V128) V128 {
		return truncSat(pmax(pmin(fadd(nearest(fdiv(v, div)), shift), lim), zeroV))
	}
	emitQuads := func() {
		set(f, v0, V128(emit("i16x8.narrow_i32x4_s", string(quantum(v0)), string(quantum(v1)))))
		set(f, v0, V128(emit("i8x16.narrow_i16x8_u", string(v0), string(v0))))
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
		for _, v := range []V128{v0, v1} {
			set(f, low, pmin(low, v))
			set(f, high, pmax(high, v))
			set(f, odd, fadd(odd, fmul(v, zeroV)))
		}
	}
	fold := func(v V128, op func(a, b V128) V128) {
		set(f, v, op(v, lanes(v, v, 2, 3, 0, 1)))
		set(f, v, op(v, lanes(v, v, 1, 0, 3, 2)))
	}
	// each runs body on the row, eight numbers at a time in v0 and v1.
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
		for _, v := range []V128{low, high, odd} {
			set(f, v, zeroV)
		}
		each(spread)
		fold(low, pmin)
		fold(high, pmax)
		fold(odd, fadd)
		set(f, div, fadd(fsub(fdiv(high, lim), fdiv(low, lim)), odd))
		f.storeF(s, 0, laneF(div, 0))
		set(f, div, blend(flt(zeroV, div), div, infV))
		// The zero point is −low in units of the scale, and at most levels.
		set(f, shift, un("f32x4.neg", low))
		set(f, shift, toF32(quantumOf(shift, div, lim)))
		f.storeI(s, 4, I32(emit("i32x4.extract_lane 0", string(truncSat(shift)))))
		set(f, d, q)
		each(emitQuads)
		f.inc(s, num(8))
		f.inc(q, num(4))
		f.inc(x, ldx)
		f.inc(r, num(-1))
	}, r)
}

// quantumOf is v in units of div, an integer from 0 to lim; NaN gives 0.
func quantumOf(v, div, lim V128) V128 {
	return truncSat(pmax(pmin(nearest(fdiv(v, div)), lim), zeroV))
}
