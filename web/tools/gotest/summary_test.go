package main

import (
	"strings"
	"testing"
)

func TestSummariseCountsAndShowsOnlyFailures(t *testing.T) {
	// Recorded from go1.26 test -json, shortened.
	in := `{"Action":"start","Package":"p"}
{"Action":"run","Package":"p","Test":"TestA"}
{"Action":"output","Package":"p","Test":"TestA","Output":"quiet\n"}
{"Action":"pass","Package":"p","Test":"TestA"}
{"Action":"run","Package":"p","Test":"TestB"}
{"Action":"output","Package":"p","Test":"TestB","Output":"    b_test.go:9: got 1, want 2\n"}
{"Action":"fail","Package":"p","Test":"TestB"}
{"Action":"skip","Package":"p","Test":"TestC"}
{"Action":"output","Package":"p","Output":"FAIL\tp\t0.1s\n"}
{"Action":"fail","Package":"p"}
# q
`
	var out strings.Builder
	got, err := summarise(strings.NewReader(in), &out)
	if err != nil {
		t.Fatal(err)
	}
	if want := (counts{Passed: 1, Failed: 1, Skipped: 1}); got != want {
		t.Errorf("counts = %+v, want %+v", got, want)
	}
	want := "    b_test.go:9: got 1, want 2\nSKIP\tp TestC\nFAIL\tp\t0.1s\n# q\n"
	if out.String() != want {
		t.Errorf("output = %q\nwant %q", out.String(), want)
	}
}
