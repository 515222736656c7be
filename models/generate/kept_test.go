//go:build !js

package generate_test

import (
	"errors"
	"fmt"
	"slices"
	"testing"

	"github.com/lodestone-wasm/lodestone/models/generate"
)

// A processor that changes nothing has the whole vocabulary brought to the host; without it
// only the largest logits come. Both must choose the same tokens.
func TestTheLargestLogitsChooseTheTokensOfTheWholeVocabulary(t *testing.T) {
	m := must(t, "dec_subln_xpos")
	inputs := []generate.Input{{Prompt: []int32{3, 7}}, {Prompt: []int32{11}}}
	for _, o := range []generate.Options{
		{},
		{Suppress: []int32{4, 9, 12}},
		{EOS: []int32{5, 6}, MinNewTokens: 8},
		{Sample: true, TopK: 5},
		{Sample: true, TopK: 20, TopP: 0.7, Temperature: 1.5, Suppress: []int32{1}},
		{Sample: true, TopK: 8, Temperature: 3, Returns: 3, EOS: []int32{2}, MinNewTokens: 3},
	} {
		for seed := range uint64(20) {
			o.MaxNewTokens, o.Seed = 12, seed
			whole := o
			whole.Processors = []generate.Processor{func([]int32, []float32) {}}
			have, want := run(t, m, inputs, o), run(t, m, inputs, whole)
			for i := range want {
				if !slices.Equal(have[i].IDs, want[i].IDs) || have[i].Reason != want[i].Reason {
					t.Fatalf("%+v: result %d is %v, with all logits %v", o, i, have[i], want[i])
				}
			}
			if !o.Sample {
				break
			}
		}
	}
}

func TestWhereNoTokenMayFollowTheRunFails(t *testing.T) {
	m := must(t, "dec_subln_xpos")
	var all []int32
	for id := range int32(29) {
		all = append(all, id)
	}
	inf := float32(0)
	for i, o := range []generate.Options{
		{Suppress: all},
		{Sample: true, TopK: 5, Suppress: all},
		{Processors: []generate.Processor{func(_ []int32, logits []float32) {
			for i := range logits {
				logits[i] = -1 / inf
			}
		}}},
	} {
		t.Run(fmt.Sprint(i), func(t *testing.T) {
			_, err := generate.Generate(m, []generate.Input{{Prompt: []int32{3}}}, o)
			if !errors.Is(err, generate.ErrOptions) {
				t.Errorf("got %v", err)
			}
		})
	}
}
