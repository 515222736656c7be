//go:build !js

package simd

import (
	"bytes"
	"context"
	"os"
	"testing"

	"github.com/tetratelabs/wazero"
)

func selftest(t *testing.T, wasm []byte) uint64 {
	t.Helper()
	ctx := context.Background()
	r := wazero.NewRuntime(ctx)
	defer r.Close(ctx)
	inst, err := r.Instantiate(ctx, wasm)
	if err != nil {
		t.Fatal(err)
	}
	out, err := inst.ExportedFunction("selftest").Call(ctx)
	if err != nil {
		t.Fatal(err)
	}
	return out[0]
}

// trial runs any number of times, and the self-test passes after it.
func TestTrialRuns(t *testing.T) {
	b := open(t)
	for _, n := range []uint64{0, 1, 50} {
		b.call("trial", n)
	}
	if r := b.call("selftest"); r != 0 {
		t.Errorf("selftest returns %d after trial", r)
	}
}

func TestSelftestPasses(t *testing.T) {
	if r := selftest(t, module); r != 0 {
		t.Errorf("selftest returns %d, want 0", r)
	}
}

// The self-test detects an engine that computes an instruction wrongly: here one instruction
// is replaced by another of the same types and the same encoded length.
func TestSelftestFindsWrongInstructions(t *testing.T) {
	for _, c := range []struct {
		name      string
		from, to  []byte
		wrongBits uint64
	}{
		{"i32x4.dot_i16x8_s is i32x4.sub", []byte{0xfd, 0xba, 0x01}, []byte{0xfd, 0xb1, 0x01}, 1 | 8},
		{"v128.load8x8_s is load8x8_u", []byte{0xfd, 0x01}, []byte{0xfd, 0x02}, 1},
		{"f32x4.mul is f32x4.add", []byte{0xfd, 0xe6, 0x01}, []byte{0xfd, 0xe4, 0x01}, 1 | 2 | 4 | 8},
		{"i32x4.add is i32x4.sub", []byte{0xfd, 0xae, 0x01}, []byte{0xfd, 0xb1, 0x01}, 1 | 8},
	} {
		t.Run(c.name, func(t *testing.T) {
			if !bytes.Contains(module, c.from) {
				t.Fatal("the module does not have the instruction")
			}
			if r := selftest(t, bytes.ReplaceAll(module, c.from, c.to)); r&c.wrongBits != c.wrongBits {
				t.Errorf("selftest returns %d, want the bits %d", r, c.wrongBits)
			}
		})
	}
}

// wazero has no relaxed SIMD, so that the table of cases runs on relaxed.wasm only in
// browsers. If this test fails, wazero has gained it: run the table natively too.
func TestWazeroStillRefusesTheRelaxedModule(t *testing.T) {
	wasm, err := os.ReadFile("relaxed.wasm")
	if err != nil {
		t.Fatal(err)
	}
	ctx := context.Background()
	r := wazero.NewRuntime(ctx)
	defer r.Close(ctx)
	if _, err := r.CompileModule(ctx, wasm); err == nil {
		t.Error("wazero compiles relaxed.wasm")
	}
}
