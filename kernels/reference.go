package kernels

import (
	"unsafe"

	"github.com/lodestone-wasm/lodestone/kernels/lean"
)

// Reference is the loops in the comments of [Loading] and [Operations] in Go, on a byte
// slice. It sums in float64, and so is more exact than the other backends.
type Reference struct {
	mem []byte
	max uint64
}

// NewReference makes a Reference whose memory may grow to max bytes; 0 means
// MaxMemory.
func NewReference(max uint64) *Reference {
	if max == 0 {
		max = MaxMemory
	}
	return &Reference{max: max}
}

var _ Backend = (*Reference)(nil)

func (r *Reference) Name() string { return "reference" }
func (r *Reference) Base() uint32 { return Alignment }
func (r *Reference) Size() uint64 { return uint64(len(r.mem)) }

func (r *Reference) Place(from, n uint64) uint64 { return from }

func (r *Reference) Grow(size uint64) error {
	if size > r.max {
		return lean.Errorf("%d bytes are more than the limit of %d", size, r.max)
	}
	if size > uint64(len(r.mem)) {
		mem := make([]byte, min(r.max, size+size/4))
		copy(mem, r.mem)
		r.mem = mem
	}
	return nil
}

func (r *Reference) Write(at uint32, p []byte) { copy(r.mem[at:], p) }

func (r *Reference) Read(at uint32, p []byte) Pending {
	copy(p, r.mem[at:uint64(at)+uint64(len(p))])
	return nil
}

// f32 is the n numbers at offset at.
func (r *Reference) f32(at uint32, n int) []float32 {
	if n == 0 {
		return nil
	}
	b := r.mem[at : uint64(at)+uint64(n)*4]
	return unsafe.Slice((*float32)(unsafe.Pointer(&b[0])), n)
}

func (r *Reference) i8(at uint32, n int) []int8 {
	if n == 0 {
		return nil
	}
	b := r.mem[at : uint64(at)+uint64(n)]
	return unsafe.Slice((*int8)(unsafe.Pointer(&b[0])), n)
}

func (r *Reference) i32(at uint32, n int) []int32 {
	if n == 0 {
		return nil
	}
	b := r.mem[at : uint64(at)+uint64(n)*4]
	return unsafe.Slice((*int32)(unsafe.Pointer(&b[0])), n)
}

// row is row i of a matrix with stride ld.
func (r *Reference) row(at, ld uint32, i, n int) []float32 {
	return r.f32(at+uint32(i)*ld*4, n)
}
