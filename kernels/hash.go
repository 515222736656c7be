package kernels

import "github.com/lodestone-wasm/lodestone/kernels/lean"

// Hash is a SHA-256 (FIPS 180-4) of data in device memory: a model's weights are verified
// where they arrive and never pass through Go's heap.
type Hash struct {
	d     *Device
	host  HostHash // nil: the kernels hash
	state uint32   // offset of u32 [8]
	tail  uint32   // offset of the incomplete block
	fill  int
	total uint64
}

// HostHash is a SHA-256 of data in device memory that the kernels do not compute.
type HostHash interface {
	// Update adds n bytes at offset at to the hash.
	Update(at uint32, n int)
	// Sum returns the hash of all bytes added. The HostHash cannot be used afterwards.
	Sum() [32]byte
}

// HostHasher is a Backend whose host has a faster SHA-256 than its kernels: WebAssembly has
// no instructions for it, processors have.
type HostHasher interface{ NewHash() HostHash }

// NewHash allocates the device memory of a hash, less than 200 bytes.
func (d *Device) NewHash() *Hash {
	if b, ok := d.b.(HostHasher); ok {
		return &Hash{d: d, host: b.NewHash()}
	}
	h := &Hash{d: d, state: d.Alloc(32), tail: d.Alloc(128)}
	var p [32]byte
	for i, v := range [8]uint32{0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19} {
		lean.PutUint32(p[4*i:], v)
	}
	d.Write(h.state, p[:])
	return h
}

// Update adds n bytes at offset at to the hash. Whole blocks are hashed in place; the rest,
// at most 63 bytes, is kept for the next call.
func (h *Hash) Update(at uint32, n int) {
	d := h.d
	if d.err != nil || n <= 0 {
		return
	}
	if !d.inside(at, uint64(n)) {
		d.fail(ErrArgument, "sha256: %d bytes at %d are not inside memory", n, at)
		return
	}
	if h.host != nil {
		h.host.Update(at, n)
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
		d.b.SHA256(h.state, h.tail, 1)
		h.fill = 0
	}
	if blocks := n / 64; blocks > 0 {
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

// Sum returns the hash of all bytes added. The Hash cannot be used afterwards.
func (h *Hash) Sum() [32]byte {
	if h.host != nil {
		return h.host.Sum()
	}
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
	h.d.b.SHA256(h.state, h.tail, uint32((h.fill+len(pad))/64))
	var p [32]byte
	h.d.Read(h.state, p[:])
	for i := range 8 {
		lean.PutUint32BE(out[4*i:], lean.Uint32(p[4*i:]))
	}
	return out
}
