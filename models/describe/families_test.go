//go:build !js

package describe_test

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"testing"

	"github.com/lodestone-wasm/lodestone/models/describe"
	"github.com/lodestone-wasm/lodestone/models/transformer"
)

// spare are tensors of the families' checkpoints that say nothing about the states: heads
// of tasks, poolers, copies, and tables that are computed.
var spare = regexp.MustCompile(`^(cls|lm_head|classifier|qa_outputs|vocab_|pre_classifier|mlp)|pooler|position_ids|lm_head|classification_heads|head\.|mask_token|embed_positions\.weights|output_projection|version|_float_tensor|rotary|attn\.(masked_)?bias$|xpos|embed_tokens\.weight$`)

// Every family's checkpoint is explained: what is left over is known to be spare.
func TestEveryFamilyIsDescribedByItsNames(t *testing.T) {
	dirs, err := filepath.Glob(vectors + "/families/*")
	if err != nil || len(dirs) < 20 {
		t.Fatalf("%d families (%v)", len(dirs), err)
	}
	for _, dir := range dirs {
		name := filepath.Base(dir)
		if _, err := os.Stat(filepath.Join(dir, "config.json")); err != nil {
			continue
		}
		t.Run(name, func(t *testing.T) {
			config, tensors := open(t, dir)
			for i, r := range config.Roles(tensors) {
				if r.Part == transformer.Unused && !spare.MatchString(tensors[i].Name) {
					t.Errorf("%q is for nothing", tensors[i].Name)
				}
			}
			d := describe.Model(config, tensors, []string{})
			for _, s := range d.Stacks {
				for _, p := range []string{"attention", "norms"} {
					if part(s, p) == 0 {
						t.Errorf("%s: no %s in %+v", s.Name, p, s.Parts)
					}
				}
				if part(s, "feed-forward")+part(s, "experts") == 0 || len(s.LayerParts) != s.Layers || len(s.LayerParts[s.Layers-1]) < 3 {
					t.Errorf("%s: parts %+v, layers %+v", s.Name, s.Parts, s.LayerParts)
				}
			}
			if part(d.Stacks[0], "tokens") == 0 || size(d, "f32").Bytes != 4*d.Parameters {
				t.Errorf("parts %+v, sizes %+v", d.Stacks[0].Parts, d.Sizes)
			}
			// A copy of the table in the file is no second head.
			if config.TiedHead && d.Head != "tied" && d.Head != "own" {
				t.Errorf("head %q", d.Head)
			}
		})
	}
}

func TestLlamaIsDescribed(t *testing.T) {
	config, tensors := open(t, vectors+"/families/llama")
	d := describe.Model(config, tensors, nil)
	s := d.Stacks[0]
	if d.Kind != "decoder" || d.Head != "own" || s.NormKind != "RMSNorm" || !s.Gated || s.Positions != "rotary" || s.KVHeads >= s.Heads || !s.Causal ||
		!slices.Equal(s.NormPlaces, []string{"before attention", "before the feed-forward", "after the last layer"}) {
		t.Errorf("%s, head %s, %+v", d.Kind, d.Head, s)
	}
	config, tensors = open(t, vectors+"/families/gpt2_lm")
	if d = describe.Model(config, tensors, nil); d.Head != "tied" {
		t.Errorf("head of gpt2: %s", d.Head)
	}
}
