package main

import (
	"compress/gzip"
	"context"
	"crypto/sha256"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/lodestone-wasm/lodestone/kernels/simd"
)

var update = flag.Bool("update", false, "write the golden files")

// The committed modules were made from the text that this package emits. The test needs no
// assembler.
func TestCommittedModuleIsFresh(t *testing.T) {
	for _, v := range variants {
		wasm, err := os.ReadFile(filepath.Join("..", v.Name+".wasm"))
		if err != nil {
			t.Fatal(err)
		}
		have, err := os.ReadFile(filepath.Join("..", v.Name+".sum"))
		if err != nil {
			t.Fatal(err)
		}
		if want := sums(newModule(v).text(), wasm); string(have) != string(want) {
			t.Errorf("%s.wasm is stale: run go run ./kernels/simd/gen\nhave %swant %s", v.Name, have, want)
		}
	}
}

// A page loads one module, of at most 60 KiB. All modules together are at most 64 kB,
// compressed as servers send them.
func TestModuleSize(t *testing.T) {
	files, err := filepath.Glob(filepath.Join("..", "*.wasm"))
	if err != nil || len(files) < len(variants) {
		t.Fatalf("%d modules: %v", len(files), err)
	}
	var total countingWriter
	for _, path := range files {
		wasm, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if len(wasm) > 60<<10 {
			t.Errorf("%s has %d bytes, budget 60 KiB", path, len(wasm))
		}
		z, _ := gzip.NewWriterLevel(&total, gzip.BestCompression)
		z.Write(wasm)
		z.Close()
	}
	if total > 64_000 {
		t.Errorf("the modules have %d bytes compressed, budget 64 kB", total)
	}
	t.Logf("%d modules, %d bytes compressed", len(files), total)
}

// Package simd asks for the scratch that attention uses, and a thread's own scratch is at
// least as large.
func TestAttentionScratch(t *testing.T) {
	if flashSize > scratchSize {
		t.Errorf("a chunk takes %d bytes of scratch, a thread has %d", flashSize, scratchSize)
	}
	b, err := simd.New(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	for _, c := range []struct{ tq, tk, h, want uint32 }{
		{flashRows, flashKeys, flashHead, flashSize}, {1000, 1 << 20, 1, flashSize},
		{flashRows - 1, 99, 1, 16 * 100}, {99, flashKeys - 1, 1, 16 * 32}, {99, 99, flashHead + 1, 16 * 100},
	} {
		if have := b.AttentionScratch(c.tq, c.tk, c.h); have != uint64(c.want) {
			t.Errorf("%d queries, %d keys of %d take %d bytes, want %d", c.tq, c.tk, c.h, have, c.want)
		}
	}
}

type countingWriter int

func (c *countingWriter) Write(p []byte) (int, error) {
	*c += countingWriter(len(p))
	return len(p), nil
}

func TestGolden(t *testing.T) {
	m := newModule(simd128)
	for _, name := range []string{"add", "gate", "q8_2", "softmax"} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join("testdata", name+".wat")
			have := m.find(t, name).text()
			if *update {
				if err := os.WriteFile(path, []byte(have), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if have != string(want) {
				t.Errorf("%s differs (go test ./kernels/simd/gen -update writes it):\n%s", path, have)
			}
		})
	}
}

func (m *Module) find(t *testing.T, name string) *Func {
	for _, f := range m.funcs {
		if f.name == name {
			return f
		}
	}
	t.Fatalf("no function %s", name)
	return nil
}

// The round constants are computed. The expected ones are from FIPS 180-4, 4.2.2.
func TestSHA256RoundConstants(t *testing.T) {
	k := shaRoundConstants()
	for i, want := range map[int]uint32{0: 0x428a2f98, 1: 0x71374491, 31: 0x14292967, 63: 0xc67178f2} {
		if k[i] != want {
			t.Errorf("constant %d is %#x, want %#x", i, k[i], want)
		}
	}
}

// Emitting twice gives the same text: it does not depend on the order of a map.
func TestTextIsDeterministic(t *testing.T) {
	if newModule(simd128).text() != newModule(simd128).text() {
		t.Error("two runs emit different modules")
	}
}

// A tile of R×V sums has R·V dot products in its inner loop for each step along k, and V
// loads of weights.
func TestTileShape(t *testing.T) {
	for _, v := range variants {
		m := newModule(v)
		for _, kind := range v.forms() {
			for _, rows := range v.Q8.sizes() {
				vecs, unroll := v.Q8.vecs, v.Q8.unroll
				if rows == 1 {
					vecs, unroll = 4, v.Q8.one
				}
				name := q8Name(kind, rows)
				text := m.find(t, name).text()
				dot := [...]string{"i32x4.dot_i16x8_s", "i16x8.relaxed_dot_i8x16_i7x16_s", "i32x4.relaxed_dot_i8x16_i7x16_add_s"}[kind]
				wants := map[string]int{dot: rows * vecs * unroll, "v128.load8x8_s": vecs * unroll}
				if v.Relaxed {
					wants["v128.load8x8_s"] = 0
				}
				for op, want := range wants {
					if n := strings.Count(text, op); n != want {
						t.Errorf("%s of %s has %d of %s, want %d", name, v.Name, n, op, want)
					}
				}
			}
		}
	}
}

// Only the relaxed module has instructions that an engine without relaxed SIMD rejects.
func TestOnlyTheRelaxedModuleIsRelaxed(t *testing.T) {
	for _, v := range variants {
		if has := strings.Contains(newModule(v).text(), "relaxed_"); has != v.Relaxed {
			t.Errorf("%s has relaxed instructions: %v", v.Name, has)
		}
	}
}

func TestSumsAreHashes(t *testing.T) {
	want := fmt.Sprintf("wat %x\nwasm %x\n", sha256.Sum256([]byte("a")), sha256.Sum256([]byte("b")))
	if have := string(sums("a", []byte("b"))); have != want {
		t.Errorf("%q, want %q", have, want)
	}
}
