package main

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/lodestone-wasm/lodestone/kernels/webgpu"
)

var update = flag.Bool("update", false, "write the golden files")

// The committed shaders are what this package emits.
func TestCommittedShadersAreFresh(t *testing.T) {
	have, err := os.ReadFile("../wgsl.mjs")
	if err != nil {
		t.Fatal(err)
	}
	if string(have) != string(module(standard)) {
		t.Error("wgsl.mjs is stale: run go run ./kernels/webgpu/gen")
	}
}

// The text of a kernel shows what a change of the generator does: its operands in one
// segment, or in two.
func TestGolden(t *testing.T) {
	all := texts(standard)
	for _, c := range []struct {
		name     string
		segments []int
	}{{"rms_norm", []int{0, 0, 0}}, {"linear_q8", []int{0, 0, 1, 1, 0, 1}}, {"few_f32", []int{0, 0, 0, 0, 0}}} {
		for _, k := range webgpu.Kernels {
			if k.Name != c.name {
				continue
			}
			have := strings.TrimPrefix(whole(k, all[k.Name], c.segments), helpers+dotBuiltin)
			path := filepath.Join("testdata", c.name+".wgsl")
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
				t.Errorf("%s differs from %s; write it with -update if that is meant", c.name, path)
			}
		}
	}
}

// Every kernel has a text, uses each operand and parameter that it declares, and no other.
func TestTextsUseTheirOperandsAndParameters(t *testing.T) {
	all := texts(standard)
	if len(all) != len(webgpu.Kernels) {
		t.Errorf("%d texts for %d kernels", len(all), len(webgpu.Kernels))
	}
	for _, k := range webgpu.Kernels {
		body := all[k.Name]
		for _, name := range append(append([]string{}, k.Operands...), k.Params...) {
			// Layers share their parameters: an integer layer reads scratch without a stride.
			if !regexp.MustCompile(`\bP\.`+name+`\b`).MatchString(body) && name != "ldx" {
				t.Errorf("%s does not use %s", k.Name, name)
			}
		}
		for _, m := range regexp.MustCompile(`\$(\w+)\[`).FindAllStringSubmatch(body, -1) {
			if !has(k.Operands, m[1]) {
				t.Errorf("%s uses $%s, which is no operand", k.Name, m[1])
			}
		}
		for _, m := range regexp.MustCompile(`\bP\.(\w+)`).FindAllStringSubmatch(body, -1) {
			if !has(k.Operands, m[1]) && !has(k.Params, m[1]) {
				t.Errorf("%s uses P.%s, which is no parameter", k.Name, m[1])
			}
		}
	}
}

// The tile is a parameter: other sizes appear in the text, and every thread has work.
func TestTileIsAParameter(t *testing.T) {
	for _, tile := range []Tile{{32, 64, 16, 4, 4}, {64, 64, 8, 8, 4}, {16, 32, 32, 2, 4}} {
		size := tile.M / tile.TM * (tile.N / tile.TN)
		for name, text := range linears(Variant{Tile: tile}) {
			for _, want := range []string{fmt.Sprintf("@workgroup_size(%d)", size), "array<"} {
				if !strings.Contains(text, want) {
					t.Errorf("%v: %s lacks %s", tile, name, want)
				}
			}
		}
	}
}

// The recorder divides the work as the standard variant does.
func TestRecorderKnowsTheTile(t *testing.T) {
	have := webgpu.Division()
	v := standard
	want := [...]int{v.Tile.M, v.Tile.N, v.Rows, threads / v.Lanes, v.Queries, 256}
	if have != want {
		t.Errorf("the recorder divides by %v, the shaders by %v", have, want)
	}
}
