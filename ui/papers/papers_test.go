package papers

import (
	"os"
	"regexp"
	"strings"
	"testing"
)

func TestEveryPaperHasItsCitationItsFiguresAndAnHonestSentence(t *testing.T) {
	if len(All) != 10 {
		t.Errorf("%d papers, expected 10", len(All))
	}
	for _, p := range All {
		for what, text := range map[string]string{"system": p.System, "title": p.Title, "authors": p.Cite, "view": p.What, "paper's figure": p.Theirs, "own figure": p.Ours, "honest sentence": p.Honest} {
			if text == "" {
				t.Errorf("%s has no %s", p.Key, what)
			}
		}
		if !regexp.MustCompile(`^\d{4}\.\d{5}$`).MatchString(p.ArXiv) || p.View != "" && p.Where == "" || Find(p.Key).Title != p.Title {
			t.Errorf("%+v", p)
		}
	}
	if Find("nothing").Key != "" {
		t.Error("a paper without a key")
	}
}

// The figures stand in the cards of the models and in weights/train/README.md.
func TestOwnFiguresAreThoseOfTheCards(t *testing.T) {
	for key, c := range map[string]struct {
		file    string
		figures []string
	}{
		"promptbert": {"prompt-magneto-en-de-fr/MODEL_CARD.md", []string{"74.1", "71.9", "72.0"}},
		"magneto":    {"translator-magneto-en-de/MODEL_CARD.md", []string{"27.7", "24.4"}},
		"xmoe":       {"train/README.md", []string{"334.9", "350.4", "11.8", "10.1"}},
		"moec":       {"train/README.md", []string{"73.84", "74.14", "7.71", "7.59"}},
		"pruning":    {"train/README.md", []string{"96 %", "86 %"}},
		"kformer":    {"kformer-notes-en/MODEL_CARD.md", []string{"100", "29", "25"}},
		"crop":       {"train/README.md", []string{"16.0", "26.4"}},
		"thex":       {"train/README.md", []string{"87.84", "89.04"}},
	} {
		text, err := os.ReadFile("../../weights/" + c.file)
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range c.figures {
			// A card may have 74.1 as .741 or 74.08.
			digits := strings.ReplaceAll(f, "%", "")
			plain := regexp.MustCompile(regexp.QuoteMeta(strings.TrimSpace(digits)))
			point := regexp.MustCompile(`\.` + strings.ReplaceAll(strings.TrimSpace(digits), ".", ""))
			if !strings.Contains(Find(key).Ours, f) || !plain.Match(text) && !point.Match(text) {
				t.Errorf("%s: %q is not in both %q and %s", key, f, Find(key).Ours, c.file)
			}
		}
	}
}
