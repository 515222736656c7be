package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/lodestone-wasm/lodestone/models/heads"
	"github.com/lodestone-wasm/lodestone/models/heads/headstest"
)

// The labels are those that `lode run` finds: of three texts two are given right.
func TestAccuracyIsTheShareOfTextsWithTheirLabel(t *testing.T) {
	dir := t.TempDir()
	if err := headstest.New("bert", heads.SequenceClassification, "bad", "good").Write(dir); err != nil {
		t.Fatal(err)
	}
	texts := []string{"ada", "paris was it", "it\tada"}
	file, rows := filepath.Join(dir, "text.tsv"), ""
	for i, text := range texts {
		best := lines[finding](t, must(t, "", "run", "text-classification", "--json", "--top-k", "1", dir, text))[0].Label
		if i == 1 {
			best = map[string]string{"bad": "good", "good": "bad"}[best]
		}
		rows += best + "\t" + text + "\r\n\n"
	}
	if err := os.WriteFile(file, []byte(rows), 0o644); err != nil {
		t.Fatal(err)
	}
	got := lines[classificationResult](t, must(t, "", "eval", "classification", "--json", "--model", dir, file))[0]
	sum := 0.0
	for _, v := range got.Labels {
		sum += v
	}
	if got.Texts != 3 || got.Accuracy < 66.6 || got.Accuracy > 66.7 || len(got.Labels) == 0 || sum < 50 {
		t.Errorf("%+v, expected two of three", got)
	}
	for _, c := range []struct{ rows, says string }{
		{"good ada\n", "line 1: no tab"}, {"good\tada\nfair\tada", `line 2: label "fair"; the model has bad, good`}, {"\n", "no text"},
	} {
		if err := os.WriteFile(file, []byte(c.rows), 0o644); err != nil {
			t.Fatal(err)
		}
		if _, errs, status := lode("", "eval", "classification", "--model", dir, file); status != 1 || !strings.Contains(errs, c.says) {
			t.Errorf("%q: status %d, %q", c.rows, status, errs)
		}
	}
}
