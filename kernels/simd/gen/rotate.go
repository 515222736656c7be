package main

// rotate emits rotate(x, ldx, n, heads, h, cos, sin): two pairs at a time.
func rotate(m *Module) {
	f := m.export("rotate")
	x, ldx, n, heads, h, cos, sin := f.int("x"), f.int("ldx"), f.int("n"), f.int("heads"), f.int("h"), f.int("cos"), f.int("sin")
	p, l, c, head := f.newInt("p"), f.newInt("l"), f.newInt("c"), f.newInt("head")
	v, co, si := f.newVec("v"), f.newVec("co"), f.newVec("si")
	pairs := func(p I32) V128 {
		v := V128(emit("v128.load64_zero", string(p)))
		return V128(lanes(v, v, 0, 0, 1, 1))
	}
	turn := func() {
		set(f, v, loadV(p, 0))
		set(f, co, fmul(v, pairs(cos.add(c))))
		// The first of each pair adds −sin times the second.
		set(f, si, V128(emit("v128.xor", string(pairs(sin.add(c))), string(consts(0x80000000, 0, 0x80000000, 0)))))
		set(f, v, fadd(co, fmul(lanes(v, v, 1, 0, 3, 2), si)))
	}
	f.while(n, func() {
		set(f, p, x)
		set(f, head, heads)
		f.repeat(func() {
			set(f, c, num(0))
			set(f, l, h)
			f.while(l.greaterS(num(0)), func() {
				turn()
				f.storeTail(p, 0, v, l)
				f.inc(p, num(16))
				f.inc(c, num(8))
				f.inc(l, num(-4))
			})
			f.inc(p, l.shl(2))
			f.inc(head, num(-1))
		}, head)
		f.inc(x, ldx.shl(2))
		f.inc(cos, h.shl(1))
		f.inc(sin, h.shl(1))
		f.inc(n, num(-1))
	})
}

// rotateHalves emits rotate_halves(x, ldx, n, heads, h, turn, cos, sin): four pairs at a
// time. storeTail does not write past the end of a half.
func rotateHalves(m *Module) {
	f := m.export("rotate_halves")
	x, ldx, n, heads, h, turn, cos, sin := f.int("x"), f.int("ldx"), f.int("n"), f.int("heads"), f.int("h"), f.int("turn"), f.int("cos"), f.int("sin")
	p, q, l, off, head := f.newInt("p"), f.newInt("q"), f.newInt("l"), f.newInt("off"), f.newInt("head")
	a, b, co, si := f.newVec("a"), f.newVec("b"), f.newVec("co"), f.newVec("si")
	half := let(f, "half", turn.shl(1)) // bytes of turn/2 numbers
	f.while(n, func() {
		set(f, p, x)
		set(f, head, heads)
		f.repeat(func() {
			set(f, q, p.add(half))
			set(f, l, turn.shr(1))
			set(f, off, num(0))
			f.while(l.greaterS(num(0)), func() {
				set(f, a, loadV(p.add(off), 0))
				set(f, b, loadV(q.add(off), 0))
				set(f, co, loadV(cos.add(off), 0))
				set(f, si, loadV(sin.add(off), 0))
				f.storeTail(p.add(off), 0, fsub(fmul(a, co), fmul(b, si)), l)
				f.storeTail(q.add(off), 0, fadd(fmul(b, co), fmul(a, si)), l)
				f.inc(off, num(16))
				f.inc(l, num(-4))
			})
			f.inc(p, h.shl(2))
			f.inc(head, num(-1))
		}, head)
		f.inc(x, ldx.shl(2))
		f.inc(cos, half)
		f.inc(sin, half)
		f.inc(n, num(-1))
	})
}
