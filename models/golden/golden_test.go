package golden_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/lodestone-wasm/lodestone/kernels"
	"github.com/lodestone-wasm/lodestone/models/golden"
	"github.com/lodestone-wasm/lodestone/models/transformer"
)

// runDir runs a directory with edit applied to its io.json.
func runDir(t *testing.T, dev *kernels.Device, dir, dtype string, edit func(string) string) (*golden.Report, error) {
	t.Helper()
	read := func(name string) []byte {
		b, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	io := string(read("io.json"))
	if edit != nil {
		io = edit(io)
	}
	s, f, err := transformer.OpenFile(dev, filepath.Join(dir, "weights.safetensors"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	return golden.Run(dev, read("config.json"), []byte(io), s, dtype)
}

func TestEncodersAgreeWithTorchscale(t *testing.T) {
	dirs, err := filepath.Glob("testdata/enc_*")
	if err != nil || len(dirs) != 9 {
		t.Fatalf("%d directories of vectors, expected 9 (%v)", len(dirs), err)
	}
	for _, backend := range backends(t) {
		for _, dir := range dirs {
			t.Run(backend.Name()+"/"+filepath.Base(dir), func(t *testing.T) {
				dev := kernels.NewDevice(backend)
				r, err := runDir(t, dev, dir, "f32", nil)
				if err != nil {
					t.Fatal(err)
				}
				for _, o := range r.Outputs {
					if !(o.Worst <= golden.Tolerance) {
						t.Errorf("%s: worst error %g, tolerance %g", o.Name, o.Worst, golden.Tolerance)
					}
				}
				// The project's acceptance for int8 on these random weights: cosine > 0.99.
				if r, err = runDir(t, dev, dir, "q8", nil); err != nil {
					t.Fatal(err)
				}
				for _, o := range r.Outputs {
					if o.Cosine < 0.99 {
						t.Errorf("%s: cosine %g with int8 weights", o.Name, o.Cosine)
					}
				}
			})
		}
	}
}

// A comparison that cannot fail proves nothing: a changed expectation must be seen.
func TestAChangedExpectationIsSeen(t *testing.T) {
	dev := kernels.NewDevice(kernels.NewReference(0))
	r, err := runDir(t, dev, "testdata/enc_subln", "f32", func(io string) string {
		i := strings.Index(io, `"features": {`)
		at := i + strings.Index(io[i:], `"data": [`) + len(`"data": [`)
		end := at + strings.IndexByte(io[at:], ',')
		return io[:at] + "7.5" + io[end:]
	})
	if err != nil {
		t.Fatal(err)
	}
	if r.Worst() < 1 {
		t.Errorf("worst error %g after one expected number became 7.5", r.Worst())
	}
}

func TestWhatCannotBeRunIsNamed(t *testing.T) {
	config := func(s string) []byte { return []byte(s) }
	io := []byte(`{"inputs":{},"outputs":{}}`)
	for _, c := range []struct {
		name       string
		config, io []byte
		want       error
		names      string
	}{
		{"unknown kind", config(`{"kind":"teapot"}`), io, golden.ErrKind, `"teapot"`},
		{"no kind", config(`{}`), io, golden.ErrKind, `""`},
		{"config that is not JSON", config(`{`), io, golden.ErrVectors, "config.json"},
		{"io that is not JSON", config(`{"kind":"encoder"}`), []byte(`<html>`), golden.ErrVectors, "io.json"},
		{"io without outputs", config(`{"kind":"encoder"}`), []byte(`{"inputs":{}}`), golden.ErrVectors, "outputs"},
		{"shape and data disagree", config(`{"kind":"encoder"}`), []byte(`{"inputs":{"x":{"shape":[2],"dtype":"f32","data":[1]}},"outputs":{}}`), golden.ErrVectors, `"x"`},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := golden.Run(kernels.NewDevice(kernels.NewReference(0)), c.config, c.io, nil, "f32")
			if !errors.Is(err, c.want) || !strings.Contains(err.Error(), c.names) {
				t.Errorf("error %v, expected %v naming %s", err, c.want, c.names)
			}
		})
	}
}
