package main

import "strings"

// How operations are split into tiles. In a shared module the export of such an operation
// compares the size of the call with the limit of set_threads: a small call goes to the
// kernel, a large one becomes a job.

const (
	// tileWork is the approximate size of a tile in multiply-adds, if each thread gets at
	// least four and there are at most mostTiles.
	tileWork  = 1 << 17
	mostTiles = 64
	// queryRows is the number of query rows in a unit of attention with few keys: a multiple
	// of the rows that the kernel computes at a time.
	queryRows = 32
	// blockOf is the number of elements in a unit of an elementwise operation.
	blockOf = 1024
)

// args are the parameters of an operation by name, as locals of the current function.
type args map[string]string

func (a args) int(name string) I32 {
	s, ok := a[name]
	if !ok {
		panic("gen: no parameter " + name)
	}
	return I32(s)
}

// job is a kind of work that is split into units.
type job struct {
	name string
	// op is the operation whose arguments the job has.
	op string
	// part emits the work on the units [from, to) by thread index. It may change the locals.
	// It returns 0 from the function if the caller has taken over the tile.
	part func(f *Func, a args, from, to, index I32)
}

// parallelOp is an operation whose large calls become jobs.
type parallelOp struct {
	job
	// work is the approximate cost of a call in multiply-adds; 0 where it cannot be split.
	work func(a args) F32
	// units is the number of units into which it can be split.
	units func(a args) I32
	// quantise is the work before the first tile, or nil.
	quantise *quantised
}

// quantised describes the activations of an integer layer.
type quantised struct {
	tile  string // the function that quantises a tile of rows
	rows  tiling
	bytes func(k I32) I32 // of a row
	scale int             // bytes of a row's scale
}

// parallelOps emits the exports of a shared module that make jobs. It returns the kinds of
// jobs in the order of their numbers.
func parallelOps(m *Module) []job {
	v := m.v
	q8 := &quantised{tile: "quantize_tile", rows: v.Q8, bytes: func(k I32) I32 { return v.quantBytes(k.plus(v.kPad()-1).and(-v.kPad()), 1) }, scale: v.scaleSize()}
	blocks := func(k I32) I32 { return k.plus(blockQ4 - 1).shr(5) }
	q4 := &quantised{tile: "quantize_tile4", rows: v.Q4, bytes: func(k I32) I32 { return blocks(k).times(v.rowBytes()) }, scale: 4}
	panelQ8 := func(k I32) I32 {
		n := k.plus(v.kPad() - 1).and(-v.kPad()).shl(4)
		if v.Relaxed {
			n = n.plus(64) // the columns' sums
		}
		return n
	}
	ops := []parallelOp{
		linearOp(m, "linear_f32", func(k I32) I32 { return k.shl(6) }, nil),
		linearOp(m, "linear_f16", func(k I32) I32 { return k.plus(1).shl(5) }, nil),
		linearOp(m, "linear_q8", panelQ8, q8),
		linearOp(m, "linear_q4", func(k I32) I32 { return blocks(k).times(blockBytes) }, q4),
		attentionOp(m),
		rowsOp(m, "layer_norm"),
		rowsOp(m, "rms_norm"),
		elementOp(m, "activate", 16, "y", "x"),
		elementOp(m, "add", 8, "y", "a", "b"),
		elementOp(m, "gate", 24, "y", "a", "b"),
	}
	var kinds []job
	for _, op := range ops {
		kind := len(kinds)
		kinds = append(kinds, op.job)
		if q := op.quantise; q != nil {
			kinds = append(kinds, job{"quantise_" + op.name, op.name, q.part(m)})
			// In a tile the activations are quantised already: it passes no levels.
			guard := m.named(q.tile)
			body := guard.body.String()
			guard.body.Reset()
			guard.when(local[F32]("levels").greater(fnum("0")).not(), func() { guard.line("(return)") })
			guard.body.WriteString(body)
		}
		wrap(m, op, kind)
	}
	return kinds
}

// wrap exports, in place of an operation, a function that turns large calls into jobs.
func wrap(m *Module, op parallelOp, kind int) {
	kernel := m.named(op.name)
	kernel.export = false
	f := m.export("large_" + op.name)
	f.as = op.name
	a := sameParams(f, kernel)
	work, n, units, tiles, looks := declare[F32](f, "work"), f.newInt("threads"), f.newInt("units"), f.newInt("tiles"), f.newInt("looks")
	set(f, n, present())
	f.when(n.greaterS(num(1)), func() {
		set(f, work, op.work(a))
		f.when(work.greater(loadI32(num(leastAt), 0).f32()), func() {
			for i, p := range kernel.params {
				name, kind := paramOf(p)
				f.store(kind+".store", num(argsAt+4*i), 0, a[name])
			}
			if op.quantise != nil {
				q := op.quantise
				set(f, units, ceilDiv(a.int("m"), num(q.rows.rows)))
				// Quantising a number costs as much as four multiply-adds. Few numbers are one tile.
				f.call("fork", strs(num(kind+1), units, pick(a.int("m").f32().mul(a.int("k").f32()).atMost(loadI32(num(leastAt), 0).shr(2).f32()), units, ceilDiv(units, n.shl(1))), num(spins))...)
			}
			set(f, units, op.units(a))
			set(f, tiles, I32(emit("i32.trunc_sat_f32_u", string(work.mul(fnum("0x1p-17"))))))
			set(f, tiles, pick(tiles.less(n.shl(2)), n.shl(2), pick(tiles.less(num(mostTiles)), tiles, num(mostTiles))))
			// One poll takes about as long as 32 multiply-adds in float32.
			set(f, looks, I32(emit("i32.trunc_sat_f32_u", string(work.mul(fnum("0x1p-5"))))).op("i32.div_u", tiles))
			set(f, looks, pick(looks.less(num(leastLooks)), num(leastLooks), pick(looks.less(num(spins)), looks, num(spins))))
			f.call("fork", strs(num(kind), units, ceilDiv(units, tiles), looks)...)
			f.line("(return)")
		})
	})
	f.call(op.name, a.inOrder(kernel)...)
}

// runTile emits run_tile(tile, index), which runs a tile of the current job, and
// tile_NAME(tile, index) for each kind. They return 0 if the caller has taken over the tile,
// otherwise 1.
func runTile(m *Module, kinds []job) {
	for _, j := range kinds {
		kernel := m.named(j.op)
		f := m.helper("tile_" + j.name)
		tile, index := f.int("tile"), f.int("index")
		a := args{}
		for i, p := range kernel.params {
			name, kind := paramOf(p)
			f.locals = append(f.locals, "(local $"+name+" "+kind+")")
			a[name] = "(local.get $" + name + ")"
			f.line("(local.set $%s %s)", name, emit(kind+".load", string(num(argsAt+4*i))))
		}
		from := let(f, "from", tile.mul(loadI32(num(jobAt), 8)))
		to := let(f, "to", minS(from.add(loadI32(num(jobAt), 8)), loadI32(num(jobAt), 4)))
		j.part(f, a, from, to, index)
		returns(f, num(1))
	}
	f := m.helper("run_tile")
	tile, index := f.int("tile"), f.int("index")
	if m.v.Relaxed {
		f.line("(global.set $form %s)", loadI32(num(jobAt), 12)) // each instance has its own
	}
	for i, j := range kinds {
		f.when(loadI32(num(jobAt), 0).eq(num(i)), func() {
			f.line("(return %s)", apply[I32]("tile_"+j.name, strs(tile, index)...))
		})
	}
	f.result = "(result i32)"
	f.line("(unreachable)")
}

// linearOp splits a linear layer into panels of 16 columns; panel is the size of their
// weights in bytes.
func linearOp(m *Module, name string, panel func(k I32) I32, q *quantised) parallelOp {
	kernel := m.named(name)
	return parallelOp{
		job: job{name, name, func(f *Func, a args, from, to, index I32) {
			f.inc(a.int("w"), from.mul(panel(a.int("k"))))
			f.inc(a.int("y"), from.shl(6))
			if a["ws"] != "" {
				f.inc(a.int("ws"), from.shl(6))
			}
			for _, optional := range []string{"bias", "res"} {
				p := a.int(optional)
				f.when(p, func() { f.inc(p, from.shl(6)) })
			}
			set(f, a.int("n"), minS(a.int("n").sub(from.shl(4)), to.sub(from).shl(4)))
			if q != nil {
				set(f, a.int("levels"), num(0))
				f.when(a.int("m").atLeastS(num(touchRows)), func() { f.touch(a.int("w"), to.sub(from).mul(panel(a.int("k")))) })
			} else if a["scratch"] != "" {
				f.ownScratch(a, index)
			}
			f.heldTile(a, index, func() { f.call(name, a.inOrder(kernel)...) })
		}},
		work:     func(a args) F32 { return a.int("m").f32().mul(a.int("k").f32()).mul(a.int("n").f32()) },
		units:    func(a args) I32 { return a.int("n").plus(15).shr(4) },
		quantise: q,
	}
}

// heldTile emits the tile of a layer, y [m,n], with the arguments a. A kernel worker computes
// it in memory of its own, if it fits, and holds it: see threads.go.
func (f *Func) heldTile(a args, index I32, run func()) {
	tile, to, ld := local[I32]("tile"), f.newInt("place"), f.newInt("ld")
	y, m, n := a.int("y"), a.int("m"), a.int("n")
	left, column, hold := f.newInt("left"), f.newInt("column"), f.newInt("hold")
	set(f, ld, n.plus(3).and(-4))
	f.when(index.not().or(m.mul(ld).greaterS(num(ownSize/4))), func() {
		run()
		f.line("(return (i32.const 1))")
	})
	set(f, hold, holdOf(index))
	f.line("%s", emit("i32.atomic.store", string(hold), string(tile.plus(1))))
	set(f, to, y)
	set(f, y, index.plus(-1).times(ownSize).plus(ownAt))
	row := let(f, "row", a.int("ldy").sub(n).shl(2)) // from a row's end to the next one
	set(f, a.int("ldy"), ld)
	run()
	f.when(letGo(hold, tile.plus(1)).not(), func() { f.line("(return (i32.const 0))") })
	set(f, left, m)
	f.while(left, func() {
		set(f, column, n)
		f.while(column.greaterS(num(0)), func() {
			f.storeTail(to, 0, loadV(y, 0), column)
			f.inc(y, num(16))
			f.inc(to, num(16))
			f.inc(column, num(-4))
		})
		// A row may end inside a vector.
		f.inc(to, row.add(column.shl(2)))
		f.inc(left, num(-1))
	})
}

// part quantises tiles of rows, as the layer itself does.
func (q *quantised) part(m *Module) func(f *Func, a args, from, to, _ I32) {
	return func(f *Func, a args, from, to, _ I32) {
		rows, k := a.int("m"), a.int("k")
		size, ldx := let(f, "size", q.bytes(k)), let(f, "row", a.int("ldx").shl(2))
		first := let(f, "first", from.times(q.rows.rows))
		left := let(f, "left", minS(rows, to.times(q.rows.rows)).sub(first))
		x := let(f, "px", a.int("x").add(first.mul(ldx)))
		at := let(f, "pq", a.int("scratch").add(first.mul(size)))
		s := let(f, "ps", a.int("scratch").add(rows.mul(size)).add(first.times(q.scale)))
		take := f.newInt("take")
		f.while(left, func() {
			set(f, take, q.rows.take(left))
			f.call(q.tile, strs(at, take, x, ldx, k, a.int("levels").f32(), s)...)
			f.inc(at, take.mul(size))
			f.inc(s, take.times(q.scale))
			f.inc(x, take.mul(ldx))
			set(f, left, left.sub(take))
		})
	}
}

// attentionOp splits attention into heads and rows of queries.
func attentionOp(m *Module) parallelOp {
	kernel := m.named("attention")
	many := func(a args) I32 { return isFlash(a.int("tq"), a.int("tk"), a.int("h")) }
	count := func(a args) I32 {
		return pick(many(a), chunks(a.int("tq"), chunkOf(a.int("h"))), a.int("tq").plus(queryRows-1).shr(5))
	}
	part := func(f *Func, a args, from, to, index I32) {
		n, flash, size := let(f, "chunks", count(a)), let(f, "flash", many(a)), let(f, "size", chunkOf(a.int("h")))
		i, first, left := f.newInt("unit"), f.newInt("first"), f.newInt("left")
		head := f.newInt("head")
		width := let(f, "width", a.int("h").shl(2))
		set(f, i, from)
		f.ownScratch(a, index)
		f.while(i.lessS(to), func() {
			set(f, head, i.op("i32.div_u", n))
			set(f, first, i.sub(head.mul(n)).mul(pick(flash, size, num(queryRows))))
			set(f, left, a.int("tq").sub(first))
			// rows is the operand moved to the head and the first row; ld is in elements.
			rows := func(name, ld string) I32 {
				return a.int(name).add(head.mul(width)).add(first.mul(a.int(ld)).shl(2))
			}
			part := args{}
			for name, v := range a {
				part[name] = v
			}
			part["y"], part["q"] = string(rows("y", "ldy")), string(rows("q", "ldq"))
			for _, name := range []string{"k", "v"} {
				part[name] = string(a.int(name).add(head.op("i32.div_u", a.int("group")).mul(width)))
			}
			part["tq"] = string(pick(flash, chunk(left, size), minS(left, num(queryRows))))
			part["heads"], part["group"] = string(num(1)), string(num(1))
			part["mask"] = string(pick(a.int("mask"), a.int("mask").add(first.mul(a.int("ldmask")).shl(2)), num(0)))
			part["rel"] = string(pick(a.int("rel"), a.int("rel").add(head.mul(a.int("ldrel")).shl(2)), num(0)))
			part["relbase"] = string(a.int("relbase").sub(first))
			part["causal"] = string(a.int("causal").add(first))
			f.call("attention", part.inOrder(kernel)...)
			f.inc(i, num(1))
		})
	}
	return parallelOp{
		job: job{"attention", "attention", part},
		work: func(a args) F32 {
			// Two products for each pair, and an exponential, which costs as much as twenty.
			pairs := a.int("tq").f32().mul(a.int("tk").f32()).mul(a.int("heads").f32())
			macs := pairs.mul(a.int("h").shl(1).plus(20).f32())
			// The scores of four queries with all keys must fit into a thread's scratch.
			return pick(a.int("tk").greaterS(num(scratchSize/16-4)).andBits(many(a).not()), fnum("0"), macs)
		},
		units: func(a args) I32 { return a.int("heads").mul(count(a)) },
	}
}

// ownScratch makes a kernel worker use its own scratch.
func (f *Func) ownScratch(a args, index I32) {
	f.when(index, func() { set(f, a.int("scratch"), index.plus(-1).shl(16).plus(dataBase)) })
}

// rowsOp splits a norm into rows.
func rowsOp(m *Module, name string) parallelOp {
	kernel := m.named(name)
	return parallelOp{
		job: job{name, name, func(f *Func, a args, from, to, _ I32) {
			for _, name := range []string{"y", "x"} {
				f.inc(a.int(name), from.mul(a.int("d")).shl(2))
			}
			set(f, a.int("n"), to.sub(from))
			f.call(name, a.inOrder(kernel)...)
		}},
		work:  func(a args) F32 { return a.int("n").f32().mul(a.int("d").f32()).mul(fnum("16")) },
		units: func(a args) I32 { return a.int("n") },
	}
}

// elementOp splits an operation on n elements; cost is that of an element in multiply-adds.
func elementOp(m *Module, name string, cost int, pointers ...string) parallelOp {
	kernel := m.named(name)
	return parallelOp{
		job: job{name, name, func(f *Func, a args, from, to, _ I32) {
			for _, p := range pointers {
				f.inc(a.int(p), from.times(4*blockOf))
			}
			set(f, a.int("n"), minS(a.int("n").sub(from.times(blockOf)), to.sub(from).times(blockOf)))
			f.call(name, a.inOrder(kernel)...)
		}},
		work:  func(a args) F32 { return a.int("n").f32().mul(fnum(count(cost))) },
		units: func(a args) I32 { return a.int("n").plus(blockOf - 1).shr(10) },
	}
}

// paramOf is the name and the type of a parameter: "(param $name type)".
func paramOf(p string) (name, kind string) {
	name, kind, _ = strings.Cut(strings.TrimSuffix(strings.TrimPrefix(p, "(param $"), ")"), " ")
	return name, kind
}

// sameParams declares the parameters of kernel in f.
func sameParams(f, kernel *Func) args {
	a := args{}
	for _, p := range kernel.params {
		name, _ := paramOf(p)
		f.params = append(f.params, p)
		a[name] = "(local.get $" + name + ")"
	}
	return a
}

// inOrder is the arguments a in the order of kernel's parameters.
func (a args) inOrder(kernel *Func) []string {
	var s []string
	for _, p := range kernel.params {
		name, _ := paramOf(p)
		s = append(s, a[name])
	}
	return s
}
