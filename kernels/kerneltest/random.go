package kerneltest

import (
	"math/rand/v2"

	"github.com/lodestone-wasm/lodestone/kernels"
)

// Random runs n random calls of all operations on the reference and on b, and returns the
// results of the calls that failed. The same seed draws the same calls. It tests the
// variants that Go's fuzzers cannot reach because they run in browsers only.
func Random(ref, b kernels.Backend, seed uint64, n int) (wrong []Result) {
	r := rand.New(rand.NewPCG(seed, 1))
	for range n {
		if res := run(ref, b, drawAny(r), r.Uint64()); res.Err != "" {
			wrong = append(wrong, res)
		}
	}
	return wrong
}
