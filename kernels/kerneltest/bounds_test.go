//go:build !js

package kerneltest

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/lodestone-wasm/lodestone/kernels"
	"github.com/lodestone-wasm/lodestone/kernels/simd"
)

var update = flag.Bool("update", false, "write kernels/simd/ACCURACY.md")

func TestErrorBounds(t *testing.T) {
	for _, m := range Measure(native(t)) {
		t.Logf("%s, %s: worst %s error %.3g, bound %.3g", m.Name, m.Over, m.Of, m.Worst, m.Limit)
		if m.Err != "" {
			t.Error(m.Err)
		}
	}
}

// Measure reports functions that are off by a millionth, and no others.
func TestMeasureFindsWhatIsOff(t *testing.T) {
	for _, m := range Measure(offActivations{native(t)}) {
		off := m.Name == "GELU" || m.Name == "GELU by tanh" || m.Name == "SiLU"
		if (m.Err != "") != off {
			t.Errorf("%s: worst %.3g, bound %.3g: %q", m.Name, m.Worst, m.Limit, m.Err)
		}
	}
}

type offActivations struct{ *simd.Backend }

func (b offActivations) Activate(y, x, n uint32, act kernels.Activation) {
	b.Backend.Activate(y, x, n, act)
	b.Add(y, y, y, n, 1e-6)
}

// ACCURACY.md is what the tests check.
func TestAccuracyFileIsFresh(t *testing.T) {
	const path = "../simd/ACCURACY.md"
	var b strings.Builder
	b.WriteString(`# Accuracy of the kernels' functions

This file is written by go test ./kernels/kerneltest -run Accuracy -update.

The tests compare each function with float64 over the range in the table (kernels/kerneltest/bounds.go):
go test runs simd128, the browser tests (web/e2e/kernels.spec.ts) run every variant. A test also fails
where the measured error is a quarter of the bound or less, because the bound is then too loose. The
bounds of whole operations against the reference, which sums in float64, are in
kernels/kerneltest/budgets.go.

| function | over | error | simd128 | relaxed, fused, fused8 |
|---|---|---|---:|---:|
`)
	for _, c := range Bounds {
		fmt.Fprintf(&b, "| %s | %s | %s | %.2g | %.2g |\n", c.Name, c.Over, strings.ReplaceAll(c.Of, "|", `\|`), c.Limit, c.Relaxed)
	}
	b.WriteString(`
NaN stays NaN. exp is 0 below −87.33, where float32 has only subnormal numbers. Activations return their
limit 0 at −∞, and infinity at +∞. Softmax returns zeros where every score is −∞.

## A million random calls

make kernels-soak draws random calls of every operation, scatters NaN, infinities and subnormal
numbers over their inputs, and compares each result with the reference in Chromium. Commit ff7d05b,
seed 7, Chromium 156, two cores of an AMD EPYC (Zen 5) shared with other programs: 125 000 calls of
each of simd128, relaxed, fused and fused8, on one thread and on two. No result exceeded its budget.
The memory grew by at most 196 608 bytes after the first tenth of the calls, for calls larger than
any before.
`)
	if *update {
		if err := os.WriteFile(path, []byte(b.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	have, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if string(have) != b.String() {
		t.Errorf("%s is stale: go test ./kernels/kerneltest -run Accuracy -update", path)
	}
}
