//go:build !js

package generate

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/lodestone-wasm/lodestone/kernels"
	"github.com/lodestone-wasm/lodestone/kernels/simd"
	"github.com/lodestone-wasm/lodestone/models/transformer"
)

// A step of generation allocates nothing, on Go's heap or on the device: greedy,
// drawn, or with beams, for several sequences at once. (The reference backend
// allocates inside itself, so this counts on the SIMD module.)
func TestChoosingATokenAllocatesNothing(t *testing.T) {
	for _, name := range []string{"dec_subln", "encdec_subln_relpos_shared"} {
		dir := filepath.Join("../golden/testdata", name)
		text, err := os.ReadFile(filepath.Join(dir, "config.json"))
		if err != nil {
			t.Fatal(err)
		}
		c, err := transformer.ParseConfig(text)
		if err != nil {
			t.Fatal(err)
		}
		backend, err := simd.New(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		defer backend.Close()
		dev := kernels.NewDevice(backend)
		s, closer, err := transformer.OpenFile(dev, filepath.Join(dir, "weights.safetensors"))
		if err != nil {
			t.Fatal(err)
		}
		defer closer.Close()
		m, err := transformer.Load(dev, c, []transformer.Stream{s}, transformer.LoadOptions{Head: true})
		if err != nil {
			t.Fatal(err)
		}
		in := []Input{{Prompt: []int32{2}}, {Prompt: []int32{2, 5, 7}}}
		for i := range in {
			if c.CrossAttention {
				in[i].Source = []int32{3, 7, 11}
			}
		}
		forbid := [][]int32{{3, 4}, {9}}
		for kind, o := range map[string]Options{
			"greedy":  {MaxLength: 30, RepetitionPenalty: 1.3, NoRepeatNGram: 3, BadWords: forbid},
			"sampled": {MaxLength: 30, Sample: true, TopK: 9, TopP: 0.9, Temperature: 0.7, Returns: 2},
			"beams":   {MaxLength: 30, Beams: 3, RepetitionPenalty: 1.3, LengthPenalty: 1},
		} {
			t.Run(name+" "+kind, func(t *testing.T) {
				defer dev.Release(dev.Mark())
				if err := o.check(m, in); err != nil {
					t.Fatal(err)
				}
				var next func() (bool, error)
				if o.Beams > 1 {
					g, err := beginBeams(m, in, &o)
					if err != nil {
						t.Fatal(err)
					}
					next = g.next
				} else {
					g, err := begin(m, in, &o)
					if err != nil {
						t.Fatal(err)
					}
					next = g.next
				}
				step := func() {
					if more, err := next(); err != nil || !more {
						t.Fatalf("more: %v, error %v", more, err)
					}
				}
				for range 12 {
					step() // tables of positions grow now and then
				}
				used, peak := dev.Used(), dev.Peak()
				if n := testing.AllocsPerRun(10, step); n > 0 {
					t.Errorf("%v allocations a step", n)
				}
				// Beams change places by way of a copy, which is as long as they are.
				if dev.Used() != used || dev.Peak() != peak && o.Beams == 0 {
					t.Errorf("device memory: %d bytes, %d before; peak %d, %d before", dev.Used(), used, dev.Peak(), peak)
				}
			})
		}
	}
}
