package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"sync"

	"github.com/lodestone-wasm/lodestone/kernels"
	"github.com/lodestone-wasm/lodestone/models/pipeline"
	"github.com/lodestone-wasm/lodestone/models/tasks"
	"github.com/lodestone-wasm/lodestone/web/serve/static"
	"github.com/lodestone-wasm/lodestone/weights/quant"
)

// texts are what expected.json holds vectors of.
var texts = []string{
	"Guten Morgen, wie geht es dir?",
	"The train to Lyon leaves in ten minutes.",
	"« Où est la gare ? », demanda-t-elle 🙂.",
	"",
}

// floats serves the default model with its weights in f32, so that f32 can be
// tested against the reference kernels from a clean checkout, and expected.json:
//
//	{"texts": […], "prompt": [[…]], "mean": [[…]]}
//
// Both are made at the first request.
type floats struct {
	dir string

	once     sync.Once
	out      string
	expected []byte
	err      error
}

func (f *floats) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	f.once.Do(f.prepare)
	static.Headers(w.Header())
	if f.err != nil {
		http.Error(w, f.err.Error(), http.StatusInternalServerError)
		return
	}
	if r.URL.Path == "expected.json" {
		w.Header().Set("Content-Type", "application/json")
		w.Write(f.expected)
		return
	}
	s, err := static.New(f.out)
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	r.URL.Path = "/" + r.URL.Path
	s.ServeHTTP(w, r)
}

func (f *floats) prepare() {
	f.out = filepath.Join("web/.build", "f32")
	if f.err = os.MkdirAll("web/.build", 0o755); f.err != nil {
		return
	}
	if _, f.err = quant.DequantizeFolder(f.dir, f.out, quant.Options{Overwrite: true}, nil); f.err != nil {
		return
	}
	f.expected, f.err = expected(f.out)
}

// expected computes the vectors of texts with the reference kernels.
func expected(dir string) ([]byte, error) {
	dev, o := kernels.NewDevice(kernels.NewReference(0)), pipeline.Options{DType: "f32"}
	embed, err := pipeline.Open(dev, pipeline.Dir(dir), pipeline.FeatureExtraction, o)
	if err != nil {
		return nil, err
	}
	out := map[string]any{"texts": texts}
	for _, pooling := range []string{"prompt", "mean"} {
		r, err := embed.Run(nil, texts, tasks.FeatureExtractionOptions{Pooling: pooling})
		if err != nil {
			return nil, fmt.Errorf("e2e: %s: %w", pooling, err)
		}
		rows := make([][]float32, len(texts))
		for i := range rows {
			rows[i] = r.Data[i*r.Dims[1] : (i+1)*r.Dims[1]]
		}
		out[pooling] = rows
	}
	return json.Marshal(out)
}
