package main

import (
	"fmt"
	"strconv"
)

// The 4-bit linear layer.
//
// Weights are packed in panels of 16 columns and blocks of 32 along k. A block is the
// columns' scales, f32 [16], and four groups of eight adjacent weights, u8 [4][16][4]: byte
// c of a column holds weight c in its low half and weight c+4 in its high half, each plus
// 8.
//
// Activations are quantised to i16, or to i8 in relaxed variants, and laid out in the
// order in which the tiles read them: for each tile of R rows and each block [words][R] of
// 4 bytes. The first word is an i32, −8 times the sum of the block's activations, which
// cancels the offset of the weights. The others are the activations in the order in which
// weights are unpacked from their bytes, four groups of
//
//	i16  (0,2) (4,6) (1,3) (5,7)    the low and the high halves of even bytes, of odd bytes
//	i8   (0,1,2,3) (4,5,6,7)        the low and the high halves
//
// The rows' scales f32 [m] follow.

const (
	blockQ4     = 32
	groups      = 4          // of eight weights
	blockBytes  = 64 + 4*64  // of weights
	offsetQ4    = 8          // is added to weights
	halvesMask  = 0x0f0f0f0f // the low halves of bytes
	halvesMask2 = 0x000f000f // the low halves of even bytes
)

// words is the number of 4-byte words of activations in a group.
func (v Variant) words() int {
	if v.Relaxed {
		return 2
	}
	return 4
}

// rowBytes is the size of a row's quantised block.
func (v Variant) rowBytes() int { return 4 * (1 + groups*v.words()) }

func linearQ4(m *Module) {
	quantizeTile4(m)
	t := m.v.Q4
	for _, r := range t.sizes() {
		vecs := t.vecs
		if r == 1 {
			vecs = 4
		}
		for _, kind := range m.v.forms() {
			tileQ4(m, kind, r, vecs)
		}
	}

	f := m.export("linear_q4")
	var o result
	var ldx, x, w, rows, k, n, levels, scratch I32
	o.y, o.ldy, x, ldx, w, o.bias, o.res, o.ldres = f.int("y"), f.int("ldy"), f.int("x"), f.int("ldx"), f.int("w"), f.int("bias"), f.int("res"), f.int("ldres")
	rows, k, n, o.act, o.alpha, levels, scratch = f.int("m"), f.int("k"), f.int("n"), f.int("act"), f.float("alpha"), f.int("levels"), f.int("scratch")
	set(f, ldx, ldx.shl(2))
	blocks := let(f, "blocks", k.plus(blockQ4-1).shr(5))
	row := let(f, "row", blocks.times(m.v.rowBytes()))
	scales := let(f, "scales", scratch.add(row.mul(rows)))

	q, s := let(f, "q", scratch), let(f, "s", scales)
	j, take := let(f, "j", rows), f.newInt("take")
	f.while(j, func() {
		set(f, take, t.take(j))
		f.call("quantize_tile4", strs(q, take, x, ldx, k, levels.f32(), s)...)
		f.inc(q, row.mul(take))
		f.inc(s, take.shl(2))
		f.inc(x, take.mul(ldx))
		set(f, j, j.sub(take))
	})
	panels(f, o, rows, n, t, func() {
		set(f, q, scratch)
		set(f, s, scales)
	}, func(r int, o result) {
		call := func(kind dotKind) {
			f.call(q4Name(kind, r), strs(q, w, blocks, s, o.y, o.ldy, o.bias, o.res, o.ldres, o.cols, o.act, o.alpha)...)
		}
		if m.v.Relaxed {
			f.choose(isFused(), func() { call(dotFused) }, func() { call(dotTwoStep) })
		} else {
			call(dotPlain)
		}
		f.inc(q, row.times(r))
		f.inc(s, num(4*r))
	}, func() { f.inc(w, blocks.times(blockBytes)) })
}

// q4Name is the name of the tile of so many rows.
func q4Name(kind dotKind, rows int) string {
	return [...]string{"q4_", "q4_step_", "q4_fused_"}[kind] + strconv.Itoa(rows)
}

// tileQ4 emits q4_R(a, w, blocks, sx, result…): R rows of one panel. The sums of a block are
// integers: i32, or i16 in the two-step form, where a lane adds sixteen products,
// 16·128·15 < 2¹⁵. They are then multiplied by the block's scales.
func tileQ4(m *Module, kind dotKind, rows, vecs int) {
	f := m.helper(q4Name(kind, rows))
	a, w, blocks, sx := f.int("a"), f.int("w"), f.int("blocks"), f.int("sx")
	o := resultParams(f)
	sum := accumulators(f, "s", rows, vecs)
	acc := accumulators(f, "a", rows, vecs)
	words := m.v.words()
	wv := make([][]V128, vecs)
	for v := range wv {
		for u := range words {
			wv[v] = append(wv[v], f.newVec(fmt.Sprintf("w%d%d", v, u)))
		}
	}
	av, pa, pw, next, b := f.newVec("av"), f.newInt("pa"), f.newInt("pw"), f.newInt("next"), f.newInt("b")
	bias, va := o.begin(f, vecs)
	var ones V128
	if kind == dotTwoStep {
		ones = let(f, "ones", consts(0x00010001, 0x00010001, 0x00010001, 0x00010001))
	}
	right := func(v V128, n int) V128 { return V128(emit("i16x8.shr_u", string(v), string(num(n)))) }
	// unpack splits the bytes at p into weights, in the order of the activations' words.
	unpack := func(w []V128, p I32, off int) {
		if m.v.Relaxed {
			mask := consts(halvesMask, halvesMask, halvesMask, halvesMask)
			set(f, w[1], loadV(p, off))
			set(f, w[0], vand(w[1], mask))
			set(f, w[1], vand(right(w[1], 4), mask))
			return
		}
		mask := consts(halvesMask2, halvesMask2, halvesMask2, halvesMask2)
		set(f, w[3], loadV(p, off))
		set(f, w[0], vand(w[3], mask))
		set(f, w[1], vand(right(w[3], 4), mask))
		set(f, w[2], vand(right(w[3], 8), mask))
		set(f, w[3], right(w[3], 12))
	}
	add := func(sum, a, w V128) V128 {
		switch kind {
		case dotTwoStep:
			return bin("i16x8.add", sum, bin("i16x8.relaxed_dot_i8x16_i7x16_s", a, w))
		case dotFused:
			return V128(emit("i32x4.relaxed_dot_i8x16_i7x16_add_s", string(a), string(w), string(sum)))
		}
		return iadd(sum, dot16(a, w))
	}
	offset := func(r int) V128 { return splatAt(pa, 4*r) }
	f.repeat(func() {
		clear(f, sum)
		set(f, pa, a)
		set(f, pw, w)
		set(f, b, blocks)
		f.repeat(func() {
			for r := range rows {
				for v := range vecs {
					set(f, acc[r][v], zeroV)
					if kind != dotTwoStep {
						set(f, acc[r][v], offset(r))
					}
				}
			}
			// One iteration for each group. After the loop pa and pw return to the block's
			// start, where the scales are.
			set(f, next, pw.plus(blockBytes-64))
			f.repeat(func() {
				for v := range wv {
					unpack(wv[v], pw, 64+16*v)
				}
				for u := range words {
					for r := range rows {
						set(f, av, splatAt(pa, 4*(rows*(1+u)+r)))
						for v := range wv {
							set(f, acc[r][v], add(acc[r][v], av, wv[v][u]))
						}
					}
				}
				f.inc(pa, num(4*rows*words))
				f.inc(pw, num(64))
			}, pw.less(next))
			f.inc(pa, num(-4*rows*words*groups))
			f.inc(pw, num(64-blockBytes))
			for r := range rows {
				for v := range vecs {
					total := acc[r][v]
					if kind == dotTwoStep {
						total = iadd(dot16(total, ones), offset(r))
					}
					set(f, sum[r][v], m.madd(sum[r][v], toF32(total), loadV(pw, 16*v)))
				}
			}
			f.inc(pa, num(rows*m.v.rowBytes()))
			f.inc(pw, num(blockBytes))
			f.inc(b, num(-1))
		}, b)
		o.finish(f, sum, bias, va, func(r, v int, acc V128) V128 { return fmul(acc, splatAt(sx, 4*r)) })
		f.inc(w, num(16*vecs))
		f.inc(o.y, num(16*vecs))
		f.inc(o.res, pick(o.res, num(16*vecs), num(0)))
		f.inc(o.bias, pick(o.bias, num(16*vecs), num(0)))
		f.inc(o.cols, num(-4*vecs))
	}, lastVectors(o.cols, vecs))
}
