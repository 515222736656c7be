package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/lodestone-wasm/lodestone/models/siteindex"
)

func TestIndexWritesTheIndexOfAFolder(t *testing.T) {
	site, out, cache := t.TempDir(), t.TempDir(), t.TempDir()
	for name, text := range map[string]string{
		"index.html":      `<html lang=en><title>Start</title><main><p>Welcome to the manual.`,
		"guide/setup.md":  "---\ntitle: Setup\n---\nCopy the folder and configure it.\n",
		"draft.md":        "---\ndraft: true\n---\nNot yet.\n",
		"assets/site.css": "p { color: red }",
	} {
		if err := os.MkdirAll(filepath.Join(site, filepath.Dir(name)), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(site, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	index := []string{"index", site, "-o", out, "--keywords-only", "--cache", cache, "--json"}
	var report siteindex.Report
	stdout, stderr, code := lode("", index...)
	if err := json.Unmarshal([]byte(stdout), &report); code != 0 || err != nil || report.Pages != 2 || len(report.Skipped) != 1 {
		t.Fatalf("status %d, %s%s", code, stdout, stderr)
	}
	stdout, _, code = lode("", index...)
	if err := json.Unmarshal([]byte(stdout), &report); code != 0 || err != nil || !report.Unchanged || report.Cached != 2 {
		t.Errorf("again: status %d, %s", code, stdout)
	}
	r, err := siteindex.OpenIndex(os.DirFS(out))
	if err != nil {
		t.Fatal(err)
	}
	found, err := r.Search("configuring", siteindex.Query{})
	if err != nil || len(found.Results) != 1 {
		t.Fatal(found, err)
	}
	if p, err := r.Record(found.Results[0].Page); err != nil || p.Address != "guide/setup/" || p.Title != "Setup" {
		t.Errorf("%+v, %v", p, err)
	}
	for _, c := range []struct {
		args []string
		code int
		want string
	}{
		{[]string{"index", site, "--keywords-only"}, 2, "--out"},
		{[]string{"index", site, "-o", out}, 2, "--model"},
		{[]string{"index", filepath.Join(site, "assets"), "-o", out, "--keywords-only", "--cache", cache}, 1, "no page"},
		{[]string{"index", filepath.Join(site, "missing"), "-o", out, "--keywords-only"}, 1, "missing"},
	} {
		if _, stderr, code := lode("", c.args...); code != c.code || !strings.Contains(stderr, c.want) {
			t.Errorf("%v: status %d, %s", c.args[2:], code, stderr)
		}
	}
}
