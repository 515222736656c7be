package main

import (
	"syscall/js"

	"github.com/lodestone-wasm/lodestone/kernels"
	"github.com/lodestone-wasm/lodestone/kernels/simd"
)

// backend has the runtime hash what the kernels hold: most of the time that verifying a
// model took was SHA-256 in WebAssembly. It is a kernels.HostHasher.
type backend struct{ *simd.Backend }

// NewHash is that of kernels.HostHasher.
func (backend) NewHash() kernels.HostHash { return hash{glue.Call("newHash")} }

// hash is a hash of node:crypto.
type hash struct{ v js.Value }

func (h hash) Update(at uint32, n int) { glue.Call("addToHash", h.v, float64(at), n) }

func (h hash) Sum() (sum [32]byte) {
	js.CopyBytesToGo(sum[:], h.v.Call("digest"))
	return sum
}
