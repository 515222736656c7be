package crop

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

// labelled is a sentence of n words with one entity.
func labelled(n int) []string { return append([]string{"B-PER"}, all(n-1)...) }

// names is n entities of one word each, no word twice.
func names(n int) Sentence {
	var s Sentence
	for i := range n {
		s.Words, s.Labels = append(s.Words, Slot(i)), append(s.Labels, "B-PER")
	}
	return s
}

func TestDrop(t *testing.T) {
	german := func(string) string { return "de" }
	one := sentence("Max/B-PER lacht")
	about := Sentence{strings.Split(boilerplate, ""), fields("B-ORG O O O")}
	for _, c := range []struct {
		rule       string
		filter     Filter
		lang       string
		labels     []string
		translated Sentence
		want       Reason
	}{
		{"kept", CoNLL(german), "de", labelled(2), one, ""},
		{"CoNLL: 128 words", CoNLL(nil), "de", labelled(128), one, ""},
		{"CoNLL: 129 words", CoNLL(nil), "de", labelled(129), one, TooLong},
		{"XTREME: 32 words", XTREME(), "de", labelled(32), one, ""},
		{"XTREME: 33 words", XTREME(), "de", labelled(33), one, TooLong},
		{"no entity", CoNLL(nil), "de", all(3), sentence("a b c"), NoEntity},
		{"no word", XTREME(), "de", nil, sentence(""), NoEntity},
		{"CoNLL: 5 entities", CoNLL(nil), "de", labelled(9), names(5), ""},
		{"CoNLL: 6 entities", CoNLL(nil), "de", labelled(9), names(6), ManyEntities},
		{"XTREME: 6 entities", XTREME(), "de", labelled(9), names(6), ""},
		{"XTREME: 7 entities", XTREME(), "de", labelled(9), names(7), ManyEntities},
		{"zero Filter: no limits", Filter{}, "de", labelled(999), names(99), ""},
		{"a word in two entities", CoNLL(nil), "de", labelled(2), sentence("Max/B-PER und Max/B-ORG AG/I-ORG"), RepeatedWord},
		{"a word twice in one entity", XTREME(), "de", labelled(2), sentence("Duran/B-ORG Duran/I-ORG"), RepeatedWord},
		{"a word in an entity and outside", CoNLL(nil), "de", labelled(2), sentence("Max/B-PER sah Max"), ""},
		{"CoNLL: another language", CoNLL(german), "nl", labelled(2), one, WrongLang},
		{"CoNLL: no language test", CoNLL(nil), "nl", labelled(2), one, ""},
		{"CoNLL: a language that langid.py does not know", CoNLL(german), "ceb", labelled(2), one, ""},
		{"XTREME: no language test", XTREME(), "nl", labelled(2), one, ""},
		{"zh: boilerplate, CoNLL", CoNLL(nil), "zh", labelled(4), about, Boilerplate},
		{"zh: boilerplate, XTREME", XTREME(), "zh", labelled(4), about, Boilerplate},
		{"boilerplate is tested in zh only", CoNLL(nil), "ja", labelled(4), about, ""},
		{"zh: later tests are skipped", CoNLL(german), "zh", labelled(4), sentence("王/B-PER 王/B-PER"), ""},
		{"zh: earlier ones are not", CoNLL(nil), "zh", all(4), about, NoEntity},
	} {
		if got := c.filter.Drop(c.lang, c.labels, c.translated); got != c.want {
			t.Errorf("%s: %q, want %q", c.rule, got, c.want)
		}
	}
}

// The language function gets the text of the translation.
func TestDropAsksForTheLanguageOfTheTranslation(t *testing.T) {
	for lang, want := range map[string]string{"de": "Max lacht", "ja": "Maxlacht"} {
		asked := ""
		CoNLL(func(text string) string { asked = text; return lang }).Drop(lang, labelled(2), sentence("Max/B-PER lacht"))
		if asked != want {
			t.Errorf("%s: asked for %q, want %q", lang, asked, want)
		}
	}
}

// 97 languages: the list of langid.py, as in the official script.
func TestLangidLanguages(t *testing.T) {
	list := fields(LangidLanguages)
	if n := len(slices.Compact(slices.Sorted(slices.Values(list)))); n != 97 || len(list) != 97 {
		t.Errorf("%d languages, %d of them different, want 97", len(list), n)
	}
}

func TestSample(t *testing.T) {
	for _, c := range []struct {
		filter  Filter
		lang    string
		n, want int
	}{
		{XTREME(), "ar", 1000, 250}, {XTREME(), "th", 251, 250}, {XTREME(), "id", 250, 250}, {XTREME(), "jv", 3, 3},
		{XTREME(), "it", 0, 0}, {XTREME(), "it", -1, 0}, {XTREME(), "de", 1000, 1000}, {CoNLL(nil), "ar", 1000, 1000},
	} {
		got := c.filter.Sample(c.lang, c.n, rand.New(rand.NewPCG(1, 2)))
		if len(got) != c.want || len(slices.Compact(slices.Clone(got))) != c.want || !slices.IsSorted(got) {
			t.Errorf("%s of %d: %d indices, want %d different ones, ascending", c.lang, c.n, len(got), c.want)
		}
		if len(got) > 0 && (got[0] < 0 || got[len(got)-1] >= c.n) {
			t.Errorf("%s of %d: indices %d to %d", c.lang, c.n, got[0], got[len(got)-1])
		}
	}
	a := XTREME().Sample("ar", 1000, rand.New(rand.NewPCG(1, 2)))
	if b := XTREME().Sample("ar", 1000, rand.New(rand.NewPCG(3, 4))); slices.Equal(a, b) {
		t.Error("two seeds choose the same sentences")
	}
}
