package main

// widen emits widen_f16 and widen_bf16(dst, src, n).
//
// The bits of a half, moved to the place of a float's, are the number times 2⁻¹¹²,
// subnormal halves included; only infinity and NaN need their exponent filled.
func widen(m *Module) {
	f := m.export("widen_f16")
	each(f, 8, func(src I32) V128 {
		h, v := f.newVec("h"), f.newVec("v")
		set(f, h, V128(emit("v128.load16x4_u", string(src))))
		mag := vand(h, consts(0x7fff, 0x7fff, 0x7fff, 0x7fff))
		exp := vand(h, consts(0x7c00, 0x7c00, 0x7c00, 0x7c00))
		set(f, v, fmul(shiftL(mag, 13), splatF(fnum("0x1p112"))))
		set(f, v, vor(v, vand(infV, bin("i32x4.eq", exp, consts(0x7c00, 0x7c00, 0x7c00, 0x7c00)))))
		// An infinity's or NaN's fraction survives the multiplication as it is.
		return vor(v, shiftL(vand(h, consts(0x8000, 0x8000, 0x8000, 0x8000)), 16))
	})
	f = m.export("widen_bf16")
	each(f, 8, func(src I32) V128 {
		return shiftL(V128(emit("v128.load16x4_u", string(src))), 16)
	})
}

// each declares (dst, src, n) and emits the loop over n numbers, four at a time;
// size is the number of bytes of src that four of them take.
func each(f *Func, size int, four func(src I32) V128) {
	dst, src, n := f.int("dst"), f.int("src"), f.int("n")
	f.while(n.greaterS(num(0)), func() {
		f.storeTail(dst, 0, four(src), n)
		f.inc(dst, num(16))
		f.inc(src, num(size))
		f.inc(n, num(-4))
	})
}
