package main

import (
	"encoding/json"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strings"

	"github.com/lodestone-wasm/lodestone/models/pipeline"
	"github.com/lodestone-wasm/lodestone/models/tasks"
	"github.com/lodestone-wasm/lodestone/models/tokenizer"
	"github.com/lodestone-wasm/lodestone/models/transformer"
)

// perplexityResult is what `lode eval perplexity --json` prints.
type perplexityResult struct {
	File       string  `json:"file"`
	Tokens     int     `json:"tokens"`
	Perplexity float64 `json:"perplexity"`
	Window     int     `json:"window"`
	DType      string  `json:"dtype"`
}

func init() {
	evaluations.register(func(e *env) *flags {
		f := newCommand(e, "perplexity --model MODEL FILE...", "perplexity of a language model").computes()
		model, dtype := f.modelFlag(), f.dtypeFlag()
		window := f.Int("window", 96, "tokens that are predicted from those before them, then the model forgets")
		return f.runs(1, -1, func(paths []string) error { return f.evalPerplexity(e, *model, *dtype, *window, paths) })
	})
}

// evalPerplexity says how well a decoder foresees texts: e to the mean, over all tokens,
// of −log p(token | those before it in its window), as weights/train/lm.py counts it.
//
// A file holds documents: a paragraph a line, each turned into tokens for itself, and an
// empty line between documents. After a document stands the token that ends texts (the
// first of eos_token_id, if config.json has it), which is foreseen like the others. All
// that is cut into windows that do not overlap, the last may be shorter; before the first
// token of a window the model reads bos_token_id, or the end of a text if there is none.
func (f *flags) evalPerplexity(e *env, model, dtype string, window int, paths []string) error {
	if window < 1 {
		return fmt.Errorf("%w: --window %d; expected 1 or more tokens", errUsage, window)
	}
	m, err := f.openModel(e, model, dtype, pipeline.CausalLM)
	if err != nil {
		return err
	}
	g, err := pipeline.TextGeneration.Of(m)
	if err != nil {
		return inFolder(model, err)
	}
	for _, path := range paths {
		ids, err := documentTokens(m.Tokenizer, path, g.Settings.Options.EOS)
		if err != nil {
			return err
		}
		mean, err := surprise(g, m.Stack, ids, window, newBar(e.err, filepath.Base(path), "tokens"))
		if err != nil {
			return fmt.Errorf("%s: %w", path, err)
		}
		r := perplexityResult{filepath.Base(path), len(ids), math.Exp(mean), window, dtype}
		if math.IsNaN(r.Perplexity) || math.IsInf(r.Perplexity, 0) {
			return fmt.Errorf("%s: the perplexity is %v: for some token the model has no probability", path, r.Perplexity)
		}
		if *f.json {
			err = json.NewEncoder(e.out).Encode(r)
		} else {
			_, err = fmt.Fprintf(e.out, "%s: perplexity %.3f (%d tokens, windows of %d, dtype %s)\n", r.File, r.Perplexity, r.Tokens, r.Window, r.DType)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// documentTokens are the tokens of a file of documents, end behind each.
func documentTokens(t *tokenizer.Tokenizer, path string, end []int32) ([]int32, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	var all []int32
	open := false
	closeDocument := func() {
		if open && len(end) > 0 {
			all = append(all, end[0])
		}
		open = false
	}
	err = eachLine(file, func(_ int, line []byte) error {
		text := strings.TrimRight(string(line), "\r")
		if strings.TrimSpace(text) == "" {
			closeDocument()
			return nil
		}
		x, err := t.Encode(text, tokenizer.Options{})
		if err != nil {
			return err
		}
		all, open = append(all, x.IDs...), true
		return nil
	})
	closeDocument()
	if err == nil && len(all) == 0 {
		err = fmt.Errorf("no text")
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return all, nil
}

// surprise is the mean of −log p over ids, in nats.
func surprise(g *tasks.TextGeneration, m *transformer.Model, ids []int32, window int, bar *bar) (float64, error) {
	defer bar.end()
	c := m.Config
	if c.MaxPositions > 0 && window > c.MaxPositions {
		return 0, fmt.Errorf("%w: --window %d; the model reads at most %d tokens", errUsage, window, c.MaxPositions)
	}
	total := 0.0
	for from := 0; from < len(ids); {
		part := ids[from:min(from+16*window, len(ids))]
		each, err := g.Surprisal(nil, part, window)
		if err != nil {
			return 0, err
		}
		for _, nats := range each {
			total += float64(nats)
		}
		from += len(part)
		bar.set(int64(from), int64(len(ids)))
	}
	return total / float64(len(ids)), nil
}
