//go:build !js

package tasks_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"os"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/lodestone-wasm/lodestone/kernels"
	"github.com/lodestone-wasm/lodestone/kernels/simd"
	"github.com/lodestone-wasm/lodestone/models/pipeline"
	"github.com/lodestone-wasm/lodestone/models/promptbert"
	"github.com/lodestone-wasm/lodestone/models/tasks"
)

const defaultModel = "../../weights/prompt-magneto-en-de-fr"

// openEncoder opens the shipped encoder; edit, if set, changes the text of its config.json.
func openEncoder(edit func(string) string) (*tasks.FeatureExtraction, error) {
	b, err := simd.New(context.Background())
	if err != nil {
		return nil, err
	}
	files := pipeline.Dir(defaultModel)
	if edit != nil {
		changed := fstest.MapFS{} // without the manifest
		for _, name := range []string{"config.json", "tokenizer.json", "model.safetensors"} {
			text, err := os.ReadFile(defaultModel + "/" + name)
			if err != nil {
				return nil, err
			}
			if name == "config.json" {
				text = []byte(edit(string(text)))
			}
			changed[name] = &fstest.MapFile{Data: text}
		}
		files = pipeline.FS(changed)
	}
	return pipeline.Open(kernels.NewDevice(b), files, pipeline.FeatureExtraction, pipeline.Options{})
}

func mustOpen(t *testing.T, edit func(string) string) *tasks.FeatureExtraction {
	t.Helper()
	x, err := openEncoder(edit)
	if err != nil {
		t.Fatal(err)
	}
	return x
}

func extract(t *testing.T, x *tasks.FeatureExtraction, pooling string, normalize bool, texts ...string) tasks.Vectors {
	t.Helper()
	r, err := x.Run(nil, texts, tasks.FeatureExtractionOptions{Pooling: pooling, Normalize: normalize})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// alike tells whether no number of two vectors differs by more than 1e-4.
func alike(a, b []float32) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if !(math.Abs(float64(a[i]-b[i])) <= 1e-4) {
			return false
		}
	}
	return true
}

func TestEveryPoolingIsMadeOfTheStatesOfNone(t *testing.T) {
	x := mustOpen(t, nil)
	texts := []string{"Guten Morgen", "a", "", "Where is the nearest train station?"}
	all := extract(t, x, "none", false, texts...)
	tokens, dim := all.Dims[1], all.Dims[2]
	// <s>, pieces, </s>: the longest of these has 8 pieces.
	if all.Dims[0] != 4 || dim != 256 || len(all.Data) != 4*tokens*dim {
		t.Fatalf("dims %v, %d numbers", all.Dims, len(all.Data))
	}
	mean, cls := extract(t, x, "mean", false, texts...), extract(t, x, "cls", false, texts...)
	last := extract(t, x, "last", false, texts...)
	for i := range texts {
		states := all.Data[i*tokens*dim : (i+1)*tokens*dim]
		n := 0
		for n < tokens && slices.ContainsFunc(states[n*dim:(n+1)*dim], func(v float32) bool { return v != 0 }) {
			n++
		}
		sum := make([]float32, dim)
		for j, v := range states[:n*dim] {
			sum[j%dim] += v / float32(n)
		}
		if !alike(mean.Data[i*dim:(i+1)*dim], sum) {
			t.Errorf("text %d: mean is not that of its %d states", i, n)
		}
		if !alike(cls.Data[i*dim:(i+1)*dim], states[:dim]) {
			t.Errorf("text %d: cls is not its first state", i)
		}
		if !alike(last.Data[i*dim:(i+1)*dim], states[(n-1)*dim:n*dim]) {
			t.Errorf("text %d: last is not the last of its %d states", i, n)
		}
		for _, v := range states[n*dim:] {
			if v != 0 {
				t.Fatalf("text %d: the rows after its %d tokens are not zeros", i, n)
			}
		}
	}
}

func TestTheModelsOwnPoolingIsItsPrompt(t *testing.T) {
	x := mustOpen(t, nil)
	if !alike(extract(t, x, "", true, "Guten Morgen").Data, extract(t, x, "prompt", true, "Guten Morgen").Data) {
		t.Error("no pooling named: not the prompt's embedding")
	}
	without := mustOpen(t, func(c string) string { return strings.Replace(c, `"prompt"`, `"not_prompt"`, 1) })
	if !alike(extract(t, without, "", true, "Guten Morgen").Data, extract(t, x, "mean", true, "Guten Morgen").Data) {
		t.Error("a model without a prompt: not the mean")
	}
	if _, err := without.Run(nil, []string{"a"}, tasks.FeatureExtractionOptions{Pooling: "prompt"}); !errors.Is(err, tasks.ErrPooling) {
		t.Errorf("error %v, expected %v", err, tasks.ErrPooling)
	}
}

func TestAMalformedPromptIsAnErrorAndNotSilentlyAnotherPooling(t *testing.T) {
	_, err := openEncoder(func(c string) string { return strings.Replace(c, `"mask_token_id": 16383`, `"mask_token_id": 5`, 1) })
	if !errors.Is(err, promptbert.ErrPrompt) {
		t.Errorf("error %v, expected %v", err, promptbert.ErrPrompt)
	}
}

func TestNormalisedVectorsHaveLengthOne(t *testing.T) {
	x := mustOpen(t, nil)
	for _, pooling := range []string{"prompt", "mean", "cls"} {
		sum := 0.0
		for _, v := range extract(t, x, pooling, true, "Guten Morgen").Data {
			sum += float64(v) * float64(v)
		}
		if math.Abs(sum-1) > 1e-5 {
			t.Errorf("%s: squared length %g", pooling, sum)
		}
	}
}

func TestLongTextsAreCutAndSaySo(t *testing.T) {
	x := mustOpen(t, nil)
	for _, pooling := range []string{"prompt", "mean", "cls", "last", "none"} {
		r := extract(t, x, pooling, false, "short", strings.Repeat("a very long text ", 500))
		if r.Truncated[0] || !r.Truncated[1] {
			t.Errorf("%s: truncated %v", pooling, r.Truncated)
		}
	}
}

func TestNoTextsGiveNoVectors(t *testing.T) {
	x := mustOpen(t, nil)
	for _, pooling := range []string{"prompt", "mean", "none"} {
		if r := extract(t, x, pooling, true); len(r.Data) != 0 || r.Dims[0] != 0 {
			t.Errorf("%s: dims %v", pooling, r.Dims)
		}
	}
}

func TestAnUnknownPoolingIsNamed(t *testing.T) {
	if _, err := mustOpen(t, nil).Run(nil, []string{"a"}, tasks.FeatureExtractionOptions{Pooling: "max"}); !errors.Is(err, tasks.ErrPooling) || !strings.Contains(err.Error(), `"max"`) {
		t.Errorf("error %v", err)
	}
}

func TestProgressCountsTheTexts(t *testing.T) {
	x := mustOpen(t, nil)
	texts := make([]string, 200)
	for i := range texts {
		texts[i] = "Where is the nearest train station?"
	}
	var seen []int
	if _, err := x.Run(nil, texts, tasks.FeatureExtractionOptions{Progress: func(done, total int) {
		if total != 200 {
			t.Errorf("total %d", total)
		}
		seen = append(seen, done)
	}}); err != nil {
		t.Fatal(err)
	}
	if len(seen) < 3 || seen[len(seen)-1] != 200 || !slices.IsSorted(seen) {
		t.Errorf("progress %v", seen)
	}
}

func ExampleFeatureExtraction_Run() {
	embed, err := openEncoder(nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	r, err := embed.Run(context.Background(), []string{"Guten Morgen", "good morning"}, tasks.FeatureExtractionOptions{Normalize: true})
	if err != nil {
		fmt.Println(err)
		return
	}
	dim, dot := r.Dims[1], float32(0)
	for i := range dim {
		dot += r.Data[i] * r.Data[dim+i]
	}
	fmt.Println(r.Dims, dot > 0.8)
	// Output: [2 256] true
}
