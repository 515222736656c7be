//go:build !js

package kerneltest

import (
	"math/rand/v2"
	"testing"

	"github.com/lodestone-wasm/lodestone/kernels"
)

// Each operation has a fuzzer of its own, because go test needs a function for each. The
// bytes are the dice of draw.go, followed by two for the seed of the call's contents.

func FuzzLinearF32(f *testing.F)    { fuzz(f, "linear f32") }
func FuzzLinearF16(f *testing.F)    { fuzz(f, "linear f16") }
func FuzzLinearQ8(f *testing.F)     { fuzz(f, "linear q8") }
func FuzzLinearQ4(f *testing.F)     { fuzz(f, "linear q4") }
func FuzzAttention(f *testing.F)    { fuzz(f, "attention") }
func FuzzLayerNorm(f *testing.F)    { fuzz(f, "layer norm") }
func FuzzRMSNorm(f *testing.F)      { fuzz(f, "rms norm") }
func FuzzL2Normalize(f *testing.F)  { fuzz(f, "l2 normalize") }
func FuzzMean(f *testing.F)         { fuzz(f, "mean") }
func FuzzRotate(f *testing.F)       { fuzz(f, "rotate") }
func FuzzRotateHalves(f *testing.F) { fuzz(f, "rotate halves") }
func FuzzActivate(f *testing.F)     { fuzz(f, "activate") }
func FuzzGate(f *testing.F)         { fuzz(f, "gate") }
func FuzzScanQ8(f *testing.F)       { fuzz(f, "scan q8") }
func FuzzTopK(f *testing.F)         { fuzz(f, "top k") }
func FuzzAdd(f *testing.F)          { fuzz(f, "add") }
func FuzzEmbedF32(f *testing.F)     { fuzz(f, "embed f32") }
func FuzzEmbedF16(f *testing.F)     { fuzz(f, "embed f16") }
func FuzzEmbedQ8(f *testing.F)      { fuzz(f, "embed q8") }
func FuzzQuantizeRows(f *testing.F) { fuzz(f, "quantize rows") }
func FuzzQuantizeQ4(f *testing.F)   { fuzz(f, "quantize q4") }
func FuzzWiden(f *testing.F)        { fuzz(f, "widen") }
func FuzzNarrow(f *testing.F)       { fuzz(f, "narrow") }
func FuzzSHA256(f *testing.F)       { fuzz(f, "sha256") }

// fuzzers are the fuzzers above by operation; TestEveryOperationIsFuzzed compares them with
// Budgets.
var fuzzers = map[string]func(*testing.F){
	"linear f32": FuzzLinearF32, "linear f16": FuzzLinearF16, "linear q8": FuzzLinearQ8, "linear q4": FuzzLinearQ4,
	"attention": FuzzAttention, "layer norm": FuzzLayerNorm, "rms norm": FuzzRMSNorm, "l2 normalize": FuzzL2Normalize,
	"mean": FuzzMean, "rotate": FuzzRotate, "rotate halves": FuzzRotateHalves, "activate": FuzzActivate, "gate": FuzzGate,
	"add": FuzzAdd, "scan q8": FuzzScanQ8, "top k": FuzzTopK, "embed f32": FuzzEmbedF32, "embed f16": FuzzEmbedF16, "embed q8": FuzzEmbedQ8,
	"quantize rows": FuzzQuantizeRows, "quantize q4": FuzzQuantizeQ4, "widen": FuzzWiden, "narrow": FuzzNarrow, "sha256": FuzzSHA256,
}

// fuzz compares calls of one operation with the reference, within the operation's budget.
func fuzz(f *testing.F, op string) {
	var draw func(d dice) Case
	for _, c := range draws {
		if c.op == op {
			draw = c.draw
		}
	}
	if draw == nil {
		f.Fatalf("nothing draws a call of %s", op)
	}
	f.Add([]byte(nil)) // the smallest call
	r := rand.New(rand.NewPCG(1, uint64(len(op))))
	for range 12 {
		p := make([]byte, 32)
		for i := range p {
			p[i] = byte(r.Uint32())
		}
		f.Add(p)
	}
	ref, b := kernels.NewReference(0), native(f)
	f.Fuzz(func(t *testing.T, p []byte) {
		d := fuzzed(p)
		c := seasoned(draw(d), d)
		if r := run(ref, b, c, uint64(d(1<<16))); r.Err != "" {
			t.Errorf("%s: %s: %s", r.Op, r.Name, r.Err)
		}
	})
}

func TestEveryOperationIsFuzzed(t *testing.T) {
	drawn := map[string]bool{}
	for _, c := range draws {
		drawn[c.op] = c.share > 0
		// Whatever the dice show, the call is one of this operation.
		for seed := range uint64(20) {
			if op := c.draw(rand.New(rand.NewPCG(seed, 2)).IntN).Op; op != c.op {
				t.Fatalf("a call of %s is drawn as one of %s", op, c.op)
			}
		}
	}
	for op := range Budgets {
		if fuzzers[op] == nil || !drawn[op] {
			t.Errorf("%s: a fuzzer: %t, drawn at random: %t", op, fuzzers[op] != nil, drawn[op])
		}
	}
	if len(fuzzers) != len(Budgets) || len(draws) != len(Budgets) {
		t.Errorf("%d fuzzers and %d draws for %d operations", len(fuzzers), len(draws), len(Budgets))
	}
}

// The dice take bytes one after the other, and show 0 after the last.
func TestFuzzedDice(t *testing.T) {
	d := fuzzed([]byte{7, 200, 1, 2})
	for i, c := range []struct{ n, want int }{{5, 2}, {256, 200}, {257, 258 % 257}, {1, 0}, {256, 0}, {1 << 16, 0}} {
		if v := d(c.n); v != c.want {
			t.Errorf("throw %d of %d gives %d, want %d", i, c.n, v, c.want)
		}
	}
}
