package golden_test

import (
	"os"
	"testing"

	"github.com/lodestone-wasm/lodestone/models/golden"
)

// Whatever a list of cases holds, it is run or refused, never a panic.
func FuzzRunCases(f *testing.F) {
	for _, name := range []string{cropFile, traceFile} {
		b, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	f.Add([]byte(`[{"op": "decode", "line": "__SLOT3__ ▁Bonn", "types": ["LOC"], "lang": "ja", "official": ["IndexError"]}]`))
	f.Add([]byte(`[{"window": 0, "alive": [0], "hit_rate": [1], "alpha_norm": [1], "threshold": 0.5}, null]`))
	f.Fuzz(func(t *testing.T, b []byte) {
		kind, cases, err := golden.RunCases(b)
		if err == nil && kind == "" {
			t.Errorf("%d cases of no kind", len(cases))
		}
	})
}
