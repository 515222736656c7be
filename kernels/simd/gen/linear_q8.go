package main

import (
	"fmt"
	"strconv"
)

// The int8 linear layer.
//
// Weights are packed in panels of 16 columns, k padded with zeros to kp: i8
// [n/16][kp/s][16][s]. s is the number of adjacent products in k that one instruction
// adds: 2 for plain SIMD, which multiplies 16-bit integers, 4 for relaxed SIMD, which
// multiplies 8-bit integers. With s = 4 the sums of the columns follow each panel, i32
// [16].
//
// Activations are quantised and laid out in the order in which the tiles read them: for
// each tile of R rows [kp/s][R][s], i16 or u8, so that s of them take 4 bytes either way.
// One pointer walks the whole tile. The rows' scales follow: f32 [m], or with s = 4 pairs
// of a scale f32 and a zero point i32.

// dotKind is the way in which products of 8-bit weights and activations are added. Its
// number is the result of variant().
type dotKind int

const (
	// dotPlain widens both sides to 16 bits: i32x4.dot_i16x8_s.
	dotPlain dotKind = iota
	// dotTwoStep adds two products in 16 bits, then two of these sums in 32. Activations
	// have 7 bits so that the 16 bits do not overflow: 2·128·127 < 2¹⁵.
	dotTwoStep
	// dotFused is i32x4.relaxed_dot_i8x16_i7x16_add_s: one instruction on processors with
	// AVX-VNNI or ARM's dotprod, slower than dotTwoStep on others.
	dotFused
	// dotWide is the same instruction with activations of eight bits, for which WebAssembly
	// defines no result. AVX-VNNI treats them as unsigned and dotprod as signed, exactly.
	// The self-test finds out which.
	dotWide
	// dotWideSigned is the form() of dotWide with signed activations.
	dotWideSigned
)

// forms are the kinds that a variant's module contains.
func (v Variant) forms() []dotKind {
	if v.Relaxed {
		return []dotKind{dotTwoStep, dotFused}
	}
	return []dotKind{dotPlain}
}

// formKernel emits variant(), which returns the kind that runs, and in a relaxed module
// form(f), which chooses it. All forms take the same packed weights.
func formKernel(m *Module) {
	f := m.export("variant")
	if !m.v.Relaxed {
		returns(f, num(int(dotPlain)))
		return
	}
	returns(f, minS(form(), num(int(dotWide))))
	f = m.export("form")
	kind := f.int("kind")
	f.line("(global.set $form %s)", pick(kind.plus(-int(dotFused)).less(num(3)), kind, num(int(dotTwoStep))))
}

// form is the kind that form() chose; isFused reports whether it is the fused instruction.
func form() I32    { return I32("(global.get $form)") }
func isFused() I32 { return form().atLeast(num(int(dotFused))) }

// levels is the number of levels in the known answers: of seven bits, or of eight where the
// form has them.
func (m *Module) levels() I32 {
	if !m.v.Relaxed {
		return num(127)
	}
	return pick(form().atLeast(num(int(dotWide))), num(255), num(127))
}

// step is s in the comment above.
func (v Variant) step() int {
	if !v.Relaxed {
		return 2
	}
	return 4
}

// kPad is the number of columns to a multiple of which quantised rows are padded. The
// innermost loop takes so many at a time, or a divisor of them.
func (v Variant) kPad() int { return 4 * v.step() }

// scaleSize is the size in bytes of a quantised row's scale.
func (v Variant) scaleSize() int {
	if !v.Relaxed {
		return 4
	}
	return 8
}

// quantBytes is the size of r quantised rows of kp columns.
func (v Variant) quantBytes(kp I32, r int) I32 { return kp.times(4 * r / v.step()) }

func linearQ8(m *Module) {
	if m.v.Relaxed {
		quantizeTile7(m)
	} else {
		quantizeTile(m)
	}
	t := m.v.Q8
	for _, r := range t.sizes() {
		vecs, unroll := t.vecs, t.unroll
		if r == 1 {
			vecs, unroll = 4, t.one
		}
		for _, kind := range m.v.forms() {
			tileQ8(m, kind, r, vecs, unroll)
		}
	}

	f := m.export("linear_q8")
	var o result
	var ldx, x, w, ws, rows, k, n, levels, scratch I32
	o.y, o.ldy, x, ldx, w, ws, o.bias, o.res, o.ldres = f.int("y"), f.int("ldy"), f.int("x"), f.int("ldx"), f.int("w"), f.int("ws"), f.int("bias"), f.int("res"), f.int("ldres")
	rows, k, n, o.act, o.alpha, levels, scratch = f.int("m"), f.int("k"), f.int("n"), f.int("act"), f.float("alpha"), f.int("levels"), f.int("scratch")
	set(f, ldx, ldx.shl(2))
	pad := m.v.kPad()
	kp := let(f, "kp", k.plus(pad-1).and(-pad))
	scales := let(f, "scales", scratch.add(m.v.quantBytes(kp, 1).mul(rows)))

	// Quantise, a tile at a time.
	q, s := let(f, "q", scratch), let(f, "s", scales)
	j, take := let(f, "j", rows), f.newInt("take")
	f.while(j, func() {
		set(f, take, t.take(j))
		f.call("quantize_tile", strs(q, take, x, ldx, k, levels.f32(), s)...)
		f.inc(q, m.v.quantBytes(kp, 1).mul(take))
		f.inc(s, take.times(m.v.scaleSize()))
		f.inc(x, take.mul(ldx))
		set(f, j, j.sub(take))
	})
	panels(f, o, rows, n, t, func() {
		set(f, q, scratch)
		set(f, s, scales)
	}, func(r int, o result) {
		call := func(kind dotKind) {
			f.call(q8Name(kind, r), strs(q, w, kp, s, ws, o.y, o.ldy, o.bias, o.res, o.ldres, o.cols, o.act, o.alpha)...)
		}
		if m.v.Relaxed {
			f.choose(isFused(), func() { call(dotFused) }, func() { call(dotTwoStep) })
		} else {
			call(dotPlain)
		}
		f.inc(q, m.v.quantBytes(kp, r))
		f.inc(s, num(m.v.scaleSize()*r))
	}, func() {
		f.inc(w, kp.shl(4))
		if m.v.Relaxed {
			f.inc(w, num(64))
		}
		f.inc(ws, num(64))
	})
}

// dotAcc is acc plus the products of activations a and weights w, s of them in each lane.
// ones is a vector of 16-bit ones.
func dotAcc(kind dotKind, acc, a, w, ones V128) V128 {
	switch kind {
	case dotTwoStep:
		return iadd(acc, dot16(bin("i16x8.relaxed_dot_i8x16_i7x16_s", w, a), ones))
	case dotFused:
		return V128(emit("i32x4.relaxed_dot_i8x16_i7x16_add_s", string(w), string(a), string(acc)))
	}
	return iadd(acc, dot16(a, w))
}

// q8Name is the name of the tile of so many rows.
func q8Name(kind dotKind, rows int) string {
	return [...]string{"q8_", "q8_step_", "q8_fused_"}[kind] + strconv.Itoa(rows)
}

// tileQ8 emits q8_R(a, w, kp, sx, ws, result…): R rows of one panel.
//
//	a [kp/s][R][s], w i8 [kp/s][16][s], sx [R], ws f32 [cols]
func tileQ8(m *Module, kind dotKind, rows, vecs, unroll int) {
	f := m.helper(q8Name(kind, rows))
	a, w, kp, sx, ws := f.int("a"), f.int("w"), f.int("kp"), f.int("sx"), f.int("ws")
	o := resultParams(f)
	acc := accumulators(f, "a", rows, vecs)
	wv := make([]V128, vecs)
	for v := range wv {
		wv[v] = f.newVec(fmt.Sprintf("w%d", v))
	}
	av, pa, pw := f.newVec("av"), f.newInt("pa"), f.newInt("pw")
	bias, va := o.begin(f, vecs)
	end := let(f, "end", a.add(m.v.quantBytes(kp, rows)))
	load, size := load8x8, 8
	var ones, zero V128
	var sums I32
	sets := [][][]V128{acc}
	if m.v.Relaxed {
		load, size = loadV, 16
		sums, zero = let(f, "sums", w.add(kp.shl(4))), f.newVec("zero")
		if kind == dotTwoStep {
			ones = let(f, "ones", consts(0x00010001, 0x00010001, 0x00010001, 0x00010001))
		} else if rows == 1 {
			// Each instruction depends on the previous one: alternate between two sets of sums.
			sets = append(sets, accumulators(f, "b", rows, vecs))
		}
	}
	f.repeat(func() {
		for _, s := range sets {
			clear(f, s)
		}
		set(f, pa, a)
		set(f, pw, w)
		f.repeat(func() {
			for u := range unroll {
				sum := sets[u%len(sets)]
				for v := range wv {
					set(f, wv[v], load(pw, 4*size*u+size*v))
				}
				for r := range rows {
					set(f, av, splatAt(pa, 4*(rows*u+r)))
					for v := range wv {
						set(f, sum[r][v], dotAcc(kind, sum[r][v], av, wv[v], ones))
					}
				}
			}
			f.inc(pa, num(4*rows*unroll))
			f.inc(pw, num(4*size*unroll))
		}, pa.less(end))
		o.finish(f, acc, bias, va, func(r, v int, acc V128) V128 {
			if len(sets) > 1 {
				acc = iadd(acc, sets[1][r][v])
			}
			if sums != "" {
				// Subtract what the zero point added to each product.
				if v == 0 {
					set(f, zero, splatAt(sx, 8*r+4))
				}
				acc = bin("i32x4.sub", acc, bin("i32x4.mul", zero, loadV(sums, 16*v)))
			}
			return fmul(toF32(acc), fmul(splatAt(sx, m.v.scaleSize()*r), loadV(ws, 16*v)))
		})
		f.inc(w, num(size*vecs))
		if sums != "" {
			f.inc(sums, num(16*vecs))
		}
		f.inc(ws, num(16*vecs))
		f.inc(o.y, num(16*vecs))
		f.inc(o.res, pick(o.res, num(16*vecs), num(0)))
		f.inc(o.bias, pick(o.bias, num(16*vecs), num(0)))
		f.inc(o.cols, num(-4*vecs))
	}, lastVectors(o.cols, vecs))
}

// lastVectors reports whether a panel has columns left after a tile of vecs vectors.
func lastVectors(cols I32, vecs int) I32 {
	if vecs == 4 {
		return num(0)
	}
	return cols.greaterS(num(0))
}
