package main

import (
	"syscall/js"
	"unsafe"

	"github.com/lodestone-wasm/lodestone/kernels/lean"
	"github.com/lodestone-wasm/lodestone/models/pipeline"
)

var (
	uint8Array   = js.Global().Get("Uint8Array")
	float32Array = js.Global().Get("Float32Array")
	int32Array   = js.Global().Get("Int32Array")
)

// What the worker gives this program before it starts; see Glue in web/src/worker/glue.ts. Each call from here into JavaScript costs
// about a microsecond, and several once the caches are cold: what takes five is done there in one.
var (
	glue         = js.Global().Get("__lodestoneKernels")
	kernelMemory = glue.Get("memory")
	bytesIn      = glue.Get("bytes")
	statesAt     = glue.Get("states")
)

// bytesOf copies a Uint8Array; null and undefined are nil.
func bytesOf(v js.Value) []byte {
	if v.IsNull() || v.IsUndefined() {
		return nil
	}
	p := make([]byte, v.Length())
	js.CopyBytesToGo(p, v)
	return p
}

// int32sOf copies an Int32Array; null and undefined are nil.
func int32sOf(v js.Value) []int32 { return numbersOf[int32](v) }

// float32sOf copies a Float32Array; null and undefined are nil.
func float32sOf(v js.Value) []float32 { return numbersOf[float32](v) }

func numbersOf[T float32 | int32](v js.Value) []T {
	if v.IsNull() || v.IsUndefined() {
		return nil
	}
	n := v.Length()
	if n == 0 {
		return []T{}
	}
	p := make([]T, n)
	js.CopyBytesToGo(unsafe.Slice((*byte)(unsafe.Pointer(&p[0])), 4*n), bytesIn.Invoke(v))
	return p
}

// stringsOf copies an array of strings; null and undefined are nil.
func stringsOf(v js.Value) ([]string, error) {
	if v.IsNull() || v.IsUndefined() {
		return nil, nil
	}
	s := make([]string, v.Length())
	for i := range s {
		one := v.Index(i)
		if one.Type() != js.TypeString {
			return nil, lean.Errorf("engine: %w: element %d is not a string", pipeline.ErrRequest, i)
		}
		s[i] = one.String()
	}
	return s, nil
}

// float32Value is p as a Float32Array with a buffer of its own.
func float32Value(p []float32) js.Value {
	return arrayValue(float32Array, p)
}

// int32Value is p as an Int32Array with a buffer of its own.
func int32Value(p []int32) js.Value {
	return arrayValue(int32Array, p)
}

func arrayValue[T float32 | int32](class js.Value, p []T) js.Value {
	v := class.New(len(p))
	if len(p) > 0 {
		js.CopyBytesToJS(uint8Array.New(v.Get("buffer")), unsafe.Slice((*byte)(unsafe.Pointer(&p[0])), 4*len(p)))
	}
	return v
}

// listValue is p as an array.
func listValue[T int | bool | string](p []T) any {
	list := make([]any, len(p))
	for i, v := range p {
		list[i] = v
	}
	return list
}
