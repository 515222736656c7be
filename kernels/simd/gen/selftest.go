package main

// selftest emits selftest() -> i32, which computes known answers so that a page can choose a
// module. It returns 0 if all are correct, otherwise the sum of 1 (linear_q8), 2
// (linear_f32), 4 (attention) and 8 (linear_q4). It overwrites the first page of memory
// above base(), and so runs before any data is there.
//
// It exists because engines have shipped wrong relaxed SIMD. The answers need no table: x
// [5,128] are integers of at most 127 and w [21,128] of at most 128 in magnitude, extremes
// included. Activations quantise to themselves, because a row's range is 0…127 or −127…0,
// and sums are integers that float32 represents. Scalar code computes them again. Where
// activations have 8 bits, x goes up to 255 for linear_q8. 4-bit weights are the bits of
// products, with scales of 1.
//
// trial(n) runs linear_q8 n times so that a page can time the forms: 24 rows of 128 to 128
// columns, so that most of the time is spent in the tiles. It computes on the contents of
// the same page, whatever they are.
//
//	x[i,l] = ((37·l + 11·i) mod 128) − 127·(i mod 2)
//	w[j,l] = ((29·l + 53·j) mod 256) − 128     row 0: all −128
func selftest(m *Module) {
	const (
		rows, cols, k = 5, 21, 128
		panels        = 2
		xAt           = dataBase + 64
		wAt           = xAt + 4*rows*k                // i8 [21,128], then the same as f32
		packAt        = wAt + 4*cols*k                // either type
		yAt           = packAt + 4*16*panels*k + 1024 // f32 [5,21]
		wsAt          = yAt + 4*rows*cols + 64
		scratchAt     = wsAt + 4*16*panels + 64
		end           = scratchAt + 4*rows*k + 64
	)
	if end > 1<<16-1024 {
		panic("gen: the self-test does not fit a page")
	}
	w := func(j, l I32) I32 {
		return pick(j, l.times(29).add(j.times(53)).and(255).sub(num(128)), num(-128))
	}
	word := func(j, l I32) I32 { return l.shr(3).mul(hex(0x9e3779b1)).add(j.mul(hex(0x85ebca6b))) }
	w4 := func(j, l I32) I32 {
		return word(j, l).op("i32.shr_u", l.and(7).shl(2)).and(15).sub(num(offsetQ4))
	}
	float := func(v I32) F32 { return F32(emit("f32.convert_i32_s", string(v))) }

	f := m.export("selftest")
	i, j, l, p, sum, wrong, q := f.newInt("i"), f.newInt("j"), f.newInt("l"), f.newInt("p"), f.newInt("sum"), f.newInt("wrong"), f.newInt("q")
	top, seven := let(f, "top", m.levels()), f.newInt("seven")
	// With eight bits doubled, plus one if odd: 0…127 becomes 0…255.
	x := func(i, l I32) I32 {
		set(f, seven, l.times(37).add(i.times(11)).and(127))
		return seven.add(pick(top.eq(num(127)), num(0), seven.add(seven.and(1)))).sub(i.and(1).mul(top))
	}
	count := func(v I32, n int, body func()) {
		set(f, v, num(0))
		f.repeat(func() {
			body()
			f.inc(v, num(1))
		}, v.less(num(n)))
	}
	// check adds bit to wrong if y is not Σ x·w.
	check := func(bit int, w func(j, l I32) I32) {
		set(f, p, num(yAt))
		count(i, rows, func() {
			count(j, cols, func() {
				set(f, sum, num(0))
				count(l, k, func() { f.inc(sum, x(i, l).mul(w(j, l))) })
				f.when(I32(emit("f32.ne", string(loadF32(p, 0)), string(float(sum)))), func() { set(f, wrong, wrong.or(num(bit))) })
				f.inc(p, num(4))
			})
		})
	}
	writeX := func() {
		set(f, p, num(xAt))
		count(i, rows, func() {
			count(l, k, func() {
				f.storeF(p, 0, float(x(i, l)))
				f.inc(p, num(4))
			})
		})
	}
	writeX()
	set(f, p, num(wAt))
	count(j, cols, func() {
		f.storeF(num(wsAt).add(j.shl(2)), 0, fnum("1"))
		count(l, k, func() {
			f.store8(p, 0, w(j, l))
			f.inc(p, num(1))
		})
	})
	f.call("pack_q8", strs(num(packAt), num(wAt), num(cols), num(k))...)
	f.call("linear_q8", strs(num(yAt), num(cols), num(xAt), num(k), num(packAt), num(wsAt), num(0), num(0), num(0),
		num(rows), num(k), num(cols), num(0), fnum("0"), top, num(scratchAt))...)
	check(1, w)
	set(f, top, num(127))
	writeX()

	set(f, p, num(wAt))
	count(j, cols, func() {
		count(l, k, func() {
			f.storeF(p, 0, float(w(j, l)))
			f.inc(p, num(4))
		})
	})
	f.call("pack_f32", strs(num(packAt), num(wAt), num(cols), num(k))...)
	f.call("linear_f32", strs(num(yAt), num(cols), num(xAt), num(k), num(packAt), num(0), num(0), num(0),
		num(rows), num(k), num(cols), num(0), fnum("0"))...)
	check(2, w)

	// Attention of 5 queries and keys, 8 heads of 16, with values that are all 2, gives 2.
	set(f, p, num(wAt))
	count(l, rows*k, func() {
		f.storeF(p, 0, fnum("2"))
		f.inc(p, num(4))
	})
	f.call("attention", strs(num(packAt), num(k), num(xAt), num(k), num(xAt), num(wAt), num(k), num(rows), num(rows), num(8), num(1), num(16), fnum("0.001"),
		num(0), num(0), num(0), num(0), num(0), num(0), num(rows), num(scratchAt))...)
	set(f, q, num(packAt))
	count(l, rows*k, func() {
		off := F32(emit("f32.abs", string(loadF32(q, 0).op("f32.sub", fnum("2")))))
		f.when(off.atMost(fnum("0x1p-20")).not(), func() { set(f, wrong, wrong.or(num(4))) })
		f.inc(q, num(4))
	})

	set(f, p, num(wAt))
	count(j, cols, func() {
		count(l, k/8, func() {
			f.storeI(p, 0, word(j, l.shl(3)))
			f.inc(p, num(4))
		})
	})
	count(l, cols*k/blockQ4, func() {
		f.storeF(p, 0, fnum("1"))
		f.inc(p, num(4))
	})
	f.call("pack_q4", strs(num(packAt), num(wAt), num(wAt+cols*k/2), num(cols), num(k))...)
	f.call("linear_q4", strs(num(yAt), num(cols), num(xAt), num(k), num(packAt), num(0), num(0), num(0),
		num(rows), num(k), num(cols), num(0), fnum("0"), num(127), num(scratchAt))...)
	check(8, w4)
	returns(f, wrong)

	const (
		trialRows, trialCols = 24, 128
		trialW               = xAt + 4*trialRows*k
		trialY               = trialW + trialCols*(k+4)
		trialWs              = trialY + 4*trialRows*trialCols
		trialScratch         = trialWs + 4*trialCols + 64
	)
	if trialScratch+trialRows*(2*k+8) > 1<<16-1024 {
		panic("gen: the trial does not fit a page")
	}
	f = m.export("trial")
	n := f.int("n")
	f.while(n, func() {
		f.call("linear_q8", strs(num(trialY), num(trialCols), num(xAt), num(k), num(trialW), num(trialWs), num(0), num(0), num(0),
			num(trialRows), num(k), num(trialCols), num(0), fnum("0"), m.levels(), num(trialScratch))...)
		f.inc(n, num(-1))
	})
}
