//go:build !js

package folder

import (
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// The models that ship lie beside this package, each with its card, its licence and a
// manifest of them, and take 80 MB at most.
func TestTheModelsThatShipAreAsTheirManifestsSay(t *testing.T) {
	paths, err := filepath.Glob("../*/manifest.json")
	if err != nil || len(paths) < 7 {
		t.Fatalf("%d manifests: %v", len(paths), err)
	}
	var total int64
	for _, path := range paths {
		dir := filepath.Dir(path)
		if err := Verify(dir, nil); err != nil {
			t.Errorf("%v; was `lode pack` run after the last change?", err)
		}
		m, err := ReadManifest(dir)
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range []string{"LICENSE", "MODEL_CARD.md"} {
			if _, err := m.Lookup(name); err != nil {
				t.Errorf("%s: %v", dir, err)
			}
		}
		total += m.TotalSize()
	}
	if total > 80_000_000 {
		t.Errorf("the models take %d bytes, expected at most 80 MB", total)
	}
}

// What README.md says of the models is what their cards say, which have more digits.
func TestTheFiguresOfModelsInREADMEAreThoseOfTheirCards(t *testing.T) {
	readme := read(t, "../../README.md")
	for _, c := range []struct{ model, readme, card string }{
		{"translator-magneto-en-de", `BLEU ([\d.]+) from German`, `de→en BLEU [\d.]+ in float32 and ([\d.]+) in int8`},
		{"tagger-magneto-en", `F1 ([\d.]+) on UNER English-EWT\)`, `int8: F1 ([\d.]+) on UNER English-EWT test`},
		{"tagger-magneto-en", `where the first has ([\d.]+)`, `int8: F1 [\d.]+ on UNER English-EWT test, ([\d.]+) on WikiANN German`},
		{"tagger-magneto-en-de", `German label: F1 ([\d.]+)`, `int8: F1 ([\d.]+) on UNER English-EWT test`},
		{"tagger-magneto-en-de", `WikiANN German ([\d.]+) where`, `int8: F1 [\d.]+ on UNER English-EWT test, ([\d.]+) on WikiANN German`},
		{"writer-magneto-en", `perplexity of a piece ([\d.]+) on`, `(?m)^\| stories.* ([\d.]+) \|$`},
		{"writer-magneto-en", `([\d.]+) on novels`, `(?m)^\| novels.* ([\d.]+) \|$`},
		{"kformer-notes-en", `([\d.]+) of 100 right with notes`, `right ([\d.]+) times with the notes of each`},
		{"kformer-notes-en", `right with notes, ([\d.]+) without`, `the notes of each, ([\d.]+) times without`},
		{"thex-kinds-en", `([\d.]+) % of sentences`, `(?m)^\| and x∘γ.* ([\d.]+) \|$`},
		{"thex-kinds-en", `([\d.]+) % before the rewrite`, `(?m)^\| BERT as it is.* ([\d.]+) \|$`},
	} {
		said, has := number(readme, c.readme), number(read(t, "../"+c.model+"/MODEL_CARD.md"), c.card)
		_, digits, _ := strings.Cut(said, ".")
		v, err := strconv.ParseFloat(has, 64)
		if err != nil || strconv.FormatFloat(v, 'f', len(digits), 64) != said {
			t.Errorf("%s: README.md has %q (%s), the card %q (%s)", c.model, said, c.readme, has, c.card)
		}
	}
	for _, c := range regexp.MustCompile("`([a-z-]+)` \\([^`]*?([\\d.]+) MB").FindAllStringSubmatch(readme, -1) {
		f, err := os.Stat("../" + c[1] + "/model.safetensors")
		if err != nil {
			continue // not a model's name
		}
		if got := strconv.FormatFloat(float64(f.Size())/1e6, 'f', 1, 64); got != c[2] {
			t.Errorf("%s: README.md has %s MB, the weights have %s", c[1], c[2], got)
		}
	}
}

func read(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// number is what a pattern's group matches, "" if it does not match once.
func number(text, pattern string) string {
	all := regexp.MustCompile(pattern).FindAllStringSubmatch(text, -1)
	if len(all) != 1 {
		return ""
	}
	return strings.TrimSuffix(all[0][1], ".")
}
