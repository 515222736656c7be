package main

import "math"

// exp computes exp(x) for −87.33 ≤ x ≤ 88.37. For x ≤ 0 the largest relative error is 9.9e-8,
// with a fused relaxed_madd 7.5e-8 (bound: package kerneltest, bounds.go). NaN stays NaN.
//
//	n = round(x / ln 2);  r = x − n·ln 2;  exp(x) = 2ⁿ·p(r)
//
// ln 2 is split into two parts, so that n·ln 2 is exact. p has the coefficients of Cephes'
// expf (S. L. Moshier). Adding 1.5·2²³, whose last bit has the value 1, rounds n; adding
// 127 more makes the last bits of the sum the biased exponent of 2ⁿ.
type exp struct{ t, n, r, p V128 }

// newExp declares the locals of exp.
func newExp(f *Func) exp {
	return exp{f.newVec("et"), f.newVec("en"), f.newVec("er"), f.newVec("ep")}
}

// of is exp(x); x is read twice.
func (e exp) of(f *Func, x V128) V128 {
	m := f.m
	set(f, e.t, m.madd(m.k(3<<22+127), x, m.k(1/math.Ln2)))
	set(f, e.n, fsub(e.t, m.k(3<<22+127)))
	set(f, e.r, m.madd(m.madd(x, e.n, m.k(-0.693359375)), e.n, m.k(2.12194440e-4)))
	set(f, e.p, m.k(1.9875691500e-4))
	for _, c := range []float64{1.3981999507e-3, 8.3334519073e-3, 4.1665795894e-2, 1.6666665459e-1, 5.0000001201e-1, 1, 1} {
		set(f, e.p, m.madd(m.k(c), e.p, e.r))
	}
	return fmul(e.p, shiftL(e.t, 23))
}

// expKernel emits exp(x) of four numbers. Below −87.33 the result is 0, above 88.37 it is
// exp(88.37).
func expKernel(m *Module) {
	f := m.helper("exp")
	x := f.vec("x")
	low := let(f, "low", flt(x, m.k(-87.33)))
	set(f, x, pmin(pmax(x, m.k(-87.33)), m.k(88.37)))
	returns(f, vandnot(newExp(f).of(f, x), low))
}

// activation emits act(x, kind) of four numbers, kind not 0.
//
// GELU is x·Φ(x) with Φ = (1 + erf(x/√2))/2. erf is the rational approximation of degree
// 13 over 8 of Eigen's generic_fast_erf_float, for |x/√2| ≤ 4. The error of Φ is at most
// 1.8e-7, that of GELU 2.5e-7·|x| (TestActivationError). x is clamped to −5.6568546, which
// is −4√2 rounded so that Φ is exactly 0 there: −∞ gives the limit −0 and not NaN.
//
// SiLU is x/(1+exp(−x)) with x clamped to −88 for the same reason. GELU by tanh is
// x/(1+exp(−2u)) with u = √(2/π)·(x+0.044715·x³), because (1+tanh(u))/2 = 1/(1+exp(−2u)).
func activation(m *Module) {
	f := m.helper("act")
	x, kind := f.vec("x"), f.int("kind")
	g, z := newGELU(f), f.newVec("z")
	f.choose(kind.eq(num(2)), func() { g.of(f, x) }, func() {
		f.choose(kind.eq(num(1)), func() { set(f, x, pmax(x, zeroV)) }, func() {
			set(f, x, pmax(x, m.k(-88)))
			set(f, z, x)
			f.when(kind.eq(num(4)), func() {
				set(f, z, fmul(fmul(x, m.k(2*0.7978845608028654)), fadd(m.k(1), fmul(m.k(0.044715), fmul(x, x)))))
			})
			set(f, x, fdiv(x, fadd(m.k(1), apply[V128]("exp", string(un("f32x4.neg", z))))))
		})
	})
	returns(f, x)
}

// gelu is the locals of GELU.
type gelu struct{ z, z2, p, q V128 }

func newGELU(f *Func) gelu {
	return gelu{f.newVec("gz"), f.newVec("gz2"), f.newVec("gp"), f.newVec("gq")}
}

// of sets x to GELU(x); see activation.
func (g gelu) of(f *Func, x V128) {
	m := f.m
	poly := func(y V128, c ...float64) {
		set(f, y, m.k(c[0]))
		for _, c := range c[1:] {
			set(f, y, m.madd(m.k(c), y, g.z2))
		}
	}
	set(f, x, pmax(x, m.k(-5.6568546)))
	set(f, g.z, pmin(fmul(x, m.k(math.Sqrt2/2)), m.k(4)))
	set(f, g.z2, fmul(g.z, g.z))
	poly(g.p, -2.72614225801306e-10, 2.77068142495902e-08, -2.10102402082508e-06, -5.69250639462346e-05,
		-7.34990630326855e-04, -2.95459980854025e-03, -1.60960333262415e-02)
	poly(g.q, -1.45660718464996e-05, -2.13374055278905e-04, -1.68282697438203e-03,
		-7.37332916720468e-03, -1.42647390514189e-02)
	set(f, g.p, fdiv(fmul(g.z, g.p), g.q))
	set(f, x, fmul(x, m.madd(m.k(0.5), g.p, m.k(0.5))))
}

// activateRows emits act_rows(p, ld, rows, n, kind): act in place on rows of n numbers, a
// multiple of four, ld bytes apart. It runs on a stored tile, so that the sums of the tile
// need not be spilled around the calls of act.
func activateRows(m *Module) {
	f := m.helper("act_rows")
	p, ld, rows, n, kind := f.int("p"), f.int("ld"), f.int("rows"), f.int("n"), f.int("kind")
	c, x, g := f.newInt("c"), f.newVec("x"), newGELU(f)
	each := func(act func()) {
		f.repeat(func() {
			set(f, c, n)
			f.repeat(func() {
				set(f, x, loadV(p, 0))
				act()
				f.storeV(p, 0, x)
				f.inc(p, num(16))
				f.inc(c, num(-4))
			}, c)
			f.inc(p, ld.sub(n.shl(2)))
			f.inc(rows, num(-1))
		}, rows)
	}
	f.choose(kind.eq(num(2)), func() { each(func() { g.of(f, x) }) },
		func() { each(func() { set(f, x, apply[V128]("act", strs(x, kind)...)) }) })
}
