package webgpu

import (
	"strings"
	"testing"

	"github.com/lodestone-wasm/lodestone/kernels"
)

// wrong is a reference that computes one operation wrongly.
type wrong struct{ *kernels.Reference }

func (w wrong) RMSNorm(y, x, gain, n, d uint32, eps float32) {
	w.Reference.RMSNorm(y, x, gain, n, d, eps+0.1)
}

func TestSelfTestNamesTheOperationThatIsWrong(t *testing.T) {
	fresh := func() *kernels.Device { return kernels.NewDevice(kernels.NewReference(0)) }
	known := fresh()
	used := known.Used()
	if err := SelfTest(known, fresh()); err != nil {
		t.Error(err)
	}
	if known.Used() != used {
		t.Errorf("%d bytes are in use, %d before", known.Used(), used)
	}
	err := SelfTest(fresh(), kernels.NewDevice(wrong{kernels.NewReference(0)}))
	if err == nil || !strings.Contains(err.Error(), "rms norm") {
		t.Errorf("error %v, want one about the RMS norm", err)
	}
}
