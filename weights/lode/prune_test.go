package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/lodestone-wasm/lodestone/kernels"
	"github.com/lodestone-wasm/lodestone/models/pipeline"
	"github.com/lodestone-wasm/lodestone/models/prune"
	"github.com/lodestone-wasm/lodestone/models/transformer"
	"github.com/lodestone-wasm/lodestone/weights/folder"
)

// mixture writes a folder of a golden mixture of experts with a tokenizer of its own: 29
// tokens, of which 26 are letters.
func mixture(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	vocab := map[string]int{"[UNK]": 0, "[PAD]": 1, ".": 28}
	for c := range 26 {
		vocab[string(rune('a'+c))] = c + 2
	}
	tokenizer, err := json.Marshal(map[string]any{
		"version": "1.0", "truncation": nil, "padding": nil, "added_tokens": []any{}, "post_processor": nil,
		"normalizer":    map[string]any{"type": "BertNormalizer", "clean_text": true, "handle_chinese_chars": true, "strip_accents": nil, "lowercase": true},
		"pre_tokenizer": map[string]any{"type": "BertPreTokenizer"},
		"decoder":       map[string]any{"type": "WordPiece", "prefix": "##", "cleanup": true},
		"model":         map[string]any{"type": "WordPiece", "unk_token": "[UNK]", "continuing_subword_prefix": "##", "max_input_chars_per_word": 100, "vocab": vocab},
	})
	if err != nil {
		t.Fatal(err)
	}
	files := map[string][]byte{"tokenizer.json": tokenizer}
	for from, to := range map[string]string{"config.json": "config.json", "weights.safetensors": "model.safetensors"} {
		if files[to], err = os.ReadFile(filepath.Join("../../models/golden/testdata/enc_moe_top1_cap100", from)); err != nil {
			t.Fatal(err)
		}
	}
	for name, b := range files {
		if err := os.WriteFile(filepath.Join(dir, name), b, 0o666); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := folder.Pack(dir); err != nil { // a manifest, which no copy may have
		t.Fatal(err)
	}
	return dir
}

// calibrationTexts are single letters with spaces between: each a token.
func calibrationTexts(t *testing.T) string {
	t.Helper()
	var b strings.Builder
	for i := range 60 {
		for j := range i%9 + 1 {
			b.WriteByte(byte('a' + (5*i+11*j+i*j)%26))
			b.WriteByte(' ')
		}
		b.WriteString("\n\n")
	}
	b.WriteString(strings.Repeat("z ", 50)) // longer than the model, and the file does not end in a newline
	path := filepath.Join(t.TempDir(), "texts.txt")
	if err := os.WriteFile(path, []byte(b.String()), 0o666); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestPruneMakesADenseFolderThatEqualsTheMixtureWithItsBestExperts(t *testing.T) {
	in, out := mixture(t), filepath.Join(t.TempDir(), "new", "dense")
	v := lines[pruned](t, must(t, "", "prune", in, "--text", calibrationTexts(t), "--out", out, "--json"))
	if len(v) != 1 || !v[0].Exact || v[0].Sequences != 61 || v[0].Cut != 1 || v[0].BytesOut >= v[0].BytesIn {
		t.Fatalf("%+v", v)
	}
	r := v[0].Report
	if len(r.Layers) != 1 || r.Layers[0].Layer != 1 || len(r.Layers[0].Windows) != 5 {
		t.Fatalf("report %+v", r)
	}
	// Hits and shares add up, and survivors only become fewer.
	alive := 4
	for _, w := range r.Layers[0].Windows {
		hits, alpha := 0.0, 0.0
		for e := range w.HitRate {
			hits, alpha = hits+w.HitRate[e], alpha+w.AlphaNorm[e]
		}
		if math.Abs(hits-1) > 1e-9 || math.Abs(alpha-1) > 1e-9 || len(w.Alive) > alive || w.Threshold != 0.5/float64(len(w.Alive)) || !slices.Contains(w.Survivors, r.Layers[0].Kept) {
			t.Errorf("window %+v", w)
		}
		alive = len(w.Survivors)
	}
	states := func(dir string, keep int) []float32 {
		m, err := pipeline.OpenStack(kernels.NewDevice(kernels.NewReference(0)), pipeline.Dir(dir), pipeline.Options{})
		if err != nil {
			t.Fatal(err)
		}
		if e := m.Experts(1); e != nil {
			if err := e.SetAlive([]int{keep}); err != nil {
				t.Fatal(err)
			}
		}
		x, err := m.Forward(transformer.Batch{IDs: []int32{2, 9, 13, 7, 11, 4}, Lengths: []int{4, 2}})
		if err != nil {
			t.Fatal(err)
		}
		y := make([]float32, x.Rows*x.Cols)
		m.Device().Get(y, x)
		return y
	}
	want, got := states(in, r.Layers[0].Kept), states(out, 0)
	for i := range want {
		if math.Abs(float64(want[i]-got[i])) > 1e-6 {
			t.Fatalf("number %d is %v, expected %v", i, got[i], want[i])
		}
	}
	// What is in the folder: the report in both forms, no stale manifest, nothing else beside it.
	var stored prune.Report
	text, err := os.ReadFile(filepath.Join(out, prune.ReportJSON))
	if err != nil || json.Unmarshal(text, &stored) != nil || len(stored.Layers) != 1 || stored.Layers[0].Kept != r.Layers[0].Kept {
		t.Errorf("stored report %s (%v)", text, err)
	}
	if text, err := os.ReadFile(filepath.Join(out, prune.ReportText)); err != nil || !strings.Contains(string(text), "of 4; exact") || !strings.Contains(string(text), "window 4:") {
		t.Errorf("readable report %q (%v)", text, err)
	}
	if _, err := os.Stat(filepath.Join(out, "manifest.json")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the manifest of the mixture was copied (%v)", err)
	}
	if beside, _ := os.ReadDir(filepath.Dir(out)); len(beside) != 1 {
		t.Errorf("beside the folder: %v", beside)
	}
	d := lines[inspected](t, must(t, "", "inspect", "--json", out))
	if m := d[0].Model; m == nil || m.Stacks[0].Routing != nil {
		t.Errorf("the dense folder has routing: %+v", m)
	}
	// Once more, readable; and never over what is there.
	if said := must(t, "", "prune", in, "--text", calibrationTexts(t), "--out", out+"2"); !strings.Contains(said, "61 texts (1 were longer") || !strings.Contains(said, "stays of 4") {
		t.Errorf("said %q", said)
	}
	if _, errs, status := lode("", "prune", in, "--text", calibrationTexts(t), "--out", out); status != 1 || !strings.Contains(errs, "not empty") {
		t.Errorf("over a folder that is there: status %d, %s", status, errs)
	}
}

// Interrupted at any moment, prune leaves nothing.
func TestAnInterruptedPruningLeavesNothing(t *testing.T) {
	in, text := mixture(t), calibrationTexts(t)
	var e bytes.Buffer
	run := func(out string, ctx context.Context) error {
		p := &pruning{flags: newCommand(&env{out: &e, err: &e}, "prune", "").computes(), in: in, text: text, out: out, beta: 0.5, windows: 5}
		*p.flags.backend = "reference"
		return p.run(ctx, &env{out: &e, err: &e})
	}
	const many = 1 << 30
	whole := &countdown{Context: context.Background(), left: many}
	if err := run(filepath.Join(t.TempDir(), "dense"), whole); err != nil {
		t.Fatal(err)
	}
	last := many - whole.left - 1
	if last < 50 {
		t.Fatalf("the whole run looks %d times", last)
	}
	for _, calls := range []int{0, 1, 7, last / 2, last - 30, last} {
		dir := t.TempDir()
		out := filepath.Join(dir, "dense")
		err := run(out, &countdown{Context: context.Background(), left: calls})
		if !errors.Is(err, context.Canceled) || !strings.Contains(err.Error(), "was not written") {
			t.Errorf("after %d looks: error %v", calls, err)
		}
		if left, _ := os.ReadDir(dir); len(left) != 0 {
			t.Errorf("after %d looks: %v is left", calls, left)
		}
	}
}

// countdown is a context that ends after it was looked at so often.
type countdown struct {
	context.Context
	left int
}

func (c *countdown) Err() error {
	if c.left--; c.left < 0 {
		return context.Canceled
	}
	return nil
}

func TestPruneNamesWhatItCannotDo(t *testing.T) {
	in, text := mixture(t), calibrationTexts(t)
	empty := filepath.Join(t.TempDir(), "empty.txt")
	if err := os.WriteFile(empty, []byte("\n \n"), 0o666); err != nil {
		t.Fatal(err)
	}
	out := filepath.Join(t.TempDir(), "out")
	for name, c := range map[string]struct {
		args   []string
		status int
		names  string
	}{
		"no text":          {[]string{in, "--out", out}, 2, "--text"},
		"no out":           {[]string{in, "--text", text}, 2, "--out"},
		"beta":             {[]string{in, "--text", text, "--out", out, "--beta", "2"}, 2, "--beta 2"},
		"windows":          {[]string{in, "--text", text, "--out", out, "--windows", "0"}, 2, "--windows 0"},
		"an empty text":    {[]string{in, "--text", empty, "--out", out}, 1, "no text in it"},
		"a dense model":    {[]string{model, "--text", text, "--out", out}, 1, "experts"},
		"no such model":    {[]string{t.TempDir(), "--text", text, "--out", out}, 1, "config.json"},
		"no such text":     {[]string{in, "--text", in + "/nothing", "--out", out}, 1, "nothing"},
		"nothing at all":   {nil, 2, "0 arguments"},
		"a file for a dir": {[]string{in, "--text", text, "--out", filepath.Join(empty, "x")}, 1, "empty.txt"},
	} {
		if _, errs, status := lode("", append([]string{"prune"}, c.args...)...); status != c.status || !strings.Contains(errs, c.names) {
			t.Errorf("%s: status %d, %q; expected %d naming %s", name, status, errs, c.status, c.names)
		}
		if _, err := os.Stat(out); err == nil {
			t.Fatalf("%s: a folder was written", name)
		}
	}
}

func TestMergeWeighsExpertsByTheLoadOfTheTexts(t *testing.T) {
	in, dir := mixture(t), t.TempDir()
	even := lines[mergedModel](t, must(t, "", "merge", in, "--clusters", "2", "--out", filepath.Join(dir, "even"), "--json"))
	if l := even[0].Report.Layers; len(l) != 1 || !slices.Equal(l[0].Share, []float64{.5, .5, .5, .5}) {
		t.Errorf("%+v", l)
	}
	out := filepath.Join(dir, "loaded")
	if said := must(t, "", "merge", in, "--clusters", "2", "--text", calibrationTexts(t), "--out", out); !strings.Contains(said, "layer 1: 4 experts become 2") {
		t.Errorf("said %q", said)
	}
	var r prune.Merged
	text, err := os.ReadFile(filepath.Join(out, prune.MergeJSON))
	if err := errors.Join(err, json.Unmarshal(text, &r)); err != nil {
		t.Fatal(err)
	}
	if s := r.Layers[0].Share; math.Abs(s[0]+s[1]-1) > 1e-12 || slices.Equal(s, []float64{.5, .5, .5, .5}) {
		t.Errorf("shares %v", s)
	}
	d := lines[inspected](t, must(t, "", "inspect", "--json", out))
	if m := d[0].Model; m == nil || m.Stacks[0].Routing == nil || m.Stacks[0].Routing.Experts != 2 {
		t.Errorf("merged: %+v", m)
	}
	for _, args := range [][]string{{"merge", in, "--out", "x"}, {"merge", in, "--clusters", "2"}} {
		if _, errs, status := lode("", args...); status != 2 {
			t.Errorf("%q: status %d, %s", args, status, errs)
		}
	}
	if _, errs, status := lode("", "merge", in, "--clusters", "3", "--out", filepath.Join(dir, "x")); status != 1 || !strings.Contains(errs, "do not divide") {
		t.Errorf("status %d, %s", status, errs)
	}
}
