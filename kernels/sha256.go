package kernels

import (
	"math/bits"

	"github.com/lodestone-wasm/lodestone/kernels/lean"
)

// Hash is a SHA-256 (FIPS 180-4) over data that lies in device memory, so that a
// model's weights are verified where they arrive and never pass through Go's heap.
type Hash struct {
	d     *Device
	state uint32 // offset of u32 [8]
	tail  uint32 // offset of the block that is being filled
	fill  int
	total uint64
}

// NewHash hands out the little device memory that a hash needs.
func (d *Device) NewHash() *Hash {
	h := &Hash{d: d, state: d.Alloc(32), tail: d.Alloc(128)}
	var p [32]byte
	for i, v := range [8]uint32{0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19} {
		lean.PutUint32(p[4*i:], v)
	}
	d.Write(h.state, p[:])
	return h
}

// Update hashes n bytes at offset at. Only whole blocks are hashed in place; what
// is left, at most 63 bytes, is kept for the next call.
func (h *Hash) Update(at uint32, n int) {
	d := h.d
	if d.err != nil || n <= 0 {
		return
	}
	if !d.inside(at, uint64(n)) {
		d.fail(ErrArgument, "sha256: %d bytes at %d are not inside memory", n, at)
		return
	}
	h.total += uint64(n)
	var part [64]byte
	if h.fill > 0 {
		take := min(64-h.fill, n)
		d.Read(at, part[:take])
		d.Write(h.tail+uint32(h.fill), part[:take])
		h.fill += take
		at += uint32(take)
		n -= take
		if h.fill < 64 {
			return
		}
		if d.still {
			return
		}
		d.b.SHA256(h.state, h.tail, 1)
		h.fill = 0
	}
	if blocks := n / 64; blocks > 0 {
		if d.still {
			return
		}
		d.b.SHA256(h.state, at, uint32(blocks))
		at += uint32(blocks * 64)
		n -= blocks * 64
	}
	if n > 0 {
		d.Read(at, part[:n])
		d.Write(h.tail, part[:n])
		h.fill = n
	}
}

// Sum ends the hash.
func (h *Hash) Sum() [32]byte {
	pad := make([]byte, 0, 128)
	pad = append(pad, 0x80)
	for (h.fill+len(pad))%64 != 56 {
		pad = append(pad, 0)
	}
	pad = lean.AppendUint64BE(pad, h.total*8)
	h.d.Write(h.tail+uint32(h.fill), pad)
	var out [32]byte
	if h.d.err != nil {
		return out
	}
	if h.d.still {
		return out
	}
	h.d.b.SHA256(h.state, h.tail, uint32((h.fill+len(pad))/64))
	var p [32]byte
	h.d.Read(h.state, p[:])
	for i := range 8 {
		lean.PutUint32BE(out[4*i:], lean.Uint32(p[4*i:]))
	}
	return out
}

// sha256Blocks is the reference of Backend.SHA256.
func sha256Blocks(state *[8]uint32, p []byte) {
	var w [64]uint32
	for ; len(p) >= 64; p = p[64:] {
		for i := range 16 {
			w[i] = lean.Uint32BE(p[4*i:])
		}
		for i := 16; i < 64; i++ {
			a, b := w[i-2], w[i-15]
			s1 := bits.RotateLeft32(a, -17) ^ bits.RotateLeft32(a, -19) ^ a>>10
			s0 := bits.RotateLeft32(b, -7) ^ bits.RotateLeft32(b, -18) ^ b>>3
			w[i] = s1 + w[i-7] + s0 + w[i-16]
		}
		a, b, c, d, e, f, g, h := state[0], state[1], state[2], state[3], state[4], state[5], state[6], state[7]
		for i := range 64 {
			t1 := h + (bits.RotateLeft32(e, -6) ^ bits.RotateLeft32(e, -11) ^ bits.RotateLeft32(e, -25)) + (e&f ^ ^e&g) + sha256K[i] + w[i]
			t2 := (bits.RotateLeft32(a, -2) ^ bits.RotateLeft32(a, -13) ^ bits.RotateLeft32(a, -22)) + (a&b ^ a&c ^ b&c)
			a, b, c, d, e, f, g, h = t1+t2, a, b, c, d+t1, e, f, g
		}
		for i, v := range [8]uint32{a, b, c, d, e, f, g, h} {
			state[i] += v
		}
	}
}

// sha256K are the first 32 bits of the fractional parts of the cube roots of the
// first 64 primes.
var sha256K = [64]uint32{
	0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
	0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
	0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
	0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
	0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
	0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
	0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
	0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2,
}
