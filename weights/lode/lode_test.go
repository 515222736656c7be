package main

import (
	"bytes"
	"encoding/json"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

const (
	model   = "../prompt-magneto-en-de-fr"
	vectors = "../../models/golden/testdata/enc_subln"
)

// lode runs a command line and returns what it wrote and its exit status.
func lode(in string, args ...string) (out, errs string, status int) {
	var o, e bytes.Buffer
	status = run(&env{in: strings.NewReader(in), out: &o, err: &e}, args)
	return o.String(), e.String(), status
}

func must(t *testing.T, in string, args ...string) string {
	t.Helper()
	out, errs, status := lode(in, args...)
	if status != 0 {
		t.Fatalf("lode %q: status %d: %s%s", args, status, errs, out)
	}
	return out
}

// lines decodes a line of JSON each.
func lines[T any](t *testing.T, text string) []T {
	t.Helper()
	var all []T
	for line := range strings.Lines(text) {
		var v T
		if err := json.Unmarshal([]byte(line), &v); err != nil {
			t.Fatalf("%q: %v", line, err)
		}
		all = append(all, v)
	}
	return all
}

func copyDir(t *testing.T, from string) string {
	t.Helper()
	to := t.TempDir()
	if err := os.CopyFS(filepath.Join(to, "model"), os.DirFS(from)); err != nil {
		t.Fatal(err)
	}
	return filepath.Join(to, "model")
}

// Offsets count code points, of which the emoji is one. A letter and its accent that
// NFKC composes have the range of the letter alone, as in the Rust library
// (models/tokenizer/testdata holds its offsets).
func TestTokenizeWritesIdsAndCodePointOffsets(t *testing.T) {
	out := must(t, "\"Guten Morgen\"\n\n\"\U0001F600 cafe\\u0301\"\n\"\"\n", "tokenize", "--model", model)
	got := lines[tokenized](t, out)
	if len(got) != 3 {
		t.Fatalf("%d lines: %s", len(got), out)
	}
	n := len(got[0].IDs)
	if got[0].IDs[0] != 0 || got[0].IDs[n-1] != 2 || got[0].Offsets[n-2][1] != 12 || got[0].Offsets[0] != [2]int{} {
		t.Errorf("Guten Morgen: %+v", got[0])
	}
	if n = len(got[1].IDs); got[1].Offsets[n-2] != [2]int{1, 6} {
		t.Errorf("offsets %v, expected the last piece to be code points 1 to 6", got[1].Offsets)
	}
	if !slices.Equal(got[2].IDs, []int32{0, 2}) {
		t.Errorf("the empty string: %+v", got[2])
	}
}

func TestEmbedWritesAVectorALine(t *testing.T) {
	out := must(t, "Guten Morgen\r\ngood morning\n\nThe cat sat on the mat.", "embed", "--model", model, "--normalize")
	v := lines[[]float64](t, out)
	if len(v) != 4 || len(v[0]) != 256 {
		t.Fatalf("%d vectors", len(v))
	}
	dot := func(a, b []float64) (s float64) {
		for i := range a {
			s += a[i] * b[i]
		}
		return s
	}
	if math.Abs(dot(v[0], v[0])-1) > 1e-5 {
		t.Errorf("squared length %g", dot(v[0], v[0]))
	}
	if dot(v[0], v[1]) < dot(v[0], v[3])+0.2 {
		t.Errorf("cosine %g to the translation, %g to another sentence", dot(v[0], v[1]), dot(v[0], v[3]))
	}
	if reference := lines[[]float64](t, must(t, "Guten Morgen", "embed", "--model", model, "--normalize", "--backend", "reference")); dot(reference[0], v[0]) < 1-1e-6 {
		t.Errorf("cosine %g between the reference and the SIMD kernels", dot(reference[0], v[0]))
	}
}

func TestQuantizeAndItsUndoKeepTheModel(t *testing.T) {
	want := lines[[]float32](t, must(t, "Guten Morgen", "embed", "--model", model))
	dir := t.TempDir()
	f32, q8 := filepath.Join(dir, "f32"), filepath.Join(dir, "q8")
	must(t, "", "quantize", "--dtype", "f32", model, f32)
	r := lines[quantized](t, must(t, "", "quantize", f32, q8, "--json"))
	// 25 matrices of the model are candidates; three peak too much (package quant).
	if len(r) != 1 || r[0].Converted != 22 || r[0].BytesOut*3 > r[0].BytesIn {
		t.Errorf("%+v", r)
	}
	for _, m := range []string{f32, q8} {
		got := lines[[]float32](t, must(t, "Guten Morgen", "embed", "--model", m))
		for i := range want[0] {
			if math.Abs(float64(got[0][i]-want[0][i])) > 2e-3 {
				t.Fatalf("%s: number %d is %g, was %g", filepath.Base(m), i, got[0][i], want[0][i])
			}
		}
	}
	if v := lines[inspected](t, must(t, "", "inspect", "--json", q8)); len(v) != 1 || v[0].ActivationBytes[128] < 128*6*256*4 || v[0].ActivationBytes[128] > 128*6*256*5 {
		t.Errorf("activations of %v", v[0].ActivationBytes)
	}
	q4 := filepath.Join(dir, "q4")
	// With a scale for each block, no matrix peaks too much.
	if r := lines[quantized](t, must(t, "", "quantize", "--dtype", "q4", f32, q4, "--json")); r[0].Converted != 25 || r[0].BytesOut*9 > r[0].BytesIn*2 {
		t.Errorf("%+v", r)
	}
	for _, args := range [][]string{{q4}, {f32, "--dtype", "q4"}, {model, "--dtype", "q4"}} {
		got := lines[[]float32](t, must(t, "Guten Morgen", append([]string{"embed", "--model"}, args...)...))
		var dot, a, b float64
		for i, v := range want[0] {
			w := got[0][i]
			dot, a, b = dot+float64(v)*float64(w), a+float64(v)*float64(v), b+float64(w)*float64(w)
		}
		if cos := dot / math.Sqrt(a*b); cos < 0.99 || cos > 0.99999 {
			t.Errorf("%s: cosine %g to 8 bits", args, cos)
		}
	}
	if _, errs, status := lode("", "quantize", f32, q8); status != 1 || !strings.Contains(errs, "q8") {
		t.Errorf("onto a model that is there: status %d, %s", status, errs)
	}
	must(t, "", "quantize", "--force", f32, q8)
}

func TestPackWritesAManifestThatInspectChecks(t *testing.T) {
	dir := copyDir(t, model)
	p := lines[packed](t, must(t, "", "pack", "--json", dir))
	if len(p) != 1 || len(p[0].Files) != 5 {
		t.Fatalf("%+v", p)
	}
	if out := must(t, "", "inspect", dir); !strings.Contains(out, "every file matches") || !strings.Contains(out, "magneto encoder: 4 layers of 256, Sub-LN") {
		t.Errorf("inspect: %.400s", out)
	}
	if err := os.WriteFile(filepath.Join(dir, "config.json"), []byte("{}"), 0o644); err != nil {
		t.Fatal(err)
	}
	out, _, status := lode("", "inspect", "--json", dir)
	v := lines[inspected](t, out)
	if status != 1 || len(v) != 1 || !strings.Contains(v[0].Manifest, "config.json") || v[0].ConfigNote == "" {
		t.Errorf("after config.json changed: status %d, manifest %q, config %q", status, v[0].Manifest, v[0].ConfigNote)
	}
}

// The command line holds a folder against its manifest as the page does.
func TestAFolderThatIsNotAsItsManifestSaysDoesNotRun(t *testing.T) {
	for _, file := range []string{"config.json", "tokenizer.json", "model.safetensors"} {
		dir := copyDir(t, model)
		must(t, "", "pack", dir)
		path := filepath.Join(dir, file)
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		text[len(text)/2] ^= 1
		if err := os.WriteFile(path, text, 0o644); err != nil {
			t.Fatal(err)
		}
		for _, args := range [][]string{{"embed", "--model", dir}, {"eval", "sts", "--model", dir, "a.csv"}, {"inspect", dir}} {
			if out, errs, status := lode("a\n", args...); status != 1 || !strings.Contains(out+errs, file) || !strings.Contains(out+errs, "SHA-256") {
				t.Errorf("%s changed, lode %s: status %d, %.300s", file, args[0], status, errs)
			}
		}
	}
}

func TestInspectCountsParametersAndBytes(t *testing.T) {
	v := lines[inspected](t, must(t, "", "inspect", "--json", model))
	var sum int64
	for _, b := range v[0].DTypes {
		sum += b
	}
	// 7,397,376 is what config.json says of the float32 model; scales come on top.
	if v[0].Parameters < 7_397_376 || v[0].Parameters > 7_450_000 || sum != v[0].Bytes {
		t.Errorf("%d parameters, %d bytes, %v", v[0].Parameters, v[0].Bytes, v[0].DTypes)
	}
	m := v[0].Model
	if m == nil || m.Kind != "encoder" || len(m.Stacks) != 1 || m.Parameters != 7_397_376 || len(m.KeptF32) != 3 {
		t.Fatalf("model %+v", m)
	}
	if s := m.Stacks[0]; s.Norm != "Sub-LN" || s.HiddenSize != 256 || s.Positions != "learned" {
		t.Errorf("stack %+v", s)
	}
}

func TestVerifyPassesGoldenVectorsAndFailsChangedOnes(t *testing.T) {
	v := lines[verified](t, must(t, "", "verify", "--json", vectors))
	if len(v) != 1 || !v[0].Pass || v[0].Kind != "encoder" || len(v[0].Outputs) != 7 {
		t.Errorf("%+v", v)
	}
	must(t, "", "verify", "--dtype", "q8", vectors)
	dir := copyDir(t, vectors)
	path := filepath.Join(dir, "io.json")
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	changed := strings.Replace(string(text), `"src_tokens": {"shape": [2, 6], "dtype": "i64", "data": [3,`, `"src_tokens": {"shape": [2, 6], "dtype": "i64", "data": [4,`, 1)
	if changed == string(text) {
		t.Fatal("the vectors are not as this test expects")
	}
	if err := os.WriteFile(path, []byte(changed), 0o644); err != nil {
		t.Fatal(err)
	}
	out, _, status := lode("", "verify", vectors, dir)
	if status != 1 || !strings.Contains(out, "FAIL") || !strings.Contains(out, "1 of 2 directories pass") {
		t.Errorf("status %d: %s", status, out)
	}
	if err := os.WriteFile(filepath.Join(dir, "config.json"), []byte(`{"kind":"teapot"}`), 0o644); err != nil {
		t.Fatal(err)
	}
	if out, _, status := lode("", "verify", dir); status != 1 || !strings.Contains(out, `"teapot"`) {
		t.Errorf("an unknown kind: status %d: %s", status, out)
	}
}

func TestVerifyRunsFamiliesCasesAndQuantisedMixtures(t *testing.T) {
	const golden, crop, trace = "../../models/golden/testdata/", "../../models/crop/testdata/crop_cases.json", "../../models/prune/testdata/prune_trace.json"
	for _, c := range []struct {
		args  []string
		names []string
	}{
		{[]string{golden + "families/llama", crop}, []string{"(llama)", "25 of 25 cases pass", "2 of 2 directories and files pass"}},
		{[]string{trace}, []string{"(prune)", "5 of 5 cases pass", "1 of 1"}},
		{[]string{golden + "promptbert_bert"}, []string{"7 undetermined"}},
		{[]string{"--dtype", "q8", golden + "enc_xmoe_top1_cap100"}, []string{" of 12 choices of experts as in float32"}},
		{[]string{"--dtype", "q4", golden + "enc_preln"}, []string{"pass"}},
	} {
		out := must(t, "", append([]string{"verify"}, c.args...)...)
		for _, name := range c.names {
			if !strings.Contains(out, name) {
				t.Errorf("%q does not say %q: %s", c.args, name, out)
			}
		}
	}
	text, err := os.ReadFile(trace)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "trace.json")
	if err := os.WriteFile(path, []byte(strings.Replace(string(text), "0.414369", "0.414399", 1)), 0o644); err != nil {
		t.Fatal(err)
	}
	if out, _, status := lode("", "verify", path, crop); status != 1 || !strings.Contains(out, "window 1: got") || !strings.Contains(out, "4 of 5 cases pass") {
		t.Errorf("a changed trace: status %d: %s", status, out)
	}
	if v := lines[verified](t, must(t, "", "verify", "--json", crop)); len(v) != 1 || v[0].Kind != "crop" || len(v[0].Cases) != 25 {
		t.Errorf("%+v", v)
	}
}

func TestEvalCorrelatesRanks(t *testing.T) {
	// With x = 1…6 and y = 2, 1, 4, 3, 6, 6: ranks of y are 2, 1, 4, 3, 5.5, 5.5, and
	// Pearson's correlation of the ranks is 15/√(17.5·17) = 0.86966.
	if got := spearman([]float64{1, 2, 3, 4, 5, 6}, []float64{2, 1, 4, 3, 6, 6}); math.Abs(got-0.869660) > 1e-5 {
		t.Errorf("Spearman %g", got)
	}
	path := filepath.Join(t.TempDir(), "sts.csv")
	csv := "sentence1,sentence2,score\n" +
		"A man is playing a guitar.,A man plays the guitar.,5\n" +
		"\"A dog, running\",A dog runs.,4\n" +
		"A cat sleeps.,The stock market fell.,0\n"
	if err := os.WriteFile(path, []byte(csv), 0o644); err != nil {
		t.Fatal(err)
	}
	r := lines[stsResult](t, must(t, "", "eval", "sts", "--json", "--model", model, path))
	if len(r) != 1 || r[0].Pairs != 3 || r[0].Spearman < 0.5 {
		t.Errorf("%+v", r)
	}
	if err := os.WriteFile(path, []byte(csv+"only,two\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, errs, status := lode("", "eval", "sts", "--model", model, path); status != 1 || !strings.Contains(errs, "line 5") {
		t.Errorf("a line of two columns: status %d: %s", status, errs)
	}
}

func TestCallsThatAreNotUnderstoodSayHow(t *testing.T) {
	for _, c := range []struct {
		args   []string
		in     string
		status int
		names  string
	}{
		{nil, "", 2, "Model folders:"},

		{[]string{"inspekt"}, "", 2, `there is no command "inspekt"; did you mean "inspect"?`},
		{[]string{"run", "token-clasification"}, "", 2, `did you mean "token-classification"?`},
		{[]string{"embed", "--normalise"}, "", 2, "there is no flag --normalise; did you mean --normalize?"},
		{[]string{"inspect"}, "", 2, "usage: lode inspect MODEL"},
		{[]string{"inspect", "a", "b"}, "", 2, "2 arguments"},
		{[]string{"inspect", "--frob", "a"}, "", 2, "frob"},
		{[]string{"inspect", t.TempDir()}, "", 1, "model.safetensors"},
		{[]string{"tokenize"}, "", 2, "--model"},
		{[]string{"tokenize", "--model", t.TempDir()}, "", 1, "tokenizer.json"},
		{[]string{"tokenize", "--model", model}, "not JSON\n", 1, "line 1"},
		{[]string{"tokenize", "--model", model}, "\"a\"\n\"\\ud800\"\n", 1, "line 2"},
		{[]string{"embed", "--model", model, "--dtype", "f32"}, "a", 1, "int8"},
		{[]string{"embed", "--model", model, "--backend", "gpu"}, "a", 2, `"gpu"`},
		{[]string{"embed", "--model", model, "--pooling", "none"}, "a", 2, "none"},
		{[]string{"eval", "mnli", "x"}, "", 2, `"mnli"`},
		{[]string{"quantize", "--dtype", "q3", "a", "b"}, "", 2, `"q3"`},
		{[]string{"verify", "--dtype", "q3", "a"}, "", 2, `"q3"`},
	} {
		_, errs, status := lode(c.in, c.args...)
		if status != c.status || !strings.Contains(errs, c.names) {
			t.Errorf("lode %q: status %d, %q; expected %d naming %s", c.args, status, errs, c.status, c.names)
		}
	}
}
