//go:build !js

package golden_test

import (
	"context"
	"testing"

	"github.com/lodestone-wasm/lodestone/kernels"
	"github.com/lodestone-wasm/lodestone/kernels/simd"
)

// backends are those that run natively. The SIMD module must be there: it is committed.
func backends(t *testing.T) []kernels.Backend {
	t.Helper()
	b, err := simd.New(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { b.Close() })
	return []kernels.Backend{kernels.NewReference(0), b}
}
