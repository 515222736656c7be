package kerneltest

import (
	"testing"

	"github.com/lodestone-wasm/lodestone/kernels"
)

func TestRandomCallsAgree(t *testing.T) {
	for _, r := range Random(kernels.NewReference(0), native(t), 1, 3000) {
		t.Errorf("%s: %s: %s", r.Op, r.Name, r.Err)
	}
}

// Calls of every operation are drawn, and faults of some are found.
func TestRandomFindsAFault(t *testing.T) {
	found := map[string]int{}
	for _, r := range Random(kernels.NewReference(0), wrongLayers{kernels.NewReference(0)}, 2, 900) {
		found[r.Op]++
	}
	for _, op := range []string{"linear f32", "linear f16", "linear q8", "linear q4"} {
		if found[op] < 40 {
			t.Errorf("%d faults of %s found, among some 100 calls", found[op], op)
		}
	}
	if len(found) != 4 {
		t.Errorf("faults of %v, where layers alone have some", found)
	}
}

// wrongLayers adds one to the last result of each linear layer's first row.
type wrongLayers struct{ *kernels.Reference }

func (w wrongLayers) spoil(y, n uint32) { w.Add(y+(n-1)*4, w.one(), y+(n-1)*4, 1, 1) }

// one is the offset of a number 1, in the first bytes, which nothing else uses.
func (w wrongLayers) one() uint32 {
	w.Write(16, []byte{0, 0, 128, 63})
	return 16
}

func (w wrongLayers) LinearF32(y, ldy, x, ldx, wt, bias, res, ldres, m, k, n uint32, act kernels.Activation, alpha float32) {
	w.Reference.LinearF32(y, ldy, x, ldx, wt, bias, res, ldres, m, k, n, act, alpha)
	w.spoil(y, n)
}

func (w wrongLayers) LinearF16(y, ldy, x, ldx, wt, bias, res, ldres, m, k, n uint32, act kernels.Activation, alpha float32, scratch uint32) {
	w.Reference.LinearF16(y, ldy, x, ldx, wt, bias, res, ldres, m, k, n, act, alpha, scratch)
	w.spoil(y, n)
}

func (w wrongLayers) LinearQ8(y, ldy, x, ldx, wt, ws, bias, res, ldres, m, k, n uint32, act kernels.Activation, alpha float32, levels, scratch uint32) {
	w.Reference.LinearQ8(y, ldy, x, ldx, wt, ws, bias, res, ldres, m, k, n, act, alpha, levels, scratch)
	w.spoil(y, n)
}

func (w wrongLayers) LinearQ4(y, ldy, x, ldx, wt, bias, res, ldres, m, k, n uint32, act kernels.Activation, alpha float32, levels, scratch uint32) {
	w.Reference.LinearQ4(y, ldy, x, ldx, wt, bias, res, ldres, m, k, n, act, alpha, levels, scratch)
	w.spoil(y, n)
}
