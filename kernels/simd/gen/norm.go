package main

// sum4 adds the lanes of v (a local) and leaves the sum in every lane.
func sum4(f *Func, v V128) {
	set(f, v, fadd(v, lanes(v, v, 2, 3, 0, 1)))
	set(f, v, fadd(v, lanes(v, v, 1, 0, 3, 2)))
}

// layerNorm emits layer_norm(y, x, w, b, n, d, eps) in two passes, the mean and then the mean
// square distance from it, so that a large mean does not cancel digits.
func layerNorm(m *Module) {
	f := m.export("layer_norm")
	y, x, w, b, n, d, eps := f.int("y"), f.int("x"), f.int("w"), f.int("b"), f.int("n"), f.int("d"), f.float("eps")
	p, l, off := f.newInt("p"), f.newInt("l"), f.newInt("off")
	s, t, mean, inv, v := f.newVec("s"), f.newVec("t"), f.newVec("mean"), f.newVec("inv"), f.newVec("v")
	size := let(f, "size", splatF(d.f32()))
	// sum adds term(vector) over a row, alternating between two accumulators, and leaves the
	// total in every lane of s. term may use v.
	sum := func(term func(load V128) V128) {
		set(f, s, zeroV)
		set(f, t, zeroV)
		set(f, p, x)
		set(f, l, d)
		f.while(l.greaterS(num(7)), func() {
			set(f, s, fadd(s, term(loadV(p, 0))))
			set(f, t, fadd(t, term(loadV(p, 16))))
			f.inc(p, num(32))
			f.inc(l, num(-8))
		})
		f.when(l.greaterS(num(3)), func() {
			set(f, s, fadd(s, term(loadV(p, 0))))
			f.inc(p, num(16))
			f.inc(l, num(-4))
		})
		f.when(l, func() { set(f, t, fadd(t, vand(term(loadV(p, 0)), tailMask(l)))) })
		set(f, s, fadd(s, t))
		sum4(f, s)
	}
	f.while(n, func() {
		sum(func(load V128) V128 { return load })
		set(f, mean, fdiv(s, size))
		sum(func(load V128) V128 {
			set(f, v, fsub(load, mean))
			return fmul(v, v)
		})
		set(f, inv, fdiv(m.k(1), un("f32x4.sqrt", fadd(fdiv(s, size), splatF(eps)))))

		set(f, l, d)
		set(f, off, num(0))
		f.while(l.greaterS(num(0)), func() {
			set(f, v, fmul(fsub(loadV(x.add(off), 0), mean), inv))
			f.storeTail(y.add(off), 0, fadd(fmul(v, loadV(w.add(off), 0)), loadV(b.add(off), 0)), l)
			f.inc(off, num(16))
			f.inc(l, num(-4))
		})
		f.inc(x, d.shl(2))
		f.inc(y, d.shl(2))
		f.inc(n, num(-1))
	})
}

// rmsNorm emits rms_norm(y, x, w, n, d, eps). It sums squares in double precision: hidden
// states of large decoders have columns in the thousands, and squares overflow float32
// from 1.8e19 on.
func rmsNorm(m *Module) {
	f := m.export("rms_norm")
	y, x, w, n, d, eps := f.int("y"), f.int("x"), f.int("w"), f.int("n"), f.int("d"), f.float("eps")
	p, l, off := f.newInt("p"), f.newInt("l"), f.newInt("off")
	s, v, h, inv := f.newVec("s"), f.newVec("v"), f.newVec("h"), f.newVec("inv")
	size := let(f, "size", un("f64x2.promote_low_f32x4", splatF(d.f32())))
	least := let(f, "least", un("f64x2.promote_low_f32x4", splatF(eps)))
	half := func(v V128) {
		set(f, h, un("f64x2.promote_low_f32x4", v))
		set(f, s, bin("f64x2.add", s, bin("f64x2.mul", h, h)))
	}
	f.while(n, func() {
		set(f, s, zeroV)
		set(f, p, x)
		set(f, l, d)
		f.while(l.greaterS(num(0)), func() {
			set(f, v, loadV(p, 0))
			f.when(l.lessS(num(4)), func() { set(f, v, vand(v, tailMask(l))) })
			half(v)
			half(lanes(v, v, 2, 3, 2, 3))
			f.inc(p, num(16))
			f.inc(l, num(-4))
		})
		set(f, s, bin("f64x2.add", s, lanes(s, s, 2, 3, 0, 1)))
		set(f, s, un("f64x2.sqrt", bin("f64x2.add", bin("f64x2.div", s, size), least)))
		set(f, inv, un("f32x4.demote_f64x2_zero", s))
		set(f, inv, every(inv, 0))
		set(f, l, d)
		set(f, off, num(0))
		f.while(l.greaterS(num(0)), func() {
			f.storeTail(y.add(off), 0, fmul(fdiv(loadV(x.add(off), 0), inv), loadV(w.add(off), 0)), l)
			f.inc(off, num(16))
			f.inc(l, num(-4))
		})
		f.inc(x, d.shl(2))
		f.inc(y, d.shl(2))
		f.inc(n, num(-1))
	})
}

// l2Normalize emits l2_normalize(y, x, n, d, eps). It sums squares in double precision, where
// the square of no float32 overflows.
func l2Normalize(m *Module) {
	f := m.export("l2_normalize")
	y, x, n, d, eps := f.int("y"), f.int("x"), f.int("n"), f.int("d"), f.float("eps")
	p, l := f.newInt("p"), f.newInt("l")
	s, v, h, inv := f.newVec("s"), f.newVec("v"), f.newVec("h"), f.newVec("inv")
	half := func(v V128) {
		set(f, h, un("f64x2.promote_low_f32x4", v))
		set(f, s, bin("f64x2.add", s, bin("f64x2.mul", h, h)))
	}
	square := func() {
		half(v)
		half(lanes(v, v, 2, 3, 2, 3))
	}
	f.while(n, func() {
		set(f, s, zeroV)
		set(f, p, x)
		set(f, l, d)
		f.while(l.greaterS(num(3)), func() {
			set(f, v, loadV(p, 0))
			square()
			f.inc(p, num(16))
			f.inc(l, num(-4))
		})
		f.when(l, func() {
			set(f, v, vand(loadV(p, 0), tailMask(l)))
			square()
		})
		set(f, s, un("f64x2.sqrt", bin("f64x2.add", s, lanes(s, s, 2, 3, 0, 1))))
		set(f, s, bin("f64x2.max", s, un("f64x2.promote_low_f32x4", splatF(eps))))
		set(f, inv, un("f32x4.demote_f64x2_zero", s))
		set(f, inv, every(inv, 0))
		set(f, l, d)
		f.while(l.greaterS(num(0)), func() {
			f.storeTail(y, 0, fdiv(loadV(x, 0), inv), l)
			f.inc(x, num(16))
			f.inc(y, num(16))
			f.inc(l, num(-4))
		})
		f.inc(x, l.shl(2))
		f.inc(y, l.shl(2))
		f.inc(n, num(-1))
	})
}

// meanRows emits mean_rows(y, x, n, d): four columns at a time.
func meanRows(m *Module) {
	f := m.export("mean_rows")
	y, x, n, d := f.int("y"), f.int("x"), f.int("n"), f.int("d")
	p, i := f.newInt("p"), f.newInt("i")
	s := f.newVec("s")
	stride := let(f, "stride", d.shl(2))
	count := let(f, "count", splatF(n.f32()))
	f.while(d.greaterS(num(0)), func() {
		set(f, s, zeroV)
		set(f, p, x)
		set(f, i, n)
		f.repeat(func() {
			set(f, s, fadd(s, loadV(p, 0)))
			f.inc(p, stride)
			f.inc(i, num(-1))
		}, i)
		f.storeTail(y, 0, fdiv(s, count), d)
		f.inc(x, num(16))
		f.inc(y, num(16))
		f.inc(d, num(-4))
	})
}
