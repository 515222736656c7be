package main

import (
	"github.com/lodestone-wasm/lodestone/kernels/lean"
	"github.com/lodestone-wasm/lodestone/weights/folder"
)

// sum is what manifest.json says of a file.
type sum struct {
	size   int64 // bytes
	sha256 [32]byte
}

// listed looks a file up. A file that is used but not listed is an error: it could
// have been put there by anybody.
func listed(m *folder.Manifest, name string) (sum, error) {
	f, err := m.Lookup(name)
	if err != nil {
		return sum{}, err
	}
	s := sum{size: f.Size}
	if !lean.DecodeHex(s.sha256[:], f.SHA256) {
		return sum{}, lean.Errorf("engine: %w: SHA-256 %q of %q", folder.ErrManifest, f.SHA256, name)
	}
	return s, nil
}

// compare is an error unless a file of this size and hash is the one that is listed.
func (s sum) compare(name string, size int64, sha256 [32]byte) error {
	switch {
	case size != s.size:
		return lean.Errorf("engine: %w: %s has %d bytes, manifest.json says %d", errIntegrity, name, size, s.size)
	case sha256 != s.sha256:
		return lean.Errorf("engine: %w: %s has SHA-256 %x, manifest.json says %x", errIntegrity, name, sha256, s.sha256)
	}
	return nil
}
