package main

// widen emits widen_f16 and widen_bf16(dst, src, n).
//
// The bits of a half-precision number, shifted to the position of float32's, are the number
// times 2⁻¹¹², subnormal numbers included. Only infinity and NaN need their exponent set.
func widen(m *Module) {
	f := m.export("widen_f16")
	h := f.newVec("h")
	each(f, 8, func(src I32) V128 { return widenHalves(f, src, h) })
	f = m.export("widen_bf16")
	each(f, 8, func(src I32) V128 {
		return shiftL(V128(emit("v128.load16x4_u", string(src))), 16)
	})
}

// widenHalves is the four half-precision numbers at p as float32; h is a temporary.
func widenHalves(f *Func, p I32, h V128) V128 {
	set(f, h, V128(emit("v128.load16x4_s", string(p))))
	exp := consts(0x7c00, 0x7c00, 0x7c00, 0x7c00)
	v := fmul(vand(shiftL(h, 13), consts(0x8fffe000, 0x8fffe000, 0x8fffe000, 0x8fffe000)), splatF(fnum("0x1p112")))
	// The multiplication keeps the fraction of an infinity or a NaN.
	return vor(v, vand(infV, bin("i32x4.eq", vand(h, exp), exp)))
}

// narrow emits narrow_f16(dst, src, n), which returns the flag that Loading.NarrowF16 stores.
// Adding a number whose last bit has the value of the result's last bit rounds to it (M.
// Dukhan's FP16).
func narrow(m *Module) {
	f := m.export("narrow_f16")
	dst, src, n := f.int("dst"), f.int("src"), f.int("n")
	x, a, bias, v, beyond := f.newVec("x"), f.newVec("a"), f.newVec("bias"), f.newVec("v"), f.newVec("beyond")
	every := func(bits uint32) V128 { return consts(bits, bits, bits, bits) }
	f.while(n.greaterS(num(0)), func() {
		set(f, x, loadV(src, 0))
		set(f, a, vand(x, absV))
		set(f, beyond, vor(beyond, vand(tailMask(n), vand(bin("f32x4.ge", a, every(0x477ff000)), flt(a, infV))))) // 65520
		set(f, bias, bin("i32x4.max_s", vand(a, every(0x7f800000)), every(0x38800000)))
		set(f, v, fadd(fmul(fmul(a, splatF(fnum("0x1p112"))), splatF(fnum("0x1p-110"))), iadd(bias, every(0x07800000))))
		set(f, v, iadd(vand(V128(emit("i32x4.shr_u", string(v), string(num(13)))), every(0x7c00)), vand(v, every(0x0fff))))
		set(f, v, blend(fne(x, x), every(0x7e00), v))
		set(f, v, vor(v, vand(V128(emit("i32x4.shr_u", string(x), string(num(16)))), every(0x8000))))
		set(f, v, bin("i16x8.narrow_i32x4_u", v, v))
		f.choose(n.greaterS(num(3)), func() { f.line("(v128.store64_lane 0 %s %s)", dst, v) }, func() {
			for i := range 3 {
				f.when(n.greaterS(num(i)), func() { f.line("(v128.store16_lane offset=%d %d %s %s)", 2*i, i, dst, v) })
			}
		})
		f.inc(dst, num(8))
		f.inc(src, num(16))
		f.inc(n, num(-4))
	})
	returns(f, I32(emit("v128.any_true", string(beyond))))
}

// each declares (dst, src, n) and emits the loop over n numbers, four at a time. size is the
// size in bytes of four of them in src.
func each(f *Func, size int, four func(src I32) V128) {
	dst, src, n := f.int("dst"), f.int("src"), f.int("n")
	f.while(n.greaterS(num(0)), func() {
		f.storeTail(dst, 0, four(src), n)
		f.inc(dst, num(16))
		f.inc(src, num(size))
		f.inc(n, num(-4))
	})
}
