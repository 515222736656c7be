package main

import (
	"strconv"
	"strings"
)

// Threads.
//
// Each variant has a second form with shared memory: VARIANT-shared.wasm. It imports the
// memory (env.memory) that the page created, and each thread of the pool has an instance.
// One thread, the caller, calls the kernels; the others, the kernel workers, run
// thread_main. A large call becomes a job: it is split into tiles, each a call of the same
// kernel on some of its columns, rows or heads; see parallel.go. No tile changes the order
// of a sum, so the results are equal to those of one thread to the last bit.
//
// The caller writes the job to memory and sets the ticket to the number of tiles. Every
// thread, the caller included, takes a tile by decrementing the ticket, runs it, and
// decrements the number of unfinished tiles, for whose zero the caller waits. A tile is
// not assigned before it is taken, so a thread that the system does not schedule delays at
// most one tile. The job is written before the ticket leaves zero and stays until the last
// tile has finished, so that every thread with a tile may read it, and a late thread finds
// the ticket at zero.
//
// The system may suspend a thread in the middle of a tile, for milliseconds where other
// programs need the processors. Therefore a kernel worker computes a tile of a layer to
// memory of its own, records the tile in a word, its hold, and copies the result to its
// place only if it can clear the hold by compare-and-exchange. The caller waits for the
// last tiles; if one takes longer than a tile should, the caller clears the hold and runs
// the tile itself. The thread that finds its hold cleared discards its result. Its inputs
// may have changed in the meantime, which only affects the discarded result.
//
// An idle kernel worker spins on the ticket for 50 to 100 µs and then parks in
// memory.atomic.wait32. The caller wakes parked workers only if there are any.
//
// A page that makes a call sets the word awake and wakes the workers after it has sent the
// call to the caller's worker; it clears the word when the call has finished. In between,
// workers spin about 20 times as long before they park. The reason is not the latency of a
// wake-up, about 30 µs, but the processor on which a thread wakes. Linux searches for an
// idle processor only where it expects one, which on two processors is almost never. It
// then places a thread that the caller wakes on the caller's own processor, where the two
// alternate for 10 ms beside an idle processor. A thread that the page wakes is placed on
// the page's processor, which the page is about to leave.

// Layout of a shared module's memory, in bytes. The module's own tables lie below slotAt.
// Words that threads write lie 128 bytes apart, because processors fetch pairs of cache
// lines.
const (
	slotAt   = 1 << 16
	ticketAt = slotAt       // i32: tiles not taken yet
	doneAt   = slotAt + 128 // i32: tiles not finished yet
	limitAt  = slotAt + 256 // i32: threads that take tiles, the caller included
	readyAt  = limitAt + 4  // i32: kernel workers that are ready
	parkedAt = limitAt + 8  // i32: parked workers
	failedAt = limitAt + 12 // i32: not 0 after a tile that trapped
	lateAt   = limitAt + 16 // i32: jobs whose last tile took unusually long
	leastAt  = limitAt + 20 // i32: a call of more multiply-adds becomes a job
	sharedAt = limitAt + 24 // i32: tiles that kernel workers ran
	awakeAt  = limitAt + 28 // i32: not 0 during a call of the page
	takenAt  = limitAt + 32 // i32: tiles that the caller took over
	jobAt    = slotAt + 384 // i32: kind, units, units of a tile, form; then arguments
	argsAt   = jobAt + 64

	// maxThreads is the largest number of threads, including the caller.
	maxThreads = 8
	// Thread i > 0 has its own scratch in page i−1, after the module's tables.
	scratchSize = 1<<16 - dataBase
	// The results of the tiles of threads i > 0 lie from ownAt on, ownSize bytes each.
	ownAt   = (maxThreads - 1) << 16
	ownSize = 1 << 15
	// Their holds lie from holdsAt on, an i32 every 128 bytes: 0, or 1 plus the tile that may
	// be taken over.
	holdsAt   = ownAt + (maxThreads-1)*ownSize
	holdShift = 7
	holdsEnd  = holdsAt + (maxThreads-1)<<holdShift
	// Memory from sharedBase on is free for data.
	sharedBase  = (holdsAt>>16 + 1) << 16
	sharedPages = sharedBase>>16 + 1
)

const (
	// spins is the number of times that an idle thread reads the ticket before it parks.
	spins = 60_000
	// watches is how many times as often it does so during a call: about 1.5 ms in all.
	watches = 20
	// A thread parks for a quarter of a second at a time. Then its worker's event loop runs
	// once, because some engines cannot terminate a worker that never returns to it.
	parkNanos = 250_000_000
	// The caller waits joinNanos at a time for a tile of a thread that does not seem to run,
	// and joinTries times (half a minute) before it traps.
	joinNanos = 100_000
	joinTries = 300_000
	// The caller polls at least so many times, about 2 µs, before it takes over a tile;
	// more for larger tiles.
	leastLooks = 2048
)

// shared is the shared form of v.
func (v Variant) shared() Variant {
	v.Name += "-shared"
	v.Features = append([]string{"--enable-threads"}, v.Features...)
	return v
}

// sharedText is the text of the shared form of v.
func sharedText(v Variant) string {
	m := newModule(v)
	threads(m)
	m.v = v.shared()
	own := "(memory (export \"memory\") 1 65536)"
	text := m.text()
	if !strings.Contains(text, own) {
		panic("gen: the module does not declare its memory as " + own)
	}
	// Every instance writes the tables, always with the same bytes.
	return strings.Replace(text, own, "(import \"env\" \"memory\" (memory "+count(sharedPages)+" 65536 shared))\n  (export \"memory\" (memory 0))", 1)
}

// threads turns a module into its shared form, except for the memory.
func threads(m *Module) {
	base := m.named("base")
	base.body.Reset()
	base.line("%s", num(sharedBase))

	kinds := parallelOps(m)
	runTile(m, kinds)
	fork(m)
	threadMain(m)

	// set_threads(n, least) allows n threads, including the caller, to take tiles. A call of
	// at most least multiply-adds does not become a job: 2¹⁷ take one thread about 5 µs, and
	// a job costs half a microsecond if no worker is parked.
	f := m.export("set_threads")
	n, least := f.int("n"), f.int("least")
	f.storeI(num(leastAt), 0, least)
	set(f, n, pick(n.lessS(num(1)), num(1), minS(n, num(maxThreads))))
	f.atomicStore(limitAt, n)
	f.drop(emit("memory.atomic.notify", string(num(limitAt)), string(num(maxThreads))))

	// threads() is the number of threads that take tiles now.
	returns(m.export("threads"), present())
	// thread_count() is the number of threads that exist, including the caller.
	returns(m.export("thread_count"), atomicLoad(readyAt).plus(1))
	// thread_ready() registers a kernel worker. Each calls it once, before thread_main.
	f = m.export("thread_ready")
	f.drop(rmw("add", readyAt, num(1)))
	// thread_failed() ends the tile of a thread that trapped; the caller then traps too.
	f = m.export("thread_failed")
	f.atomicStore(failedAt, num(1))
	f.drop(rmw("sub", doneAt, num(1)))
	// thread_late() is the number of jobs since its last call whose last tile took unusually
	// long.
	returns(m.export("thread_late"), rmw("xchg", lateAt, num(0)))
	// thread_tiles() is the number of tiles that kernel workers ran since its last call.
	returns(m.export("thread_tiles"), rmw("xchg", sharedAt, num(0)))
	// thread_taken() is the number of tiles that the caller took over since its last call.
	returns(m.export("thread_taken"), rmw("xchg", takenAt, num(0)))
	// thread_ticket() and thread_awake() are the addresses of two words: the one on which
	// workers park, and the one that a page sets while it waits for a call.
	returns(m.export("thread_ticket"), num(ticketAt))
	returns(m.export("thread_awake"), num(awakeAt))
	// thread_scratch() is the address of 300 kB that a page may use to time linear layers.
	returns(m.export("thread_scratch"), num(2<<16+dataBase))
}

// present is the number of threads that take tiles: as many as exist and are allowed.
func present() I32 { return minS(atomicLoad(limitAt), atomicLoad(readyAt).plus(1)) }

// fork emits fork(kind, units, per, patience), which runs a job of units units, per units to a
// tile, on all threads and returns when it is finished. The caller takes over tiles that
// workers still hold after it has polled patience times.
func fork(m *Module) {
	f := m.helper("fork")
	kind, units, per, patience := f.int("kind"), f.int("units"), f.int("per"), f.int("patience")
	left, tries, looks := f.newInt("left"), f.newInt("tries"), f.newInt("looks")
	hold, tile := f.newInt("hold"), f.newInt("tile")
	f.storeI(num(jobAt), 0, kind)
	f.storeI(num(jobAt), 4, units)
	f.storeI(num(jobAt), 8, per)
	if m.v.Relaxed {
		f.storeI(num(jobAt), 12, form())
	}
	set(f, left, ceilDiv(units, per))
	f.when(left.eq(num(1)), func() {
		f.drop(apply[I32]("run_tile", strs(num(0), num(0))...))
		f.line("(return)")
	})
	f.atomicStore(doneAt, left)
	f.atomicStore(ticketAt, left)
	f.when(atomicLoad(parkedAt), func() {
		f.drop(emit("memory.atomic.notify", string(num(ticketAt)), string(num(maxThreads))))
	})
	set(f, left, atomicLoad(ticketAt))
	f.while(left, func() {
		f.when(takeTile(left), func() {
			f.drop(apply[I32]("run_tile", strs(left.plus(-1), num(0))...))
			f.drop(rmw("sub", doneAt, num(1)))
		})
		set(f, left, atomicLoad(ticketAt))
	})
	set(f, tries, num(spins))
	set(f, looks, patience)
	set(f, left, atomicLoad(doneAt))
	f.while(left, func() {
		f.inc(tries, num(-1))
		f.inc(looks, num(-1))
		f.when(minS(tries, looks).lessS(num(1)), func() {
			set(f, looks, patience)
			set(f, hold, num(holdsAt))
			f.repeat(func() {
				set(f, tile, atomicLoadOf(hold))
				f.when(tile, func() {
					f.when(letGo(hold, tile), func() {
						f.drop(apply[I32]("run_tile", strs(tile.plus(-1), num(0))...))
						f.drop(rmw("add", takenAt, num(1)))
						f.drop(rmw("sub", doneAt, num(1)))
					})
				})
				f.inc(hold, num(1<<holdShift))
			}, hold.lessS(num(holdsEnd)))
		})
		f.when(tries.lessS(num(1)), func() {
			// The system has suspended a thread with a tile: yield this processor to it.
			f.when(tries.not(), func() { f.drop(rmw("add", lateAt, num(1))) })
			f.drop(wait(doneAt, left, joinNanos))
			f.when(tries.lessS(num(-joinTries)), func() { f.line("(unreachable)") })
		})
		set(f, left, atomicLoad(doneAt))
	})
	f.when(atomicLoad(failedAt), func() { f.line("(unreachable)") })
}

// threadMain emits thread_main(index), the loop of kernel worker index, from 1 on. It returns
// after parking without being woken, and must be called again.
func threadMain(m *Module) {
	f := m.export("thread_main")
	index := f.int("index")
	left, tries, rounds := f.newInt("left"), let(f, "tries", num(spins)), let(f, "rounds", num(watches))
	f.nest("(loop $again", func() {
		set(f, left, atomicLoad(limitAt))
		f.when(index.atLeastS(left), func() {
			set(f, left, wait(limitAt, left, parkNanos))
			set(f, tries, num(spins))
			f.line("(br_if $again %s)", left.ne(timedOut))
			f.line("(return)")
		})
		set(f, left, atomicLoad(ticketAt))
		f.when(left.not(), func() {
			f.inc(tries, num(-1))
			f.line("(br_if $again %s)", tries)
			set(f, tries, num(spins))
			f.when(atomicLoad(awakeAt), func() {
				f.inc(rounds, num(-1))
				f.line("(br_if $again %s)", rounds)
			})
			set(f, rounds, num(watches))
			// The caller sets the ticket before it reads the number of parked workers: either
			// it sees this one, or the ticket here is not 0 any more.
			f.drop(rmw("add", parkedAt, num(1)))
			set(f, left, wait(ticketAt, num(0), parkNanos))
			f.drop(rmw("sub", parkedAt, num(1)))
			f.line("(br_if $again %s)", left.ne(timedOut))
			f.line("(return)")
		})
		f.line("(br_if $again %s)", takeTile(left).not())
		f.when(apply[I32]("run_tile", strs(left.plus(-1), index)...), func() {
			f.drop(rmw("add", sharedAt, num(1)))
			f.drop(rmw("sub", doneAt, num(1)))
		})
		set(f, tries, num(spins))
		set(f, rounds, num(watches))
		f.line("(br $again)")
	})
}

// takeTile is 1 if the ticket was left and is now one less, otherwise 0.
func takeTile(left I32) I32 {
	return I32(emit("i32.atomic.rmw.cmpxchg", string(num(ticketAt)), string(left), string(left.plus(-1)))).eq(left)
}

// holdOf is the address of the hold of thread index > 0.
func holdOf(index I32) I32 { return index.plus(-1).shl(holdShift).plus(holdsAt) }

// letGo is 1 if the hold was tile and is now 0, otherwise 0.
func letGo(hold, tile I32) I32 {
	return I32(emit("i32.atomic.rmw.cmpxchg", string(hold), string(tile), string(num(0)))).eq(tile)
}

func atomicLoad(at int) I32 { return atomicLoadOf(num(at)) }

func atomicLoadOf(p I32) I32 { return I32(emit("i32.atomic.load", string(p))) }

func (f *Func) atomicStore(at int, v I32) { f.store("i32.atomic.store", num(at), 0, string(v)) }

func rmw(op string, at int, v I32) I32 {
	return I32(emit("i32.atomic.rmw."+op, string(num(at)), string(v)))
}

// timedOut is the result of wait when the time has passed.
const timedOut = 2

// wait blocks while the word at at is v, for at most nanos nanoseconds.
func wait(at int, v I32, nanos int) I32 {
	return I32(emit("memory.atomic.wait32", string(num(at)), string(v), emit("i64.const", count(nanos))))
}

func (f *Func) drop(v any) { f.line("(drop %s)", v) }

// ceilDiv is a / b rounded up, for small positive numbers.
func ceilDiv(a, b I32) I32 { return a.add(b).plus(-1).op("i32.div_u", b) }

// named is the function of that name. It panics if there is none.
func (m *Module) named(name string) *Func {
	for _, f := range m.funcs {
		if f.name == name {
			return f
		}
	}
	panic("gen: no function " + name)
}

// count is a number in the text format.
func count(n int) string { return strconv.Itoa(n) }
