//go:build !js

package search

import (
	"context"
	"math"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/lodestone-wasm/lodestone/kernels"
	"github.com/lodestone-wasm/lodestone/kernels/simd"
	"github.com/lodestone-wasm/lodestone/models/pipeline"
	"github.com/lodestone-wasm/lodestone/models/tasks"
)

// trial is a query with the score of its best note. found: a note answers it, and is the best.
type trial struct {
	score float64
	found bool
}

// trials are those of testdata/notes.tsv, answered by the model of the view.
func trials(t *testing.T) []trial {
	t.Helper()
	text, err := os.ReadFile("testdata/notes.tsv")
	if err != nil {
		t.Fatal(err)
	}
	var notes, queries []string
	answer := map[int]int{}
	for line := range strings.Lines(string(text)) {
		note, query, ok := strings.Cut(strings.TrimSuffix(line, "\n"), "\t")
		if !ok || strings.HasPrefix(line, "#") {
			continue
		}
		if note != "" {
			answer[len(queries)] = len(notes)
			notes = append(notes, note)
		}
		queries = append(queries, query)
	}
	backend, err := simd.New(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer backend.Close()
	embed, err := pipeline.Open(kernels.NewDevice(backend), pipeline.Dir("../../weights/prompt-magneto-en-de-fr"), pipeline.FeatureExtraction, pipeline.Options{})
	if err != nil {
		t.Fatal(err)
	}
	v, err := embed.Run(context.Background(), append(slices.Clone(notes), queries...), tasks.FeatureExtractionOptions{Normalize: true})
	if err != nil {
		t.Fatal(err)
	}
	dim := v.Dims[1]
	var all []trial
	for q := range queries {
		best := trial{score: -1}
		query := v.Data[(len(notes)+q)*dim:][:dim]
		for n := range notes {
			var dot float64
			for i, x := range v.Data[n*dim:][:dim] {
				dot += float64(x) * float64(query[i])
			}
			if dot > best.score {
				right, ok := answer[q]
				best = trial{dot, ok && right == n}
			}
		}
		all = append(all, best)
	}
	return all
}

// right is the share of trials for which a threshold tells found from not found, both kinds counted alike.
func right(all []trial, threshold float64) float64 {
	var hit, of [2]float64
	for _, x := range all {
		k := 0
		if x.found {
			k = 1
		}
		of[k]++
		if (x.score >= threshold) == x.found {
			hit[k]++
		}
	}
	return (hit[0]/of[0] + hit[1]/of[1]) / 2
}

// calibrate is the middle of the thresholds, in hundredths, that tell most trials apart.
func calibrate(all []trial) float64 {
	best, first, last := 0.0, 0.0, 0.0
	for c := range 100 {
		switch y := right(all, float64(c)/100); {
		case y > best+1e-9:
			best, first, last = y, float64(c), float64(c)
		case math.Abs(y-best) < 1e-9:
			last = float64(c)
		}
	}
	return math.Round((first+last)/2) / 100
}

// The threshold is what calibration on every second query gives, and the other half was not looked at: there it is right about as often.
func TestTheThresholdIsCalibratedAndHoldsForQueriesThatWereHeldBack(t *testing.T) {
	var used, held []trial
	for i, x := range trials(t) {
		if i%2 == 0 {
			used = append(used, x)
		} else {
			held = append(held, x)
		}
	}
	threshold := calibrate(used)
	t.Logf("threshold %.2f; right on the half that was used %.3f, on the half that was held back %.3f (0.60: %.3f)", threshold, right(used, threshold), right(held, threshold), right(held, 0.6))
	if math.Abs(threshold-closeScore) > 0.005 {
		t.Errorf("calibration gives %.2f, closeScore is %.2f", threshold, closeScore)
	}
	if y := right(held, closeScore); y < 0.7 {
		t.Errorf("right for %.3f of the queries that were held back, expected at least 0.7", y)
	}
}
