package main

import (
	"encoding/json"
	"fmt"

	"github.com/lodestone-wasm/lodestone/models/pipeline"
	"github.com/lodestone-wasm/lodestone/models/tasks"
)

// features is a line of `lode run feature-extraction`: the vector of a text or, without
// pooling, the states of its tokens, with dims [tokens, hidden_size].
type features struct {
	Text      int       `json:"text"`
	Dims      []int     `json:"dims"`
	Data      []float32 `json:"data"`
	Truncated bool      `json:"truncated,omitempty"`
}

func init() {
	runTasks.register(func(e *env) *flags {
		t := newTask(e, pipeline.FeatureExtraction.Name, "[TEXT...]", "vectors of texts, or the states of their tokens")
		pooling := t.String("pooling", "none", "none (the states of all tokens), mean, cls, last_token, prompt; auto: the model's own")
		normalize := t.Bool("normalize", false, "divide each vector by its length")
		return t.runs(0, func(model string, texts []string) error {
			return t.features(e, model, texts, *pooling, *normalize)
		})
	})
}

// poolings are the names of poolings, with those that the engine has for them.
var poolings = map[string]string{"none": "none", "mean": "mean", "cls": "cls", "last_token": "last", "last": "last", "prompt": "prompt", "auto": "", "": ""}

// pooling is the engine's name of a pooling.
func pooling(name string) (string, error) {
	engine, ok := poolings[name]
	if !ok {
		return "", usage("--pooling %q; known: none, mean, cls, last_token, prompt, auto", name)
	}
	return engine, nil
}

func (t *taskFlags) features(e *env, model string, texts []string, by string, normalize bool) error {
	by, err := pooling(by)
	if err != nil {
		return err
	}
	x, err := openTask(t.flags, e, model, *t.dtype, pipeline.FeatureExtraction)
	if err != nil {
		return err
	}
	out := json.NewEncoder(e.out)
	for i, text := range texts {
		r, err := x.Run(e.context(), []string{text}, tasks.FeatureExtractionOptions{Pooling: by, Normalize: normalize})
		if err != nil {
			return fmt.Errorf("text %d: %w", i, err)
		}
		y := features{Text: i, Dims: r.Dims[1:], Data: r.Data, Truncated: r.Truncated[0]}
		if *t.json {
			err = out.Encode(y)
		} else {
			err = out.Encode(y.Data)
		}
		if err != nil {
			return err
		}
	}
	return nil
}
