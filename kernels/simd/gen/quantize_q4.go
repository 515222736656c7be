package main

// quantizeTile4 emits quantize_tile4(q, rows, x, ldx, k, levels, s), which quantises rows of x
// f32, ldx bytes apart, to the tile at q that q4_R reads, with scales f32 at s. See
// Operations.LinearQ4, linear_q4.go for the layout, and quantizeTile for scales that are 0
// or NaN.
func quantizeTile4(m *Module) {
	f := m.helper("quantize_tile4")
	q, rows, x, ldx, k := f.int("q"), f.int("rows"), f.int("x"), f.int("ldx"), f.int("k")
	levels, s := f.float("levels"), f.int("s")
	r, p, l, d, block, i := f.newInt("r"), f.newInt("p"), f.newInt("l"), f.newInt("d"), f.newInt("block"), f.newInt("i")
	top, div, v0, v1, sum := f.newVec("top"), f.newVec("div"), f.newVec("v0"), f.newVec("v1"), f.newVec("sum")
	scale := declare[F32](f, "scale")
	lim := let(f, "lim", splatF(levels))
	neg := let(f, "neg", un("f32x4.neg", lim))
	step := let(f, "step", rows.shl(2))
	set(f, r, rows)
	quantum := func(v V128) V128 { return truncSat(pmax(pmin(nearest(fdiv(v, div)), lim), neg)) }
	// part is four numbers, zeros where l ends; below a vector's end nothing is masked.
	part := func(off int) V128 { return vand(loadV(p, off), tailMask(l.plus(-off/4))) }
	f.repeat(func() {
		set(f, top, zeroV)
		set(f, p, x)
		set(f, l, k)
		f.while(l.greaterS(num(0)), func() {
			set(f, top, bin("i32x4.max_s", top, vand(part(0), absV)))
			f.inc(p, num(16))
			f.inc(l, num(-4))
		})
		set(f, top, bin("i32x4.max_s", top, lanes(top, top, 2, 3, 2, 3)))
		set(f, top, bin("i32x4.max_s", top, every(top, 1)))
		set(f, scale, laneF(top, 0).div(levels))
		f.storeF(s, 0, scale)
		set(f, div, splatF(pick(scale.greater(fnum("0")), scale, fnum("inf"))))
		set(f, p, x)
		set(f, d, q)
		set(f, l, k)
		f.while(l.greaterS(num(0)), func() {
			set(f, block, d)
			f.inc(d, step)
			set(f, sum, zeroV)
			set(f, i, num(groups))
			f.repeat(func() {
				set(f, v0, quantum(part(0)))
				set(f, v1, quantum(part(16)))
				set(f, sum, iadd(sum, iadd(v0, v1)))
				set(f, v0, V128(emit("i16x8.narrow_i32x4_s", string(v0), string(v1))))
				if m.v.Relaxed {
					set(f, v0, V128(emit("i8x16.narrow_i16x8_s", string(v0), string(v0))))
				} else {
					set(f, v0, V128(emit("i8x16.shuffle 0 1 4 5 8 9 12 13 2 3 6 7 10 11 14 15", string(v0), string(v0))))
				}
				for lane := range m.v.words() {
					f.storeLane(d, 0, lane, v0)
					f.inc(d, step)
				}
				f.inc(p, num(32))
				f.inc(l, num(-8))
				f.inc(i, num(-1))
			}, i)
			set(f, sum, iadd(sum, lanes(sum, sum, 2, 3, 2, 3)))
			set(f, sum, iadd(sum, every(sum, 1)))
			f.storeI(block, 0, I32(emit("i32x4.extract_lane 0", string(sum))).times(-offsetQ4))
		})
		f.inc(s, num(4))
		f.inc(q, num(4))
		f.inc(x, ldx)
		f.inc(r, num(-1))
	}, r)
}

// quantizeQ4 emits quantize_q4(q, scale, src, n, k). See Loading.QuantizeQ4. Where a scale is
// 0 or NaN, numbers are divided by +∞. x·0 is NaN where x is not finite.
func quantizeQ4(m *Module) {
	f := m.export("quantize_q4")
	q, scale, src, n, k := f.int("q"), f.int("scale"), f.int("src"), f.int("n"), f.int("k")
	p, l, g := f.newInt("p"), f.newInt("l"), f.newInt("g")
	low, high, odd, div, v0, v1 := f.newVec("low"), f.newVec("high"), f.newVec("odd"), f.newVec("div"), f.newVec("v0"), f.newVec("v1")
	eight := splatI(num(offsetQ4))
	part := func(off int) V128 { return vand(loadV(p, off), tailMask(l.plus(-off/4))) }
	fold := func(v V128, op func(a, b V128) V128) {
		set(f, v, op(v, lanes(v, v, 2, 3, 0, 1)))
		set(f, v, op(v, lanes(v, v, 1, 0, 3, 2)))
	}
	quantum := func(v V128) V128 {
		return iadd(truncSat(pmax(pmin(nearest(fdiv(v, div)), m.k(7)), m.k(-8))), eight)
	}
	f.while(n, func() {
		set(f, l, k)
		f.while(l.greaterS(num(0)), func() {
			for _, v := range []V128{low, high, odd} {
				set(f, v, zeroV)
			}
			// The block's numbers, as many as remain. l then returns to the block's start.
			set(f, p, src)
			set(f, g, num(blockQ4/4))
			f.repeat(func() {
				set(f, v0, part(0))
				set(f, low, pmin(low, v0))
				set(f, high, pmax(high, v0))
				set(f, odd, fadd(odd, fmul(v0, zeroV)))
				f.inc(p, num(16))
				f.inc(l, num(-4))
				f.inc(g, num(-1))
			}, g)
			f.inc(l, num(blockQ4))
			fold(low, pmin)
			fold(high, pmax)
			fold(odd, fadd)
			set(f, low, blend(bin("f32x4.ge", un("f32x4.neg", low), high), low, high))
			set(f, div, fadd(fdiv(low, m.k(-8)), odd))
			f.storeF(scale, 0, laneF(div, 0))
			f.inc(scale, num(4))
			// A scale may be negative.
			set(f, div, blend(vor(flt(zeroV, div), flt(div, zeroV)), div, infV))
			set(f, p, src)
			set(f, g, num(0))
			f.repeat(func() {
				set(f, v0, quantum(part(0)))
				set(f, v1, quantum(part(16)))
				// Eight integers of 16 bits: two adjacent ones to a byte, then the bytes together.
				set(f, v0, V128(emit("i16x8.narrow_i32x4_s", string(v0), string(v1))))
				set(f, v0, vor(v0, V128(emit("i32x4.shr_u", string(v0), string(num(12))))))
				set(f, v0, vand(v0, consts(0xff, 0xff, 0xff, 0xff)))
				set(f, v0, V128(emit("i16x8.narrow_i32x4_s", string(v0), string(v0))))
				set(f, v0, V128(emit("i8x16.narrow_i16x8_u", string(v0), string(v0))))
				f.storeLane(q, 0, 0, v0)
				f.inc(q, num(4))
				f.inc(p, num(32))
				f.inc(l, num(-8))
				f.inc(g, num(1))
			}, g.less(num(groups)).andBits(l.greaterS(num(0))))
			f.inc(src, num(4*blockQ4))
		})
		// src is past the row's end by the padding of the last block.
		f.inc(src, k.plus(blockQ4-1).and(-blockQ4).sub(k).times(-4))
		f.inc(n, num(-1))
	})
}

// packQ4 emits pack_q4(dst, src, scale, n, k). A word of src holds eight adjacent weights of
// four bits; a word of a panel holds them in another order, see linear_q4.go.
func packQ4(m *Module) {
	f := m.export("pack_q4")
	dst, src, scale, n, k := f.int("dst"), f.int("src"), f.int("scale"), f.int("n"), f.int("k")
	c, d, g, l, left := f.newInt("c"), f.newInt("d"), f.newInt("g"), f.newInt("l"), f.newInt("left")
	word, low, t := f.newInt("word"), f.newInt("low"), f.newInt("t")
	blocks := let(f, "blocks", k.plus(blockQ4-1).shr(5))
	spread := func(v I32) I32 { // four bits each, to the low halves of bytes
		set(f, t, v)
		set(f, t, t.or(t.shl(8)).and(0x00ff00ff))
		return t.or(t.shl(4)).and(halvesMask)
	}
	set(f, left, n)
	f.while(left.greaterS(num(0)), func() {
		set(f, c, num(0))
		f.repeat(func() {
			set(f, d, dst.add(c.shl(2)))
			set(f, l, k)
			f.while(l.greaterS(num(0)), func() {
				f.storeF(d, 0, fnum("0"))
				f.when(c.lessS(left), func() {
					f.storeF(d, 0, loadF32(scale, 0))
					f.inc(scale, num(4))
				})
				set(f, g, num(groups))
				f.repeat(func() {
					f.inc(d, num(64))
					set(f, word, hex(0x88888888)) // zeros
					f.when(c.lessS(left).andBits(l.greaterS(num(0))), func() {
						set(f, word, loadI32(src, 0))
						f.inc(src, num(4))
					})
					set(f, low, spread(word.and(0xffff)))
					f.storeI(d, 0, low.or(spread(word.shr(16)).shl(4)))
					f.inc(l, num(-8))
					f.inc(g, num(-1))
				}, g)
				f.inc(d, num(64))
			})
			f.inc(c, num(1))
		}, c.less(num(16)))
		f.inc(dst, blocks.times(blockBytes))
		f.inc(left, num(-16))
	})
}
