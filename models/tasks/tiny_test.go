package tasks

import (
	"bytes"
	"io"
	"math"
	"testing"

	"github.com/lodestone-wasm/lodestone/kernels"
	"github.com/lodestone-wasm/lodestone/models/heads"
	"github.com/lodestone-wasm/lodestone/models/heads/headstest"
	"github.com/lodestone-wasm/lodestone/models/tokenizer"
	"github.com/lodestone-wasm/lodestone/models/transformer"
)

// memory is a transformer.Stream of bytes.
type memory struct {
	*bytes.Reader
	dev  *kernels.Device
	size int64
}

func (m *memory) Name() string { return "model.safetensors" }
func (m *memory) Size() int64  { return m.size }
func (m *memory) Fill(at uint32, n int) error {
	p := make([]byte, n)
	if _, err := io.ReadFull(m.Reader, p); err != nil {
		return err
	}
	m.dev.Write(at, p)
	return nil
}

// runner loads a tiny model on the reference kernels.
func runner(t testing.TB, tiny *headstest.Model) *Runner {
	t.Helper()
	files, err := tiny.Files()
	if err != nil {
		t.Fatal(err)
	}
	c, err := transformer.ParseConfig(files["config.json"])
	if err != nil {
		t.Fatal(err)
	}
	h, err := heads.New(tiny.Kind, c, files["config.json"])
	if err != nil {
		t.Fatal(err)
	}
	dev := kernels.NewDevice(kernels.NewReference(0))
	var o transformer.LoadOptions
	h.Load(&o)
	weights := files["model.safetensors"]
	m, err := transformer.Load(dev, c, []transformer.Stream{&memory{bytes.NewReader(weights), dev, int64(len(weights))}}, o)
	if err != nil {
		t.Fatal(err)
	}
	tok, err := tokenizer.Parse(files["tokenizer.json"])
	if err != nil {
		t.Fatal(err)
	}
	r, err := New(m, h, tok)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// exact is softmax of logits in float64.
func exact(logits []float64) []float64 {
	p, sum := make([]float64, len(logits)), 0.0
	for i, v := range logits {
		p[i] = math.Exp(v)
		sum += p[i]
	}
	for i := range p {
		p[i] /= sum
	}
	return p
}

func near(a, b float64) bool { return math.Abs(a-b) <= 1e-5 }

func encoding(t *testing.T, r *Runner, text string, special bool) tokenizer.Encoding {
	t.Helper()
	e, err := r.tok.Encode(text, tokenizer.Options{AddSpecialTokens: true, ParseSpecial: special})
	if err != nil {
		t.Fatal(err)
	}
	return e
}
