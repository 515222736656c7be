package main

import (
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/lodestone-wasm/lodestone/models/pipeline"
	"github.com/lodestone-wasm/lodestone/models/tasks"
	"gonum.org/v1/gonum/stat"
)

// stsResult is what `lode eval sts --json` prints.
type stsResult struct {
	File     string  `json:"file"`
	Pairs    int     `json:"pairs"`
	Spearman float64 `json:"spearman"`
	DType    string  `json:"dtype"`
}

// evaluations are the commands below `lode eval`.
var evaluations = newParentOf("eval", "compare a model with people's labels, translations and scores", checksGroup)

func init() {
	evaluations.register(func(e *env) *flags {
		f := newCommand(e, "sts --model MODEL FILE.csv...", "Spearman's correlation of cosines with human scores").computes()
		model, dtype := f.modelFlag(), f.dtypeFlag()
		pooling := f.String("pooling", "", "prompt, mean, cls, last_token; empty: the model's own")
		return f.runs(1, -1, func(paths []string) error { return f.evalSTS(e, *model, *dtype, *pooling, paths) })
	})
}

func (f *flags) evalSTS(e *env, model, dtype, by string, paths []string) error {
	by, err := pooling(by)
	if err != nil {
		return err
	}
	x, err := openTask(f, e, model, dtype, pipeline.FeatureExtraction)
	if err != nil {
		return err
	}
	for _, path := range paths {
		pairs, err := readSTS(path)
		if err != nil {
			return err
		}
		bar := newBar(e.err, filepath.Base(path), "sentences")
		score, err := spearmanOf(x, pairs, by, bar)
		bar.end()
		if err != nil {
			return fmt.Errorf("%s: %w", path, err)
		}
		r := stsResult{filepath.Base(path), len(pairs.scores), score, dtype}
		if *f.json {
			err = json.NewEncoder(e.out).Encode(r)
		} else {
			_, err = fmt.Fprintf(e.out, "%s: Spearman %.4f (%d pairs, dtype %s)\n", r.File, r.Spearman, r.Pairs, r.DType)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// sts is an STS file: sentence i of a and of b with a human's score.
type sts struct {
	a, b   []string
	scores []float64
}

// readSTS reads a CSV file of sentence1, sentence2, score; a first line with these
// names is allowed.
func readSTS(path string) (*sts, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	r := csv.NewReader(file)
	r.FieldsPerRecord = -1
	y := &sts{}
	for first := true; ; first = false {
		row, err := r.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
		line, _ := r.FieldPos(0)
		if len(row) < 3 {
			return nil, fmt.Errorf("%s: line %d: %d columns, expected sentence1, sentence2, score", path, line, len(row))
		}
		score, err := strconv.ParseFloat(strings.TrimSpace(row[2]), 64)
		if err != nil || math.IsNaN(score) {
			if first {
				continue
			}
			return nil, fmt.Errorf("%s: line %d: score %q is not a number", path, line, row[2])
		}
		y.a, y.b, y.scores = append(y.a, row[0]), append(y.b, row[1]), append(y.scores, score)
	}
	if len(y.scores) < 2 {
		return nil, fmt.Errorf("%s: %d pairs; a correlation needs two", path, len(y.scores))
	}
	return y, nil
}

// spearmanOf embeds both sides and correlates their cosines with the scores.
func spearmanOf(x *tasks.FeatureExtraction, p *sts, pooling string, bar *bar) (float64, error) {
	all := slices.Concat(p.a, p.b)
	r, err := x.Run(nil, all, tasks.FeatureExtractionOptions{Pooling: pooling, Normalize: true,
		Progress: func(done, total int) { bar.set(int64(done), int64(total)) }})
	if err != nil {
		return 0, err
	}
	n, dim := len(p.scores), r.Dims[1]
	cosines := make([]float64, n)
	for i := range cosines {
		a, b := r.Data[i*dim:(i+1)*dim], r.Data[(n+i)*dim:(n+i+1)*dim]
		for j := range a {
			cosines[i] += float64(a[j]) * float64(b[j])
		}
	}
	return spearman(cosines, p.scores), nil
}

// spearman is the correlation of ranks, where equal values share their average rank.
func spearman(x, y []float64) float64 { return stat.Correlation(ranks(x), ranks(y), nil) }

func ranks(x []float64) []float64 {
	order := make([]int, len(x))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(a, b int) int {
		switch {
		case x[a] < x[b]:
			return -1
		case x[a] > x[b]:
			return 1
		}
		return 0
	})
	y := make([]float64, len(x))
	for i := 0; i < len(order); {
		j := i
		for j < len(order) && x[order[j]] == x[order[i]] {
			j++
		}
		for k := i; k < j; k++ {
			y[order[k]] = float64(i+j-1) / 2
		}
		i = j
	}
	return y
}
