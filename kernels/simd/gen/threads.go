package main

import (
	"strconv"
	"strings"
)

// Threads.
//
// Each variant has a second form whose memory is shared: VARIANT-shared.wasm. It imports
// the memory (env.memory) that the page made, and several threads have an instance
// each. One of them, the caller, calls the kernels; the others run thread_main. A kernel
// that is worth it is cut into tiles, each a call of the same kernel on some of its
// columns, rows or heads; see parallel.go. No tile changes the order of a sum, so the
// results are those of one thread to the last bit.
//
// The caller writes a job into memory and sets the ticket to the number of tiles. Every
// thread, the caller too, takes a tile by lowering the ticket by one, runs it and lowers
// the number of tiles that have not ended, for whose zero the caller waits. A tile
// belongs to nobody before it is taken: a thread that the system does not run holds up
// at most the one tile that it has. The job is written before the ticket rises from zero
// and stays until the last tile has ended, so whoever took a tile may read it, and a
// thread that comes late finds no ticket.
//
// A thread may stand still in the middle of a tile, for milliseconds where more threads
// than ours want the processors. So a thread that is not the caller computes a tile of a
// layer into memory of its own, says in a word, its hold, which tile that is, and copies
// the result to its place only if it can take the hold back. The caller, which waits for
// the last tiles, takes the hold itself if that lasts longer than a tile does, and runs the
// tile: who loses the hold throws away what it has. What it reads in the meantime may
// change under it, which only makes wrong what is thrown away.
//
// Threads that have nothing to do look at the ticket for 50 to 100 µs and then sleep in
// memory.atomic.wait32. The caller wakes them only if some sleep.
//
// A page that makes a call sets a word, awake, and wakes them once it has handed the call
// to the caller, and clears the word when the call has ended; until then they look some
// 20 times as long. That is not about how long waking takes, which is some 30 µs, but
// about where a thread wakes: Linux looks for an idle processor only where it expects
// to find one, on two processors hardly ever, and so puts a thread that the caller wakes
// on the caller's own processor, where the two take turns for 10 ms beside an idle one. A
// thread that the page wakes is put on the page's processor, which the page leaves.

// Layout of a shared module's memory, in bytes. Below slotAt lie the module's own tables;
// the words that threads write lie in cache lines of their own, two apart since
// processors fetch pairs.
const (
	slotAt   = 1 << 16
	ticketAt = slotAt       // i32: tiles that nobody has taken
	doneAt   = slotAt + 128 // i32: tiles that have not ended
	limitAt  = slotAt + 256 // i32: threads that take tiles, the caller included
	readyAt  = limitAt + 4  // i32: threads that have entered, without the caller
	parkedAt = limitAt + 8  // i32: those that sleep
	failedAt = limitAt + 12 // i32: not 0 after a tile that trapped
	lateAt   = limitAt + 16 // i32: joins that took oddly long
	leastAt  = limitAt + 20 // i32: multiply-adds from which a call is a job
	sharedAt = limitAt + 24 // i32: tiles that other threads than the caller ran
	awakeAt  = limitAt + 28 // i32: not 0 while a call of the page is under way
	takenAt  = limitAt + 32 // i32: tiles that the caller took over
	jobAt    = slotAt + 384 // i32: kind, units, units of a tile, form; then arguments
	argsAt   = jobAt + 64

	// maxThreads is the largest number of threads, the caller included.
	maxThreads = 8
	// Thread i > 0 has scratch of its own in page i−1, behind the module's tables.
	scratchSize = 1<<16 - dataBase
	// From here on lie the tiles that threads i > 0 work on, in so many bytes each.
	ownAt   = (maxThreads - 1) << 16
	ownSize = 1 << 15
	// And here their holds, i32 in cache lines of their own: 0, or the tile that may be
	// taken over, plus 1.
	holdsAt   = ownAt + (maxThreads-1)*ownSize
	holdShift = 7
	holdsEnd  = holdsAt + (maxThreads-1)<<holdShift
	// What lies from here on is free for data.
	sharedBase  = (holdsAt>>16 + 1) << 16
	sharedPages = sharedBase>>16 + 1
)

const (
	// spins is how often a thread that has nothing to do looks before it sleeps.
	spins = 60_000
	// watches is how often it does so while a call is under way: some 1.5 ms in all.
	watches = 20
	// A thread sleeps a quarter of a second at a time: then its worker's event loop turns
	// once, without which some engines do not end a worker.
	parkNanos = 250_000_000
	// The caller waits that long at a time for a tile of a thread that seems not to run,
	// and so many times before it gives the thread up for lost (half a minute).
	joinNanos = 100_000
	joinTries = 300_000
	// The caller looks so often, or longer where tiles are larger, before it takes a tile
	// over: about 2 µs.
	leastLooks = 2048
)

// shared is the shared form of v.
func (v Variant) shared() Variant {
	v.Name += "-shared"
	v.Features = append([]string{"--enable-threads"}, v.Features...)
	return v
}

// sharedText is the text of v's shared form.
func sharedText(v Variant) string {
	m := newModule(v)
	threads(m)
	m.v = v.shared()
	own := "(memory (export \"memory\") 1 65536)"
	text := m.text()
	if !strings.Contains(text, own) {
		panic("gen: the module's memory is not where it was")
	}
	// Every instance writes the tables again, with the same bytes.
	return strings.Replace(text, own, "(import \"env\" \"memory\" (memory "+count(sharedPages)+" 65536 shared))\n  (export \"memory\" (memory 0))", 1)
}

// threads turns a module into its shared form, without the memory.
func threads(m *Module) {
	base := m.named("base")
	base.body.Reset()
	base.line("%s", num(sharedBase))

	kinds := parallelOps(m)
	runTile(m, kinds)
	fork(m)
	threadMain(m)

	// set_threads(n, least) lets so many threads take tiles, the caller included. A call
	// of no more than least multiply-adds is no job: 2¹⁷ are about 5 µs of one thread, a
	// job costs half a microsecond if nobody sleeps.
	f := m.export("set_threads")
	n, least := f.int("n"), f.int("least")
	f.storeI(num(leastAt), 0, least)
	set(f, n, pick(n.lessS(num(1)), num(1), minS(n, num(maxThreads))))
	f.atomicStore(limitAt, n)
	f.drop(emit("memory.atomic.notify", string(num(limitAt)), string(num(maxThreads))))

	// threads() is the number of threads that take tiles now.
	returns(m.export("threads"), present())
	// thread_count() is the number of threads that are there, the caller included.
	returns(m.export("thread_count"), atomicLoad(readyAt).plus(1))
	// thread_ready() counts a thread in; it is called once before thread_main.
	f = m.export("thread_ready")
	f.drop(rmw("add", readyAt, num(1)))
	// thread_failed() ends the tile of a thread that trapped: the caller traps as well.
	f = m.export("thread_failed")
	f.atomicStore(failedAt, num(1))
	f.drop(rmw("sub", doneAt, num(1)))
	// thread_late() is the number of joins since the last call that took oddly long.
	returns(m.export("thread_late"), rmw("xchg", lateAt, num(0)))
	// thread_tiles() is the number of tiles since the last call that other threads ran.
	returns(m.export("thread_tiles"), rmw("xchg", sharedAt, num(0)))
	// thread_taken() is the number of tiles since the last call that the caller took over.
	returns(m.export("thread_taken"), rmw("xchg", takenAt, num(0)))
	// thread_ticket() and thread_awake() are where two words lie: the one in which threads
	// sleep, and the one that a page sets while it waits for a call.
	returns(m.export("thread_ticket"), num(ticketAt))
	returns(m.export("thread_awake"), num(awakeAt))
	// thread_scratch() begins 300 kB that a page may use to time linear layers.
	returns(m.export("thread_scratch"), num(2<<16+dataBase))
}

// present is the number of threads that take tiles: those allowed or those that are there.
func present() I32 { return minS(atomicLoad(limitAt), atomicLoad(readyAt).plus(1)) }

// fork emits fork(kind, units, per, patience): runs a job of so many units, per units to a
// tile, on all threads, and returns when it is done. Tiles that other threads hold after
// the caller has looked patience times are run by the caller.
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
			// The system has a thread with a tile stand still: let it have this processor.
			f.when(tries.not(), func() { f.drop(rmw("add", lateAt, num(1))) })
			f.drop(wait(doneAt, left, joinNanos))
			f.when(tries.lessS(num(-joinTries)), func() { f.line("(unreachable)") })
		})
		set(f, left, atomicLoad(doneAt))
	})
	f.when(atomicLoad(failedAt), func() { f.line("(unreachable)") })
}

// threadMain emits thread_main(index): takes tiles, as thread index from 1 on. It returns
// after it slept for a while, and wants to be called again.
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
			// The caller raises the ticket first and then looks whether somebody sleeps: so
			// either it sees this thread, or the ticket is not 0 any more here.
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

// takeTile is 1 if the ticket was left, and is now one less.
func takeTile(left I32) I32 {
	return I32(emit("i32.atomic.rmw.cmpxchg", string(num(ticketAt)), string(left), string(left.plus(-1)))).eq(left)
}

// holdOf is where thread index > 0 has its hold.
func holdOf(index I32) I32 { return index.plus(-1).shl(holdShift).plus(holdsAt) }

// letGo is 1 if the hold was tile, and is 0 now.
func letGo(hold, tile I32) I32 {
	return I32(emit("i32.atomic.rmw.cmpxchg", string(hold), string(tile), string(num(0)))).eq(tile)
}

func atomicLoad(at int) I32 { return atomicLoadOf(num(at)) }

func atomicLoadOf(p I32) I32 { return I32(emit("i32.atomic.load", string(p))) }

func (f *Func) atomicStore(at int, v I32) { f.store("i32.atomic.store", num(at), 0, string(v)) }

func rmw(op string, at int, v I32) I32 {
	return I32(emit("i32.atomic.rmw."+op, string(num(at)), string(v)))
}

// timedOut is what wait gives where so many nanoseconds have passed.
const timedOut = 2

// wait sleeps while the word at at is v.
func wait(at int, v I32, nanos int) I32 {
	return I32(emit("memory.atomic.wait32", string(num(at)), string(v), emit("i64.const", count(nanos))))
}

func (f *Func) drop(v any) { f.line("(drop %s)", v) }

// ceilDiv is a / b rounded up, of small positive numbers.
func ceilDiv(a, b I32) I32 { return a.add(b).plus(-1).op("i32.div_u", b) }

// named is the function of that name; it must be there.
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
