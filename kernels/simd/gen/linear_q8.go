package main

import (
	"fmt"
	"strconv"
)

// The int8 linear layer.
//
// Weights are packed in panels of 16 columns, k rounded up to a multiple of 8 with
// zeros: i8 [n/16][k/2][16][2], so that 8 bytes are two neighbours in k of four
// columns, which is what i32x4.dot_i16x8_s takes.
//
// Activations are quantised to i16 and laid out like the tiles that read them: for
// each tile of R rows i16 [k/2][R][2]. One pointer walks the whole tile. Behind them
// lie their scales, f32 [m].

// kPad is the number of columns to which quantised rows are filled up.
const kPad = 8

func linearQ8(m *Module) {
	quantizeTile(m)
	t := m.v.Q8
	for r := t.rows; r > 0; r-- {
		vecs, unroll := t.vecs, t.unroll
		if r == 1 {
			vecs, unroll = 4, t.one
		}
		tileQ8(m, r, vecs, unroll)
	}

	f := m.export("linear_q8")
	var o result
	var ldx, x, w, ws, rows, k, n, levels, scratch I32
	o.y, o.ldy, x, ldx, w, ws, o.bias, o.res, o.ldres = f.int("y"), f.int("ldy"), f.int("x"), f.int("ldx"), f.int("w"), f.int("ws"), f.int("bias"), f.int("res"), f.int("ldres")
	rows, k, n, o.act, o.alpha, levels, scratch = f.int("m"), f.int("k"), f.int("n"), f.int("act"), f.float("alpha"), f.int("levels"), f.int("scratch")
	set(f, ldx, ldx.shl(2))
	kp := let(f, "kp", k.plus(kPad-1).and(-kPad))
	scales := let(f, "scales", scratch.add(rows.mul(kp).shl(1)))

	// Quantise, a tile at a time.
	q, s := let(f, "q", scratch), let(f, "s", scales)
	j, take := let(f, "j", rows), f.newInt("take")
	f.while(j, func() {
		set(f, take, pick(j.less(num(t.rows)), j, num(t.rows)))
		f.call("quantize_tile", strs(q, take, x, ldx, k, levels.f32(), s)...)
		f.inc(q, take.mul(kp).shl(1))
		f.inc(s, take.shl(2))
		f.inc(x, take.mul(ldx))
		set(f, j, j.sub(take))
	})
	panels(f, o, rows, n, t.rows, func() {
		set(f, q, scratch)
		set(f, s, scales)
	}, func(r int, o result) {
		f.call(fmt.Sprintf("q8_%d", r), strs(q, w, kp, s, ws, o.y, o.ldy, o.bias, o.res, o.ldres, o.cols, o.act, o.alpha)...)
		f.inc(q, kp.times(2*r))
		f.inc(s, num(4*r))
	}, func() {
		f.inc(w, kp.shl(4))
		f.inc(ws, num(64))
	})
}

// tileQ8 emits q8_R(a, w, kp, sx, ws, result…): R rows of one panel.
//
//	a i16 [kp/2][R][2], w i8 [kp/2][16][2], sx f32 [R], ws f32 [cols]
func tileQ8(m *Module, rows, vecs, unroll int) {
	f := m.helper("q8_" + strconv.Itoa(rows))
	a, w, kp, sx, ws := f.int("a"), f.int("w"), f.int("kp"), f.int("sx"), f.int("ws")
	o := resultParams(f)
	acc := accumulators(f, "a", rows, vecs)
	wv := make([]V128, vecs)
	for v := range wv {
		wv[v] = f.newVec(fmt.Sprintf("w%d", v))
	}
	av, pa, pw := f.newVec("av"), f.newInt("pa"), f.newInt("pw")
	bias, va := o.begin(f, vecs)
	end := let(f, "end", a.add(kp.times(2*rows)))
	f.repeat(func() {
		clear(f, acc)
		set(f, pa, a)
		set(f, pw, w)
		f.repeat(func() {
			for u := range unroll {
				for v := range wv {
					set(f, wv[v], load8x8(pw, 32*u+8*v))
				}
				for r := range rows {
					set(f, av, splatAt(pa, 4*(rows*u+r)))
					for v := range wv {
						set(f, acc[r][v], iadd(acc[r][v], dot16(av, wv[v])))
					}
				}
			}
			f.inc(pa, num(4*rows*unroll))
			f.inc(pw, num(32*unroll))
		}, pa.less(end))
		o.finish(f, acc, bias, va, func(r, v int, acc V128) V128 {
			return fmul(toF32(acc), fmul(splatAt(sx, 4*r), loadV(ws, 16*v)))
		})
		f.inc(w, num(8*vecs))
		f.inc(ws, num(16*vecs))
		f.inc(o.y, num(16*vecs))
		f.inc(o.res, pick(o.res, num(16*vecs), num(0)))
		f.inc(o.bias, pick(o.bias, num(16*vecs), num(0)))
		f.inc(o.cols, num(-4*vecs))
	}, lastVectors(o.cols, vecs))
}

// lastVectors tells whether a panel has columns left after a tile of vecs vectors.
func lastVectors(cols I32, vecs int) I32 {
	if vecs == 4 {
		return num(0)
	}
	return cols.greaterS(num(0))
}

// quantizeTile emits quantize_tile(q, rows, x, ldx, k, levels, s): rows of x
// f32 with ldx bytes between them become i16 [kp/2][rows][2], k filled up with zeros to kp, at q, with scales f32
// at s. See Backend.LinearQ8.
//
// The largest magnitude is found on the bits of |x| as integers, whose order is that
// of the numbers, with NaN above all. Where a scale is 0 or NaN, numbers are divided
// by +∞ instead: that gives 0, or NaN, which truncates to 0.
func quantizeTile(m *Module) {
	f := m.helper("quantize_tile")
	q, rows, x, ldx, k := f.int("q"), f.int("rows"), f.int("x"), f.int("ldx"), f.int("k")
	levels, s := f.float("levels"), f.int("s")
	r, p, l, d := f.newInt("r"), f.newInt("p"), f.newInt("l"), f.newInt("d")
	top, div := f.newVec("top"), f.newVec("div")
	scale := declare[F32](f, "scale")
	v0, v1 := f.newVec("v0"), f.newVec("v1")
	lim := let(f, "lim", splatF(levels))
	neg := let(f, "neg", un("f32x4.neg", lim))
	step := let(f, "step", rows.shl(2))
	set(f, r, rows)
	quantum := func(v V128) V128 {
		return truncSat(pmax(pmin(nearest(fdiv(v, div)), lim), neg))
	}
	emitPairs := func() {
		set(f, v0, V128(emit("i16x8.narrow_i32x4_s", string(quantum(v0)), string(quantum(v1)))))
		for i := range 4 {
			f.storeLane(d, 0, i, v0)
			f.inc(d, step)
		}
	}
	loadTail := func() {
		set(f, v0, vand(loadV(p, 0), tailMask(l)))
		set(f, v1, vand(loadV(p, 16), tailMask(l.plus(-4))))
	}
	f.repeat(func() {
		set(f, top, zeroV)
		set(f, p, x)
		set(f, l, k)
		bigger := func(v V128) { set(f, top, bin("i32x4.max_s", top, vand(v, absV))) }
		f.while(l.atLeast(num(8)), func() {
			bigger(loadV(p, 0))
			bigger(loadV(p, 16))
			f.inc(p, num(32))
			f.inc(l, num(-8))
		})
		f.when(l, func() {
			loadTail()
			bigger(v0)
			bigger(v1)
		})
		set(f, top, bin("i32x4.max_s", top, lanes(top, top, 2, 3, 2, 3)))
		set(f, top, bin("i32x4.max_s", top, every(top, 1)))
		set(f, scale, laneF(top, 0).div(levels))
		f.storeF(s, 0, scale)
		set(f, div, splatF(pick(scale.greater(fnum("0")), scale, fnum("inf"))))
		set(f, p, x)
		set(f, d, q)
		set(f, l, k)
		f.while(l.atLeast(num(8)), func() {
			set(f, v0, loadV(p, 0))
			set(f, v1, loadV(p, 16))
			emitPairs()
			f.inc(p, num(32))
			f.inc(l, num(-8))
		})
		f.when(l, func() {
			loadTail()
			emitPairs()
		})
		f.inc(s, num(4))
		f.inc(q, num(4))
		f.inc(x, ldx)
		f.inc(r, num(-1))
	}, r)
}
