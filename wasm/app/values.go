//go:build js && wasm

package main

import (
	"context"
	"syscall/js"
	"unsafe"

	"github.com/lodestone-wasm/lodestone/wasm/app/wire"
	"github.com/lodestone-wasm/lodestone/wasm/promise"
)

var (
	uint8Array = js.Global().Get("Uint8Array")
	int32Array = js.Global().Get("Int32Array")
	number     = js.Global().Get("Number")
)

// await is promise.Await with the module's error, which has a code and a message.
func await(v js.Value) (js.Value, error) {
	value, err := promise.Await(v)
	if rejection, ok := err.(*promise.Rejection); ok {
		err = errorOf(rejection.Value)
	}
	return value, err
}

// errorOf is a JavaScript error as a Go error.
func errorOf(v js.Value) error {
	property := func(name string) string {
		if v.Type() == js.TypeObject && v.Get(name).Type() == js.TypeString {
			return v.Get(name).String()
		}
		return ""
	}
	return wire.Error(property("code"), property("message"))
}

// signal returns an AbortSignal that aborts when ctx ends. release drops the connection to ctx.
func signal(ctx context.Context) (s js.Value, release func() bool) {
	controller := js.Global().Get("AbortController").New()
	return controller.Get("signal"), context.AfterFunc(ctx, func() { controller.Call("abort") })
}

// callback is a function that JavaScript calls with one argument.
func callback(f func(v js.Value)) js.Func {
	return js.FuncOf(func(_ js.Value, args []js.Value) any {
		f(args[0])
		return nil
	})
}

// stringify is the JSON of a value. keys, unless nil, are the only properties in it.
func stringify(v js.Value, keys []string) string {
	var list any
	if keys != nil {
		list = values(keys)
	}
	return js.Global().Get("JSON").Call("stringify", v, list).String()
}

// values is a slice as an array of JavaScript.
func values[T string | int32](s []T) []any {
	list := make([]any, len(s))
	for i, v := range s {
		list[i] = v
	}
	return list
}

// ints are the numbers of a short array, such as the dims of a tensor.
func ints(v js.Value) []int {
	out := make([]int, v.Length())
	for i := range out {
		out[i] = v.Index(i).Int()
	}
	return out
}

// bytesOf copies an ArrayBuffer.
func bytesOf(buffer js.Value) []byte {
	view := uint8Array.New(buffer)
	b := make([]byte, view.Length())
	js.CopyBytesToGo(b, view)
	return b
}

// float32s copies a Float32Array, in one piece.
func float32s(v js.Value) []float32 { return numbers[float32](v) }

// int32s copies an Int32Array, in one piece.
func int32s(v js.Value) []int32 { return numbers[int32](v) }

func numbers[T float32 | int32](v js.Value) []T {
	p := make([]T, v.Length())
	if len(p) > 0 {
		view := uint8Array.New(v.Get("buffer"), v.Get("byteOffset"), v.Get("byteLength"))
		js.CopyBytesToGo(unsafe.Slice((*byte)(unsafe.Pointer(&p[0])), 4*len(p)), view)
	}
	return p
}

// smallInts copies the numbers of an int64 tensor, which fit 32 bits.
func smallInts(tensor js.Value) []int32 {
	return int32s(int32Array.Call("from", tensor.Get("data"), number))
}
