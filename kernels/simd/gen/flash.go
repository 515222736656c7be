package main

// Attention of many queries processes the keys in blocks, as FlashAttention does (Dao et
// al. 2022, arXiv 2205.14135, algorithm 1). The scores of a chunk of queries with a block
// of keys are a matrix product, and so is the block's contribution to the result, with
// weights relative to the largest score so far. When a larger score appears, the partial
// result is scaled down. No row of scores is ever stored whole, and the scratch does not
// grow with the number of keys.
//
// Both products are those of the float32 linear layer. A chunk of queries is packed like
// weights, 16 to a panel, and the keys are the activations, so that the scores are
// [keys][16]: a vector holds the scores of one key with four queries, and the softmax
// needs no sums across lanes. A block of values is packed like weights too, once for all
// panels of the chunk; its activations are the softmax, transposed to [16][keys].

const (
	// The least number of queries and of keys, and the largest width of a head, for which
	// attention takes this form.
	flashRows = 12
	flashKeys = 32
	flashHead = 256
	// A chunk has up to chunkRows queries and up to chunkRows·chunkHead numbers. The last
	// chunk takes up to flashRows−1 more queries, so that none has fewer than flashRows.
	chunkRows = 64
	chunkHead = 64
	// A block has up to keyBlock keys and up to blockFloats numbers.
	keyBlock    = 64
	blockFloats = 4096
)

// Layout of the scratch of a chunk, in bytes.
const (
	flashQueriesAt = 0                                     // f32 [rows/16][h][16], and three more rows
	flashValuesAt  = flashQueriesAt + 4*32*flashHead + 192 // f32 [h/16][keys][16]
	flashScoresAt  = flashValuesAt + 4*blockFloats         // f32 [keys][16], and four more rows
	flashWeightsAt = flashScoresAt + 4*16*(keyBlock+4)     // f32 [16][keyBlock]
	flashStatsAt   = flashWeightsAt + 4*16*keyBlock        // f32 [rows/4][2][4]: the largest scores, the sums
	flashSize      = flashStatsAt + 8*80
)

// isFlash reports whether attention takes this form.
func isFlash(tq, tk, h I32) I32 {
	return tq.atLeastS(num(flashRows)).andBits(tk.atLeastS(num(flashKeys))).andBits(h.lessS(num(flashHead + 1)))
}

// chunkOf is the number of queries of a chunk for heads of width h: 64, 32 or 16.
func chunkOf(h I32) I32 {
	return pick(h.lessS(num(chunkHead+1)), num(chunkRows), pick(h.lessS(num(2*chunkHead+1)), num(chunkRows/2), num(chunkRows/4)))
}

// chunks is the number of chunks of tq ≥ flashRows queries; of is the size of a chunk.
func chunks(tq, of I32) I32 { return tq.plus(-flashRows).op("i32.div_u", of).plus(1) }

// chunk is the number of rows of the next chunk where left rows remain.
func chunk(left, of I32) I32 { return pick(left.lessS(of.plus(flashRows)), left, of) }

func flash(m *Module) {
	packQueries(m)
	packValues(m)
	soften(m)
	carefulValues(m)

	// flash(y, ldy, q, ldq, k, v, ldkv, rows, keys, h, scale, keep, mask, ldmask, rel, full,
	// scratch) is attention of one head and one chunk. Distances between rows are in bytes.
	// keys is the number of keys that the last row attends to, full that of the first row.
	f := m.helper("flash")
	y, ldy, q, ldq, k, v, ldkv := f.int("y"), f.int("ldy"), f.int("q"), f.int("ldq"), f.int("k"), f.int("v"), f.int("ldkv")
	rows, keys, h, scale := f.int("rows"), f.int("keys"), f.int("h"), f.float("scale")
	keep, mask, ldmask, rel, full, scratch := f.int("keep"), f.int("mask"), f.int("ldmask"), f.int("rel"), f.int("full"), f.int("scratch")
	j, n, careful, r, left, g, pm := f.newInt("j"), f.newInt("n"), f.newInt("careful"), f.newInt("r"), f.newInt("left"), f.newInt("g"), f.newInt("pm")
	block := let(f, "block", num(blockFloats).op("i32.div_u", h.plus(15).and(-16)).and(-16))
	set(f, block, minS(block, num(keyBlock)))
	vs, s, w := let(f, "vs", scratch.plus(flashValuesAt)), let(f, "s", scratch.plus(flashScoresAt)), let(f, "w", scratch.plus(flashWeightsAt))
	pq, py, stats := f.newInt("pq"), f.newInt("py"), f.newInt("stats")
	// Some row may not attend to a key: then values of hidden keys must not be multiplied.
	hides := let(f, "hides", keep.or(mask).or(full.lessS(keys)).ne(0))
	f.call("pack_queries", strs(scratch, q, ldq, rows, h, splatF(scale))...)
	layer := func(y, ldy, x, ldx, w, m, k, n, init I32) {
		f.call("layer_f32", strs(y, ldy, x, ldx, w, num(0), num(0), num(0), m, k, n, num(0), fnum("0"), init, ldy)...)
	}
	f.repeat(func() {
		set(f, n, minS(keys.sub(j), block))
		set(f, careful, apply[I32]("pack_values", strs(vs, v, ldkv, n, h)...).andBits(hides))
		set(f, r, num(0))
		set(f, pq, scratch)
		set(f, py, y)
		set(f, pm, mask)
		set(f, stats, scratch.plus(flashStatsAt))
		f.repeat(func() {
			set(f, left, minS(rows.sub(r), num(16)))
			// Row r of the chunk attends to the keys before full+r.
			f.when(j.lessS(full.add(r).add(left).plus(-1)), func() {
				layer(s, num(16), k, ldkv.shr(2), pq, n, h, num(16), num(0))
				set(f, g, num(0))
				f.repeat(func() {
					at := s.add(g.shl(2))
					f.when(keep.or(mask).or(rel).or(full.add(r).add(g).lessS(j.add(n))), func() {
						f.call("mask_scores", strs(at, num(64), n, keep, pm.add(pick(mask, g.mul(ldmask), num(0))), ldmask, left.sub(g),
							pick(rel, rel.sub(r.add(g).shl(2)), num(0)), full.add(r).add(g).sub(j))...)
					})
					f.call("soften", strs(at, n, w.add(g.times(4*keyBlock)), stats.add(g.shl(3)), py.add(g.mul(ldy)), ldy, minS(left.sub(g), num(4)), h, j, careful)...)
					f.inc(g, num(4))
				}, g.lessS(left))
				f.choose(careful,
					func() { f.call("careful_values", strs(py, ldy, w, v, ldkv, left, n, h, j)...) },
					func() { layer(py, ldy.shr(2), w, num(keyBlock), vs, left, n, h, pick(j, py, num(0))) })
			})
			f.inc(r, num(16))
			f.inc(pq, h.shl(6))
			f.inc(py, ldy.shl(4))
			f.inc(stats, num(8*16))
			f.when(mask, func() { f.inc(pm, ldmask.shl(4)) })
		}, r.lessS(rows))
		f.inc(j, n)
		f.inc(k, n.mul(ldkv))
		f.inc(v, n.mul(ldkv))
		f.when(keep, func() { f.inc(keep, n) })
		for _, p := range []I32{mask, rel} {
			f.when(p, func() { f.inc(p, n.shl(2)) })
		}
	}, j.lessS(keys))
	// Divide by the sums. A query without a key gets zeros.
	inv := f.newVec("inv")
	set(f, r, num(0))
	f.repeat(func() {
		set(f, inv, splatAt(scratch.add(r.and(-4).shl(3)).add(r.and(3).shl(2)), flashStatsAt+16))
		f.call("scale_row", strs(y, h, vandnot(fdiv(m.k(1), inv), feq(inv, zeroV)))...)
		f.inc(y, ldy)
		f.inc(r, num(1))
	}, r.lessS(rows))
}

// packQueries emits pack_queries(dst, q, ldq, n, h, scale): n rows of h numbers, times
// scale, to panels of 16, f32 [⌈n/16⌉][h][16]. Missing rows repeat others. If h is not a
// multiple of four, up to three more rows are written after the last panel.
func packQueries(m *Module) {
	f := m.helper("pack_queries")
	dst, q, ldq, n, h, scale := f.int("dst"), f.int("q"), f.int("ldq"), f.int("n"), f.int("h"), f.vec("scale")
	c, d, quads := f.newInt("c"), f.newInt("d"), f.newInt("quads")
	var p []I32
	var v []V128
	for i := range 4 {
		p = append(p, f.newInt("p"+count(i)))
		v = append(v, f.newVec("v"+count(i)))
	}
	t := []V128{f.newVec("t0"), f.newVec("t1"), f.newVec("t2"), f.newVec("t3")}
	f.repeat(func() {
		set(f, quads, num(4))
		f.repeat(func() {
			clampRows(f, p, q, ldq, n)
			set(f, d, dst)
			set(f, c, h)
			f.repeat(func() {
				for i := range v {
					set(f, v[i], fmul(loadV(p[i], 0), scale))
					f.inc(p[i], num(16))
				}
				transpose(f, v, t)
				for i := range v {
					f.storeV(d, 64*i, v[i])
				}
				f.inc(d, num(256))
				f.inc(c, num(-4))
			}, c.greaterS(num(0)))
			f.inc(n, num(-4))
			f.when(n.greaterS(num(0)), func() { f.inc(q, ldq.shl(2)) })
			f.inc(dst, num(16))
			f.inc(quads, num(-1))
		}, quads)
		f.inc(dst, h.plus(-1).shl(6))
	}, n.greaterS(num(0)))
}

// transpose transposes the 4×4 matrix v in place; t are temporaries.
func transpose(f *Func, v, t []V128) {
	for i := range 2 {
		set(f, t[i], lanes(v[2*i], v[2*i+1], 0, 4, 1, 5))
		set(f, t[2+i], lanes(v[2*i], v[2*i+1], 2, 6, 3, 7))
	}
	for i := range v {
		a, b := t[i/2*2], t[i/2*2+1]
		if i%2 == 0 {
			set(f, v[i], lanes(a, b, 0, 1, 4, 5))
		} else {
			set(f, v[i], lanes(a, b, 2, 3, 6, 7))
		}
	}
}

// packValues emits pack_values(dst, v, ldv, n, h): n rows of h numbers to panels of 16
// columns, f32 [⌈h/16⌉][n][16]; padding of the last panel is undefined. The result is 1 if a
// number is not finite.
func packValues(m *Module) {
	f := m.helper("pack_values")
	dst, v, ldv, n, h := f.int("dst"), f.int("v"), f.int("ldv"), f.int("n"), f.int("h")
	j, p, x, odd := f.newInt("j"), f.newInt("p"), f.newVec("x"), f.newVec("odd")
	c, from, to := f.newInt("c"), f.newInt("from"), f.newInt("to")
	tail := let(f, "tail", tailMask(h.and(3)))
	// wazero 1.12 evaluates c < h & −4 wrongly where c is 0, so the remainder counts down.
	take := func(p, dst I32, off int, mask bool) {
		set(f, x, loadV(p, off))
		f.storeV(dst, off, x)
		if mask {
			set(f, x, vand(x, tail))
		}
		// x − x is 0, or NaN if x is not finite; the OR keeps the bits of NaN.
		set(f, odd, vor(odd, fsub(x, x)))
	}
	f.repeat(func() {
		set(f, j, n)
		set(f, p, v)
		f.repeat(func() {
			f.choose(h.greaterS(num(15)), func() {
				for i := range 4 {
					take(p, dst, 16*i, false)
				}
			}, func() {
				set(f, c, h)
				set(f, from, p)
				set(f, to, dst)
				f.while(c.greaterS(num(3)), func() {
					take(from, to, 0, false)
					f.inc(from, num(16))
					f.inc(to, num(16))
					f.inc(c, num(-4))
				})
				f.when(c, func() { take(from, to, 0, true) })
			})
			f.inc(dst, num(64))
			f.inc(p, ldv)
			f.inc(j, num(-1))
		}, j)
		f.inc(v, num(64))
		f.inc(h, num(-16))
	}, h.greaterS(num(0)))
	returns(f, I32(emit("v128.any_true", string(fne(odd, odd)))))
}

// soften emits soften(s, n, w, stats, y, ldy, rows, h, later, careful). It turns the scores
// s[n][4], 64 bytes apart, of four queries with n keys into the weights exp(s − top), f32 w
// [4][keyBlock], where top is the largest score so far. It scales stats f32 [2][4], the
// largest scores and the sums of weights, and the partial results y [rows, h] to the new
// top. later is 0 for the first block. With careful only the weights of hidden keys are 0.
func soften(m *Module) {
	f := m.helper("scale_row") // (y, h, by) multiplies h numbers
	y, h, by := f.int("y"), f.int("h"), f.vec("by")
	f.repeat(func() {
		f.storeTail(y, 0, fmul(loadV(y, 0), by), h)
		f.inc(y, num(16))
		f.inc(h, num(-4))
	}, h.greaterS(num(0)))

	f = m.helper("soften")
	s, n, w, stats := f.int("s"), f.int("n"), f.int("w"), f.int("stats")
	y, ldy, rows, h, later, careful := f.int("y"), f.int("ldy"), f.int("rows"), f.int("h"), f.int("later"), f.int("careful")
	p, end := f.newInt("p"), let(f, "end", s.add(n.shl(6)))
	top, old, sum := f.newVec("top"), f.newVec("old"), f.newVec("sum")
	v := []V128{f.newVec("v0"), f.newVec("v1"), f.newVec("v2"), f.newVec("v3")}
	t := []V128{f.newVec("t0"), f.newVec("t1"), f.newVec("t2"), f.newVec("t3")}
	e := newExp(f)
	// The weights of scores below least are 0: those too small for float32, or only −∞.
	least := let(f, "least", splatF(pick(careful, fnum("-0x1.fffffep127"), fnum("-87.33"))))
	// Weights are written four keys at a time: those after the last key are 0.
	for i := range 3 {
		f.storeV(end, 64*i, ninfV)
	}
	for i := range v {
		set(f, v[i], ninfV)
	}
	set(f, p, s)
	f.repeat(func() {
		// pmax ignores NaN; its weight becomes NaN.
		for i := range v {
			set(f, v[i], pmax(v[i], loadV(p, 64*i)))
		}
		f.inc(p, num(256))
	}, p.less(end))
	set(f, top, pmax(pmax(v[0], v[1]), pmax(v[2], v[3])))
	f.when(later, func() {
		set(f, old, loadV(stats, 0))
		set(f, top, pmax(top, old))
	})
	f.storeV(stats, 0, top)
	// −∞ − (−∞) is NaN: use 0 as the maximum where every score is −∞.
	set(f, top, vandnot(top, feq(top, ninfV)))
	f.when(later, func() {
		// At least the smallest subnormal: 0 times an infinity would be NaN.
		set(f, old, pmax(apply[V128]("exp", string(fsub(old, top))), consts(1, 1, 1, 1)))
		set(f, sum, fmul(loadV(stats, 16), old))
		f.when(I32(emit("v128.any_true", string(fne(old, m.k(1))))), func() {
			f.repeat(func() {
				f.call("scale_row", strs(y, h, every(old, 0))...)
				set(f, old, lanes(old, old, 1, 2, 3, 0))
				f.inc(y, ldy)
				f.inc(rows, num(-1))
			}, rows)
		})
	})
	f.repeat(func() {
		for i := range v {
			set(f, t[i], fsub(loadV(s, 64*i), top))
			set(f, v[i], pmax(t[i], m.k(-87.33)))
			// "Not less" instead of "at least": NaN stays.
			set(f, v[i], vandnot(e.of(f, v[i]), flt(t[i], least)))
			set(f, sum, fadd(sum, v[i]))
		}
		transpose(f, v, t)
		for i := range v {
			f.storeV(w, 4*keyBlock*i, v[i])
		}
		f.inc(s, num(256))
		f.inc(w, num(16))
	}, s.less(end))
	f.storeV(stats, 16, sum)
}

// carefulValues emits careful_values(y, ldy, w, v, ldv, rows, n, h, later): y[r,c] += Σ_j
// w[r][j]·v[j,c], or = if later is 0. It skips products whose weight is 0, because their
// value may not be finite.
func carefulValues(m *Module) {
	f := m.helper("careful_values")
	y, ldy, w, v, ldv := f.int("y"), f.int("ldy"), f.int("w"), f.int("v"), f.int("ldv")
	rows, n, h, later := f.int("rows"), f.int("n"), f.int("h"), f.int("later")
	j, c, pv, a, acc := f.newInt("j"), f.newInt("c"), f.newInt("pv"), f.newVec("a"), f.newVec("acc")
	f.repeat(func() {
		set(f, c, num(0))
		f.repeat(func() {
			set(f, acc, zeroV)
			f.when(later, func() { set(f, acc, loadV(y.add(c.shl(2)), 0)) })
			set(f, pv, v.add(c.shl(2)))
			set(f, j, num(0))
			f.repeat(func() {
				set(f, a, splatAt(w.add(j.shl(2)), 0))
				set(f, acc, fadd(acc, vand(fmul(a, loadV(pv, 0)), fne(a, zeroV))))
				f.inc(pv, ldv)
				f.inc(j, num(1))
			}, j.less(n))
			f.storeTail(y.add(c.shl(2)), 0, acc, h.sub(c))
			f.inc(c, num(4))
		}, c.lessS(h))
		f.inc(y, ldy)
		f.inc(w, num(4*keyBlock))
		f.inc(rows, num(-1))
	}, rows)
}
