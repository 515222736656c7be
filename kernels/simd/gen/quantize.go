package main

// quantizeRows emits quantize_rows(q, scale, src, n, k). See Loading.QuantizeRows, and
// quantizeTile for scales that are 0 or NaN.
func quantizeRows(m *Module) {
	f := m.export("quantize_rows")
	q, scale, src, n, k := f.int("q"), f.int("scale"), f.int("src"), f.int("n"), f.int("k")
	p, l := f.newInt("p"), f.newInt("l")
	top, div, v := f.newVec("top"), f.newVec("div"), f.newVec("v")
	s := declare[F32](f, "s")
	f.while(n, func() {
		set(f, top, zeroV)
		set(f, p, src)
		set(f, l, k)
		bigger := func(v V128) { set(f, top, bin("i32x4.max_s", top, vand(v, absV))) }
		f.while(l.greaterS(num(3)), func() {
			bigger(loadV(p, 0))
			f.inc(p, num(16))
			f.inc(l, num(-4))
		})
		f.when(l, func() { bigger(vand(loadV(p, 0), tailMask(l))) })
		set(f, top, bin("i32x4.max_s", top, lanes(top, top, 2, 3, 2, 3)))
		set(f, top, bin("i32x4.max_s", top, every(top, 1)))
		set(f, s, laneF(top, 0).div(fnum("127")))
		f.storeF(scale, 0, s)
		set(f, div, splatF(pick(s.greater(fnum("0")), s, fnum("inf"))))
		set(f, l, k)
		quantum := func() {
			set(f, v, truncSat(pmax(pmin(nearest(fdiv(loadV(src, 0), div)), m.k(127)), m.k(-127))))
			narrow := V128(emit("i16x8.narrow_i32x4_s", string(v), string(v)))
			set(f, v, V128(emit("i8x16.narrow_i16x8_s", string(narrow), string(narrow))))
		}
		f.while(l.greaterS(num(3)), func() {
			quantum()
			f.storeLane(q, 0, 0, v)
			f.inc(q, num(4))
			f.inc(src, num(16))
			f.inc(l, num(-4))
		})
		f.when(l, func() {
			quantum()
			set(f, p, I32(emit("i32x4.extract_lane 0", string(v))))
			f.inc(src, l.shl(2))
			f.repeat(func() {
				f.store8(q, 0, p)
				set(f, p, p.shr(8))
				f.inc(q, num(1))
				f.inc(l, num(-1))
			}, l)
		})
		f.inc(scale, num(4))
		f.inc(n, num(-1))
	})
}
