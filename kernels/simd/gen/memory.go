package main

// memory emits the host's access to memory: base, size, grow, peek32 and poke32. A call from
// module to module takes 10 ns, a call through JavaScript 160 to 450 ns.
func memory(m *Module) {
	// base() is the first byte that is free for data.
	f := m.export("base")
	returns(f, num(dataBase))

	// size() is the size of the memory in pages of 64 KiB.
	f = m.export("size")
	returns(f, I32("(memory.size)"))

	// grow(pages) adds pages and returns the previous size, or −1.
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

// touchRows is the least number of rows for which weights are touched. With fewer rows the
// layer is bound by memory anyway.
const touchRows = 4

// touchKernel emits touch(p, n), which loads n bytes at p, rounded down to a multiple of 512,
// into the cache before they are needed. A tile does so much arithmetic per cache line that
// out-of-order execution requests few lines ahead; this loop requests as many as it can.
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

// touch loads n bytes of weights at p into the cache.
func (f *Func) touch(p, n I32) { f.call("touch", strs(p, n)...) }

// storeTailKernel emits store_tail(p, v, c), which stores the first c of four numbers: all of
// them if c > 3, none if c < 1.
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

// storeTail stores the first left columns of a vector.
func (f *Func) storeTail(p I32, off int, v V128, left I32) {
	f.choose(left.greaterS(num(3)),
		func() { f.storeV(p, off, v) },
		func() { f.call("store_tail", strs(p.plus(off), v, left)...) })
}

// tailMask is a vector of ones in the first left lanes.
func tailMask(left I32) V128 { return bin("i32x4.lt_s", iota4, splatI(left)) }
