package webgpu

import (
	"math"

	"github.com/lodestone-wasm/lodestone/kernels"
	"github.com/lodestone-wasm/lodestone/kernels/lean"
)

// Player plays what a Recorder records. The bridge is one; tests have others. Calls take
// effect in order.
type Player interface {
	// Play runs commands. Each is
	//
	//	kernel | count<<8    the kernel, and how many numbers follow the fifth word
	//	x, y, z              the workgroups
	//	segments             the segment of operand i in bits 4i … 4i+3
	//	numbers              the offsets of the operands, then the parameters
	//
	// After a command of the kernel "write" follow as many words of data as its number n.
	Play(commands []uint32)
	// Write copies p to an offset of a segment.
	Write(segment, at uint32, p []byte)
	// Grow makes a segment at least size bytes long.
	Grow(segment uint32, size uint64)
	// Read copies len(p) bytes from an offset of a segment, and calls done when p is filled,
	// or with the reason why it is not.
	Read(segment, at uint32, p []byte, done func(failure string))
}

// Limits are what an adapter allows.
type Limits struct {
	// Segment is the size of the largest buffer that a kernel can bind, in bytes.
	Segment uint64
	// Memory is the most that all segments may have together.
	Memory uint64
	// Groups is the largest number of workgroups in a dimension.
	Groups uint32
}

// Recorder is a kernels.Backend that records calls as commands for a Player.
type Recorder struct {
	player   Player
	limits   Limits
	sizes    []uint64 // of the segments
	commands []uint32
	err      error // of a call, for the next Read
}

var _ kernels.Backend = (*Recorder)(nil)

const (
	// fullAt is the number of words from which on commands are played.
	fullAt = 1 << 14
	// inline is the size of the largest Write that becomes a command, in bytes.
	inline = 4096
	// base is the first offset: 0 means absent.
	base = kernels.Alignment
)

// NewRecorder makes a backend of an empty memory.
func NewRecorder(p Player, l Limits) *Recorder {
	l.Segment = min(l.Segment, 1<<30) &^ (kernels.Alignment - 1)
	l.Memory = min(l.Memory, kernels.MaxMemory, 16*l.Segment) // a command has four bits for a segment
	l.Groups = min(l.Groups, math.MaxUint16)
	return &Recorder{player: p, limits: l, commands: make([]uint32, 0, fullAt+inline)}
}

// Name is "webgpu".
func (r *Recorder) Name() string { return "webgpu" }

// Base is the first offset that is free.
func (r *Recorder) Base() uint32 { return base }

// Size is the present size of the memory in bytes.
func (r *Recorder) Size() uint64 {
	size := uint64(0)
	for i, n := range r.sizes {
		if n > 0 {
			size = uint64(i)*r.limits.Segment + n
		}
	}
	return size
}

// Place moves an object that would straddle two segments to the next one. For one that is
// larger than a segment it returns an offset outside memory, so that allocating it fails.
func (r *Recorder) Place(from, n uint64) uint64 {
	s := r.limits.Segment
	switch {
	case n > s:
		return kernels.MaxMemory
	case n == 0 || from/s == (from+n-1)/s:
		return from
	}
	return roundUp(from, s)
}

// Grow makes the memory at least size bytes long: whole segments, and a part of the last.
func (r *Recorder) Grow(size uint64) error {
	if size > r.limits.Memory {
		return lean.Errorf("the GPU's memory holds %d bytes here, not %d", r.limits.Memory, size)
	}
	for s := uint64(0); s*r.limits.Segment < size; s++ {
		if int(s) == len(r.sizes) {
			r.sizes = append(r.sizes, 0)
		}
		want := min(size-s*r.limits.Segment, r.limits.Segment)
		if have := r.sizes[s]; want > have {
			// A buffer cannot grow: it is copied to another one. So it grows by half, at most by 64 MiB.
			want = min(max(want, have+min(have/2, 64<<20), 1<<20), r.limits.Segment)
			want = roundUp(want, 256)
			r.flush()
			r.player.Grow(uint32(s), min(want, r.limits.Segment))
			r.sizes[s] = min(want, r.limits.Segment)
		}
	}
	return nil
}

// split divides an offset into a segment and an offset in it.
func (r *Recorder) split(at uint32) (segment, offset uint32) {
	return uint32(uint64(at) / r.limits.Segment), uint32(uint64(at) % r.limits.Segment)
}

// Write copies p to offset at. A small one is a command among the others; a large one ends
// what was recorded.
func (r *Recorder) Write(at uint32, p []byte) {
	for len(p) > 0 {
		segment, offset := r.split(at)
		n := int(min(uint64(len(p)), r.limits.Segment-uint64(offset)))
		r.writePart(segment, offset, p[:n])
		at += uint32(n)
		p = p[n:]
	}
}

func (r *Recorder) writePart(segment, at uint32, p []byte) {
	if len(p) <= inline {
		r.write(segment, at, p)
		return
	}
	// What is not a whole word goes with its neighbours' bytes.
	head := int(-at & 3)
	tail := (len(p) - head) & 3
	if head > 0 {
		r.write(segment, at, p[:head])
	}
	r.flush()
	r.player.Write(segment, at+uint32(head), p[head:len(p)-tail])
	if tail > 0 {
		r.write(segment, at+uint32(len(p)-tail), p[len(p)-tail:])
	}
}

// write records a small Write. Its data are whole words, of which the first and the last are
// written in part.
func (r *Recorder) write(segment, at uint32, p []byte) {
	skip := at & 3
	n := (skip + uint32(len(p)) + 3) / 4
	first := ^uint32(0) << (8 * skip)
	last := ^uint32(0) >> (8 * (4*n - skip - uint32(len(p))))
	r.begin(kWrite, 5, groups(n), 1, 1, segment)
	r.add(at/4, n, 0, first, last)
	word, fill := uint32(0), skip
	for _, b := range p {
		word |= uint32(b) << (8 * fill)
		if fill++; fill == 4 {
			r.commands = append(r.commands, word)
			word, fill = 0, 0
		}
	}
	if fill > 0 {
		r.commands = append(r.commands, word)
	}
	r.end()
}

// Read plays what was recorded and copies len(p) bytes at offset at to p.
func (r *Recorder) Read(at uint32, p []byte) kernels.Pending {
	r.flush()
	all := &pending{err: r.err, done: make(chan string, 1+len(p)/int(r.limits.Segment)+1), keep: p}
	r.err = nil
	for len(p) > 0 && all.err == nil {
		segment, offset := r.split(at)
		n := int(min(uint64(len(p)), r.limits.Segment-uint64(offset)))
		all.parts++
		r.player.Read(segment, offset, p[:n], func(failure string) { all.done <- failure })
		at += uint32(n)
		p = p[n:]
	}
	return all
}

// pending is a Read of one or more segments.
type pending struct {
	err   error
	parts int
	done  chan string
	keep  []byte // the player writes to it
}

// lost is how the failure of a Read begins when the GPU was lost.
const lost = "lost: "

// outOfMemory is how the failure of a Read begins when a buffer could not be made.
const outOfMemory = "out of memory: "

// Wait blocks until all bytes have arrived.
func (p *pending) Wait() error {
	for ; p.parts > 0; p.parts-- {
		failure := <-p.done
		switch {
		case failure == "" || p.err != nil:
		case len(failure) > len(lost) && failure[:len(lost)] == lost:
			p.err = lean.Errorf("webgpu: %w: %s", kernels.ErrLost, failure[len(lost):])
		case len(failure) > len(outOfMemory) && failure[:len(outOfMemory)] == outOfMemory:
			p.err = lean.Errorf("webgpu: %w: %s", kernels.ErrMemory, failure[len(outOfMemory):])
		default:
			p.err = lean.Errorf("webgpu: %s", failure)
		}
	}
	return p.err
}

// groups is the number of workgroups of 64 threads for n items.
func groups(n uint32) uint32 { return uint32((uint64(n) + 63) / 64) }

// plane divides n workgroups among two dimensions.
func (r *Recorder) plane(n uint32) (x, y uint32) {
	if n <= r.limits.Groups {
		return n, 1
	}
	y = (n + r.limits.Groups - 1) / r.limits.Groups
	return (n + y - 1) / y, y
}

// begin records the head of a command with count numbers.
func (r *Recorder) begin(kernel, count, x, y, z, segments uint32) {
	r.commands = append(r.commands, kernel|count<<8, x, y, z, segments)
}

func (r *Recorder) add(numbers ...uint32) { r.commands = append(r.commands, numbers...) }

// end plays the commands if there are many.
func (r *Recorder) end() {
	if len(r.commands) >= fullAt {
		r.flush()
	}
}

// flush plays the commands.
func (r *Recorder) flush() {
	if len(r.commands) > 0 {
		r.player.Play(r.commands)
		r.commands = r.commands[:0]
	}
}

// operands are the places of a command's operands.
type operands struct {
	segments uint32
	n        uint32
	offsets  [7]uint32
}

// words adds an operand whose offset is in words; one that is absent takes the place of the
// first.
func (r *Recorder) words(o *operands, at uint32) {
	r.bytes(o, at)
	o.offsets[o.n-1] /= 4
}

// bytes adds an operand whose offset is in bytes.
func (r *Recorder) bytes(o *operands, at uint32) {
	segment, offset := r.split(at)
	if at == 0 {
		segment, offset = o.segments&15, 0
	}
	o.segments |= segment << (4 * o.n)
	o.offsets[o.n] = offset
	o.n++
}

// all are operands whose offsets are in words.
func (r *Recorder) all(at ...uint32) operands {
	var o operands
	for _, a := range at {
		r.words(&o, a)
	}
	return o
}

// command records a kernel on x·y·z workgroups.
func (r *Recorder) command(kernel, x, y, z uint32, o operands, params ...uint32) {
	if x == 0 || y == 0 || z == 0 {
		return
	}
	r.begin(kernel, o.n+uint32(len(params)), x, y, z, o.segments)
	r.add(o.offsets[:o.n]...)
	r.add(params...)
	r.end()
}

// each records a kernel of one thread for each of n items.
func (r *Recorder) each(kernel, n uint32, o operands, params ...uint32) {
	x, y := r.plane(groups(n))
	r.command(kernel, x, y, 1, o, params...)
}

// rows records a kernel of one workgroup for each of n rows.
func (r *Recorder) rows(kernel, n uint32, o operands, params ...uint32) {
	x, y := r.plane(n)
	r.command(kernel, x, y, 1, o, params...)
}

func bits(x float32) uint32 { return math.Float32bits(x) }
