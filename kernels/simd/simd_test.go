//go:build !js

package simd

import (
	"bytes"
	"context"
	"go/ast"
	"go/parser"
	"go/token"
	"strings"
	"testing"

	"github.com/tetratelabs/wazero/api"

	"github.com/lodestone-wasm/lodestone/kernels"
)

func open(t *testing.T) *Backend {
	t.Helper()
	b, err := New(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { b.Close() })
	return b
}

// imports_js.go imports every export of the module, with the same types. Natively it is not
// compiled, so the test parses it.
func TestImportsMatchTheModule(t *testing.T) {
	b := open(t)
	file, err := parser.ParseFile(token.NewFileSet(), "imports_js.go", nil, parser.ParseComments)
	if err != nil {
		t.Fatal(err)
	}
	types := map[string]api.ValueType{"uint32": api.ValueTypeI32, "int32": api.ValueTypeI32, "float32": api.ValueTypeF32}
	list := func(fields *ast.FieldList) (out []api.ValueType) {
		if fields == nil {
			return nil
		}
		for _, f := range fields.List {
			for range max(1, len(f.Names)) {
				out = append(out, types[f.Type.(*ast.Ident).Name])
			}
		}
		return out
	}
	imported := map[string]bool{}
	for _, decl := range file.Decls {
		f, ok := decl.(*ast.FuncDecl)
		if !ok {
			continue
		}
		name := ""
		for _, c := range f.Doc.List {
			if s, ok := strings.CutPrefix(c.Text, "//go:wasmimport kernels "); ok {
				name = s
			}
		}
		fn := b.fn[name]
		if fn == nil {
			t.Errorf("%s imports %q, which the module does not export", f.Name.Name, name)
			continue
		}
		imported[name] = true
		def := fn.Definition()
		if have, want := list(f.Type.Params), def.ParamTypes(); !bytes.Equal(have, want) {
			t.Errorf("%s: parameters %v, the module has %v", name, have, want)
		}
		if have, want := list(f.Type.Results), def.ResultTypes(); !bytes.Equal(have, want) {
			t.Errorf("%s: results %v, the module has %v", name, have, want)
		}
	}
	for name := range b.fn {
		if !imported[name] && name != "selftest" && name != "trial" { // which are for the page
			t.Errorf("the module exports %q, which imports_js.go does not import", name)
		}
	}
}

func TestMemory(t *testing.T) {
	b := open(t)
	size := b.Size()
	if size == 0 || uint64(b.Base()) >= size {
		t.Fatalf("base %d in a memory of %d bytes", b.Base(), size)
	}
	p := []byte("kept while memory grows")
	b.Write(b.Base(), p)
	if err := b.Grow(10 << 20); err != nil {
		t.Fatal(err)
	}
	if b.Size() < 10<<20 {
		t.Errorf("%d bytes after growing to %d", b.Size(), 10<<20)
	}
	have := make([]byte, len(p))
	b.Read(b.Base(), have)
	if !bytes.Equal(have, p) {
		t.Errorf("%q, want %q", have, p)
	}
	b.call("poke32", uint64(b.Base()), 0xfedcba98)
	if v := uint32(b.call("peek32", uint64(b.Base()))); v != 0xfedcba98 {
		t.Errorf("peek32 reads %#x", v)
	}
	if err := b.Grow(1 << 33); err == nil {
		t.Error("a memory of 8 GiB was promised")
	}
}

// Grow asks for a reserve, then for exactly what is needed if that is refused, and returns
// an error if the memory cannot grow.
func TestGrowBy(t *testing.T) {
	const page = pageSize
	for _, c := range []struct {
		name       string
		have, want uint64
		limit      uint32 // the largest request that is granted
		asked      []uint32
		ok         bool
	}{
		{"enough already", 10 * page, 10 * page, 0, nil, true},
		{"with a reserve", 80 * page, 81 * page, 100, []uint32{11}, true},
		{"part of a page", 8 * page, 8*page + 1, 100, []uint32{2}, true},
		{"the reserve is at most 4 MiB", 8000 * page, 8001 * page, 100, []uint32{65}, true},
		{"without the reserve", 80 * page, 81 * page, 5, []uint32{11, 1}, true},
		{"refused", 80 * page, 90 * page, 5, []uint32{20, 10}, false},
		{"more than 32 bits", 80 * page, 1 << 32, 1 << 31, nil, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			var asked []uint32
			err := growBy(c.have, c.want, func(pages uint32) bool {
				asked = append(asked, pages)
				return pages <= c.limit
			})
			if (err == nil) != c.ok {
				t.Errorf("error %v", err)
			}
			if len(asked) != len(c.asked) {
				t.Fatalf("asked for %v pages, want %v", asked, c.asked)
			}
			for i := range asked {
				if asked[i] != c.asked[i] {
					t.Errorf("asked for %v pages, want %v", asked, c.asked)
				}
			}
		})
	}
}

// Sizes by hand: 17 rows are two panels; 9 columns of int8 are padded to 16.
func TestLayout(t *testing.T) {
	for _, c := range []struct {
		v    variant
		t    kernels.DType
		n, k uint32
		want uint64
	}{
		{plain, kernels.F32, 16, 9, 16 * 9 * 4}, {fused, kernels.F32, 17, 9, 32 * 9 * 4},
		{plain, kernels.I8, 17, 9, 32 * 16}, {plain, kernels.I8, 16, 8, 128},
		{relaxed, kernels.I8, 17, 9, 2 * (16*16 + 64)}, {fused, kernels.I8, 16, 17, 16*32 + 64},
		{plain, kernels.I8, 1 << 20, 1 << 20, 1 << 40}, // no overflow on the way
	} {
		if s := (&Backend{v: c.v}).PackedSize(c.t, c.n, c.k); s != c.want {
			t.Errorf("%s: %s %d×%d takes %d bytes, want %d", variantNames[c.v], c.t, c.n, c.k, s, c.want)
		}
	}
	if s := (&Backend{v: plain}).LinearScratch(kernels.I8, 3, 9); s != 3*16*2+3*4 {
		t.Errorf("scratch of 3×9 takes %d bytes", s)
	}
	if s := (&Backend{v: relaxed}).LinearScratch(kernels.I8, 3, 9); s != 3*16+3*8 {
		t.Errorf("relaxed: scratch of 3×9 takes %d bytes", s)
	}
}

// A caller that breaks the contract gets a panic. It cannot reach memory of the host.
func TestOutsideOfMemoryPanics(t *testing.T) {
	b := open(t)
	for name, do := range map[string]func(){
		"write":  func() { b.Write(uint32(b.Size()), []byte{1}) },
		"read":   func() { b.Read(uint32(b.Size()), make([]byte, 1)) },
		"kernel": func() { b.Add(0xfffffff0, b.Base(), b.Base(), 4, 1) },
	} {
		t.Run(name, func(t *testing.T) {
			defer func() {
				if recover() == nil {
					t.Error("nothing happened")
				}
			}()
			do()
		})
	}
}
