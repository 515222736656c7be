package main

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"

	"github.com/lodestone-wasm/lodestone/models/heads"
	"github.com/lodestone-wasm/lodestone/models/heads/headstest"
)

func TestRunFindsWhatTheTaskFinds(t *testing.T) {
	for _, c := range []struct {
		task   string
		model  *headstest.Model
		args   []string
		lines  int
		fields string // of the first line, without its score
	}{
		{"fill-mask", headstest.New("bert", heads.MaskedLM), []string{"the [MASK] of [MASK]", "--top-k", "3"}, 6, "found mask sequence text"},
		{"text-classification", headstest.New("distilbert", heads.SequenceClassification, "bad", "good"), []string{"ada", "paris"}, 4, "label text"},
		{"token-classification", headstest.New("magneto", heads.TokenClassification, "X", "Y"), []string{"🙂 ada"}, 2, "end found label start text"},
		{"question-answering", headstest.New("roberta", heads.QuestionAnswering), []string{"who?", "--context", "in Paris"}, 1, "end found start text"},
	} {
		t.Run(c.task, func(t *testing.T) {
			dir := t.TempDir()
			if err := c.model.Write(dir); err != nil {
				t.Fatal(err)
			}
			for _, form := range []string{"--json", "--backend=reference"} {
				var out, errs bytes.Buffer
				if code := run(&env{in: strings.NewReader(""), out: &out, err: &errs}, append([]string{"run", c.task, form, dir}, c.args...)); code != 0 {
					t.Fatalf("exit status %d: %s", code, errs.String())
				}
				lines := strings.Split(strings.TrimSpace(out.String()), "\n")
				if len(lines) != c.lines {
					t.Fatalf("%d lines, want %d: %s", len(lines), c.lines, out.String())
				}
				if form != "--json" {
					continue
				}
				var first map[string]any
				if err := json.Unmarshal([]byte(lines[0]), &first); err != nil {
					t.Fatal(err)
				}
				score, ok := first["score"].(float64)
				if !ok || score <= 0 || score > 1 {
					t.Errorf("score %v", first["score"])
				}
				for _, name := range strings.Fields(c.fields) {
					if _, there := first[name]; !there {
						t.Errorf("no %q in %s", name, lines[0])
					}
				}
				if len(first) != len(strings.Fields(c.fields))+1 {
					t.Errorf("%s, want score and %s", lines[0], c.fields)
				}
				if c.task == "token-classification" && (first["start"] != 0.0 || first["end"] != 1.0) {
					t.Errorf("the smile stands at %v to %v, in code points it is 0 to 1", first["start"], first["end"])
				}
			}
		})
	}
}

func TestRunSaysWhatItCannotDo(t *testing.T) {
	dir := t.TempDir()
	if err := headstest.New("bert", heads.MaskedLM).Write(dir); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		args []string
		code int
		says string
	}{
		{[]string{"summarization", dir, "a"}, 2, `there is no command "summarization"; did you mean "translation"?`},
		{[]string{"fill-mask", dir}, 2, "no text"},
		{[]string{"fill-mask", dir, "no mask"}, 1, "text 0 has no [MASK]"},
		{[]string{"question-answering", dir, "who?", "--context", "in Paris"}, 1, "architectures says BertForMaskedLM"},
	} {
		var out, errs bytes.Buffer
		if code := run(&env{in: strings.NewReader(""), out: &out, err: &errs}, append([]string{"run"}, c.args...)); code != c.code || !strings.Contains(errs.String(), c.says) {
			t.Errorf("%q: exit status %d, %s", c.args, code, errs.String())
		}
	}
}
