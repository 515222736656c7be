package main

// memory emits what a host needs to reach memory: grow, size, peek32, poke32, base.
// A call from module to module takes 10 ns, one through JavaScript 160 to 450 ns.
func memory(m *Module) {
	// base() is the first byte that is free for data.
	f := m.export("base")
	returns(f, num(dataBase))

	// size() is the memory's size in pages of 64 KiB.
	f = m.export("size")
	returns(f, I32("(memory.size)"))

	// grow(pages) adds pages and returns the size before, or −1.
	f = m.export("grow")
	pages := f.int("pages")
	returns(f, I32(emit("memory.grow", string(pages))))

	f = m.export("peek32")
	p := f.int("p")
	returns(f, loadI32(p, 0))

	f = m.export("poke32")
	p, v := f.int("p"), f.int("v")
	f.storeI(p, 0, v)
}

// touchRows is the number of rows from which weights are touched: fewer read them about
// as fast as they come.
const touchRows = 4

// touchKernel emits touch(p, n), which has the processor fetch n bytes at p, rounded down to a
// multiple of 512, before they are needed. A tile of a layer does so much with a cache line
// that few of those after it are asked for meanwhile; this asks for as many as it can.
func touchKernel(m *Module) {
	f := m.helper("touch")
	p, n := f.int("p"), f.int("n")
	end := let(f, "end", p.add(n.and(-512)))
	f.while(p.less(end), func() {
		for i := range 8 {
			f.line("(drop %s)", loadI32(p, 64*i))
		}
		f.inc(p, num(512))
	})
}

// touch fetches n bytes of weights at p.
func (f *Func) touch(p, n I32) { f.call("touch", strs(p, n)...) }

// storeTailKernel emits store_tail(p, v, c), which stores the first c of four numbers, all
// if c > 3, none if c < 1.
func storeTailKernel(m *Module) {
	f := m.helper("store_tail")
	p, v, c := f.int("p"), f.vec("v"), f.int("c")
	f.choose(c.greaterS(num(3)), func() { f.storeV(p, 0, v) }, func() {
		f.when(c.lessS(num(1)), func() { f.line("(return)") })
		f.when(c.and(2), func() {
			f.line("(v128.store64_lane 0 %s %s)", p, v)
			f.inc(p, num(8))
			set(f, v, lanes(v, v, 2, 3, 2, 3))
		})
		f.when(c.and(1), func() { f.storeLane(p, 0, 0, v) })
	})
}

// storeTail stores a vector of which only left columns are wanted.
func (f *Func) storeTail(p I32, off int, v V128, left I32) {
	f.choose(left.greaterS(num(3)),
		func() { f.storeV(p, off, v) },
		func() { f.call("store_tail", strs(p.plus(off), v, left)...) })
}

// tailMask is a vector of ones in the first left lanes.
func tailMask(left I32) V128 { return bin("i32x4.lt_s", iota4, splatI(left)) }
