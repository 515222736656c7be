//go:build !js

package simd

import (
	"context"
	"fmt"
	"os"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"
	"github.com/tetratelabs/wazero/experimental"

	"github.com/lodestone-wasm/lodestone/kernels"
	"github.com/lodestone-wasm/lodestone/kernels/kerneltest"
)

// sharedMemory is (module (memory (export "memory") 12 2048 shared)). Its maximum is low
// because wazero reserves the maximum of a shared memory.
var sharedMemory = []byte{
	0, 'a', 's', 'm', 1, 0, 0, 0,
	5, 5, 1, 3, 12, 0x80, 0x10,
	7, 10, 1, 6, 'm', 'e', 'm', 'o', 'r', 'y', 2, 0,
}

// openShared is simd128-shared.wasm with the memory that a page creates and a pool of so many
// threads, each a goroutine with an instance of its own.
func openShared(t *testing.T, threads int) *Backend {
	t.Helper()
	wasm, err := os.ReadFile("simd128-shared.wasm")
	if err != nil {
		t.Fatal(err)
	}
	ctx := context.Background()
	r := wazero.NewRuntimeWithConfig(ctx, wazero.NewRuntimeConfig().WithCoreFeatures(api.CoreFeaturesV2|experimental.CoreFeaturesThreads))
	t.Cleanup(func() { r.Close(ctx) })
	if _, err := r.InstantiateWithConfig(ctx, sharedMemory, wazero.NewModuleConfig().WithName("env")); err != nil {
		t.Fatal(err)
	}
	instance := func() *Backend {
		inst, err := r.InstantiateWithConfig(ctx, wasm, wazero.NewModuleConfig().WithName(""))
		if err != nil {
			t.Fatal(err)
		}
		return backendOf(ctx, r, inst)
	}
	b := instance()
	if r := b.call("selftest"); r != 0 {
		t.Fatalf("selftest returns %d", r)
	}
	var end atomic.Bool
	var running sync.WaitGroup
	for i := 1; i < threads; i++ {
		thread := instance()
		thread.call("thread_ready")
		running.Go(func() {
			for !end.Load() { // thread_main returns after it was parked for a quarter of a second
				thread.call("thread_main", uint64(i))
			}
		})
	}
	t.Cleanup(func() { // before the runtime is closed
		end.Store(true)
		running.Wait()
	})
	b.call("set_threads", uint64(threads), 0) // every call becomes a job
	if n := b.call("threads"); n != uint64(threads) {
		t.Fatalf("%d threads, want %d", n, threads)
	}
	return b
}

// The shared module passes the table of cases, on one thread and on two.
func TestSharedModuleAgreesWithReference(t *testing.T) {
	if testing.Short() {
		t.Skip("the table takes long under the race detector, which does not see into the module")
	}
	for _, threads := range []int{1, 2} {
		t.Run(fmt.Sprintf("%d threads", threads), func(t *testing.T) {
			b := openShared(t, threads)
			failed := 0
			for _, r := range kerneltest.Run(kernels.NewReference(0), b, kerneltest.Cases()) {
				if r.Err != "" {
					if failed++; failed <= 20 {
						t.Errorf("%s: %s: %s", r.Op, r.Name, r.Err)
					}
				}
			}
			if failed > 20 {
				t.Errorf("and %d more", failed-20)
			}
			if n := b.call("thread_tiles"); threads > 1 && n < 100 {
				t.Errorf("the second thread ran %d tiles, expected at least 100", n)
			}
		})
	}
}
