//go:build !js

package golden_test

import (
	"errors"
	"math"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/lodestone-wasm/lodestone/kernels"
	"github.com/lodestone-wasm/lodestone/models/golden"
	"github.com/lodestone-wasm/lodestone/models/transformer"
)

// Each number of a config.json is replaced by numbers that it cannot be. Whatever comes
// of it is a report or an error that names its package, never a panic, and never a
// model of a size nobody has.
func TestNumbersThatCannotBeDoNotBreakAnything(t *testing.T) {
	number := regexp.MustCompile(`-?\d+(\.\d+)?([eE][-+]?\d+)?`)
	for _, dir := range []string{"beit3_multiway_subln", "dec_subln_relpos", "dec_xmoe_top1_cap25", "encdec_subln_relpos_shared", "enc_moe_top2_all_cap25",
		"kformer", "metalm_semicausal", "moec_drop_cap", "expert_prune", "promptbert_roberta", "thex_approx_bert",
		"families/bert_question_answering", "families/beit3", "families/fairseq_transformer_pre", "families/kosmos2_text", "families/llama_rope_llama3", "families/nllb"} {
		t.Run(dir, func(t *testing.T) {
			read := func(name string) []byte {
				b, err := os.ReadFile(filepath.Join("testdata", dir, name))
				if err != nil {
					t.Fatal(err)
				}
				return b
			}
			config, io := string(read("config.json")), read("io.json")
			dev := kernels.NewDevice(kernels.NewReference(64 << 20))
			used := dev.Used()
			for _, at := range number.FindAllStringIndex(config, -1) {
				if before := config[at[0]-1]; before != ' ' && before != ':' && before != '[' && before != '\n' {
					continue // a digit of a name
				}
				for _, value := range []string{"0", "-1", "1", "3", "1e300", "2147483648", "0.5"} {
					text := config[:at[0]] + value + config[at[1]:]
					s, f, err := transformer.OpenFile(dev, weightsOf("testdata/"+dir))
					if err != nil {
						t.Fatal(err)
					}
					_, err = golden.Run(dev, []byte(text), io, s, "f32")
					f.Close()
					if err != nil && !strings.Contains(err.Error(), ": ") {
						t.Errorf("%s…: error %q names nothing", text[max(0, at[0]-30):at[0]]+value, err)
					}
					if dev.Used() != used {
						t.Fatalf("%s…: %d bytes in use, %d before", text[max(0, at[0]-30):at[0]]+value, dev.Used(), used)
					}
				}
			}
		})
	}
}

// Inputs that are missing, empty or of another shape are errors, not panics.
func TestInputsThatDoNotFitAreRefused(t *testing.T) {
	dirs, err := filepath.Glob("testdata/*/io.json")
	if err != nil {
		t.Fatal(err)
	}
	families, err := filepath.Glob("testdata/families/*/io.json")
	if err != nil {
		t.Fatal(err)
	}
	dirs = append(dirs, families...)
	dev := kernels.NewDevice(kernels.NewReference(0))
	input := regexp.MustCompile(`(?s)"([a-z_0-9]+)": *\{"?\s*"shape": *\[[^]]*\],\s*"dtype": *"[a-z0-9]+",\s*"data": *\[[^]]*\]`)
	for _, file := range dirs {
		dir := filepath.Dir(file)
		t.Run(filepath.Base(dir), func(t *testing.T) {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			end := strings.Index(string(text), `"outputs"`)
			names := input.FindAllStringSubmatch(string(text)[:end], -1)
			if len(names) == 0 {
				t.Fatal("no inputs found")
			}
			for _, n := range names {
				for what, put := range map[string]string{
					"missing":  `"other": {"shape": [1], "dtype": "i64", "data": [1]`,
					"empty":    `"` + n[1] + `": {"shape": [0, 0], "dtype": "i64", "data": []`,
					"a line":   `"` + n[1] + `": {"shape": [2], "dtype": "i64", "data": [1, 1]`,
					"a square": `"` + n[1] + `": {"shape": [1, 1], "dtype": "f32", "data": [1e30]`,
					"negative": `"` + n[1] + `": {"shape": [1, 2], "dtype": "i64", "data": [-5, 2e9]`,
				} {
					r, err := runDir(t, dev, dir, "f32", func(io string) string { return strings.Replace(io, n[0], put, 1) })
					optional := strings.Contains(n[1], "mask") || strings.Contains(n[1], "padding") || n[1] == "template_ids"
					if err == nil && !optional && !(r.Worst() > golden.Tolerance || math.IsNaN(r.Worst())) {
						t.Errorf("%s %s passes", n[1], what)
					}
				}
			}
		})
	}
}

func TestAFileThatIsNoModelIsRefused(t *testing.T) {
	for _, dir := range []string{"kformer", "metalm_semicausal", "expert_prune"} {
		config, err := os.ReadFile(filepath.Join("testdata", dir, "config.json"))
		if err != nil {
			t.Fatal(err)
		}
		io, err := os.ReadFile(filepath.Join("testdata", dir, "io.json"))
		if err != nil {
			t.Fatal(err)
		}
		dev := kernels.NewDevice(kernels.NewReference(0))
		if _, err := golden.Run(dev, config, io, nil, "f32"); !errors.Is(err, golden.ErrVectors) {
			t.Errorf("%s without weights: %v", dir, err)
		}
		s, f, err := transformer.OpenFile(dev, filepath.Join("testdata", dir, "config.json"))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := golden.Run(dev, config, io, s, "f32"); err == nil {
			t.Errorf("%s: its config.json was taken for weights", dir)
		}
		f.Close()
	}
}
