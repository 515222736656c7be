// Command testdata makes what package vectorsearch saves and finds, for the index of the page,
// which has to save and find the same (../vectors.test.mjs): go run ./web/src/worker/vectors/testdata
package main

import (
	"bytes"
	"context"
	"encoding/json"
	"log"
	"math/rand/v2"
	"os"
	"path/filepath"

	"github.com/lodestone-wasm/lodestone/kernels"
	"github.com/lodestone-wasm/lodestone/kernels/simd"
	"github.com/lodestone-wasm/lodestone/models/vectorsearch"
)

const (
	out   = "web/src/worker/vectors/testdata"
	dim   = 20 // padded to 32
	count = 1300
)

// found is a search and its result. Scores are those of float32 numbers.
type found struct {
	Query  []float32 `json:"query"`
	Filter bool      `json:"filter"` // ids that are multiples of 3
	IDs    []uint32  `json:"ids"`
	Scores []float32 `json:"scores"`
}

func main() {
	log.SetFlags(0)
	if err := run(context.Background()); err != nil {
		log.Fatal(err)
	}
}

func run(ctx context.Context) error {
	b, err := simd.New(ctx)
	if err != nil {
		return err
	}
	defer b.Close()
	r := rand.New(rand.NewPCG(1, 2))
	centers := make([]float32, 30*dim)
	for i := range centers {
		centers[i] = float32(r.NormFloat64())
	}
	vector := func() []float32 {
		v, c := make([]float32, dim), r.IntN(30)
		for i := range v {
			v[i] = centers[c*dim+i] + float32(r.NormFloat64())/2
		}
		return v
	}
	var vectors []float32
	for range count {
		vectors = append(vectors, vector()...)
	}
	x, err := vectorsearch.New(kernels.NewDevice(b), dim)
	if err != nil {
		return err
	}
	if _, err := x.Add(vectors); err != nil {
		return err
	}
	x.Delete(7)
	x.Delete(600)
	queries := [][]float32{make([]float32, dim), vectors[:dim]}
	for range 10 {
		queries = append(queries, vector())
	}
	added := [][]float32{vector(), vector()}
	results := map[string]any{"vectors": vectors, "added": added, "deleted": []int{7, 600}}
	for _, name := range []string{"exact", "trained"} {
		if name == "trained" {
			if err := x.Train(vectorsearch.TrainOptions{}); err != nil {
				return err
			}
			for _, a := range added {
				if _, err := x.Add(a); err != nil {
					return err
				}
			}
		}
		var saved bytes.Buffer
		if err := x.Save(&saved); err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(out, name+".lsvi"), saved.Bytes(), 0o644); err != nil {
			return err
		}
		if results[name], err = search(x, queries); err != nil {
			return err
		}
	}
	text, err := json.Marshal(results)
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(out, "found.json"), append(text, '\n'), 0o644)
}

func search(x *vectorsearch.Index, queries [][]float32) (out []found, err error) {
	filter := make(vectorsearch.Filter, (x.Next()+7)/8)
	for id := uint32(0); id < x.Next(); id += 3 {
		filter[id/8] |= 1 << (id % 8)
	}
	for _, q := range queries {
		for _, f := range []vectorsearch.Filter{nil, filter} {
			hits, err := x.Search(q, 10, f)
			if err != nil {
				return nil, err
			}
			one := found{Query: q, Filter: f != nil}
			for _, h := range hits {
				one.IDs, one.Scores = append(one.IDs, h.ID), append(one.Scores, h.Score)
			}
			out = append(out, one)
		}
	}
	return out, nil
}
