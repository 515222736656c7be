package kerneltest

import (
	"math/rand/v2"

	"github.com/lodestone-wasm/lodestone/kernels"
)

// specials are the inputs that random layers and random attention draw from; most are
// ordinary.
var (
	layerSpecials  = []string{"", "", "", "", "", "", "nan", "inf", "-inf", "zeros", "denormal", "huge", "equal", "mixed", "large", "odd weights"}
	attendSpecials = []string{"", "", "", "", "", "", "nothing", "hidden", "nan key", "nan query", "nan value"}
)

// Random runs n random calls of the operations whose loops are the most involved, linear
// layers and attention, on the reference and on b, and gives the results of those that
// went wrong. The same seed draws the same calls. It is for variants that no fuzzer of
// Go's reaches, since they run in browsers only.
func Random(ref, b kernels.Backend, seed uint64, n int) (wrong []Result) {
	r := rand.New(rand.NewPCG(seed, 1))
	for range n {
		if res := run(ref, b, randomCase(r), r.Uint64()); res.Err != "" {
			wrong = append(wrong, res)
		}
	}
	return wrong
}

// randomCase draws a call. Sizes are small more often than large.
func randomCase(r *rand.Rand) Case {
	size := func(limit int) int { return 1 + r.IntN(1+r.IntN(limit)) }
	one := func(names []string) string { return names[r.IntN(len(names))] }
	if r.IntN(4) == 0 {
		group := size(3)
		return attend{
			tq: size(size(90)), tk: size(140), heads: group * size(4), group: group, h: size(70), gap: r.IntN(9), causal: r.IntN(100) - 50,
			keep: r.IntN(2) == 0, mask: r.IntN(3) == 0, rel: r.IntN(3) == 0, special: one(attendSpecials),
		}.capped().build()
	}
	c := linear{
		m: size(40), k: size(200), n: size(70), act: activations[r.IntN(len(activations))],
		bias: r.IntN(2) == 0, res: one(residuals), gap: r.IntN(9), special: one(layerSpecials),
	}
	return []func() Case{c.f32, c.f16, c.q8, c.q4}[r.IntN(4)]()
}

// capped is c with −1, no causal mask, for what is less.
func (c attend) capped() attend {
	c.causal = max(c.causal, -1)
	return c
}
