package main

import (
	"fmt"
	"strconv"
)

// The float32 linear layer. Weights are packed in panels of 16 columns, f32 [n/16][k][16].
// Activations are read in place.
//
// Sums may start from numbers in memory, init f32 [m, ldinit], so that a long sum can be
// computed in parts: blocks of keys (attention) or of weights of 16 bits.

func linearF32(m *Module) {
	t := m.v.F32
	for _, r := range t.sizes() {
		if r == 1 {
			tileF32(m, floats[0], 1, 4, t.one)
		} else {
			tileF32(m, floats[0], r, t.vecs, t.unroll)
		}
	}
	f := m.export("linear_f32")
	var all []string
	for _, name := range []string{"y", "ldy", "x", "ldx", "w", "bias", "res", "ldres", "m", "k", "n", "act"} {
		all = append(all, string(f.int(name)))
	}
	f.call("layer_f32", append(all, strs(f.float("alpha"), num(0), num(0))...)...)

	f = m.helper("layer_f32")
	var o result
	var ldx, x, w, rows, k, n I32
	o.y, o.ldy, x, ldx, w, o.bias, o.res, o.ldres = f.int("y"), f.int("ldy"), f.int("x"), f.int("ldx"), f.int("w"), f.int("bias"), f.int("res"), f.int("ldres")
	rows, k, n, o.act, o.alpha = f.int("m"), f.int("k"), f.int("n"), f.int("act"), f.float("alpha")
	o.init, o.ldinit = f.int("init"), f.int("ldinit")
	set(f, ldx, ldx.shl(2))
	px := f.newInt("px")
	panels(f, o, rows, n, t, func() {
		set(f, px, x)
		f.when(rows.atLeastS(num(touchRows)), func() { f.touch(w, k.shl(6)) })
	}, func(r int, o result) {
		f.call(fmt.Sprintf("f32_%d", r), strs(px, ldx, w, k, o.y, o.ldy, o.bias, o.res, o.ldres, o.cols, o.act, o.alpha, o.init, o.ldinit)...)
		f.inc(px, ldx.times(r))
	}, func() { f.inc(w, k.shl(6)) })
}

// madd is acc + a·b.
func (m *Module) madd(acc, a, b V128) V128 {
	if m.v.Relaxed {
		return V128(emit("f32x4.relaxed_madd", string(a), string(b), string(acc)))
	}
	return fadd(acc, fmul(a, b))
}

// floatType is the type of a tile's weights.
type floatType struct {
	name string
	size int // bytes of a weight
}

var floats = [...]floatType{{"f32_", 4}, {"f16_", 2}}

// tileF32 emits f32_R(x, ldx, w, k, result…): R rows of one panel, and f16_R likewise.
//
//	x f32 [R,k] with ldx bytes between rows, w f32 or f16 [k][16]
//
// The bits of a half-precision number, shifted to the position of float32's, are the number
// times 2⁻¹¹². The activation is therefore multiplied by 2¹¹², so that the product is exact
// to the last bit. This works for finite weights and activations below 2¹⁶ in magnitude.
func tileF32(m *Module, t floatType, rows, vecs, unroll int) {
	f := m.helper(t.name + strconv.Itoa(rows))
	x, ldx, w, k := f.int("x"), f.int("ldx"), f.int("w"), f.int("k")
	o := resultParams(f)
	o.init, o.ldinit = f.int("init"), f.int("ldinit")
	acc := accumulators(f, "a", rows, vecs)
	px, wv := make([]I32, rows), make([]V128, vecs)
	for r := range px {
		px[r] = f.newInt(fmt.Sprintf("x%d", r))
	}
	for v := range wv {
		wv[v] = f.newVec(fmt.Sprintf("w%d", v))
	}
	av, pw := f.newVec("av"), f.newInt("pw")
	bias, va := o.begin(f, vecs)
	end := let(f, "end", x.add(k.shl(2)))
	main := let(f, "main", x.add(k.and(-unroll).shl(2)))
	// A single row alternates between two sets of sums, because each addition depends on the
	// previous one.
	sets := [][][]V128{acc}
	if rows == 1 {
		sets = append(sets, accumulators(f, "b", rows, vecs))
	}
	load := func(p I32, i int) V128 { return loadV(p, 4*i) }
	splat := splatAt
	if t.size == 2 {
		bits := let(f, "bits", consts(0x8fffe000, 0x8fffe000, 0x8fffe000, 0x8fffe000))
		load = func(p I32, i int) V128 {
			return vand(shiftL(V128(emit(at("v128.load16x4_s", 2*i), string(p))), 13), bits)
		}
		up := let(f, "up", splatF(fnum("0x1p112")))
		splat = func(p I32, off int) V128 { return fmul(splatAt(p, off), up) }
	}
	step := func(n int) {
		for u := range n {
			sum := sets[u%len(sets)]
			for v := range wv {
				set(f, wv[v], load(pw, 16*u+4*v))
			}
			for r := range rows {
				set(f, av, splat(px[r], 4*u))
				for v := range wv {
					set(f, sum[r][v], m.madd(sum[r][v], av, wv[v]))
				}
			}
		}
		for r := range px {
			f.inc(px[r], num(4*n))
		}
		f.inc(pw, num(16*t.size*n))
	}
	f.repeat(func() {
		o.start(f, acc)
		for _, s := range sets[1:] {
			clear(f, s)
		}
		set(f, pw, w)
		set(f, px[0], x)
		for r := range px[1:] {
			set(f, px[r+1], px[r].add(ldx))
		}
		f.while(px[0].less(main), func() { step(unroll) })
		f.while(px[0].less(end), func() { step(1) })
		o.finish(f, acc, bias, va, func(r, v int, acc V128) V128 {
			if len(sets) > 1 {
				return fadd(acc, sets[1][r][v])
			}
			return acc
		})
		f.inc(w, num(4*t.size*vecs))
		f.inc(o.y, num(16*vecs))
		f.inc(o.res, pick(o.res, num(16*vecs), num(0)))
		f.inc(o.bias, pick(o.bias, num(16*vecs), num(0)))
		f.inc(o.init, pick(o.init, num(16*vecs), num(0)))
		f.inc(o.cols, num(-4*vecs))
	}, lastVectors(o.cols, vecs))
}
