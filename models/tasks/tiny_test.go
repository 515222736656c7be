package tasks

import (
	"bytes"
	"math"
	"testing"

	"github.com/lodestone-wasm/lodestone/kernels"
	"github.com/lodestone-wasm/lodestone/models/heads"
	"github.com/lodestone-wasm/lodestone/models/heads/headstest"
	"github.com/lodestone-wasm/lodestone/models/tokenizer"
	"github.com/lodestone-wasm/lodestone/models/transformer"
	"github.com/lodestone-wasm/lodestone/weights/strictjson"
)

// parts loads a tiny model on the reference kernels.
func parts(t testing.TB, tiny *headstest.Model) (*transformer.Model, *heads.Head, *tokenizer.Tokenizer) {
	t.Helper()
	files, err := tiny.Files()
	if err != nil {
		t.Fatal(err)
	}
	config, err := strictjson.ReadDocument(files["config.json"])
	if err != nil {
		t.Fatal(err)
	}
	c, err := transformer.ConfigOf(config)
	if err != nil {
		t.Fatal(err)
	}
	h, err := heads.New(tiny.Kind, c, config)
	if err != nil {
		t.Fatal(err)
	}
	dev := kernels.NewDevice(kernels.NewReference(0))
	var o transformer.LoadOptions
	h.Load(&o)
	weights := files["model.safetensors"]
	stream := transformer.NewStream(dev, "model.safetensors", int64(len(weights)), bytes.NewReader(weights))
	m, err := transformer.Load(dev, c, []transformer.Stream{stream}, o)
	if err != nil {
		t.Fatal(err)
	}
	tok, err := tokenizer.Parse(files["tokenizer.json"])
	if err != nil {
		t.Fatal(err)
	}
	return m, h, tok
}

// tiny is a task of a tiny model.
func tiny[T any](t testing.TB, task func(*transformer.Model, *heads.Head, *tokenizer.Tokenizer) (T, error), model *headstest.Model) T {
	t.Helper()
	y, err := task(parts(t, model))
	if err != nil {
		t.Fatal(err)
	}
	return y
}

// stopped is a Context that has ended.
type stopped struct{ err error }

func (s stopped) Err() error { return s.err }

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

func encoding(t *testing.T, tok *tokenizer.Tokenizer, text string, special bool) tokenizer.Encoding {
	t.Helper()
	e, err := tok.Encode(text, tokenizer.Options{AddSpecialTokens: true, ParseSpecial: special})
	if err != nil {
		t.Fatal(err)
	}
	return e
}
