//go:build !js

package wire_test

import (
	"bytes"
	"errors"
	"testing"

	"github.com/lodestone-wasm/lodestone/models/thex"
	"github.com/lodestone-wasm/lodestone/models/thex/wire"
)

// small is a plan with short messages.
func small(t testing.TB) *thex.Plan {
	t.Helper()
	p, err := thex.NewPlan(thex.Shape{Tokens: 64, Width: 64, Heads: 1, FFN: 128, Layers: 1, Reciprocal: 4, Labels: 2})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

var kinds = []error{wire.ErrFormat, wire.ErrVersion, wire.ErrParameters, wire.ErrSize, wire.ErrTruncated, wire.ErrLevel, wire.ErrKeys, wire.ErrExchange, wire.ErrRun}

// known is a failure unless an error has a kind.
func known(t *testing.T, err error) {
	t.Helper()
	if err == nil {
		return
	}
	for _, k := range kinds {
		if errors.Is(err, k) {
			return
		}
	}
	t.Errorf("an error without a kind: %v", err)
}

// FuzzMessage reads hostile messages of all three kinds. They never panic, and every
// refusal has a kind.
func FuzzMessage(f *testing.F) {
	p := small(f)
	for _, kind := range []wire.Kind{wire.Keys, wire.Up, wire.Down} {
		m := wire.NewHeader(kind, p, wire.Fingerprint{1}, wire.RunID{2}, 1).Append(nil)
		f.Add(m)
		f.Add(append(m, 0, 1, 2, 3))
		f.Add(append(m, make([]byte, 300)...))
		f.Add(append(m, bytes.Repeat([]byte{255}, 300)...))
		f.Add(m[:50])
	}
	// The size of a message that is whole must not be needed to find a flaw in its middle.
	up := wire.NewHeader(wire.Up, p, wire.Fingerprint{1}, wire.RunID{2}, 0).Append(nil)
	f.Add(append(up, append([]byte{3}, make([]byte, thex.SeedBytes+thex.PolynomialBytes(3))...)...))
	f.Fuzz(func(t *testing.T, data []byte) {
		r := bytes.NewReader(data)
		h, err := wire.ReadHeader(r)
		if err != nil {
			known(t, err)
			return
		}
		if again, err := wire.ReadHeader(bytes.NewReader(h.Append(nil))); err != nil || again != h {
			t.Fatalf("%+v is written as %+v, %v", h, again, err)
		}
		if err := h.Check(h.Kind, p); err != nil {
			known(t, err)
			return
		}
		switch h.Kind {
		case wire.Keys:
			_, err = wire.ReadKeys(r, p, h.Keys)
		case wire.Up:
			_, err = wire.ReadUp(r, p, int(h.Exchange))
		default:
			_, err = wire.ReadDown(r, p, int(h.Exchange))
		}
		known(t, err)
	})
}
