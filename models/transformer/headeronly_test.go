//go:build !js

package transformer

import (
	"testing"

	"github.com/lodestone-wasm/lodestone/kernels"
)

// What is stated of a folder without reading its weights is what it then takes.
func TestFolderMemoryIsThatOfTheLoadedFolder(t *testing.T) {
	const dir = "../../weights/prompt-magneto-en-de-fr"
	batches := [][]int{{16}, {128}, {40, 3, 77}}
	for _, b := range both(t) {
		for _, dtype := range []string{"", "q4"} {
			dev := kernels.NewDevice(b)
			m, err := LoadFolder(dev, dir, LoadOptions{DType: dtype})
			if err != nil {
				t.Fatal(err)
			}
			used, size := dev.Used(), b.Size()
			weights, stated, err := FolderMemory(dev, dir, m.Config, LoadOptions{DType: dtype}, batches...)
			if err != nil || weights != m.WeightBytes() || dev.Used() != used || b.Size() != size {
				t.Fatalf("%s %q: %d bytes of weights, not %d (%v)", b.Name(), dtype, weights, m.WeightBytes(), err)
			}
			for i, lengths := range batches {
				if want, err := m.ActivationBytes(lengths...); err != nil || stated[i] != want {
					t.Errorf("%s %q %v: %d bytes, not %d (%v)", b.Name(), dtype, lengths, stated[i], want, err)
				}
			}
		}
	}
	if _, _, err := FolderMemory(newDevice(), t.TempDir(), parse(t, tinyConfig("")), LoadOptions{}); err == nil {
		t.Error("an empty folder has a size")
	}
}
