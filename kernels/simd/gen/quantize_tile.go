package main

// quantizeTile emits quantize_tile(q, rows, x, ldx, k, levels, s), which quantises rows of x
// f32, ldx bytes apart, to i16 [kp/2][rows][2] at q, k padded with zeros to kp, with scales
// f32 at s. See Operations.LinearQ8.
//
// The largest magnitude is found by comparing the bits of |x| as integers: they have the
// order of the numbers, with NaN above all. Where a scale is 0 or NaN, numbers are divided
// by +∞ instead. That gives 0 or NaN, and it does not matter which: a scale that is not
// finite is stored as NaN.
func quantizeTile(m *Module) {
	f := m.helper("quantize_tile")
	q, rows, x, ldx, k := f.int("q"), f.int("rows"), f.int("x"), f.int("ldx"), f.int("k")
	levels, s := f.float("levels"), f.int("s")
	r, p, l, d := f.newInt("r"), f.newInt("p"), f.newInt("l"), f.newInt("d")
	top, div := f.newVec("top"), f.newVec("div")
	scale := declare[F32](f, "scale")
	v0, v1 := f.newVec("v0"), f.newVec("v1")
	lim := let(f, "lim", V128(emit("i16x8.splat", string(I32(emit("i32.trunc_f32_u", string(levels)))))))
	neg := let(f, "neg", un("i16x8.neg", lim))
	step := let(f, "step", rows.shl(2))
	set(f, r, rows)
	quantum := func(v V128) V128 {
		return isub(rounded(m, fdiv(v, div)), m.k(roundUp23))
	}
	emitPairs := func() {
		set(f, v0, V128(emit("i16x8.narrow_i32x4_s", string(quantum(v0)), string(quantum(v1)))))
		set(f, v0, bin("i16x8.max_s", bin("i16x8.min_s", v0, lim), neg))
		for i := range 4 {
			f.storeLane(d, 0, i, v0)
			f.inc(d, step)
		}
	}
	loadTail := func() {
		set(f, v0, vand(loadV(p, 0), tailMask(l)))
		set(f, v1, vand(loadV(p, 16), tailMask(l.plus(-4))))
	}
	f.repeat(func() {
		set(f, top, zeroV)
		set(f, p, x)
		set(f, l, k)
		bigger := func(v V128) { set(f, top, bin("i32x4.max_s", top, vand(v, absV))) }
		f.while(l.atLeast(num(8)), func() {
			bigger(loadV(p, 0))
			bigger(loadV(p, 16))
			f.inc(p, num(32))
			f.inc(l, num(-8))
		})
		f.when(l, func() {
			loadTail()
			bigger(v0)
			bigger(v1)
		})
		set(f, top, bin("i32x4.max_s", top, lanes(top, top, 2, 3, 2, 3)))
		set(f, top, bin("i32x4.max_s", top, every(top, 1)))
		set(f, scale, laneF(top, 0).div(levels))
		f.storeF(s, 0, scale.op("f32.add", scale.mul(fnum("0"))))
		set(f, div, splatF(pick(scale.greater(fnum("0")), scale, fnum("inf"))))
		set(f, p, x)
		set(f, d, q)
		set(f, l, k)
		f.while(l.atLeast(num(8)), func() {
			set(f, v0, loadV(p, 0))
			set(f, v1, loadV(p, 16))
			emitPairs()
			f.inc(p, num(32))
			f.inc(l, num(-8))
		})
		f.when(l, func() {
			loadTail()
			emitPairs()
		})
		f.inc(s, num(4))
		f.inc(q, num(4))
		f.inc(x, ldx)
		f.inc(r, num(-1))
	}, r)
}
