//go:build js && wasm

package webgpu

import (
	"syscall/js"
	"unsafe"

	"github.com/lodestone-wasm/lodestone/kernels/lean"
)

// The imports are those of webgpuImports in imports.mjs.

//go:wasmimport webgpu play
func wPlay(commands unsafe.Pointer, words uint32)

//go:wasmimport webgpu write
func wWrite(segment, at uint32, from unsafe.Pointer, n uint32)

//go:wasmimport webgpu grow
func wGrow(segment uint32, size float64)

//go:wasmimport webgpu read
func wRead(id, segment, at uint32, to unsafe.Pointer, n uint32)

// bridge is the Player of a browser: bridge.mjs.
type bridge struct {
	waiting map[uint32]reader
	last    uint32
}

// reader is a Read that has not finished. p keeps the bytes that JavaScript writes alive.
type reader struct {
	p    []byte
	done func(failure string)
}

// New makes the backend of the bridge that the page opened before this program started
// (openBridge in bridge.mjs). limits is its property of that name, an object with the fields
// segment, memory and groups; the bridge calls the function that New sets as its property
// "done".
func New(v js.Value) (*Recorder, error) {
	if v.Type() != js.TypeObject {
		return nil, lean.Errorf("kernels/webgpu: the page has opened no bridge")
	}
	b := &bridge{waiting: map[uint32]reader{}}
	v.Set("done", js.FuncOf(func(_ js.Value, args []js.Value) any {
		id := uint32(args[0].Float())
		if r, ok := b.waiting[id]; ok {
			delete(b.waiting, id)
			r.done(args[1].String())
		}
		return nil
	}))
	l := v.Get("limits")
	return NewRecorder(b, Limits{
		Segment: uint64(l.Get("segment").Float()), Memory: uint64(l.Get("memory").Float()), Groups: uint32(l.Get("groups").Int()),
	}), nil
}

func (b *bridge) Play(commands []uint32) {
	wPlay(unsafe.Pointer(unsafe.SliceData(commands)), uint32(len(commands)))
}

func (b *bridge) Write(segment, at uint32, p []byte) {
	wWrite(segment, at, unsafe.Pointer(unsafe.SliceData(p)), uint32(len(p)))
}

func (b *bridge) Grow(segment uint32, size uint64) { wGrow(segment, float64(size)) }

func (b *bridge) Read(segment, at uint32, p []byte, done func(failure string)) {
	b.last++
	b.waiting[b.last] = reader{p, done}
	wRead(b.last, segment, at, unsafe.Pointer(unsafe.SliceData(p)), uint32(len(p)))
}
