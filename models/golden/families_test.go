//go:build !js

package golden_test

import (
	"path/filepath"
	"testing"

	"github.com/lodestone-wasm/lodestone/kernels"
	"github.com/lodestone-wasm/lodestone/models/golden"
)

// everyFamily runs f on the directories of testdata/families.
func everyFamily(t *testing.T, f func(t *testing.T, b kernels.Backend, dir string)) {
	dirs, err := filepath.Glob("testdata/families/*/io.json")
	if err != nil || len(dirs) != 36 {
		t.Fatalf("%d families, expected 36 (%v)", len(dirs), err)
	}
	for _, backend := range backends(t) {
		for _, file := range dirs {
			dir := filepath.Dir(file)
			t.Run(backend.Name()+"/"+filepath.Base(dir), func(t *testing.T) { f(t, backend, dir) })
		}
	}
}

func runFamily(t *testing.T, b kernels.Backend, dir, dtype string) *golden.Report {
	t.Helper()
	r, err := runDir(t, kernels.NewDevice(b), dir, dtype, nil)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestEveryFamilyAgreesWithPyTorch(t *testing.T) {
	everyFamily(t, func(t *testing.T, b kernels.Backend, dir string) {
		r := runFamily(t, b, dir, "f32")
		for _, o := range r.Outputs {
			if !o.Passes("f32") || o.Largest > 100 {
				t.Errorf("%s: worst error %g, tolerance %g", o.Name, o.Worst, golden.Tolerance)
			}
		}
	})
}

func TestInt8StaysCloseToEveryFamily(t *testing.T) {
	everyFamily(t, func(t *testing.T, b kernels.Backend, dir string) {
		r := runFamily(t, b, dir, "q8")
		for _, o := range r.Outputs {
			if o.Cosine < golden.Least["q8"] {
				t.Errorf("%s: cosine %g with int8 weights", o.Name, o.Cosine)
			}
		}
	})
}
