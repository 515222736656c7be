package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/lodestone-wasm/lodestone/models/pipeline"
	"github.com/lodestone-wasm/lodestone/models/tasks"
)

func init() {
	register(textsGroup, func(e *env) *flags {
		f := newCommand(e, "embed --model MODEL", "lines on standard input → vectors, as JSON").computes()
		model, dtype := f.modelFlag(), f.dtypeFlag()
		pooling := f.String("pooling", "", "prompt, mean, cls, last_token; empty: the model's own")
		normalize := f.Bool("normalize", false, "divide each vector by its length")
		return f.runs(0, 0, func([]string) error { return f.embed(e, *model, *dtype, *pooling, *normalize) })
	})
}

func (f *flags) embed(e *env, model, dtype, by string, normalize bool) error {
	if by == "none" {
		return fmt.Errorf("%w: --pooling none gives no sentence vector; `lode run feature-extraction` gives the states of all tokens", errUsage)
	}
	by, err := pooling(by)
	if err != nil {
		return err
	}
	x, err := openTask(f, e, model, dtype, pipeline.FeatureExtraction)
	if err != nil {
		return err
	}
	w := bufio.NewWriter(e.out)
	defer w.Flush()
	out := json.NewEncoder(w)
	bar := newBar(e.err, "embedding", "texts")
	defer bar.end()
	var texts []string
	done := 0
	flush := func() error {
		r, err := x.Run(nil, texts, tasks.FeatureExtractionOptions{Pooling: by, Normalize: normalize})
		if err != nil {
			return err
		}
		dim := r.Dims[1]
		for i := range texts {
			if r.Truncated[i] {
				fmt.Fprintf(e.err, "lode embed: line %d is longer than the model reads; it was truncated\n", done+i+1)
			}
			if err := out.Encode(r.Data[i*dim : (i+1)*dim]); err != nil {
				return err
			}
		}
		done += len(texts)
		bar.set(int64(done), -1)
		texts = texts[:0]
		return w.Flush()
	}
	err = eachLine(e.in, func(_ int, line []byte) error {
		texts = append(texts, strings.TrimSuffix(string(line), "\r"))
		if len(texts) == 64 {
			return flush()
		}
		return nil
	})
	if err == nil && len(texts) > 0 {
		err = flush()
	}
	return err
}
