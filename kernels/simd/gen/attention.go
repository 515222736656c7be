package main

import (
	"fmt"
	"strconv"
)

// attention emits attention(…), see Operations.Attention.
//
// It computes four query rows together, one in each lane: the scratch holds s[j][4], so
// that masks, maximum, exponentials and sums of four rows cost as much as those of one.
// Where fewer rows remain, copies of the last row fill the tile and their results are not
// stored. A single row, a step of generation, has loops of its own. Many rows and keys run
// in flash.
func attention(m *Module) {
	for _, rows := range []int{4, 1} {
		scores(m, rows)
		values(m, rows)
	}
	maskScores(m)
	softmax(m)
	flash(m)

	f := m.export("attention")
	y, ldy, q, ldq, k, v, ldkv := f.int("y"), f.int("ldy"), f.int("q"), f.int("ldq"), f.int("k"), f.int("v"), f.int("ldkv")
	tq, tk, heads, group, h, scale := f.int("tq"), f.int("tk"), f.int("heads"), f.int("group"), f.int("h"), f.float("scale")
	keep, mask, ldmask := f.int("keep"), f.int("mask"), f.int("ldmask")
	rel, ldrel, relbase, causal, scratch := f.int("rel"), f.int("ldrel"), f.int("relbase"), f.int("causal"), f.int("scratch")
	i, rows, seen, full := f.newInt("i"), f.newInt("rows"), f.newInt("seen"), f.newInt("full")
	pq, py, pm, pr := f.newInt("pq"), f.newInt("py"), f.newInt("pm"), f.newInt("pr")
	for _, ld := range []I32{ldy, ldq, ldkv, ldmask, ldrel} {
		set(f, ld, ld.shl(2))
	}
	inv, many := f.newVec("inv"), let(f, "many", isFlash(tq, tk, h))
	sharing := let(f, "sharing", group) // remaining heads of the group that shares keys and values
	f.while(heads, func() {
		set(f, i, num(0))
		set(f, pq, q)
		set(f, py, y)
		set(f, pm, mask)
		set(f, pr, pick(rel, rel.add(relbase.shl(2)), num(0)))
		f.repeat(func() {
			set(f, rows, tq.sub(i))
			set(f, rows, pick(many, chunk(rows, chunkOf(h)), minS(rows, num(4))))
			// The number of keys that the last row attends to, and that every row attends to.
			set(f, seen, minS(tk, i.add(rows).add(causal)))
			set(f, full, minS(tk, i.add(causal).plus(1)))
			f.choose(many, func() {
				f.call("flash", strs(py, ldy, pq, ldq, k, v, ldkv, rows, seen, h, scale, keep, pm, ldmask, pr, full, scratch)...)
			}, func() {
				f.choose(rows.eq(num(1)),
					func() { f.call("scores_1", strs(scratch, pq, ldq, k, ldkv, seen, h, rows, splatF(scale))...) },
					func() { f.call("scores_4", strs(scratch, pq, ldq, k, ldkv, seen, h, rows, splatF(scale))...) })
				f.when(keep.or(mask).or(rel).or(full.lessS(seen)), func() {
					f.call("mask_scores", strs(scratch, num(16), seen, keep, pm, ldmask, rows, pr, full)...)
				})
				// The value of a masked key may be anything, NaN too: skip its product.
				f.when(keep.or(mask), func() { set(f, full, num(0)) })
				set(f, inv, apply[V128]("softmax", strs(scratch, seen)...))
				f.choose(rows.eq(num(1)),
					func() { f.call("values_1", strs(py, ldy, scratch, v, ldkv, full, seen, h, rows, inv)...) },
					func() { f.call("values_4", strs(py, ldy, scratch, v, ldkv, full, seen, h, rows, inv)...) })
			})
			f.inc(i, rows)
			f.inc(pq, ldq.mul(rows))
			f.inc(py, ldy.mul(rows))
			f.when(mask, func() { f.inc(pm, ldmask.mul(rows)) })
			f.when(rel, func() { f.inc(pr, rows.times(-4)) })
		}, i.lessS(tq))
		f.inc(sharing, num(-1))
		for _, p := range []I32{y, q} {
			f.inc(p, h.shl(2))
		}
		f.when(sharing.not(), func() {
			set(f, sharing, group)
			for _, p := range []I32{k, v} {
				f.inc(p, h.shl(2))
			}
		})
		f.when(rel, func() { f.inc(rel, ldrel) })
		f.inc(heads, num(-1))
	})
}

// clampRows sets the pointers p[0], p[1], … to consecutive rows from first on; after row
// rows−1 they repeat it.
func clampRows(f *Func, p []I32, first, ld, rows I32) {
	set(f, p[0], first)
	for r := 1; r < len(p); r++ {
		set(f, p[r], pick(num(r).lessS(rows), p[r-1].add(ld), p[r-1]))
	}
}

// transposeSum adds the lanes of each of four vectors: [Σa, Σb, Σc, Σd].
func transposeSum(f *Func, v []V128, t0, t1 V128) V128 {
	set(f, t0, fadd(lanes(v[0], v[1], 0, 4, 1, 5), lanes(v[0], v[1], 2, 6, 3, 7)))
	set(f, t1, fadd(lanes(v[2], v[3], 0, 4, 1, 5), lanes(v[2], v[3], 2, 6, 3, 7)))
	return fadd(lanes(t0, t1, 0, 1, 4, 5), lanes(t0, t1, 2, 3, 6, 7))
}

// scores emits scores_R(s, q, ldq, k, ldk, n, h, rows, scale): for n keys
//
//	s[j][r] = scale * Σ_c q[r,c] * k[j,c]
//
// R = 4 computes two keys at a time, R = 1 four keys, each filling all lanes.
func scores(m *Module, rows int) {
	f := m.helper("scores_" + strconv.Itoa(rows))
	s, q, ldq, k, ldk, n, h, valid, scale := f.int("s"), f.int("q"), f.int("ldq"), f.int("k"), f.int("ldk"), f.int("n"), f.int("h"), f.int("rows"), f.vec("scale")
	keys := 2
	if rows == 1 {
		keys = 4
	}
	pq := make([]I32, rows)
	for r := range pq {
		pq[r] = f.newInt(fmt.Sprintf("q%d", r))
	}
	pk := make([]I32, keys)
	kv := make([]V128, keys)
	for j := range pk {
		pk[j] = f.newInt(fmt.Sprintf("k%d", j))
		kv[j] = f.newVec(fmt.Sprintf("kv%d", j))
	}
	acc := accumulators(f, "a", rows, keys)
	qv, off := f.newVec("qv"), f.newInt("off")
	t0, t1 := f.newVec("t0"), f.newVec("t1")
	clampRows(f, pq, q, ldq, valid)
	whole := let(f, "whole", h.and(-4).shl(2))
	tail := let(f, "tail", tailMask(h.and(3)))
	// block emits the scores of the next keys.
	block := func(keys int) {
		set(f, pk[0], k)
		for j := 1; j < keys; j++ {
			set(f, pk[j], pk[j-1].add(ldk))
		}
		for r := range rows {
			for j := range keys {
				set(f, acc[r][j], zeroV)
			}
		}
		set(f, off, num(0))
		step := func(load func(p I32) V128) {
			for j := range keys {
				set(f, kv[j], load(pk[j].add(off)))
			}
			for r := range rows {
				set(f, qv, load(pq[r].add(off)))
				for j := range keys {
					set(f, acc[r][j], m.madd(acc[r][j], qv, kv[j]))
				}
			}
		}
		f.while(off.less(whole), func() {
			step(func(p I32) V128 { return loadV(p, 0) })
			f.inc(off, num(16))
		})
		f.when(h.and(3), func() { step(func(p I32) V128 { return vand(loadV(p, 0), tail) }) })
		if rows == 4 {
			for j := range keys {
				f.storeV(s, 16*j, fmul(transposeSum(f, []V128{acc[0][j], acc[1][j], acc[2][j], acc[3][j]}, t0, t1), scale))
			}
		} else if keys == 4 {
			set(f, qv, fmul(transposeSum(f, acc[0], t0, t1), scale))
			for j := range keys {
				f.storeV(s, 16*j, every(qv, j))
			}
		} else {
			sum4(f, acc[0][0])
			f.storeV(s, 0, fmul(acc[0][0], scale))
		}
		f.inc(s, num(16*keys))
		f.inc(k, ldk.times(keys))
		f.inc(n, num(-keys))
	}
	f.while(n.atLeastS(num(keys)), func() { block(keys) })
	f.while(n.greaterS(num(0)), func() { block(1) })
}

// maskScores emits mask_scores(s, step, n, keep, mask, ldmask, rows, rel, full), which applies
// the masks and the bias of Operations.Attention to the scores s[n][4], step bytes apart.
// keep, mask and rel are optional. mask points to the first entry of the first row, rel to
// the entry of key 0 and the first row. Row r attends to the keys before full+r.
func maskScores(m *Module) {
	f := m.helper("mask_scores")
	s, step, n, keep, mask, ldmask, rows, rel, full := f.int("s"), f.int("step"), f.int("n"), f.int("keep"), f.int("mask"), f.int("ldmask"), f.int("rows"), f.int("rel"), f.int("full")
	pm := make([]I32, 4)
	for r := range pm {
		pm[r] = f.newInt(fmt.Sprintf("m%d", r))
	}
	j, v, t := f.newInt("j"), f.newVec("v"), f.newVec("t")
	clampRows(f, pm, mask, ldmask, rows)
	limit := let(f, "limit", iadd(splatI(full), iota4))
	f.while(j.lessS(n), func() {
		set(f, v, loadV(s, 0))
		f.when(mask, func() {
			set(f, t, splatAt(pm[0], 0))
			for r := 1; r < 4; r++ {
				set(f, t, loadLane(pm[r], 0, r, t))
			}
			set(f, v, fadd(v, t))
			for r := range pm {
				f.inc(pm[r], num(4))
			}
		})
		f.when(rel, func() {
			// Row r uses the entry r places earlier. Entries of missing rows are loaded, never used.
			set(f, t, loadV(rel.plus(-12), 0))
			set(f, v, fadd(v, lanes(t, t, 3, 2, 1, 0)))
			f.inc(rel, num(4))
		})
		f.when(keep, func() {
			f.when(I32(emit("i32.load8_u", string(keep.add(j)))).not(), func() { set(f, v, ninfV) })
		})
		set(f, v, blend(bin("i32x4.lt_s", splatI(j), limit), v, ninfV))
		f.storeV(s, 0, v)
		f.inc(s, step)
		f.inc(j, num(1))
	})
}

// softmax emits softmax(s, n), which turns the scores s[n][4] into exp(s − max) and
// returns 1/Σ of each lane, or 0 where every score is −∞.
func softmax(m *Module) {
	f := m.helper("softmax")
	s, n := f.int("s"), f.int("n")
	p, e := f.newInt("p"), f.newVec("e")
	top, sum := let(f, "top", ninfV), f.newVec("sum")
	end := let(f, "end", s.add(n.shl(4)))
	set(f, p, s)
	f.while(p.less(end), func() {
		set(f, top, fmax(top, loadV(p, 0)))
		f.inc(p, num(16))
	})
	// −∞ − (−∞) is NaN: use 0 as the maximum where every score is −∞.
	set(f, top, vandnot(top, feq(top, ninfV)))
	set(f, p, s)
	f.while(p.less(end), func() {
		set(f, e, apply[V128]("exp", string(fsub(loadV(p, 0), top))))
		f.storeV(p, 0, e)
		set(f, sum, fadd(sum, e))
		f.inc(p, num(16))
	})
	returns(f, vandnot(fdiv(m.k(1), sum), feq(sum, zeroV)))
}

// values emits values_R(y, ldy, s, v, ldv, full, n, h, rows, inv):
//
//	y[r,c] = inv[r] * Σ_j s[j][r] * v[j,c]
//
// over n keys. From key full on, products with s[j][r] = 0 are skipped, because v[j,c] may
// not be finite.
func values(m *Module, rows int) {
	f := m.helper("values_" + strconv.Itoa(rows))
	y, ldy, s, v, ldv, full, n, h, valid, inv := f.int("y"), f.int("ldy"), f.int("s"), f.int("v"), f.int("ldv"), f.int("full"), f.int("n"), f.int("h"), f.int("rows"), f.vec("inv")
	vecs := 2
	if rows == 1 {
		vecs = 4
	}
	acc := accumulators(f, "a", rows, vecs)
	vv := make([]V128, vecs)
	for i := range vv {
		vv[i] = f.newVec(fmt.Sprintf("v%d", i))
	}
	pv, ps, py, pw := f.newInt("pv"), f.newInt("ps"), f.newInt("py"), f.newVec("pw")
	end, stop := let(f, "end", s.add(n.shl(4))), let(f, "stop", s.add(full.shl(4)))
	block := func(vecs int) {
		for r := range rows {
			for i := range vecs {
				set(f, acc[r][i], zeroV)
			}
		}
		set(f, pv, v)
		set(f, ps, s)
		step := func(masked bool) {
			for i := range vecs {
				set(f, vv[i], loadV(pv, 16*i))
			}
			for r := range rows {
				set(f, pw, splatAt(ps, 4*r))
				for i := range vecs {
					if masked {
						set(f, acc[r][i], fadd(acc[r][i], vand(fmul(pw, vv[i]), fne(pw, zeroV))))
					} else {
						set(f, acc[r][i], m.madd(acc[r][i], pw, vv[i]))
					}
				}
			}
			f.inc(pv, ldv)
			f.inc(ps, num(16))
		}
		f.while(ps.less(stop), func() { step(false) })
		f.while(ps.less(end), func() { step(true) })
		set(f, py, y)
		for r := range rows {
			f.when(num(r).lessS(valid), func() {
				for i := range vecs {
					f.storeTail(py, 16*i, fmul(acc[r][i], every(inv, r)), h.plus(-4*i))
				}
			})
			f.inc(py, ldy)
		}
		f.inc(y, num(16*vecs))
		f.inc(v, num(16*vecs))
		f.inc(h, num(-4*vecs))
	}
	f.while(h.atLeastS(num(4*vecs)), func() { block(vecs) })
	f.while(h.greaterS(num(0)), func() { block(1) })
}
