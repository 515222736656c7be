package kerneltest

import (
	"testing"

	"github.com/lodestone-wasm/lodestone/kernels"
)

func pickSpecial(names []string, b byte) string { return names[int(b)%len(names)] }

// FuzzLinear compares both types of linear layer with the reference at the shape and
// with the options that the bytes say.
func FuzzLinear(f *testing.F) {
	f.Add(byte(3), byte(8), byte(17), byte(2), byte(1), byte(0))
	f.Add(byte(0), byte(0), byte(0), byte(0), byte(0), byte(3))
	f.Add(byte(69), byte(66), byte(47), byte(7), byte(5), byte(8))
	names := []string{"", "", "", "nan", "inf", "-inf", "zeros", "denormal", "huge", "equal", "mixed", "large", "odd weights"}
	b := native(f)
	f.Fuzz(func(t *testing.T, m, k, n, options, gap, special byte) {
		c := linear{
			m: 1 + int(m)%70, k: 1 + int(k), n: 1 + int(n)%70, act: activations[options%4],
			bias: options&4 != 0, res: residuals[int(options>>3)%3], gap: int(gap) % 9, special: pickSpecial(names, special),
		}
		for _, r := range Run(kernels.NewReference(0), b, []Case{c.f32(), c.f16(), c.q8(), c.q4()}) {
			if r.Err != "" {
				t.Errorf("%s: %s: %s", r.Op, r.Name, r.Err)
			}
		}
	})
}

// FuzzAttention does the same for attention.
func FuzzAttention(f *testing.F) {
	f.Add(byte(4), byte(9), byte(1), byte(12), byte(7), byte(2), byte(0))
	f.Add(byte(0), byte(0), byte(0), byte(0), byte(0), byte(0), byte(1))
	f.Add(byte(7), byte(63), byte(3), byte(63), byte(5), byte(255), byte(2))
	names := []string{"", "nothing", "hidden", "nan key", "nan query", "nan value"}
	b := native(f)
	f.Fuzz(func(t *testing.T, tq, tk, heads, h, masks, causal, special byte) {
		c := attend{
			tq: 1 + int(tq)%90, tk: 1 + int(tk)%140, heads: (1 + int(heads)%4) * (1 + int(heads>>4)%3), group: 1 + int(heads>>4)%3, h: 1 + int(h)%70,
			keep: masks&1 != 0, mask: masks&2 != 0, rel: masks&4 != 0, gap: int(masks>>3) % 8,
			causal: int(causal)%100 - 1, special: pickSpecial(names, special),
		}
		r := Run(kernels.NewReference(0), b, []Case{c.build()})[0]
		if r.Err != "" {
			t.Errorf("%s: %s", r.Name, r.Err)
		}
	})
}
