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
		// The first of each pair takes −sin times the second.
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
