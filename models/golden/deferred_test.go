//go:build !js

package golden_test

import (
	"path/filepath"
	"testing"

	"github.com/lodestone-wasm/lodestone/kernels"
	"github.com/lodestone-wasm/lodestone/kernels/kerneltest"
)

// A model depends on nothing but the order of its calls: on a backend that runs them when
// a result is read, in a memory of several pieces, every output is the same.
func TestModelsRunOnABackendThatRunsLater(t *testing.T) {
	for _, pattern := range []string{"testdata/*/io.json", "testdata/families/*/io.json"} {
		files, err := filepath.Glob(pattern)
		if err != nil || len(files) < 30 {
			t.Fatalf("%d directories of vectors in %s (%v)", len(files), pattern, err)
		}
		for _, file := range files {
			dir := filepath.Dir(file)
			t.Run(filepath.Base(dir), func(t *testing.T) {
				for _, dtype := range []string{"f32", "q8", "f16"} {
					now, err := runDir(t, kernels.NewDevice(kernels.NewReference(0)), dir, dtype, nil)
					if err != nil {
						t.Fatal(err)
					}
					b := kerneltest.NewDeferred(kernels.NewReference(0), 64<<10)
					later, err := runDir(t, kernels.NewDevice(b), dir, dtype, nil)
					if err != nil {
						t.Fatal(err)
					}
					for i, o := range later.Outputs {
						if o != now.Outputs[i] {
							t.Errorf("%s %s: %+v, at once %+v", dtype, o.Name, o, now.Outputs[i])
						}
					}
				}
			})
		}
	}
}
