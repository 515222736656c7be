package main

// embed emits embed_f32 and embed_f16(y, table, ids, n, d, mul, accumulate) and embed_q8(y,
// table, scale, ids, n, d, mul, accumulate).
func embed(m *Module) {
	for _, t := range []struct {
		name string
		size int // bytes of an entry
	}{{"embed_f32", 4}, {"embed_q8", 1}, {"embed_f16", 2}} {
		name, size, q8 := t.name, t.size, t.size == 1
		f := m.export(name)
		y, table := f.int("y"), f.int("table")
		var scale I32
		if q8 {
			scale = f.int("scale")
		}
		ids, n, d, mul, accumulate := f.int("ids"), f.int("n"), f.int("d"), f.float("mul"), f.int("accumulate")
		id, p, l := f.newInt("id"), f.newInt("p"), f.newInt("l")
		v, s, h := f.newVec("v"), f.newVec("s"), f.newVec("h")
		f.while(n, func() {
			set(f, id, loadI32(ids, 0))
			set(f, l, d)
			f.choose(id.lessS(num(0)), func() {
				f.when(accumulate.not(), func() {
					f.while(l.greaterS(num(0)), func() {
						f.storeTail(y, 0, zeroV, l)
						f.inc(y, num(16))
						f.inc(l, num(-4))
					})
					// l is now below 0 by the unused columns of the last vector.
					f.inc(y, l.shl(2))
					set(f, l, num(0))
				})
				f.inc(y, l.shl(2))
			}, func() {
				set(f, p, table.add(id.mul(d).times(size)))
				if q8 {
					set(f, s, splatF(mul.mul(loadF32(scale.add(id.shl(2)), 0))))
				} else {
					set(f, s, splatF(mul))
				}
				f.while(l.greaterS(num(0)), func() {
					switch {
					case q8:
						set(f, v, V128(emit("v128.load32_zero", string(p))))
						set(f, v, un("i32x4.extend_low_i16x8_s", un("i16x8.extend_low_i8x16_s", v)))
						set(f, v, fmul(toF32(v), s))
					case size == 2:
						set(f, v, fmul(widenHalves(f, p, h), s))
					default:
						set(f, v, fmul(loadV(p, 0), s))
					}
					f.when(accumulate, func() { set(f, v, fadd(v, loadV(y, 0))) })
					f.storeTail(y, 0, v, l)
					f.inc(y, num(16))
					f.inc(p, num(4*size))
					f.inc(l, num(-4))
				})
				f.inc(y, l.shl(2))
			})
			f.inc(ids, num(4))
			f.inc(n, num(-1))
		})
	}
}
