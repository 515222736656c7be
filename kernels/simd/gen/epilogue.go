package main

import "fmt"

// result is the output of a tile of a linear layer: where it is stored and what is applied
// to it before. Distances between rows are in bytes; res and bias may be 0.
type result struct {
	y, ldy, bias, res, ldres, cols, act I32
	alpha                               F32
	// init is the address of the initial sums of a float32 layer, or 0; empty in other layers.
	init, ldinit I32
}

func resultParams(f *Func) result {
	return result{
		y: f.int("y"), ldy: f.int("ldy"), bias: f.int("bias"), res: f.int("res"), ldres: f.int("ldres"),
		cols: f.int("cols"), act: f.int("act"), alpha: f.float("alpha"),
	}
}

// begin declares the locals of the epilogue for a tile of vecs vectors.
func (o *result) begin(f *Func, vecs int) (bias []V128, va V128) {
	for v := range vecs {
		bias = append(bias, f.newVec(fmt.Sprintf("bias%d", v)))
	}
	f.newInt("p")
	return bias, let(f, "va", splatF(o.alpha))
}

// finish emits the epilogue of a tile: acc [rows][vecs] becomes
//
//	y[r, 4v…] = act(acc·scale(r, v) + bias) + alpha·res
//
// and the first cols columns are stored. Each step is done for the whole tile, so that its
// condition is evaluated once.
func (o *result) finish(f *Func, acc [][]V128, bias []V128, va V128, scale func(r, v int, acc V128) V128) {
	p := local[I32]("p")
	each := func(body func(r, v int)) {
		for r := range acc {
			for v := range acc[r] {
				body(r, v)
			}
		}
	}
	// walk is each with p at the current row of a matrix.
	walk := func(start, ld I32, body func(r, v int)) {
		set(f, p, start)
		each(func(r, v int) {
			if v == 0 && r > 0 {
				f.inc(p, ld)
			}
			body(r, v)
		})
	}
	f.nest("(block $stored", func() {
		f.choose(o.bias, func() {
			for v := range bias {
				set(f, bias[v], loadV(o.bias, 16*v))
			}
		}, func() {
			for v := range bias {
				set(f, bias[v], zeroV)
			}
		})
		each(func(r, v int) { set(f, acc[r][v], fadd(scale(r, v, acc[r][v]), bias[v])) })
		f.when(o.act, func() {
			f.when(o.res.not().andBits(o.cols.atLeastS(num(4*len(bias)))), func() {
				// Store the tile, then activate it in place.
				walk(o.y, o.ldy, func(r, v int) { f.storeV(p, 16*v, acc[r][v]) })
				f.call("act_rows", strs(o.y, o.ldy, num(len(acc)), num(4*len(bias)), o.act)...)
				f.line("(br $stored)")
			})
			each(func(r, v int) { set(f, acc[r][v], apply[V128]("act", strs(acc[r][v], o.act)...)) })
		})
		f.when(o.res, func() {
			walk(o.res, o.ldres, func(r, v int) { set(f, acc[r][v], fadd(acc[r][v], fmul(va, loadV(p, 16*v)))) })
		})
		f.choose(o.cols.atLeastS(num(4*len(bias))), func() {
			walk(o.y, o.ldy, func(r, v int) { f.storeV(p, 16*v, acc[r][v]) })
		}, func() {
			walk(o.y, o.ldy, func(r, v int) { f.call("store_tail", strs(p.plus(16*v), acc[r][v], o.cols.plus(-4*v))...) })
		})
	})
}

// start sets the sums of a tile to the initial sums in memory, or to zero without them.
func (o *result) start(f *Func, acc [][]V128) {
	p := local[I32]("p")
	f.choose(o.init, func() {
		set(f, p, o.init)
		for r := range acc {
			for v := range acc[r] {
				set(f, acc[r][v], loadV(p, 16*v))
			}
			if r < len(acc)-1 {
				f.inc(p, o.ldinit)
			}
		}
	}, func() { clear(f, acc) })
}

// accumulators declares rows×vecs vectors, named after row and column.
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

// panels emits the loops of a linear layer over its output: the outer loop over panels of 16
// columns, so that one panel of weights stays in the first-level cache, the inner loop over
// tiles of rows, the largest first. begin sets the caller's pointers before a panel's first
// row. tile calls the kernel for a tile of so many rows and advances the pointers past
// them. next moves the pointers to the next panel.
func panels(f *Func, o result, m, n I32, t tiling, begin func(), tile func(rows int, o result), next func()) {
	left, i := let(f, "left", n), f.newInt("i")
	cols, py, pr := f.newInt("c"), f.newInt("yi"), f.newInt("ri")
	bstep := let(f, "bstep", pick(o.bias, num(64), num(0)))
	rstep := let(f, "rstep", pick(o.res, num(64), num(0)))
	set(f, o.ldy, o.ldy.shl(2))
	set(f, o.ldres, pick(o.res, o.ldres.shl(2), num(0)))
	at := o
	at.y, at.res, at.cols = py, pr, cols
	var istep I32
	if o.init != "" {
		at.init = f.newInt("ni")
		istep = let(f, "istep", pick(o.init, num(64), num(0)))
		set(f, o.ldinit, pick(o.init, o.ldinit.shl(2), num(0)))
	}
	emitTile := func(rows int) {
		tile(rows, at)
		if o.init != "" {
			f.inc(at.init, at.ldinit.times(rows))
		}
		f.inc(i, num(-rows))
		f.inc(py, at.ldy.times(rows))
		f.inc(pr, at.ldres.times(rows))
	}
	f.while(left.greaterS(num(0)), func() {
		set(f, cols, minS(left, num(16)))
		set(f, i, m)
		set(f, py, o.y)
		set(f, pr, o.res)
		if o.init != "" {
			set(f, at.init, o.init)
		}
		begin()
		sizes := t.sizes()
		largest := i.atLeast(num(sizes[0]))
		if t.fours {
			largest = largest.andBits(i.ne(8))
		}
		f.while(largest, func() { emitTile(sizes[0]) })
		for _, r := range sizes[1:] {
			if r == 4 && t.fours {
				f.while(i.atLeast(num(r)), func() { emitTile(r) })
			} else {
				f.when(i.atLeast(num(r)), func() { emitTile(r) })
			}
		}
		next()
		f.inc(o.y, num(64))
		f.inc(o.res, rstep)
		f.inc(o.bias, bstep)
		if o.init != "" {
			f.inc(o.init, istep)
		}
		f.inc(left, num(-16))
	})
}
