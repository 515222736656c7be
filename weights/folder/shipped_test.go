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

// What MODELS.md says of a model is what its card says, with as many digits as MODELS.md has.
func TestTheFiguresOfModelsInMODELSAreThoseOfTheirCards(t *testing.T) {
	models := read(t, "../../MODELS.md")
	for _, c := range []struct{ model, models, card string }{
		{"prompt-magneto-en-de-fr", `STS-B dev: en ([\d.]+)`, `lode eval sts.* ([\d.]+) / [\d.]+ / [\d.]+ \|$`},
		{"prompt-magneto-en-de-fr", `, de ([\d.]+), fr`, `lode eval sts.* [\d.]+ / ([\d.]+) / [\d.]+ \|$`},
		{"prompt-magneto-en-de-fr", `, fr ([\d.]+)`, `lode eval sts.* [\d.]+ / [\d.]+ / ([\d.]+) \|$`},
		{"translator-magneto-en-de", `([\d.]+) from German`, `de→en BLEU [\d.]+ in float32 and ([\d.]+) in int8`},
		{"translator-magneto-en-de", `([\d.]+) from English`, `en→de [\d.]+ in float32 and ([\d.]+) in int8`},
		{"tagger-magneto-en", `F1 ([\d.]+) on UNER English-EWT`, `int8: F1 ([\d.]+) on UNER English-EWT test`},
		{"tagger-magneto-en", `([\d.]+) on WikiANN German`, `int8: F1 [\d.]+ on UNER English-EWT test, ([\d.]+) on WikiANN German`},
		{"tagger-magneto-en-de", `F1 ([\d.]+) on UNER English-EWT`, `int8: F1 ([\d.]+) on UNER English-EWT test`},
		{"tagger-magneto-en-de", `([\d.]+) on WikiANN German`, `int8: F1 [\d.]+ on UNER English-EWT test, ([\d.]+) on WikiANN German`},
		{"writer-magneto-en", `([\d.]+) on held-out stories`, `^\| stories.* ([\d.]+) \|$`},
		{"writer-magneto-en", `([\d.]+) on novels`, `^\| novels.* ([\d.]+) \|$`},
		{"kformer-notes-en", `([\d.]+) of 100 right with notes`, `^\| with its notes.* ([\d.]+) \|$`},
		{"kformer-notes-en", `with notes, ([\d.]+) without`, `^\| without notes.* ([\d.]+) \|$`},
		{"thex-kinds-en", `([\d.]+) % right`, `^\| and x∘γ.* ([\d.]+) \|$`},
		{"thex-kinds-en", `([\d.]+) % before the rewrite`, `^\| BERT as it is.* ([\d.]+) \|$`},
	} {
		row := regexp.MustCompile("(?m)^\\| \\[`" + c.model + "`\\].*$").FindString(models)
		said, has := number(row, c.models), number(read(t, "../"+c.model+"/MODEL_CARD.md"), "(?m)"+c.card)
		_, digits, _ := strings.Cut(said, ".")
		v, err := strconv.ParseFloat(has, 64)
		if err != nil || strconv.FormatFloat(v, 'f', len(digits), 64) != said {
			t.Errorf("%s: MODELS.md has %q (%s), the card %q (%s)", c.model, said, c.models, has, c.card)
		}
	}
}

// MODELS.md has a row for each model that ships. (Package web/docs compares the sizes.)
func TestMODELSListsTheModelsThatShip(t *testing.T) {
	listed := map[string]bool{}
	for _, row := range regexp.MustCompile("(?m)^\\| \\[`([a-z-]+)`\\].* \\| [\\d.]+ MB \\| ").FindAllStringSubmatch(read(t, "../../MODELS.md"), -1) {
		listed[row[1]] = true
	}
	paths, err := filepath.Glob("../*/manifest.json")
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range paths {
		name := filepath.Base(filepath.Dir(path))
		if !listed[name] {
			t.Errorf("MODELS.md does not list %s", name)
		}
		delete(listed, name)
	}
	for name := range listed {
		t.Errorf("MODELS.md lists %s, which does not ship", name)
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
