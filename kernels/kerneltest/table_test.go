package kerneltest

import (
	"fmt"
	"reflect"
	"strings"
	"testing"

	"github.com/lodestone-wasm/lodestone/kernels"
)

// budgetOf is the operation in Budgets whose cases call a method; packing is tested by the
// layers that read the packed weights.
var budgetOf = map[string]string{
	"PackF32": "linear f32", "PackF16": "linear f16", "PackQ8": "linear q8", "PackQ4": "linear q4",
	"QuantizeRows": "quantize rows", "QuantizeQ4": "quantize q4",
	"WidenF16": "widen", "WidenBF16": "widen", "NarrowF16": "narrow", "SHA256": "sha256",
	"EmbedF32": "embed f32", "EmbedF16": "embed f16", "EmbedQ8": "embed q8",
	"LinearF32": "linear f32", "LinearF16": "linear f16", "LinearQ8": "linear q8", "LinearQ4": "linear q4",
	"LayerNorm": "layer norm", "RMSNorm": "rms norm", "L2Normalize": "l2 normalize", "MeanRows": "mean",
	"Activate": "activate", "Add": "add", "Gate": "gate", "ScanQ8": "scan q8", "TopK": "top k", "Attention": "attention",
	"Rotate": "rotate", "RotateHalves": "rotate halves",
}

// Every method of a backend that computes has a budget, and so cases and a fuzzer.
func TestEveryMethodHasABudget(t *testing.T) {
	sizes := map[string]bool{"PackedSize": true, "Levels": true, "LinearScratch": true, "AttentionScratch": true}
	for _, part := range []reflect.Type{reflect.TypeFor[kernels.Loading](), reflect.TypeFor[kernels.Operations]()} {
		for i := range part.NumMethod() {
			name := part.Method(i).Name
			if _, ok := Budgets[budgetOf[name]]; !ok && !sizes[name] {
				t.Errorf("%s.%s has no budget: see kernels/ADDING.md", part, name)
			}
		}
	}
}

// The table takes options in turn and could miss a combination by accident. It has every
// activation and number of rows in every type of layer, and long texts under every mask.
func TestTheTableHasEveryKind(t *testing.T) {
	want := map[string][]string{"attention": {"tk=1000 ", "tk=2048 ", "prefix=", "keep=true", "mask=true", "rel=true", "causal=0"}}
	for _, op := range []string{"linear f32", "linear f16", "linear q8", "linear q4"} {
		for _, act := range activations {
			want[op] = append(want[op], fmt.Sprintf(" %s bias=true", act), fmt.Sprintf(" %s bias=false", act))
			for _, res := range residuals {
				want[op] = append(want[op], fmt.Sprintf(" %s bias=true res=%q", act, res))
			}
		}
		for _, m := range []int{1, 2, 3, 4, 5, 7, 8, 11, 65, 130, 256, 511, 512} {
			want[op] = append(want[op], fmt.Sprintf("m=%d ", m))
		}
		for special := range weird {
			want[op] = append(want[op], " "+special)
		}
	}
	all := Cases()
	for op, parts := range want {
		for _, part := range parts {
			found := false
			for _, c := range all {
				found = found || c.Op == op && strings.Contains(c.Name, part)
			}
			if !found {
				t.Errorf("%s: no case has %q", op, part)
			}
		}
	}
}
