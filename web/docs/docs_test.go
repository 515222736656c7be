package docs

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"testing"
)

// block is a fenced block of a Markdown file.
type block struct {
	file, language, text string
	line                 int
}

// blocks are the blocks of a file in order.
func blocks(t *testing.T, path string) (all []block) {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var open *block
	for i, line := range strings.Split(string(text), "\n") {
		switch fence, ok := strings.CutPrefix(line, "```"); {
		case ok && open == nil:
			open = &block{file: filepath.Base(path), language: fence, line: i + 1}
		case ok:
			all, open = append(all, *open), nil
		case open != nil:
			open.text += line + "\n"
		}
	}
	if open != nil {
		t.Fatalf("%s:%d: the block has no end", open.file, open.line)
	}
	return all
}

// documents are the guides and the README.
func documents(t *testing.T) []string {
	t.Helper()
	paths, err := filepath.Glob("*.md")
	if err != nil || len(paths) < 7 {
		t.Fatal(paths, err)
	}
	return append(paths, "../../README.md")
}

// matches tells whether a program printed what is shown, in which … is anything within a line.
func matches(shown, printed string) bool {
	pattern := strings.ReplaceAll(regexp.QuoteMeta(strings.TrimRight(shown, "\n")), "…", ".*")
	return regexp.MustCompile(`\A` + pattern + `\z`).MatchString(strings.TrimRight(printed, "\n"))
}

// Languages of blocks that are run, here or in Chromium, and of those that only show something.
var languages = map[string]bool{"console": true, "go": true, "js": true, "html": true, "text": true}

func TestBlocksAreOfALanguageThatIsRun(t *testing.T) {
	for _, path := range documents(t) {
		for _, b := range blocks(t, path) {
			if !languages[b.language] {
				t.Errorf("%s:%d: language %q, expected one of console, go, js, html, and text for what is shown only", b.file, b.line, b.language)
			}
		}
	}
}

func TestCommandsPrintWhatIsShown(t *testing.T) {
	if testing.Short() {
		t.Skip("builds and runs programs, which the race detector does not watch")
	}
	bin, cache := t.TempDir(), t.TempDir()
	if out, err := exec.Command("go", "build", "-o", filepath.Join(bin, "lode"), "../../weights/lode").CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	ran := 0
	for _, path := range documents(t) {
		dir := t.TempDir() // one for a guide: later blocks use files of earlier ones
		if filepath.Base(path) == "README.md" {
			dir = "../.."
		}
		for _, b := range blocks(t, path) {
			if b.language != "console" {
				continue
			}
			for _, call := range strings.Split("\n"+b.text, "\n$ ")[1:] {
				command, shown, _ := strings.Cut(call, "\n")
				run := exec.Command("bash", "-c", command)
				run.Dir = dir
				run.Env = append(os.Environ(), "PATH="+bin+string(os.PathListSeparator)+os.Getenv("PATH"), "LODESTONE_CACHE="+cache, "HF_ENDPOINT=")
				out, _ := run.CombinedOutput() // commands that fail are shown, too
				if !matches(shown, string(out)) {
					t.Errorf("%s:%d: $ %s\nprints\n%s\nshown is\n%s", b.file, b.line, command, out, shown)
				}
				ran++
			}
		}
	}
	if ran < 12 {
		t.Errorf("%d commands ran", ran)
	}
}

func TestProgramsPrintWhatIsShown(t *testing.T) {
	if testing.Short() {
		t.Skip("builds and runs programs, which the race detector does not watch")
	}
	if err := os.MkdirAll("../.build", 0o755); err != nil {
		t.Fatal(err)
	}
	ran := 0
	for _, path := range documents(t) {
		all := blocks(t, path)
		for i, b := range all {
			if b.language != "go" || !strings.HasPrefix(b.text, "package main") { // the README's is an excerpt of an Example
				continue
			}
			dir, err := os.MkdirTemp("../.build", "docs-") // within the module
			if err != nil {
				t.Fatal(err)
			}
			defer os.RemoveAll(dir)
			if err := os.WriteFile(filepath.Join(dir, "main.go"), []byte(b.text), 0o644); err != nil {
				t.Fatal(err)
			}
			absolute, err := filepath.Abs(dir)
			if err != nil {
				t.Fatal(err)
			}
			run := exec.Command("go", "run", absolute)
			run.Dir = "../.."
			out, err := run.CombinedOutput()
			if err != nil {
				t.Errorf("%s:%d: %v: %s", b.file, b.line, err, out)
				continue
			}
			if i+1 == len(all) || all[i+1].language != "text" || !matches(all[i+1].text, string(out)) {
				t.Errorf("%s:%d prints\n%s", b.file, b.line, out)
			}
			ran++
		}
	}
	if ran < 2 {
		t.Errorf("%d programs ran with %s", ran, runtime.Version())
	}
}
