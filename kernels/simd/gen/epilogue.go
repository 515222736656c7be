package main

import "fmt"

// result is where a tile of a linear layer goes and what is done to it on the way.
// All distances between rows are in bytes, and res and bias may be 0.
type result struct {
	y, ldy, bias, res, ldres, cols, act I32
	alpha                               F32
}

func resultParams(f *Func) result {
	return result{
		y: f.int("y"), ldy: f.int("ldy"), bias: f.int("bias"), res: f.int("res"), ldres: f.int("ldres"),
		cols: f.int("cols"), act: f.int("act"), alpha: f.float("alpha"),
	}
}

// begin declares what the epilogue needs for a tile of vecs vectors.
func (o *result) begin(f *Func, vecs int) (bias []V128, va V128) {
	for v := range vecs {
		bias = append(bias, f.newVec(fmt.Sprintf("bias%d", v)))
	}
	f.newVec("t")
	f.newInt("py")
	f.newInt("pr")
	return bias, let(f, "va", splatF(o.alpha))
}

// finish emits the epilogue of a tile: acc [rows][vecs] becomes
//
//	y[r, 4v…] = act(acc·scale(r, v) + bias) + alpha·res
//
// of which the first cols columns are stored. scale may be nil.
func (o *result) finish(f *Func, acc [][]V128, bias []V128, va V128, scale func(r, v int, acc V128) V128) {
	t, py, pr := local[V128]("t"), local[I32]("py"), local[I32]("pr")
	f.choose(o.bias, func() {
		for v := range bias {
			set(f, bias[v], loadV(o.bias, 16*v))
		}
	}, func() {
		for v := range bias {
			set(f, bias[v], zeroV)
		}
	})
	set(f, py, o.y)
	set(f, pr, o.res)
	for r := range acc {
		for v := range acc[r] {
			set(f, t, fadd(scale(r, v, acc[r][v]), bias[v]))
			f.when(o.act, func() { set(f, t, apply[V128]("act", strs(t, o.act)...)) })
			f.when(o.res, func() { set(f, t, fadd(t, fmul(va, loadV(pr, 16*v)))) })
			f.choose(o.cols.atLeastS(num(4*len(acc[r]))),
				func() { f.storeV(py, 16*v, t) },
				func() { f.storeTail(py, 16*v, t, o.cols.plus(-4*v)) })
		}
		if r+1 < len(acc) {
			f.inc(py, o.ldy)
			f.inc(pr, o.ldres)
		}
	}
}

// accumulators declares rows×vecs vectors, named after their place.
func accumulators(f *Func, prefix string, rows, vecs int) [][]V128 {
	acc := make([][]V128, rows)
	for r := range acc {
		for v := range vecs {
			acc[r] = append(acc[r], f.newVec(fmt.Sprintf("%s%d%d", prefix, r, v)))
		}
	}
	return acc
}

func clear(f *Func, acc [][]V128) {
	for r := range acc {
		for v := range acc[r] {
			set(f, acc[r][v], zeroV)
		}
	}
}

// panels emits the walk of a linear layer over its output: panels of 16 columns
// outside, so that one panel of weights stays in the first-level cache; tiles of
// rows inside, the largest first. The caller's own pointers are set by begin, before a
// panel's first row, moved past so many rows by tile, which also calls the kernel for
// them, and moved to the next panel by next.
func panels(f *Func, o result, m, n I32, rows int, begin func(), tile func(rows int, o result), next func()) {
	left, i := let(f, "left", n), f.newInt("i")
	cols, py, pr := f.newInt("c"), f.newInt("yi"), f.newInt("ri")
	bstep := let(f, "bstep", pick(o.bias, num(64), num(0)))
	rstep := let(f, "rstep", pick(o.res, num(64), num(0)))
	set(f, o.ldy, o.ldy.shl(2))
	set(f, o.ldres, pick(o.res, o.ldres.shl(2), num(0)))
	at := o
	at.y, at.res, at.cols = py, pr, cols
	emitTile := func(rows int) {
		tile(rows, at)
		f.inc(i, num(-rows))
		f.inc(py, at.ldy.times(rows))
		f.inc(pr, at.ldres.times(rows))
	}
	f.while(left.greaterS(num(0)), func() {
		set(f, cols, minS(left, num(16)))
		set(f, i, m)
		set(f, py, o.y)
		set(f, pr, o.res)
		begin()
		f.while(i.atLeast(num(rows)), func() { emitTile(rows) })
		for r := rows - 1; r > 0; r-- {
			f.when(i.eq(num(r)), func() { emitTile(r) })
		}
		next()
		f.inc(o.y, num(64))
		f.inc(o.res, rstep)
		f.inc(o.bias, bstep)
		f.inc(left, num(-16))
	})
}
