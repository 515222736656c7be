package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestEvaluationsOfTranslationsThatCannotBeAreRefused(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		return path
	}
	two, three, none := write("two", "a\nb\n"), write("three", "a\r\nb\nc\n"), write("none", "")
	for _, c := range []struct {
		args   []string
		status int
		says   string
	}{
		{[]string{two}, 2, "FILE REFERENCE..."},
		{[]string{"--beams", "0", two, two}, 2, "--beams 0"},
		{[]string{two, three}, 1, "has 3 lines"},
		{[]string{none, two}, 1, "no line"},
		{[]string{filepath.Join(dir, "missing"), two}, 1, "missing"},
		{[]string{two, two}, 1, "has no decoder"}, // the model is an encoder
	} {
		_, errs, status := lode("", append([]string{"eval", "translation", "--model", model}, c.args...)...)
		if status != c.status || !strings.Contains(errs, c.says) {
			t.Errorf("%v: status %d, %q; expected %d saying %q", c.args, status, errs, c.status, c.says)
		}
	}
}
