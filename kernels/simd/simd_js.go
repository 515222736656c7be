//go:build js && wasm

package simd

import (
	"unsafe"

	"github.com/lodestone-wasm/lodestone/kernels"
	"github.com/lodestone-wasm/lodestone/kernels/lean"
)

// Backend calls the kernel module that the page instantiated before this program. There is
// one module with one memory: make one Backend.
type Backend struct {
	v   variant
	row []byte // of TopK
}

var _ kernels.Backend = (*Backend)(nil)

// New asks the module for its variant. The argument exists because the native New takes a
// context.Context; here that type would add package time to the engine, 0.07 MB compressed.
func New(any) (*Backend, error) {
	b := &Backend{}
	b.v = variant(wVariant())
	if int(b.v) >= len(variantNames) {
		return nil, lean.Errorf("kernels/simd: the page's kernel module is variant %d, which this program does not know: serve the files of one release", int(b.v))
	}
	return b, nil
}

// Close does nothing: the memory lives as long as the page's instance.
func (b *Backend) Close() error { return nil }

// Base is the end of the module's own tables.
func (b *Backend) Base() uint32 { return wBase() }

// Size is the memory's size in bytes.
func (b *Backend) Size() uint64 { return uint64(wSize()) * pageSize }

// Grow makes the memory at least size bytes long.
func (b *Backend) Grow(size uint64) error {
	return growBy(b.Size(), size, func(pages uint32) bool { return wGrow(pages) >= 0 })
}

// small is the largest number of bytes that are copied word by word, which is then faster
// than a call of JavaScript.
const small = 64

// Write copies p to memory.
func (b *Backend) Write(at uint32, p []byte) {
	if len(p) <= small && at%4 == 0 && len(p)%4 == 0 {
		for i := 0; i < len(p); i += 4 {
			wPoke32(at+uint32(i), lean.Uint32(p[i:]))
		}
		return
	}
	wWrite(at, unsafe.Pointer(unsafe.SliceData(p)), uint32(len(p)))
}

// Read copies memory to p.
func (b *Backend) Read(at uint32, p []byte) kernels.Pending {
	if len(p) <= small && at%4 == 0 && len(p)%4 == 0 {
		for i := 0; i < len(p); i += 4 {
			lean.PutUint32(p[i:], wPeek32(at+uint32(i)))
		}
		return nil
	}
	wRead(unsafe.Pointer(unsafe.SliceData(p)), at, uint32(len(p)))
	return nil
}
