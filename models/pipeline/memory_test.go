//go:build !js

package pipeline_test

import (
	"context"
	"errors"
	"testing"

	"github.com/lodestone-wasm/lodestone/kernels"
	"github.com/lodestone-wasm/lodestone/kernels/simd"
	"github.com/lodestone-wasm/lodestone/models/pipeline"
)

// What is stated of a folder without reading its weights is what it takes when it is loaded.
func TestMemoryIsThatOfTheLoadedFolder(t *testing.T) {
	batches := [][]int{{16}, {128}, {40, 3, 77}}
	wide, err := simd.New(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	defer wide.Close()
	for _, b := range []kernels.Backend{wide, kernels.NewReference(0)} {
		for _, dtype := range []string{"", "q4"} {
			dev, o := kernels.NewDevice(b), pipeline.Options{DType: dtype, NoTokenizer: true}
			f, err := pipeline.Read(dev, pipeline.Dir(encoder), o)
			if err != nil {
				t.Fatal(err)
			}
			f.Manifest = nil // hashing takes some bytes
			m, err := f.Load(dev, pipeline.NoHead, o)
			if err != nil {
				t.Fatal(err)
			}
			used, size := dev.Used(), b.Size()
			weights, stated, err := f.Memory(dev, pipeline.NoHead, o, batches...)
			if err != nil || weights != m.Stack.WeightBytes() || dev.Used() != used || b.Size() != size {
				t.Fatalf("%s %q: %d bytes of weights, not %d (%v)", b.Name(), dtype, weights, m.Stack.WeightBytes(), err)
			}
			for i, lengths := range batches {
				if want, err := m.Stack.ActivationBytes(lengths...); err != nil || stated[i] != want {
					t.Errorf("%s %q %v: %d bytes, not %d (%v)", b.Name(), dtype, lengths, stated[i], want, err)
				}
			}
		}
	}
	if _, err := pipeline.Read(kernels.NewDevice(kernels.NewReference(0)), pipeline.Dir(t.TempDir()), pipeline.Options{}); !errors.Is(err, pipeline.ErrNoFile) {
		t.Errorf("an empty folder: %v", err)
	}
}
