package golden_test

import (
	"errors"
	"os"
	"strings"
	"testing"

	"github.com/lodestone-wasm/lodestone/models/golden"
)

const (
	cropFile  = "../crop/testdata/crop_cases.json"
	traceFile = "../prune/testdata/prune_trace.json"
)

func readFile(t *testing.T, name string) string {
	t.Helper()
	b, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func TestCasesOfFunctionsPass(t *testing.T) {
	for _, c := range []struct {
		file, kind string
		count      map[string]int // by the last word of the case's name, or of all
	}{
		{cropFile, "crop", map[string]int{"insert": 8, "decode": 7, "project": 10, "": 25}},
		{traceFile, "prune", map[string]int{"": 5}},
	} {
		t.Run(c.kind, func(t *testing.T) {
			kind, cases, err := golden.RunCases([]byte(readFile(t, c.file)))
			if err != nil || kind != c.kind {
				t.Fatalf("kind %q, %v", kind, err)
			}
			seen := map[string]int{}
			for _, k := range cases {
				seen[""]++
				_, op, _ := strings.Cut(k.Name, " ")
				seen[op]++
				if k.Wrong != "" {
					t.Errorf("%s: %s", k.Name, k.Wrong)
				}
			}
			for op, n := range c.count {
				if seen[op] != n {
					t.Errorf("%d cases %q, expected %d", seen[op], op, n)
				}
			}
		})
	}
}

func TestCasesThatExpectSomethingElseAreSeen(t *testing.T) {
	for _, c := range []struct{ name, file, from, to string }{
		{"insert", cropFile, `"official": "__SLOT0__ ▁Par is __SLOT0__"`, `"official": "▁Par is"`},
		{"labels", cropFile, `"fixed_labels": [
   "B-LOC"`, `"fixed_labels": [
   "I-LOC"`},
		{"survivors", traceFile, `"survivors": [
   0,
   1,`, `"survivors": [
   1,`},
		{"cumulative", traceFile, "0.414369", "0.414469"},
	} {
		t.Run(c.name, func(t *testing.T) {
			text := readFile(t, c.file)
			if !strings.Contains(text, c.from) {
				t.Fatalf("%s does not contain %q", c.file, c.from)
			}
			_, cases, err := golden.RunCases([]byte(strings.Replace(text, c.from, c.to, 1)))
			if err != nil {
				t.Fatal(err)
			}
			wrong := 0
			for _, k := range cases {
				if k.Wrong != "" {
					wrong++
				}
			}
			if wrong != 1 {
				t.Errorf("%d cases of %d are wrong, expected 1", wrong, len(cases))
			}
		})
	}
}

func TestListsThatAreNoCasesAreRefused(t *testing.T) {
	for _, c := range []struct {
		name, text string
		want       error
	}{
		{"no JSON", "<html>", golden.ErrVectors},
		{"an object", "{}", golden.ErrVectors},
		{"nothing in it", "[]", golden.ErrKind},
		{"neither kind", `[{"a": 1}]`, golden.ErrKind},
		{"an op nobody knows", `[{"op": "teapot"}]`, golden.ErrKind},
		{"an insertion without its result", `[{"op": "insert", "words": ["a"], "labels": ["O"]}]`, golden.ErrVectors},
		{"a decoding that failed otherwise", `[{"op": "decode", "line": "a", "official": ["KeyError", "x"]}]`, golden.ErrVectors},
		{"a decoding of one list", `[{"op": "decode", "line": "a", "official": [["a"]]}]`, golden.ErrVectors},
		{"a window without experts", `[{"window": 0}]`, golden.ErrVectors},
		{"windows of different layers", `[{"window": 0, "alive": [0], "hit_rate": [1], "alpha_norm": [1], "threshold": 0.5}, {"window": 1, "hit_rate": [1, 2]}]`, golden.ErrVectors},
	} {
		t.Run(c.name, func(t *testing.T) {
			if _, _, err := golden.RunCases([]byte(c.text)); !errors.Is(err, c.want) {
				t.Errorf("error %v, expected %v", err, c.want)
			}
		})
	}
}
