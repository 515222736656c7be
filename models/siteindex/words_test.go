package siteindex

import (
	"encoding/json"
	"os"
	"slices"
	"strings"
	"testing"
)

// The rules of FORMAT.md by hand, then testdata/terms.jsonl, which other implementations of
// the format read too. Its stems are those of Snowball's own vocabularies.
func TestWordsHaveParts(t *testing.T) {
	for text, want := range map[string]string{
		"Two words":             "two words",
		"pg_stat_activity":      "pg_stat_activity pg stat activity",
		"ArrayList HTTPServer":  "arraylist array list httpserver",
		"utf8":                  "utf8 utf",
		"__init__":              "init",
		"don't":                 "don t",
		"soft\u00adhyphen":      "softhyphen",
		"ﬁne Ａ":                 "fine a",
		"東京都 a":                 "東京 京都 a",
		"中":                     "中",
		"😀 — …":                 "",
		strings.Repeat("x", 65): "",
	} {
		var got []string
		Words(Normalize(text), func(w Word) { got = append(got, w.Text) })
		if s := strings.Join(got, " "); s != want {
			t.Errorf("%q: %q, want %q", text, s, want)
		}
	}
}

func TestTermsAreThoseOfTheTable(t *testing.T) {
	b, err := os.ReadFile("testdata/terms.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for line := range strings.Lines(string(b)) {
		var c struct {
			Language, Text string
			Terms          []string
		}
		if err := json.Unmarshal([]byte(line), &c); err != nil {
			t.Fatal(err)
		}
		var got []string
		Terms(c.Text, c.Language, func(term string) { got = append(got, term) })
		if !slices.Equal(got, c.Terms) {
			t.Errorf("%s %q: %q, want %q", c.Language, c.Text, got, c.Terms)
		}
		n++
	}
	if n < 10 {
		t.Errorf("%d cases", n)
	}
}
