package docs

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/lodestone-wasm/lodestone/ui/format"
	"github.com/lodestone-wasm/lodestone/wasm/app/wire"
)

// The demo shows what ManifestBytes says of a folder's manifest.json; the card, MODELS.md and
// the page before its program has started show the same.
func TestAModelHasOneSize(t *testing.T) {
	read := func(path string) string {
		t.Helper()
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
	manifests, err := filepath.Glob("../../weights/*/manifest.json")
	if err != nil || len(manifests) < 7 {
		t.Fatal(manifests, err)
	}
	list := read("../../MODELS.md")
	for _, path := range manifests {
		folder := filepath.Dir(path)
		name := filepath.Base(folder)
		n, err := wire.ManifestBytes(read(path))
		if err != nil {
			t.Fatal(name, err)
		}
		size := format.Bytes(n)
		if row := "| download | " + size + ":"; !strings.Contains(read(filepath.Join(folder, "MODEL_CARD.md")), row) {
			t.Errorf("%s: the card has no row %q", name, row)
		}
		row := regexp.MustCompile(`(?m)^\| \[` + regexp.QuoteMeta("`"+name+"`") + `\].*$`).FindString(list)
		if !strings.Contains(row, "| "+size+" |") {
			t.Errorf("MODELS.md: the row of %s is %q, expected the size %s", name, row, size)
		}
		if name == "prompt-magneto-en-de-fr" {
			if boot := "Loading the model, " + size + ","; !strings.Contains(read("../demo/index.html"), boot) {
				t.Errorf("web/demo/index.html: expected %q", boot)
			}
		}
	}
}

// A language is promised for a model only where it was measured.
func TestFrenchIsPromisedWhereItWasMeasured(t *testing.T) {
	text, err := os.ReadFile("../../MODELS.md")
	if err != nil {
		t.Fatal(err)
	}
	figure := regexp.MustCompile(`\bfr 0\.\d+`)
	promised := 0
	for _, line := range strings.Split(string(text), "\n") {
		if strings.HasPrefix(line, "| [") && strings.Contains(line, "French") {
			promised++
			if !figure.MatchString(line) {
				t.Errorf("MODELS.md promises French without a figure: %s", line)
			}
		}
	}
	if promised != 1 {
		t.Errorf("MODELS.md promises French for %d models, expected the one that was measured", promised)
	}
	cards, err := filepath.Glob("../../weights/*/MODEL_CARD.md")
	if err != nil {
		t.Fatal(err)
	}
	sentence := regexp.MustCompile(`[^.|\n]*French[^.|\n]*`)
	for _, path := range cards {
		if strings.Contains(path, "prompt-magneto-en-de-fr") {
			continue
		}
		card, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		for _, said := range sentence.FindAllString(string(card), -1) {
			if !strings.Contains(said, "was not evaluated") {
				t.Errorf("%s: %q, expected a figure, or that it was not evaluated", path, strings.TrimSpace(said))
			}
		}
	}
}
