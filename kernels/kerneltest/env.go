package kerneltest

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"

	"github.com/lodestone-wasm/lodestone/kernels"
)

// guard is the number of bytes of the guard band before and after each buffer. sentinel is
// what it holds: as float32 a NaN, as integers no round numbers.
const (
	guard    = 64
	sentinel = 0x7fc5a5a3
)

// Env is one run of a case on one backend. It allocates memory and records what to compare
// afterwards.
type Env struct {
	B    kernels.Backend
	Rand *rand.Rand
	// Levels is that of the backend under test, also where B is the reference, so that
	// both quantise alike.
	Levels func(t kernels.DType, k uint32) uint32
	// Magnitude is the magnitude of the terms of sums, where it is far from 1: the terms
	// may cancel, their errors do not.
	Magnitude float64
	// salt replaces some of the inputs.
	salt []grain
	// flushes is set where the backend under test may read a subnormal number as 0, infinite
	// where a case has an infinity of its own. Where both hold, a subnormal number is placed
	// as 0: the contract leaves open whether its product with an infinity is NaN.
	flushes, infinite bool
	floats            int // matrices placed so far
	seed              uint64
	top               uint32
	bufs              []*buffer
	base              uint32 // the offset of after
	after             []byte // memory after the call
}

// grain is a number for index at, modulo the size, of the matrix with index matrix of a call.
type grain struct {
	matrix, at int
	bits       uint32
}

func (g grain) infinite() bool { return g.bits&0x7fffffff == 0x7f800000 }

// buffer is n bytes at at, with guard bands around them.
type buffer struct {
	name string
	at   uint32
	n    int
	// before is the contents; bytes where writable is false must not change.
	before   []byte
	writable []bool
	float    bool
	scales   bool // compared bit by bit, except that all NaNs are equal
	output   bool
}

func newEnv(b kernels.Backend, seed uint64) *Env {
	return &Env{B: b, Levels: b.Levels, Rand: rand.New(rand.NewPCG(seed, 77)), seed: seed, top: (b.Base() + 63) &^ 63}
}

// place allocates room for p between guard bands and writes p. Successive buffers begin at
// multiples of 4 that are or are not multiples of 8 and 16.
func (e *Env) place(name string, p []byte) *buffer {
	return e.placeAt(4*uint32((e.seed+uint64(len(e.bufs)))%4), name, p)
}

// placeAt is place at skew bytes after a multiple of 16.
func (e *Env) placeAt(skew uint32, name string, p []byte) *buffer {
	at := e.top + guard + skew
	end := (at + uint32(len(p)+15)&^15 + guard + 15) &^ 15
	if err := e.B.Grow(uint64(end) + 64); err != nil {
		panic(fmt.Sprintf("kerneltest: %v", err))
	}
	band := make([]byte, end-e.top)
	for i := 0; i+4 <= len(band); i += 4 {
		binary.LittleEndian.PutUint32(band[i:], sentinel)
	}
	copy(band[guard+skew:], p)
	e.B.Write(e.top, band)
	e.top = end
	b := &buffer{name: name, at: at, n: len(p), before: bytes.Clone(p)}
	e.bufs = append(e.bufs, b)
	return b
}

func floatBytes(v []float32) []byte {
	p := make([]byte, 4*len(v))
	for i, x := range v {
		binary.LittleEndian.PutUint32(p[4*i:], math.Float32bits(x))
	}
	return p
}

// In places numbers that the operation must not change.
func (e *Env) In(name string, v []float32) uint32 { return e.place(name, e.matrix(v)).at }

// matrix is the bytes of the next matrix, with its salt.
func (e *Env) matrix(v []float32) []byte {
	p := floatBytes(v)
	for _, g := range e.salt {
		if g.matrix == e.floats && len(v) > 0 {
			binary.LittleEndian.PutUint32(p[g.at%len(v)*4:], g.bits)
		}
	}
	e.floats++
	if e.flushes && (e.infinite || slices.ContainsFunc(e.salt, grain.infinite)) {
		for i := 0; i < len(p); i += 4 {
			if b := binary.LittleEndian.Uint32(p[i:]); b&0x7f800000 == 0 {
				binary.LittleEndian.PutUint32(p[i:], b&0x80000000)
			}
		}
	}
	return p
}

// InBytes is In for bytes.
func (e *Env) InBytes(name string, p []byte) uint32 { return e.place(name, p).at }

// InInts is In for integers.
func (e *Env) InInts(name string, v []int32) uint32 {
	p := make([]byte, 4*len(v))
	for i, x := range v {
		binary.LittleEndian.PutUint32(p[4*i:], uint32(x))
	}
	return e.place(name, p).at
}

// Strided spreads a matrix over rows that are ld numbers apart, with NaN between.
func Strided(v []float32, cols, ld int) []float32 {
	if cols == ld {
		return v
	}
	rows := len(v) / cols
	out := make([]float32, (rows-1)*ld+cols)
	for i := range out {
		out[i] = math.Float32frombits(sentinel)
	}
	for r := range rows {
		copy(out[r*ld:], v[r*cols:(r+1)*cols])
	}
	return out
}

// Out places a matrix that the operation writes; the gaps between its rows must not change.
// v is the contents before the call.
func (e *Env) Out(name string, v []float32, cols, ld int) uint32 {
	b := e.place(name, e.matrix(Strided(v, cols, ld)))
	b.output, b.float = true, true
	b.writable = make([]bool, b.n)
	for i := range b.writable {
		b.writable[i] = i/4%ld < cols
	}
	return b.at
}

// OutBytes places n bytes that the operation writes and that are compared bit by bit.
func (e *Env) OutBytes(name string, n int) uint32 {
	b := e.place(name, bytes.Repeat([]byte{0xee}, n))
	b.output, b.writable = true, everywhere(n)
	return b.at
}

// OutScales places n numbers that the operation writes. They are compared bit by bit,
// except that all NaNs are equal.
func (e *Env) OutScales(n int) uint32 { return e.OutNumbers("scale", n) }

// OutNumbers is OutScales of another name.
func (e *Env) OutNumbers(name string, n int) uint32 {
	at := e.OutBytes(name, 4*n)
	e.bufs[len(e.bufs)-1].scales = true
	return at
}

// scratch places n bytes, at a multiple of 16, that the operation may write and that are not
// compared.
func (e *Env) scratch(n uint64) uint32 {
	b := e.placeAt(0, "scratch", bytes.Repeat([]byte{0xee}, int(n)))
	b.writable = everywhere(int(n))
	return b.at
}

// everywhere is a writable of n bytes.
func everywhere(n int) []bool {
	w := make([]bool, n)
	for i := range w {
		w[i] = true
	}
	return w
}

// Scratch places n bytes of scratch, as the backend asks for.
func (e *Env) Scratch(n uint64) uint32 { return e.scratch(n) }

// damage describes the first guard band or input that was changed.
func (e *Env) damage() string {
	e.readAll()
	for _, b := range e.bufs {
		now := e.bytes(b.at-guard, guard+(b.n+15)&^15+guard)
		for i := range now {
			j := i - guard
			switch {
			case j >= 0 && j < b.n:
				if (b.writable == nil || !b.writable[j]) && now[i] != b.before[j] {
					return fmt.Sprintf("%s: byte %d of %d was changed, which is not the operation's", b.name, j, b.n)
				}
			case j >= b.n && j < (b.n+3)&^3: // padding to a whole word
			case now[i] != byte(uint32(sentinel)>>(8*(i%4))):
				return fmt.Sprintf("%s: the guard band was changed at byte %d of %d", b.name, j, b.n)
			}
		}
	}
	return ""
}

// readAll reads the memory of all buffers, at once: of a GPU, a read takes a while.
func (e *Env) readAll() {
	e.base = (e.B.Base() + 63) &^ 63
	e.after = make([]byte, e.top-e.base)
	if pending := e.B.Read(e.base, e.after); pending != nil {
		if err := pending.Wait(); err != nil {
			panic(fmt.Sprintf("kerneltest: read of %d bytes at %d: %v", len(e.after), e.base, err))
		}
	}
}

// bytes is n bytes at offset at, as readAll has read them.
func (e *Env) bytes(at uint32, n int) []byte { return e.after[at-e.base:][:n] }

// outputs are the buffers to compare, as damage has read them.
func (e *Env) outputs() (out []*buffer, data [][]byte) {
	for _, b := range e.bufs {
		if b.output {
			p := bytes.Clone(e.bytes(b.at, b.n))
			if b.scales {
				alikeNaN(p)
			}
			out, data = append(out, b), append(data, p)
		}
	}
	return out, data
}

// alikeNaN replaces every NaN of p by the same one.
func alikeNaN(p []byte) {
	for i := 0; i < len(p); i += 4 {
		if x := math.Float32frombits(binary.LittleEndian.Uint32(p[i:])); x != x {
			binary.LittleEndian.PutUint32(p[i:], 0x7fc00000)
		}
	}
}

// Bytes returns n uniformly distributed bytes.
func (e *Env) Bytes(n int) []byte {
	p := make([]byte, n)
	for i := range p {
		p[i] = byte(e.Rand.Uint32())
	}
	return p
}

// Normal returns n normally distributed numbers.
func (e *Env) Normal(n int) []float32 {
	v := make([]float32, n)
	for i := range v {
		v[i] = float32(e.Rand.NormFloat64())
	}
	return v
}

// Packed places weights v [n,k] and packs them.
func (e *Env) Packed(v []float32, n, k int) uint32 {
	src := e.In("weights", v)
	w := e.scratch(e.B.PackedSize(kernels.F32, uint32(n), uint32(k)))
	e.B.PackF32(w, src, uint32(n), uint32(k))
	return w
}

// PackedF16 places halves v [n,k] and packs them.
func (e *Env) PackedF16(v []uint16, n, k int) uint32 {
	src := e.InHalves("weights", v)
	w := e.scratch(e.B.PackedSize(kernels.F16, uint32(n), uint32(k)))
	e.B.PackF16(w, src, uint32(n), uint32(k))
	return w
}

// InHalves is In for numbers of 16 bits.
func (e *Env) InHalves(name string, v []uint16) uint32 {
	p := make([]byte, 2*len(v))
	for i, x := range v {
		binary.LittleEndian.PutUint16(p[2*i:], x)
	}
	return e.place(name, p).at
}

// Halves returns n normally distributed numbers in half precision; one in sixteen is
// subnormal.
func (e *Env) Halves(n int) []uint16 {
	v := make([]uint16, n)
	for i, x := range e.Normal(n) {
		if v[i] = kernels.ToF16(x); e.Rand.IntN(16) == 0 {
			v[i] &= 0x83ff
		}
	}
	return v
}

// PackedQ8 places int8 weights v [n,k] and packs them.
func (e *Env) PackedQ8(v []int8, n, k int) uint32 {
	p := make([]byte, len(v))
	for i, x := range v {
		p[i] = byte(x)
	}
	src := e.InBytes("weights", p)
	w := e.scratch(e.B.PackedSize(kernels.I8, uint32(n), uint32(k)))
	e.B.PackQ8(w, src, uint32(n), uint32(k))
	return w
}

// PackedQ4 places 4-bit weights and scales in the form that kernels.Loading describes, and
// packs them.
func (e *Env) PackedQ4(p []byte, scales []float32, n, k int) uint32 {
	src, scale := e.InBytes("weights", p), e.In("scales", scales)
	w := e.scratch(e.B.PackedSize(kernels.Q4, uint32(n), uint32(k)))
	e.B.PackQ4(w, src, scale, uint32(n), uint32(k))
	return w
}
