package kernels_test

import (
	"crypto/sha256"
	"errors"
	"hash"
	"testing"

	"github.com/lodestone-wasm/lodestone/kernels"
)

// hashing is a backend whose host hashes.
type hashing struct {
	*kernels.Reference
	begun int
}

func (b *hashing) NewHash() kernels.HostHash {
	b.begun++
	return &hostHash{b, sha256.New()}
}

type hostHash struct {
	b *hashing
	h hash.Hash
}

func (h *hostHash) Update(at uint32, n int) {
	p := make([]byte, n)
	h.b.Read(at, p)
	h.h.Write(p)
}

func (h *hostHash) Sum() [32]byte { return [32]byte(h.h.Sum(nil)) }

func TestAHostThatHashesIsAsked(t *testing.T) {
	b := &hashing{Reference: kernels.NewReference(0)}
	d := kernels.NewDevice(b)
	data := []byte("what stands in the memory of the device, longer than one block of sixty-four bytes")
	at := d.Alloc(uint64(len(data)))
	d.Write(at, data)
	h := d.NewHash()
	h.Update(at, 10)
	h.Update(at+10, len(data)-10)
	if sum := h.Sum(); sum != sha256.Sum256(data) || b.begun != 1 {
		t.Errorf("%x by %d hashes of the host; expected %x", sum, b.begun, sha256.Sum256(data))
	}
	h = d.NewHash()
	if h.Update(at, 1<<30); !errors.Is(d.Err(), kernels.ErrArgument) {
		t.Error("bytes outside of memory are hashed")
	}
}
