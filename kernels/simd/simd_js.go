//go:build js && wasm

package simd

import (
	"errors"
	"syscall/js"

	"github.com/lodestone-wasm/lodestone/kernels"
	"github.com/lodestone-wasm/lodestone/kernels/lean"
)

// Backend calls the kernel module that the page instantiated before this program.
// There is one, and its memory is one: make one Backend.
type Backend struct {
	layout
	memory js.Value // WebAssembly.Memory
	bytes  js.Value // Uint8Array over the first seen bytes of it
	seen   uint64
}

var _ kernels.Backend = (*Backend)(nil)

// ErrNoMemory is returned where the page did not publish the module's memory.
var ErrNoMemory = errors.New("kernels/simd: globalThis.__lodestoneKernels.memory is not a WebAssembly.Memory: set it before the Go program runs")

// New finds the module's memory. The argument is there for the native form's sake, which
// takes a context.Context; here that type would bring package time, with its calendars
// and time zones, into the engine: 0.07 MB compressed.
func New(any) (*Backend, error) {
	g := js.Global().Get("__lodestoneKernels")
	if g.Type() != js.TypeObject {
		return nil, ErrNoMemory
	}
	b := &Backend{memory: g.Get("memory")}
	if b.memory.Type() != js.TypeObject || !b.memory.InstanceOf(js.Global().Get("WebAssembly").Get("Memory")) {
		return nil, ErrNoMemory
	}
	b.v = variant(wVariant())
	if int(b.v) >= len(variantNames) {
		return nil, lean.Errorf("kernels/simd: the page's kernel module is variant %d, which this program does not know: serve the files of one release", int(b.v))
	}
	return b, nil
}

// Close does nothing: the memory lives as long as the page's instance.
func (b *Backend) Close() error { return nil }

// Memory is a Uint8Array over the whole memory, shared if threads share it. It is valid
// until the memory grows.
func (b *Backend) Memory() js.Value {
	// A memory that grew has another buffer. Views of the one before have no length, or if
	// it is shared the length that they had.
	if size := b.Size(); b.seen != size {
		b.bytes, b.seen = js.Global().Get("Uint8Array").New(b.memory.Get("buffer")), size
	}
	return b.bytes
}

// Base is the end of the module's own tables.
func (b *Backend) Base() uint32 { return wBase() }

// Size is the memory's size in bytes.
func (b *Backend) Size() uint64 { return uint64(wSize()) * pageSize }

// Grow makes the memory at least size bytes long.
func (b *Backend) Grow(size uint64) error {
	return growBy(b.Size(), size, func(pages uint32) bool { return wGrow(pages) >= 0 })
}

// small is the number of bytes up to which copying word by word beats a call of
// JavaScript.
const small = 64

// Write copies p into memory.
func (b *Backend) Write(at uint32, p []byte) {
	if len(p) <= small && at%4 == 0 && len(p)%4 == 0 {
		for i := 0; i < len(p); i += 4 {
			wPoke32(at+uint32(i), lean.Uint32(p[i:]))
		}
		return
	}
	js.CopyBytesToJS(b.part(at, len(p)), p)
}

// Read copies memory into p.
func (b *Backend) Read(at uint32, p []byte) {
	if len(p) <= small && at%4 == 0 && len(p)%4 == 0 {
		for i := 0; i < len(p); i += 4 {
			lean.PutUint32(p[i:], wPeek32(at+uint32(i)))
		}
		return
	}
	js.CopyBytesToGo(p, b.part(at, len(p)))
}

// part is a view of n bytes at at.
func (b *Backend) part(at uint32, n int) js.Value {
	return b.Memory().Call("subarray", float64(at), float64(at)+float64(n))
}
