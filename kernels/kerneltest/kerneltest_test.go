package kerneltest

import (
	"context"
	"testing"

	"github.com/lodestone-wasm/lodestone/kernels"
	"github.com/lodestone-wasm/lodestone/kernels/simd"
)

// native is the SIMD module under wazero. A module that is missing or does not compile
// fails the test; it does not skip it.
func native(t testing.TB) *simd.Backend {
	t.Helper()
	b, err := simd.New(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { b.Close() })
	return b
}

func TestSIMDAgreesWithReference(t *testing.T) {
	results := Run(kernels.NewReference(0), native(t), Cases())
	seen, worst := map[string]int{}, map[string]Result{}
	failed := 0
	for _, r := range results {
		seen[r.Op]++
		w := worst[r.Op]
		w.NMSE, w.Abs = max(w.NMSE, r.NMSE), max(w.Abs, r.Abs)
		worst[r.Op] = w
		if r.Err != "" {
			if failed++; failed <= 20 {
				t.Errorf("%s: %s: %s", r.Op, r.Name, r.Err)
			}
		}
	}
	if failed > 20 {
		t.Errorf("and %d more of %d", failed-20, len(results))
	}
	for op := range Budgets {
		if seen[op] == 0 {
			t.Errorf("no case of %s", op)
		}
		t.Logf("%-14s %4d cases, worst NMSE %.2g, error %.2g", op, seen[op], worst[op].NMSE, worst[op].Abs)
	}
}
