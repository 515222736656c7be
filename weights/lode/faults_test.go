package main

import (
	"encoding/binary"
	"encoding/json"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/lodestone-wasm/lodestone/models/heads"
	"github.com/lodestone-wasm/lodestone/models/heads/headstest"
)

// tagger writes a small model for token classification.
func smallTagger(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	if err := headstest.New("bert", heads.TokenClassification, "X", "Y").Write(dir); err != nil {
		t.Fatal(err)
	}
	return dir
}

// Options are those of the page, and are refused as there.
func TestOptionsThatMakeNoSenseAreRefusedWithTheNearest(t *testing.T) {
	dir := smallTagger(t)
	for _, c := range []struct {
		task, model, options, says string
	}{
		{"token-classification", dir, "not json", "expected a JSON object"},
		{"token-classification", dir, `{"aggregation_strateg":"simple"}`, `did you mean "aggregation_strategy"?`},
		{"token-classification", dir, `{"aggregation_strategy":"best"}`, "best"},
		{"token-classification", dir, `{"aggregation-strategy":"simple"}`, `did you mean "aggregation_strategy"?`},
		{"token-classification", dir, `{"stride":"far"}`, "stride"},
		{"token-classification", dir, `{"stride":1.5}`, "stride"},
		{"token-classification", dir, `{"stride":[1,2]}`, "expected one value"},
		{"token-classification", dir, `{"dtype":"q8"}`, "there is no option"},
		{"feature-extraction", model, `{"pooling":"median"}`, "last_token"},
		{"text-generation", "../writer-magneto-en", `{"max_tokens":5}`, `did you mean "max_new_tokens"?`},
		{"text-generation", "../writer-magneto-en", `{"bad_words_ids":[[]]}`, "without a token"},
		{"text-generation", "../writer-magneto-en", `{"suppress_tokens":[99999]}`, "99999"},
		{"text-generation", "../writer-magneto-en", `{"eos_token_id":99999}`, "99999"},
		{"text-generation", "../writer-magneto-en", `{"stop_strings":""}`, "stop_strings"},
		{"text-generation", "../writer-magneto-en", `{"temperature":0}`, "temperature"},
		{"translation", "../translator-magneto-en-de", `{"tgt_lang":"en","num_beam":2}`, `did you mean "num_beams"?`},
	} {
		_, errs, status := lode("", "run", c.task, c.model, "a", "--options", c.options)
		if status == 0 || !strings.Contains(errs, c.says) {
			t.Errorf("%s %s: status %d, %s; expected it to say %q", c.task, c.options, status, errs, c.says)
		}
	}
}

func TestOptionsAndFlagsDoTheSame(t *testing.T) {
	dir := smallTagger(t)
	for _, c := range []struct{ flags, options []string }{
		{[]string{"token-classification", dir, "ada", "--aggregation-strategy", "simple", "--ignore-labels", "X"},
			[]string{"token-classification", dir, "ada", "--options", `{"aggregation_strategy":"simple","ignore_labels":["X"],"stride":null}`}},
		{[]string{"feature-extraction", model, "ada", "--pooling", "mean", "--normalize"},
			[]string{"feature-extraction", model, "ada", "--options", `{"pooling":"mean","normalize":true}`}},
		{[]string{"text-generation", "../writer-magneto-en", "One day", "--max-new-tokens", "4", "--do-sample", "--seed", "3", "--return-full-text=false"},
			[]string{"text-generation", "../writer-magneto-en", "One day", "--options", `{"max_new_tokens":4,"do_sample":true,"seed":3,"return_full_text":false}`}},
		{[]string{"text-generation", "../writer-magneto-en", "One day", "--max-new-tokens", "4", "--stop-strings", "."},
			[]string{"text-generation", "../writer-magneto-en", "One day", "--max-new-tokens", "4", "--options", `{"max_new_tokens":9,"stop_strings":["."]}`}},
		{[]string{"translation", "../translator-magneto-en-de", "Guten Morgen", "--src-lang", "de", "--tgt-lang", "en", "--num-beams", "2"},
			[]string{"translation", "../translator-magneto-en-de", "Guten Morgen", "--options", `{"src_lang":"de","tgt_lang":"en","num_beams":2}`}},
	} {
		a, b := must(t, "", append([]string{"run"}, c.flags...)...), must(t, "", append([]string{"run"}, c.options...)...)
		if a != b || strings.TrimSpace(a) == "" {
			t.Errorf("%q gives %q, with --options %q", c.flags, a, b)
		}
	}
}

func TestRunTakesTheLinesOfStandardInput(t *testing.T) {
	out := must(t, "Guten Morgen\r\n\nDanke.\n", "run", "translation", "../translator-magneto-en-de", "--src-lang", "de", "--tgt-lang", "en")
	if lines := strings.Split(strings.TrimSpace(out), "\n"); len(lines) != 2 || !strings.Contains(strings.ToLower(out), "morning") {
		t.Errorf("%q", out)
	}
}

func TestAModelForAnotherTaskIsRefusedWithTheCommandThatRunsIt(t *testing.T) {
	for _, c := range []struct{ task, model, says string }{
		{"text-generation", "../translator-magneto-en-de", "lode run translation ../translator-magneto-en-de"},
		{"feature-extraction", "../translator-magneto-en-de", "lode run translation ../translator-magneto-en-de"},
		{"token-classification", "../translator-magneto-en-de", "lode run translation ../translator-magneto-en-de"},
		{"translation", "../tagger-magneto-en", "lode run token-classification ../tagger-magneto-en"},
		{"fill-mask", "../tagger-magneto-en", "lode run token-classification ../tagger-magneto-en"},
		{"translation", "../writer-magneto-en", "lode run text-generation ../writer-magneto-en"},
	} {
		if _, errs, status := lode("", "run", c.task, c.model, "a"); status != 1 || !strings.Contains(errs, c.says) {
			t.Errorf("%s of %s: status %d, %s", c.task, c.model, status, errs)
		}
	}
}

// The page converts an int8 folder to 4 bits while it loads; lode writes the same model.
func TestQuantizeMakesFourBitsOfAnInt8Folder(t *testing.T) {
	out := filepath.Join(t.TempDir(), "deep", "q4")
	r := lines[quantized](t, must(t, "", "quantize", "--json", "--dtype", "q4", model, out))
	if len(r) != 1 || r[0].Converted == 0 || r[0].BytesOut >= r[0].BytesIn {
		t.Errorf("%+v", r)
	}
	if left, _ := filepath.Glob(filepath.Join(filepath.Dir(out), ".*")); len(left) > 0 {
		t.Errorf("%q are left", left)
	}
	while := lines[[]float32](t, must(t, "Guten Morgen", "embed", "--model", model, "--dtype", "q4", "--normalize"))[0]
	stored := lines[[]float32](t, must(t, "Guten Morgen", "embed", "--model", out, "--normalize"))[0]
	var dot float64
	for i := range while {
		dot += float64(while[i]) * float64(stored[i])
	}
	if math.Abs(dot-1) > 1e-3 {
		t.Errorf("cosine %g between the model converted while loading and the stored one", dot)
	}
	if _, errs, status := lode("", "quantize", "--dtype", "q4", out, out+"2"); status != 1 || !strings.Contains(errs, "quantised already") {
		t.Errorf("q4 of q4: status %d, %s", status, errs)
	}
}

func TestCommandsThatReadFoldersAreHeldByTheManifest(t *testing.T) {
	dir := copyDir(t, "../thex-kinds-en")
	path := filepath.Join(dir, "config.json")
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, append(text, ' '), 0o644); err != nil {
		t.Fatal(err)
	}
	out := filepath.Join(t.TempDir(), "out")
	for _, args := range [][]string{
		{"quantize", "--dtype", "f32", dir, out},
		{"prune", dir, "--text", "run.go", "--out", out},
		{"merge", dir, "--clusters", "1", "--out", out},
		{"run", "text-classification", dir, "a"},
		{"tokenize", "--model", dir},
		{"serve", "--model", dir, "--addr", "127.0.0.1:0"},
		{"encrypt-classify", "--server", "http://127.0.0.1:1", "--model", dir, "a"},
		{"inspect", dir},
	} {
		stdout, errs, status := lode("", args...)
		if args[0] == "tokenize" { // reads tokenizer.json alone, which is as it was
			if status != 0 {
				t.Errorf("%s: status %d, %s", args[0], status, errs)
			}
			continue
		}
		if status != 1 || !strings.Contains(stdout+errs, "config.json") {
			t.Errorf("%s: status %d, %s%s", args[0], status, stdout, errs)
		}
		if _, err := os.Stat(out); err == nil {
			t.Errorf("%s wrote %s", args[0], out)
		}
	}
}

// A device, a pipe or a huge file in the place of a file of a model is refused before it is
// read.
func TestOnlyRegularFilesOfABoundedSizeAreRead(t *testing.T) {
	pipe := func(path string) error { return syscall.Mkfifo(path, 0o644) }
	device := func(path string) error { return os.Symlink("/dev/zero", path) }
	sparse := func(path string) error {
		f, err := os.Create(path)
		if err != nil {
			return err
		}
		defer f.Close()
		return f.Truncate(20 << 30)
	}
	for _, c := range []struct {
		file string
		put  func(string) error
	}{
		{"config.json", pipe}, {"config.json", device}, {"config.json", sparse},
		{"tokenizer.json", pipe}, {"tokenizer.json", device}, {"tokenizer.json", sparse},
		{"model.safetensors", pipe}, {"model.safetensors", device},
		{"model.safetensors.index.json", pipe}, {"model.safetensors.index.json", device},
		{"manifest.json", pipe}, {"manifest.json", device}, {"manifest.json", sparse},
	} {
		dir := copyDir(t, "../thex-kinds-en")
		os.Remove(filepath.Join(dir, "manifest.json"))
		os.Remove(filepath.Join(dir, c.file))
		if c.file == "model.safetensors.index.json" {
			os.Remove(filepath.Join(dir, "model.safetensors"))
		}
		if err := c.put(filepath.Join(dir, c.file)); err != nil {
			t.Fatal(err)
		}
		for _, args := range [][]string{{"inspect", dir}, {"run", "text-classification", dir, "a"}, {"quantize", "--dtype", "f32", dir, filepath.Join(t.TempDir(), "out")}, {"serve", "--addr", "127.0.0.1:-1", "--model", dir}} {
			out, errs, status := lode("", args...)
			if args[0] == "inspect" && c.file != "manifest.json" && !strings.HasPrefix(c.file, "model") {
				if !strings.Contains(out, c.file) { // describes what does load, and says why the rest does not
					t.Errorf("%s, lode inspect: status %d, %s%s", c.file, status, out, errs)
				}
				continue
			}
			if args[0] == "quantize" && c.file == "tokenizer.json" {
				continue // is not a matter of the weights: it is left behind
			}
			if status != 1 {
				t.Errorf("%s, lode %s: status %d, %s%s", c.file, args[0], status, out, errs)
			}
		}
	}
}

// Names in a file are shown, and not obeyed by a terminal.
func TestControlCharactersOfAFileAreEscaped(t *testing.T) {
	const hostile = "a\x1b]0;title\x07\u009b2J\u202e\r"
	dir := copyDir(t, "../thex-kinds-en")
	os.Remove(filepath.Join(dir, "manifest.json"))
	header, _ := json.Marshal(map[string]any{hostile: map[string]any{"dtype": "F32", "shape": []int{1}, "data_offsets": []int{0, 4}}})
	file := append(binary.LittleEndian.AppendUint64(nil, uint64(len(header))), header...)
	if err := os.WriteFile(filepath.Join(dir, "model.safetensors"), append(file, 0, 0, 0, 0), 0o644); err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{{"inspect", dir}, {"inspect", "--json", dir}, {"run", "text-classification", dir, hostile}, {"inspect", hostile}, {hostile}, {"run", "fill-mask", "--options", hostile, dir, "a"}} {
		out, errs, _ := lode("", args...)
		if i := strings.IndexFunc(out+errs, controls); i >= 0 {
			t.Errorf("lode %q writes %q", args, (out + errs)[i:])
		}
	}
	out := must(t, "", "inspect", "--json", dir)
	if v := lines[inspected](t, out); len(v) != 1 || !slices.ContainsFunc(v[0].Tensors, func(x inspectedTensor) bool { return x.Name == hostile }) {
		t.Errorf("the name is another in JSON: %s", out)
	}
}
