package main

import (
	"encoding/json"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// writer makes a folder of a decoder of the golden vectors, which has 29 tokens: <s> 0,
// <pad> 1, </s> 2, <unk> 3, then the words a to r. members are added to config.json.
func writer(t *testing.T, members string) string {
	t.Helper()
	const golden = "../../models/golden/testdata/dec_subln"
	dir := t.TempDir()
	write := func(name string, text []byte) {
		if err := os.WriteFile(filepath.Join(dir, name), text, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for from, to := range map[string]string{"config.json": "config.json", "weights.safetensors": "model.safetensors"} {
		text, err := os.ReadFile(filepath.Join(golden, from))
		if err != nil {
			t.Fatal(err)
		}
		if to == "config.json" && members != "" {
			text = []byte(strings.Replace(string(text), "{", "{"+members+",", 1))
		}
		write(to, text)
	}
	pieces := []string{`["<s>",0]`, `["<pad>",0]`, `["</s>",0]`, `["<unk>",0]`}
	for r := 'a'; r <= 'r'; r++ {
		pieces = append(pieces, fmt.Sprintf(`["▁%c",-1]`, r))
	}
	space := `{"type":"Metaspace","replacement":"▁","prepend_scheme":"always","split":true}`
	write("tokenizer.json", fmt.Appendf(nil, `{"version":"1.0","added_tokens":[],"normalizer":null,"pre_tokenizer":%s,"post_processor":null,"decoder":%s,
		"model":{"type":"Unigram","unk_id":3,"vocab":[%s]}}`, space, space, strings.Join(pieces, ",")))
	return dir
}

// The golden vectors hold PyTorch's logits of the sequences 2 5 7 9 11 13 4 and
// 2 6 8 10 12 14 3: what the model reads in two windows of seven, if 2 begins a window and
// ends a text.
func TestPerplexityIsThatOfPyTorchsLogits(t *testing.T) {
	text, err := os.ReadFile("../../models/golden/testdata/dec_subln/io.json")
	if err != nil {
		t.Fatal(err)
	}
	var golden struct {
		Outputs struct{ Logits struct{ Data []float64 } }
	}
	if err := json.Unmarshal(text, &golden); err != nil || len(golden.Outputs.Logits.Data) != 2*7*29 {
		t.Fatalf("%d logits: %v", len(golden.Outputs.Logits.Data), err)
	}
	surprise := func(row, id int) float64 {
		z, sum := golden.Outputs.Logits.Data[row*29:(row+1)*29], 0.0
		for _, x := range z {
			sum += math.Exp(x)
		}
		return math.Log(sum) - z[id]
	}
	for _, c := range []struct {
		name, members, text string
		rows, ids           []int // of the logits, and what follows there
	}{
		{"two windows", `"bos_token_id":2,"eos_token_id":2`, "b d f h\nj a\n\n\nc e g i k ?\n",
			[]int{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13}, []int{5, 7, 9, 11, 13, 4, 2, 6, 8, 10, 12, 14, 3, 2}},
		{"a short window at the end", `"eos_token_id":[2,1]`, "\nb d f h j a\r\n\r\nc e",
			[]int{0, 1, 2, 3, 4, 5, 6, 7, 8, 9}, []int{5, 7, 9, 11, 13, 4, 2, 6, 8, 2}},
		{"no token ends a text", `"bos_token_id":2`, "b d f h j a q\n\nc e\n\n",
			[]int{0, 1, 2, 3, 4, 5, 6, 7, 8}, []int{5, 7, 9, 11, 13, 4, 20, 6, 8}},
		{"shorter than a window", `"bos_token_id":2`, "c e g", []int{7, 8, 9}, []int{6, 8, 10}},
	} {
		t.Run(c.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "text")
			if err := os.WriteFile(path, []byte(c.text), 0o644); err != nil {
				t.Fatal(err)
			}
			want := 0.0
			for i, row := range c.rows {
				want += surprise(row, c.ids[i])
			}
			want = math.Exp(want / float64(len(c.rows)))
			out := must(t, "", "eval", "perplexity", "--json", "--window", "7", "--model", writer(t, c.members), path)
			got := lines[perplexityResult](t, out)[0]
			if got.Tokens != len(c.rows) || math.Abs(got.Perplexity/want-1) > 1e-4 {
				t.Errorf("perplexity %v of %d tokens, expected %v of %d", got.Perplexity, got.Tokens, want, len(c.rows))
			}
		})
	}
}

func TestPerplexitiesThatCannotBeAreRefused(t *testing.T) {
	dir := t.TempDir()
	text, none := filepath.Join(dir, "text"), filepath.Join(dir, "none")
	for path, s := range map[string]string{text: "a b c\n", none: "\n \n"} {
		if err := os.WriteFile(path, []byte(s), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for _, c := range []struct {
		members string
		args    []string
		status  int
		says    string
	}{
		{`"bos_token_id":2`, []string{"--window", "0", text}, 2, "--window 0"},
		{`"bos_token_id":2`, []string{"--window", "33", text}, 2, "at most 32"},
		{`"bos_token_id":2`, []string{"--window", "8", none}, 1, "no text"},
		{`"bos_token_id":2`, []string{"--window", "8", filepath.Join(dir, "missing")}, 1, "missing"},
		{"", []string{"--window", "8", text}, 1, "bos_token_id"},
	} {
		_, errs, status := lode("", append([]string{"eval", "perplexity", "--model", writer(t, c.members)}, c.args...)...)
		if status != c.status || !strings.Contains(errs, c.says) {
			t.Errorf("%v: status %d, %q; expected %d saying %q", c.args, status, errs, c.status, c.says)
		}
	}
}

func TestRunContinuesTextsAsTheOptionsSay(t *testing.T) {
	dir := writer(t, `"bos_token_id":0,"eos_token_id":28`)
	args := func(more ...string) []string {
		return append(append([]string{"run", "text-generation", dir}, more...), "a b c")
	}
	plain := strings.TrimSuffix(must(t, "", args("--options", `{"max_new_tokens":5}`)...), "\n")
	if !strings.HasPrefix(plain, "a b c") || plain == "a b c" {
		t.Errorf("%q does not go on with the text", plain)
	}
	got := lines[generated](t, must(t, "", args("--json", "--options", `{"max_new_tokens":5}`)...))
	if len(got) != 1 || got[0].Generated != plain || got[0].Tokens != 5 || got[0].Reason != "length" {
		t.Errorf("%+v, expected five tokens: %q", got, plain)
	}
	if n := len(lines[generated](t, must(t, "", args("--json", "--options", `{"num_beams":3,"num_return_sequences":2}`)...))); n != 2 {
		t.Errorf("%d results, expected 2", n)
	}
	for _, c := range []struct{ options, says string }{{"{", "--options"}, {`{"temperature":1,"do_sample":true,"top_p":3}`, "top_p"}} {
		if _, errs, status := lode("", args("--options", c.options)...); status != 2 || !strings.Contains(errs, c.says) {
			t.Errorf("%s: status %d, %q", c.options, status, errs)
		}
	}
}
