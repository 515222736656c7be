package main

// pack emits pack_f32 and pack_q8(dst, src, n, k): weights [n,k] row-major to
// panels of 16 columns; what is missing from the last panel becomes zeros. A panel
// is written a column at a time and stays in cache meanwhile.
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
	packPanels(m, "pack_q8", func(f *Func, src, dst, k I32, present I32) {
		// i8 [kp/2][16][2]
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
		// The pairs that fill k up to a multiple of kPad.
		set(f, stop, num(0).sub(k.plus(1).shr(1)).and(kPad/2-1))
		f.while(stop, func() {
			f.store16(dst, 0, num(0))
			f.inc(dst, num(32))
			f.inc(stop, num(-1))
		})
	}, func(k I32) I32 { return k.plus(kPad - 1).and(-kPad).shl(4) }, 1)
}

// packPanels emits the loop over panels and columns; column copies one row of src
// to one column at dst, or zeros if present is 0, in which case src is a row that
// may be read all the same.
func packPanels(m *Module, name string, column func(f *Func, src, dst, k, present I32), panel func(k I32) I32, size int) {
	f := m.export(name)
	dst, src, n, k := f.int("dst"), f.int("src"), f.int("n"), f.int("k")
	c, d, s, present := f.newInt("c"), f.newInt("d"), f.newInt("s"), f.newInt("present")
	f.newInt("stop")
	left := let(f, "left", n)
	stride := 4
	if size == 1 {
		stride = 2
	}
	f.while(left.greaterS(num(0)), func() {
		set(f, c, num(0))
		f.repeat(func() {
			set(f, present, c.lessS(left))
			set(f, d, dst.add(c.times(stride)))
			set(f, s, src)
			column(f, s, d, k, present)
			// src stays on the last row that exists.
			f.when(c.plus(1).lessS(left), func() { f.inc(src, k.times(size)) })
			f.inc(c, num(1))
		}, c.less(num(16)))
		f.inc(dst, panel(k))
		f.inc(left, num(-16))
	})
}
