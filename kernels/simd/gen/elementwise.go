package main

// elementwise emits activate(y, x, n, act), add(y, a, b, n, alpha) and gate(y, a, b, n, act).
func elementwise(m *Module) {
	f := m.export("activate")
	y, x, n, kind := f.int("y"), f.int("x"), f.int("n"), f.int("act")
	v := f.newVec("v")
	f.while(n.greaterS(num(0)), func() {
		set(f, v, loadV(x, 0))
		f.when(kind, func() { set(f, v, apply[V128]("act", strs(v, kind)...)) })
		f.storeTail(y, 0, v, n)
		f.inc(y, num(16))
		f.inc(x, num(16))
		f.inc(n, num(-4))
	})

	f = m.export("add")
	y, a, b, n, alpha := f.int("y"), f.int("a"), f.int("b"), f.int("n"), f.float("alpha")
	va := let(f, "va", splatF(alpha))
	f.while(n.greaterS(num(0)), func() {
		f.storeTail(y, 0, fadd(fmul(va, loadV(a, 0)), loadV(b, 0)), n)
		f.inc(y, num(16))
		f.inc(a, num(16))
		f.inc(b, num(16))
		f.inc(n, num(-4))
	})

	f = m.export("gate")
	y, a, b, n, kind = f.int("y"), f.int("a"), f.int("b"), f.int("n"), f.int("act")
	v = f.newVec("v")
	f.while(n.greaterS(num(0)), func() {
		set(f, v, loadV(a, 0))
		f.when(kind, func() { set(f, v, apply[V128]("act", strs(v, kind)...)) })
		f.storeTail(y, 0, fmul(v, loadV(b, 0)), n)
		f.inc(y, num(16))
		f.inc(a, num(16))
		f.inc(b, num(16))
		f.inc(n, num(-4))
	})
}
