package kernels

// Backend computes the operations of a transformer on memory of its own. It has three
// parts: [Memory] holds the data, [Loading] brings weights into the backend's own layout,
// and [Operations] computes.
//
// Arguments are byte offsets into the memory, counts of elements, and numbers. Offsets of
// f32 and i32 data are multiples of 4, offsets of packed weights and of scratch are
// multiples of 16. Offset 0 means "absent" where a comment calls an argument optional.
// ld… is the distance between two rows, in elements. A backend checks none of this:
// [Device] does. Outputs must not overlap inputs unless a comment allows it. A backend
// may load (never store) up to 60 bytes past the end of an operand, and up to 12 bytes
// before a relative position bias: this memory must exist, its contents do not matter.
//
// # Order
//
// Calls take effect in the order in which they are made. A backend may record calls and
// run them later: the only way to see a result is [Memory.Read]. So no method of Loading
// and Operations returns a result, and a method that answers with a size or a limit
// answers from its arguments alone.
//
// # Arithmetic
//
// The loops in the comments are in real numbers. The budget of each operation (package
// kerneltest, budgets.go) bounds the error of float32.
type Backend interface {
	// Name is the name of the variant: "reference", "simd128", "relaxed", "fused",
	// "fused8" or "webgpu".
	Name() string

	Memory
	Loading
	Operations
}

// Memory is the memory that a backend computes on, addressed by offsets of 32 bits.
type Memory interface {
	// Base is the first offset that is free for data. The backend's own tables lie below it.
	Base() uint32
	// Size is the present size of the memory in bytes.
	Size() uint64
	// Place returns the offset for n bytes of which no byte may lie below from: from
	// itself, or a later multiple of Alignment if the bytes would not be contiguous at
	// from. A memory in one piece returns from. A memory of several buffers, as a GPU
	// has where no buffer is large enough, moves an object that would straddle two of them.
	Place(from, n uint64) uint64
	// Grow makes the memory at least size bytes long and keeps its contents.
	Grow(size uint64) error
	// Write copies p to offset at. The caller may change p once Write has returned.
	Write(at uint32, p []byte)
	// Read copies len(p) bytes at offset at into p, as they are after all calls made
	// before. It returns nil if p is filled. Otherwise p is filled when Wait of the
	// result returns, and the caller leaves p alone until then.
	Read(at uint32, p []byte) Pending
}

// Pending is a Read that has not finished, of a backend that runs calls later.
type Pending interface {
	// Wait blocks the goroutine until the bytes have arrived. It returns the error of a
	// call made before the Read, or of the transfer; p is then undefined. In a browser
	// the bytes arrive through the event loop (mapAsync of WebGPU), which runs while the
	// goroutine blocks, unless the goroutine is one that a JavaScript callback waits for.
	Wait() error
}
