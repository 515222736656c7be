package main

import "math"

// expKernel emits exp(x) of four numbers. The largest relative error is 7.8e-8,
// in the relaxed module 8.3e-8 (package kerneltest, bounds.go, measures it); below −87.33 the result is 0,
// above 88.37 that of 88.37; NaN stays.
//
//	n = round(x / ln 2);  r = x − n·ln 2;  exp(x) = 2ⁿ·p(r)
//
// ln 2 is in two parts, so that n·ln 2 is exact, and p is the polynomial of Cephes'
// expf (S. L. Moshier). n is rounded by adding 1.5·2²³, whose last bit is worth 1; with
// 127 more, the sum's last bits are the exponent of 2ⁿ, ready to be moved to its place.
func expKernel(m *Module) {
	f := m.helper("exp")
	x := f.vec("x")
	low := let(f, "low", flt(x, m.k(-87.33)))
	set(f, x, pmin(pmax(x, m.k(-87.33)), m.k(88.37)))
	t := let(f, "t", m.madd(m.k(3<<22+127), x, m.k(1/math.Ln2)))
	n := let(f, "n", fsub(t, m.k(3<<22+127)))
	r := let(f, "r", m.madd(m.madd(x, n, m.k(-0.693359375)), n, m.k(2.12194440e-4)))
	p := let(f, "p", m.k(1.9875691500e-4))
	for _, c := range []float64{1.3981999507e-3, 8.3334519073e-3, 4.1665795894e-2, 1.6666665459e-1, 5.0000001201e-1} {
		set(f, p, m.madd(m.k(c), p, r))
	}
	set(f, p, fadd(m.madd(r, p, fmul(r, r)), m.k(1)))
	returns(f, vandnot(fmul(p, shiftL(t, 23)), low))
}

// activation emits act(x, kind) of four numbers, kind not 0.
//
// GELU is x·Φ(x) with Φ = (1 + erf(x/√2))/2 and erf the rational approximation of
// degree 13 over 8 in Eigen's generic_fast_erf_float, for |x/√2| ≤ 4; Φ is within
// 1.8e-7, GELU within 2.5e-7·|x| (TestActivationError). Below −5.6568546,
// which is −4√2 rounded so that this Φ is exactly 0 there, x counts as that: so −∞
// gives −0, the limit, not NaN.
// SiLU is x/(1+exp(−x)), x below −88 counts as −88 likewise. GELU by tanh is
// x/(1+exp(−2u)) with u = √(2/π)·(x+0.044715·x³), since (1+tanh(u))/2 = 1/(1+exp(−2u)).
func activation(m *Module) {
	f := m.helper("act")
	x, kind := f.vec("x"), f.int("kind")
	z, z2, p, q := f.newVec("z"), f.newVec("z2"), f.newVec("p"), f.newVec("q")
	poly := func(y V128, c ...float64) {
		set(f, y, m.k(c[0]))
		for _, c := range c[1:] {
			set(f, y, fadd(fmul(y, z2), m.k(c)))
		}
	}
	f.choose(kind.eq(num(2)), func() {
		set(f, x, pmax(x, m.k(-5.6568546)))
		set(f, z, pmin(fmul(x, m.k(math.Sqrt2/2)), m.k(4)))
		set(f, z2, fmul(z, z))
		poly(p, -2.72614225801306e-10, 2.77068142495902e-08, -2.10102402082508e-06, -5.69250639462346e-05,
			-7.34990630326855e-04, -2.95459980854025e-03, -1.60960333262415e-02)
		poly(q, -1.45660718464996e-05, -2.13374055278905e-04, -1.68282697438203e-03,
			-7.37332916720468e-03, -1.42647390514189e-02)
		set(f, p, fdiv(fmul(z, p), q))
		set(f, x, fmul(x, fadd(m.k(0.5), fmul(p, m.k(0.5)))))
	}, func() {
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
