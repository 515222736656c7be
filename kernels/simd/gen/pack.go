package main

// pack emits pack_f32, pack_f16, pack_q4 and pack_q8(dst, src, n, k), which copy weights
// [n,k] row-major to panels of 16 columns; missing columns of the last panel become zeros.
// A panel is written one column at a time while it stays in the cache.
func pack(m *Module) {
	packPanels(m, "pack_f32", func(f *Func, src, dst, k I32, present I32) {
		// f32 [k][16]
		end := src.add(k.shl(2))
		stop := local[I32]("stop")
		set(f, stop, end)
		f.repeat(func() {
			f.storeF(dst, 0, pick(present, loadF32(src, 0), fnum("0")))
			f.inc(dst, num(64))
			f.inc(src, num(4))
		}, src.less(stop))
	}, func(k I32) I32 { return k.shl(6) }, 4)
	packF16(m)
	packQ4(m)
	if m.v.Relaxed {
		packQ8Quads(m)
	} else {
		packQ8Pairs(m)
	}
}

// packQ8Pairs emits pack_q8 of the plain variant: i8 [kp/2][16][2].
func packQ8Pairs(m *Module) {
	packPanels(m, "pack_q8", func(f *Func, src, dst, k I32, present I32) {
		stop := local[I32]("stop")
		pair := I32(emit("i32.load16_u", string(src)))
		last := I32(emit("i32.load8_u", string(src)))
		set(f, stop, src.add(k.and(-2)))
		f.while(src.less(stop), func() {
			f.store16(dst, 0, pick(present, pair, num(0)))
			f.inc(dst, num(32))
			f.inc(src, num(2))
		})
		f.when(k.and(1), func() {
			f.store16(dst, 0, pick(present, last, num(0)))
			f.inc(dst, num(32))
		})
		// The pairs that pad k to a multiple of kPad.
		set(f, stop, num(0).sub(k.plus(1).shr(1)).and(m.v.kPad()/2-1))
		f.while(stop, func() {
			f.store16(dst, 0, num(0))
			f.inc(dst, num(32))
			f.inc(stop, num(-1))
		})
	}, func(k I32) I32 { return k.plus(m.v.kPad() - 1).and(-m.v.kPad()).shl(4) }, 1)
}

// packQ8Quads emits pack_q8 of the relaxed variants: i8 [kp/4][16][4] and the sums of
// the columns, i32 [16].
func packQ8Quads(m *Module) {
	pad := m.v.kPad()
	packPanels(m, "pack_q8", func(f *Func, src, dst, k I32, present I32) {
		stop, sum, v := local[I32]("stop"), local[V128]("sum"), local[V128]("v")
		// keep stores four adjacent bytes and adds their sum to lane 0.
		keep := func(quad V128) {
			set(f, v, vand(quad, splatI(num(0).sub(present))))
			set(f, sum, iadd(sum, un("i32x4.extadd_pairwise_i16x8_s", un("i16x8.extadd_pairwise_i8x16_s", v))))
			f.storeLane(dst, 0, 0, v)
			f.inc(dst, num(64))
			f.inc(src, num(4))
		}
		quad := V128(emit("v128.load32_zero", string(src)))
		set(f, sum, zeroV)
		set(f, stop, src.add(k.and(-4)))
		f.while(src.less(stop), func() { keep(quad) })
		f.when(k.and(3), func() {
			keep(vand(quad, splatI(hex(0xffffffff).op("i32.shr_u", num(0).sub(k.shl(3))))))
		})
		// The quads that pad k to a multiple of kPad.
		set(f, stop, num(0).sub(k.plus(3).shr(2)).and(pad/4-1))
		f.while(stop, func() {
			f.storeLane(dst, 0, 0, zeroV)
			f.inc(dst, num(64))
			f.inc(stop, num(-1))
		})
		// dst is now at the column's sum after the panel; it is 4 bytes wide, as a column of
		// the panel is.
		f.storeLane(dst, 0, 0, sum)
	}, func(k I32) I32 { return k.plus(pad - 1).and(-pad).shl(4).plus(64) }, 1)
}

// packPanels emits the loop over panels and columns. column copies one row of src to one
// column at dst, or zeros if present is 0; src is then the last row, which may be read.
func packPanels(m *Module, name string, column func(f *Func, src, dst, k, present I32), panel func(k I32) I32, size int) {
	f := m.export(name)
	dst, src, n, k := f.int("dst"), f.int("src"), f.int("n"), f.int("k")
	c, d, s, present := f.newInt("c"), f.newInt("d"), f.newInt("s"), f.newInt("present")
	f.newInt("stop")
	f.newVec("sum")
	f.newVec("v")
	left := let(f, "left", n)
	stride := size
	if size == 1 {
		stride = m.v.step()
	}
	f.while(left.greaterS(num(0)), func() {
		set(f, c, num(0))
		f.repeat(func() {
			set(f, present, c.lessS(left))
			set(f, d, dst.add(c.times(stride)))
			set(f, s, src)
			column(f, s, d, k, present)
			// src stays at the last row.
			f.when(c.plus(1).lessS(left), func() { f.inc(src, k.times(size)) })
			f.inc(c, num(1))
		}, c.less(num(16)))
		f.inc(dst, panel(k))
		f.inc(left, num(-16))
	})
}
