//go:build !js

package tasks_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/lodestone-wasm/lodestone/models/heads"
	"github.com/lodestone-wasm/lodestone/models/heads/headstest"
	"github.com/lodestone-wasm/lodestone/models/pipeline"
	"github.com/lodestone-wasm/lodestone/models/tasks"
	"github.com/lodestone-wasm/lodestone/models/transformer"
)

// tinyEncoder is a random BERT, whose pooling is the mean.
func tinyEncoder(t *testing.T) *tasks.FeatureExtraction {
	t.Helper()
	texts, err := headstest.New("bert", heads.MaskedLM).Files()
	if err != nil {
		t.Fatal(err)
	}
	files := fstest.MapFS{}
	for name, text := range texts {
		files[name] = &fstest.MapFile{Data: text}
	}
	x, err := pipeline.Open(device(t), pipeline.FS(files), pipeline.FeatureExtraction, pipeline.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return x
}

// Run is the reference: what a caller tokenises has the vector of its text, to the bit.
func TestTextsThatAreIdsHaveTheVectorsOfTheirTexts(t *testing.T) {
	long := strings.Repeat("the capital of france is paris , and ", 40)
	texts := []string{"the capital of france", " Ada ", "", "\t", long, "日本 🙂 lovelace"}
	for name, x := range map[string]*tasks.FeatureExtraction{"mean": tinyEncoder(t), "prompt": mustOpen(t, nil)} {
		want, err := x.Run(nil, texts, tasks.FeatureExtractionOptions{Normalize: true})
		if err != nil {
			t.Fatal(err)
		}
		rows := make([][]int32, len(texts))
		for i, text := range texts {
			ids, truncated, err := x.Encode(text)
			if err != nil || truncated != want.Truncated[i] || len(ids) > x.MaxTokens() {
				t.Errorf("%s: text %d: %d tokens, truncated %v, %v; expected truncated %v", name, i, len(ids), truncated, err, want.Truncated[i])
			}
			rows[i] = ids
		}
		got, err := x.RunIDs(nil, rows, tasks.FeatureExtractionOptions{Normalize: true})
		if err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(got.Data, want.Data) || !slices.Equal(got.Dims, want.Dims) {
			t.Errorf("%s: the vectors differ", name)
		}
		alone, err := x.Run(nil, texts[4:5], tasks.FeatureExtractionOptions{Normalize: true})
		if err != nil {
			t.Fatal(err)
		}
		over, err := x.RunIDs(nil, [][]int32{append(slices.Clone(rows[4]), 5)}, tasks.FeatureExtractionOptions{Normalize: true})
		if err != nil || !over.Truncated[0] || !slices.Equal(over.Data, alone.Data) {
			t.Errorf("%s: one token more than fits: %v, truncated %v", name, err, over.Truncated)
		}
		for _, id := range []int32{-1, 1 << 30} {
			if _, err := x.RunIDs(nil, [][]int32{{5}, {id}}, tasks.FeatureExtractionOptions{}); !errors.Is(err, transformer.ErrInput) || !strings.Contains(err.Error(), "text 1") {
				t.Errorf("%s: id %d: %v", name, id, err)
			}
		}
	}
}
