package main

// The linear layer on weights of 16 bits, packed in panels of 16 columns, f16 [n/16][k][16],
// each followed by u16 [16], which is not 0 for a column with a number that is not finite.
//
// Few rows read the weights in place (tileF32). For more rows, a block of a panel is
// widened to float32 in scratch, once for all rows, and multiplied from there; the next
// block continues the sums.

const (
	halfBlock = 256 // rows of a panel that are widened together
	halfRows  = 3   // the largest number of rows that read weights of 16 bits in place
	// Layout of the scratch: f32 [halfBlock][16], then the sums f32 [m][16].
	halfSumsAt = 64 * halfBlock
)

func linearF16(m *Module) {
	tileF32(m, floats[1], 1, 4, m.v.F32.one)
	tileF32(m, floats[1], 2, m.v.F32.vecs, m.v.F32.unroll)
	moderate(m)

	f := m.export("linear_f16")
	var o result
	o.y, o.ldy = f.int("y"), f.int("ldy")
	x, ldx, w := f.int("x"), f.int("ldx"), f.int("w")
	o.bias, o.res, o.ldres = f.int("bias"), f.int("res"), f.int("ldres")
	rows, k, n := f.int("m"), f.int("k"), f.int("n")
	o.act, o.alpha = f.int("act"), f.float("alpha")
	scratch := f.int("scratch")
	cols, j, kb, px, i := f.newInt("cols"), f.newInt("j"), f.newInt("kb"), f.newInt("px"), f.newInt("i")
	few, flags, sums := f.newInt("few"), f.newInt("flags"), let(f, "sums", scratch.plus(halfSumsAt))
	at := o
	at.y, at.res, at.cols = f.newInt("yi"), f.newInt("ri"), cols
	// Distances in bytes; that of an absent residual is 0.
	byte4 := func(ld I32) I32 { return ld.shl(2) }
	f.when(rows.lessS(num(halfRows+1)), func() { set(f, few, apply[I32]("moderate", strs(x, byte4(ldx), rows, k)...)) })
	tile := func(r int) {
		f.call(floats[1].name+count(r), strs(px, byte4(ldx), w, k, at.y, byte4(o.ldy), o.bias, at.res, pick(o.res, byte4(o.ldres), num(0)), cols, o.act, o.alpha, num(0), num(0))...)
		f.inc(px, ldx.times(4*r))
		f.inc(at.y, o.ldy.times(4*r))
		f.inc(at.res, pick(o.res, o.ldres.times(4*r), num(0)))
		f.inc(i, num(-r))
	}
	f.repeat(func() {
		set(f, cols, minS(n, num(16)))
		set(f, flags, w.add(k.shl(5)))
		odd := I32(emit("v128.any_true", string(vor(loadV(flags, 0), loadV(flags, 16)))))
		f.choose(few.andBits(odd.not()), func() {
			set(f, i, rows)
			set(f, px, x)
			set(f, at.y, o.y)
			set(f, at.res, o.res)
			f.when(i.greaterS(num(1)), func() { tile(2) })
			f.when(i, func() { tile(1) })
		}, func() {
			set(f, j, num(0))
			f.repeat(func() {
				set(f, kb, minS(k.sub(j), num(halfBlock)))
				f.call("widen_f16", strs(scratch, w.add(j.shl(5)), kb.shl(4))...)
				px, init := x.add(j.shl(2)), pick(j, sums, num(0))
				f.choose(k.eq(j.add(kb)), func() {
					f.call("layer_f32", strs(o.y, o.ldy, px, ldx, scratch, o.bias, o.res, o.ldres, rows, kb, cols, o.act, o.alpha, init, num(16))...)
				}, func() {
					f.call("layer_f32", strs(sums, num(16), px, ldx, scratch, num(0), num(0), num(0), rows, kb, num(16), num(0), fnum("0"), init, num(16))...)
				})
				f.inc(j, kb)
			}, j.lessS(k))
		})
		set(f, w, flags.plus(32))
		f.inc(o.y, num(64))
		f.inc(o.res, pick(o.res, num(64), num(0)))
		f.inc(o.bias, pick(o.bias, num(64), num(0)))
		f.inc(n, num(-16))
	}, n.greaterS(num(0)))
}

// moderate emits moderate(x, ldx, rows, k), which is 1 if all numbers of x f32 [rows,k], with
// rows ldx bytes apart, are below 2¹⁶ in magnitude.
func moderate(m *Module) {
	f := m.helper("moderate")
	x, ldx, rows, k := f.int("x"), f.int("ldx"), f.int("rows"), f.int("k")
	p, c, wrong := f.newInt("p"), f.newInt("c"), f.newVec("wrong")
	limit := splatF(fnum("0x1p16"))
	bad := func() V128 { return un("v128.not", flt(vand(loadV(p, 0), absV), limit)) }
	f.repeat(func() {
		set(f, p, x)
		set(f, c, k)
		f.while(c.greaterS(num(3)), func() {
			set(f, wrong, vor(wrong, bad()))
			f.inc(p, num(16))
			f.inc(c, num(-4))
		})
		f.when(c, func() { set(f, wrong, vor(wrong, vand(bad(), tailMask(c)))) })
		f.inc(x, ldx)
		f.inc(rows, num(-1))
	}, rows)
	returns(f, I32(emit("v128.any_true", string(wrong))).not())
}

// packF16 emits pack_f16, see pack.
func packF16(m *Module) {
	packPanels(m, "pack_f16", func(f *Func, src, dst, k, present I32) {
		stop, v, odd := local[I32]("stop"), f.newInt("half"), f.newInt("odd")
		set(f, stop, src.add(k.shl(1)))
		set(f, odd, num(0))
		f.repeat(func() {
			set(f, v, pick(present, I32(emit("i32.load16_u", string(src))), num(0)))
			set(f, odd, odd.or(v.and(0x7c00).eq(num(0x7c00))))
			f.store16(dst, 0, v)
			f.inc(dst, num(32))
			f.inc(src, num(2))
		}, src.less(stop))
		// dst is now at the column's flag after the panel.
		f.store16(dst, 0, odd)
	}, func(k I32) I32 { return k.plus(1).shl(5) }, 2)
}
