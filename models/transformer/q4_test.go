package transformer

import (
	"errors"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/lodestone-wasm/lodestone/kernels"
	"github.com/lodestone-wasm/lodestone/weights/quant"
)

// fourBits rounds the matrices of linear layers as kernels.Loading.QuantizeQ4 does: blocks of 32 along
// a row, the number of largest magnitude is −8 steps, the others are whole steps of −8 … 7.
func (k *checkpoint) fourBits() {
	for name, v := range k.values {
		shape := k.shapes[name]
		if len(shape) != 2 || strings.Contains(name, "embed") || strings.Contains(name, "relative") || strings.Contains(name, "output_projection") {
			continue
		}
		for row := range slices.Chunk(v, shape[1]) {
			for block := range slices.Chunk(row, 32) {
				low, high := min(0, slices.Min(block)), max(0, slices.Max(block))
				scale := -high / 8
				if -low >= high {
					scale = -low / 8
				}
				for i, x := range block {
					block[i] = scale * float32(max(-8, min(7, math.RoundToEven(float64(x/scale)))))
				}
			}
		}
	}
}

// What 4-bit weights compute is what the rounded numbers compute in float32, but for the
// 8 bits of activations and of the tables.
func TestFourBitWeightsAreTheRoundedOnes(t *testing.T) {
	for name, config := range everyKind() {
		c := parse(t, config)
		if c.MoE != nil || c.Vision != nil {
			continue // routers and patches stay float32
		}
		t.Run(name, func(t *testing.T) {
			for _, b := range both(t) {
				run := func(dtype string, rounded bool) []float32 {
					k := tiny(c)
					if rounded {
						k.fourBits()
					}
					dev := kernels.NewDevice(b)
					m, err := Load(dev, c, []Stream{stream(dev, k.encode(t))}, LoadOptions{DType: dtype, Head: c.Causal})
					if err != nil {
						t.Fatal(err)
					}
					if m.DType() != dtype {
						t.Errorf("dtype %s, asked for %s", m.DType(), dtype)
					}
					return states(t, m, sourced(t, m, Batch{IDs: slices.Concat(first, second), Lengths: []int{6, 3}}, 2, 5))
				}
				got := run("q4", false)
				if cos := cosine(got, run("f32", true)); cos < 0.998 {
					t.Errorf("%s: cosine %g with the rounded weights", b.Name(), cos)
				}
				if cos := cosine(got, run("f32", false)); cos < 0.85 || cos > 0.9999 {
					t.Errorf("%s: cosine %g with the weights before", b.Name(), cos)
				}
			}
		})
	}
}

// One block spans a row of 18: its scale cannot be a number, and the row is named.
func TestAFourBitScaleThatIsNoNumberIsRefused(t *testing.T) {
	const matrix = "layers.1.ffn.fc1.weight"
	for _, bad := range []float64{math.NaN(), math.Inf(1), math.Inf(-1)} {
		_, err := edited(t, "", LoadOptions{DType: "q4"}, func(k *checkpoint) { k.values[matrix][7*18+3] = float32(bad) })
		if !errors.Is(err, quant.ErrNotFinite) || !strings.Contains(err.Error(), matrix) || !strings.Contains(err.Error(), "row 7") {
			t.Errorf("%v: error %v", bad, err)
		}
	}
}

// A GPT-2's matrices are turned on the way to 4 bits, too.
func TestFourBitWeightsThatWereTurned(t *testing.T) {
	c := parse(t, gpt2Text)
	scaleConfig := parse(t, strings.NewReplacer(`"gelu"`, `"gelu_new"`, `ffn_embed_dim":22`, `ffn_embed_dim":72`).Replace(
		decoderConfig(`"subln":false,"position_offset":0,"share_decoder_input_output_embed":true`)))
	scale := tiny(scaleConfig)
	run := func(c *Config, k *checkpoint) []float32 {
		dev := kernels.NewDevice(kernels.NewReference(0))
		m, err := Load(dev, c, []Stream{stream(dev, k.encode(t))}, LoadOptions{DType: "q4"})
		if err != nil {
			t.Fatal(err)
		}
		return states(t, m, Batch{IDs: first, Lengths: []int{6}})
	}
	if d := far(run(c, gpt2Checkpoint(c, scale)), run(scaleConfig, scale)); d != 0 {
		t.Errorf("differs by %g", d)
	}
}
