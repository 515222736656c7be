//go:build !js

package quant

import (
	"errors"
	"maps"
	"math"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/lodestone-wasm/lodestone/weights/safetensors"
)

// fourBitFolder writes a model whose linear layers are of 32, 96 and 36 columns.
func fourBitFolder(t *testing.T, scale float32) (dir string, weights map[string][]float32) {
	t.Helper()
	dir, weights = t.TempDir(), map[string][]float32{}
	rng := rand.New(rand.NewPCG(3, 4))
	var entries []safetensors.Entry
	for name, shape := range fourBitShapes {
		v := make([]float32, shape[0]*shape[1])
		for i := range v {
			v[i] = float32(rng.NormFloat64()) * scale
		}
		weights[name] = v
		entries = append(entries, safetensors.Entry{Name: name, DType: safetensors.F32, Shape: shape, Data: safetensors.Floats(v, safetensors.F32)})
	}
	clear(weights["a.weight"][32:64]) // a block of zeros
	put(t, dir, safetensors.SingleFile, entries)
	write(t, dir, "config.json", testConfig)
	return dir, weights
}

var fourBitShapes = map[string][]int{
	"embed_tokens.weight": {7, 32},
	"a.weight":            {6, 32},
	"b.weight":            {5, 96},
	"c.weight":            {3, 36},
	"lm_head.weight":      {7, 32},
}

func TestFourBitFolderThereAndBack(t *testing.T) {
	for _, tt := range []struct {
		size float32
		kind safetensors.DType
	}{{1, safetensors.F16}, {1e-6, safetensors.F32}, {1e7, safetensors.F32}} {
		in, weights := fourBitFolder(t, tt.size)
		q4, back := filepath.Join(t.TempDir(), "q4"), filepath.Join(t.TempDir(), "back")
		var last, total int64
		report, err := Folder(in, q4, Options{Bits: 4}, func(done, of int64) { last, total = done, of })
		if err != nil || last != total {
			t.Fatalf("%v, progress %d of %d", err, last, total)
		}
		if want := []string{"a.weight", "b.weight", "embed_tokens.weight", "lm_head.weight"}; !slices.Equal(slices.Sorted(slices.Values(report.Converted)), want) ||
			!strings.Contains(report.Kept["c.weight"], "36") {
			t.Errorf("converted %q, kept %q", report.Converted, report.Kept)
		}
		c, err := ReadConfig([]byte(read(t, q4, "config.json")))
		if err != nil || !slices.Equal(c.FourBit, []string{"Linear"}) || !slices.Equal(c.Targets, []string{"Embedding", "lm_head"}) || !slices.Equal(c.Ignore, []string{"c"}) {
			t.Errorf("%+v, %v", c, err)
		}
		f, err := safetensors.OpenFolder(q4)
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		packed, err := PackedOf(f.Tensors)
		if err != nil || !slices.Equal(slices.Sorted(maps.Keys(packed)), []string{"a", "b"}) || packed["a"].Scale.DType != tt.kind {
			t.Fatalf("%v, %v", packed, err)
		}
		if n, err := packed["b"].Groups(5, 96); n != 3 || err != nil {
			t.Errorf("%d groups, %v", n, err)
		}
		if _, err := DequantizeFolder(q4, back, Options{}, nil); err != nil {
			t.Fatal(err)
		}
		g, err := safetensors.OpenFolder(back)
		if err != nil {
			t.Fatal(err)
		}
		defer g.Close()
		for name, want := range weights {
			got, err := g.Float32s(name)
			if err != nil {
				t.Fatal(err)
			}
			for b := 0; b < len(want); b += 32 {
				block := want[b:min(len(want), b+32)]
				top := max(slices.Max(block), -slices.Min(block))
				// Half a step of top/8, but for the far end, which has a step less; F16 scales
				// round the last bit.
				limit := float64(top) / 8 * 1.001
				if !strings.HasPrefix(name, "a") && !strings.HasPrefix(name, "b") {
					limit = float64(top) / 2
				}
				for i, v := range block {
					if math.Abs(float64(got[b+i]-v)) > limit {
						t.Fatalf("%s[%d] came back as %v, was %v", name, b+i, got[b+i], v)
					}
				}
			}
		}
		// What has four bits stays as it is when it is quantised once more.
		again := filepath.Join(t.TempDir(), "again")
		if _, err := Folder(back, again, Options{Bits: 4}, nil); err != nil {
			t.Fatal(err)
		}
		h, err := safetensors.OpenFolder(again)
		if err != nil {
			t.Fatal(err)
		}
		defer h.Close()
		for _, name := range []string{"a.weight_packed", "a.weight_scale", "b.weight_packed", "b.weight_scale", "b.weight_shape"} {
			once, err := f.ReadTensor(name)
			more, err2 := h.ReadTensor(name)
			if err != nil || err2 != nil || string(once) != string(more) {
				t.Errorf("%s changed when it was quantised once more (%v, %v)", name, err, err2)
			}
		}
	}
}

func TestFourBitsAreWhereTheConventionHasThem(t *testing.T) {
	var word [1]uint32
	QuantizeBlock(word[:], []float32{-8, -7, 0, 1, 2, 3, 7, 6.4}, 1)
	if word[0] != 0xefba9810 {
		t.Errorf("%08x", word[0])
	}
	QuantizeBlock(word[:], []float32{4, -100}, -0.5) // a scale below 0, a quotient that is cut, and a fill
	if word[0] != 0x888888f0 {
		t.Errorf("%08x", word[0])
	}
	QuantizeBlock(word[:], []float32{1, 2, 3}, 0)
	if word[0] != 0x88888888 {
		t.Errorf("%08x", word[0])
	}
	var got [8]float32
	DequantizeWord(got[:], 0xefba9810, 0.5)
	if want := [8]float32{-4, -3.5, 0, 0.5, 1, 1.5, 3.5, 3}; got != want {
		t.Errorf("%v, want %v", got, want)
	}
}

func TestSpread(t *testing.T) {
	for _, tt := range []struct {
		blocks int
		groups []float32
		want   []float32
	}{
		{3, []float32{2}, []float32{2, 2, 2}},
		{3, []float32{1, 2, 3}, []float32{1, 2, 3}},
		{4, []float32{1, 2}, []float32{1, 1, 2, 2}},
	} {
		got := make([]float32, tt.blocks)
		if Spread(got, tt.groups); !slices.Equal(got, tt.want) {
			t.Errorf("%v over %d: %v", tt.groups, tt.blocks, got)
		}
	}
}

func TestPackedTensorsThatDoNotFitAreRefused(t *testing.T) {
	const i32, i64, f16 = safetensors.I32, safetensors.I64, safetensors.F16
	w, s, n := tensor("a.weight_packed", i32, 4, 8), tensor("a.weight_scale", f16, 4, 2), tensor("a.weight_shape", i64, 2)
	for _, tt := range []struct {
		name    string
		tensors []safetensors.Tensor
		groups  int
		want    error
	}{
		{"groups of 32", []safetensors.Tensor{w, s, n}, 2, nil},
		{"one group", []safetensors.Tensor{w, tensor("a.weight_scale", f16, 4, 1), n}, 1, nil},
		{"one dimension", []safetensors.Tensor{w, tensor("a.weight_scale", safetensors.F32, 4), n}, 1, nil},
		{"a shape of I32", []safetensors.Tensor{w, s, tensor("a.weight_shape", i32, 2)}, 2, nil},
		{"groups of 16", []safetensors.Tensor{w, tensor("a.weight_scale", f16, 4, 4), n}, 0, ErrUnsupported},
		{"no groups", []safetensors.Tensor{w, tensor("a.weight_scale", f16, 4, 0), n}, 0, ErrUnsupported},
		{"scales of other rows", []safetensors.Tensor{w, tensor("a.weight_scale", f16, 5, 2), n}, 0, ErrScale},
		{"scales of rank 3", []safetensors.Tensor{w, tensor("a.weight_scale", f16, 4, 2, 1), n}, 0, ErrScale},
		{"integer scales", []safetensors.Tensor{w, tensor("a.weight_scale", i32, 4, 2), n}, 0, ErrScale},
		{"words of 64 bits", []safetensors.Tensor{tensor("a.weight_packed", i64, 4, 8), s, n}, 0, ErrShape},
		{"too few words", []safetensors.Tensor{tensor("a.weight_packed", i32, 4, 7), s, n}, 0, ErrShape},
		{"a shape of floats", []safetensors.Tensor{w, s, tensor("a.weight_shape", f16, 2)}, 0, ErrShape},
		{"a shape of three", []safetensors.Tensor{w, s, tensor("a.weight_shape", i64, 3)}, 0, ErrShape},
		{"no scales", []safetensors.Tensor{w, n}, 0, ErrScale},
		{"no shape", []safetensors.Tensor{w, s}, 0, ErrScale},
		{"no weights", []safetensors.Tensor{n}, 0, ErrScale},
	} {
		found, err := PackedOf(tt.tensors)
		groups := 0
		if err == nil {
			groups, err = found["a"].Groups(4, 64)
		}
		if !errors.Is(err, tt.want) || groups != tt.groups {
			t.Errorf("%s: %d groups, %v", tt.name, groups, err)
		}
	}
}

func TestBadFourBitFoldersAreRefused(t *testing.T) {
	shape := func(rows, cols byte) func() []byte {
		return func() []byte { return []byte{rows, 0, 0, 0, 0, 0, 0, 0, cols, 0, 0, 0, 0, 0, 0, 0} }
	}
	for _, tt := range []struct {
		name  string
		shape func() []byte
		scale []float32
		want  error
	}{
		{"good", shape(2, 32), []float32{1, -1}, nil},
		{"another number of columns", shape(2, 64), []float32{1, 1}, ErrShape},
		{"another number of rows", shape(3, 32), []float32{1, 1}, ErrShape},
		{"no columns", shape(2, 0), []float32{1, 1}, ErrShape},
		{"columns below 0", func() []byte { b := shape(2, 32)(); b[15] = 0xff; return b }, []float32{1, 1}, ErrShape},
		{"a scale that is no number", shape(2, 32), []float32{1, nan}, ErrScale},
		{"an infinite scale", shape(2, 32), []float32{-inf, 1}, ErrScale},
	} {
		in := t.TempDir()
		config, err := WriteConfig([]byte(`{}`), Config{FourBit: []string{"Linear"}})
		if err != nil {
			t.Fatal(err)
		}
		write(t, in, "config.json", string(config))
		put(t, in, safetensors.SingleFile, []safetensors.Entry{
			{Name: "a.weight_packed", DType: safetensors.I32, Shape: []int{2, 4}, Data: safetensors.Bytes(make([]byte, 32))},
			{Name: "a.weight_scale", DType: safetensors.F32, Shape: []int{2, 1}, Data: safetensors.Floats(tt.scale, safetensors.F32)},
			{Name: "a.weight_shape", DType: safetensors.I64, Shape: []int{2}, Data: safetensors.Bytes(tt.shape())},
		})
		if _, err := DequantizeFolder(in, filepath.Join(t.TempDir(), "out"), Options{}, nil); !errors.Is(err, tt.want) {
			t.Errorf("%s: %v", tt.name, err)
		}
	}
	in, _ := fourBitFolder(t, 1)
	if _, err := Folder(in, filepath.Join(t.TempDir(), "out"), Options{Bits: 3}, nil); !errors.Is(err, ErrUnsupported) {
		t.Errorf("3 bits: %v", err)
	}
}
