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
