package crop

import (
	"encoding/json"
	"os"
	"slices"
	"strings"
	"testing"
)

// The expected words are NLTK's (testdata/README.md).
func TestTreebankWordsAreThoseOfNLTK(t *testing.T) {
	data, err := os.ReadFile("testdata/words.json")
	if err != nil {
		t.Fatal(err)
	}
	var cases []struct {
		Text  string
		Words []string
	}
	if err := json.Unmarshal(data, &cases); err != nil {
		t.Fatal(err)
	}
	for _, c := range cases {
		if got := treebankWords(c.Text); !slices.Equal(got, c.Words) {
			t.Errorf("%q: %q, want %q", c.Text, got, c.Words)
		}
	}
	if len(cases) != 91 {
		t.Errorf("%d cases, want 91", len(cases))
	}
}

// By the rule in the doc comment, in place of NLTK's trained one; words separated by spaces.
func TestEnglishWordsEndsSentences(t *testing.T) {
	for _, c := range []struct{ rule, text, want string }{
		{"a capital follows", "He met Merkel. She left.", "He met Merkel . She left ."},
		{"a digit follows", "He left. 3 stayed.", "He left . 3 stayed ."},
		{"small letters follow", "approx. three", "approx. three"},
		{"an abbreviation", "Mr. Smith met Dr. No.", "Mr. Smith met Dr. No ."},
		{"an initial", "George W. Bush", "George W. Bush"},
		{"other full stops in the word", "the U.S. Army", "the U.S. Army"},
		{"behind a quote", `"He left." She said.`, "`` He left . '' She said ."},
		{"before a bracket", "He left. (She did.)", "He left . ( She did . )"},
		{"behind a question", `Who? "I."`, "Who ? `` I . ''"},
		{"<unk> is removed", "<unk> Merkel <unk>visits<unk> Rome.", "Merkel visits Rome ."},
		{"only <unk>", "<unk> <unk>", ""},
		{"any space", " a\tb\n\u00a0c ", "a b c"},
		{"nothing", "", ""},
	} {
		if got := strings.Join(EnglishWords(c.text), " "); got != c.want {
			t.Errorf("%s: %q: %q, want %q", c.rule, c.text, got, c.want)
		}
	}
}

func BenchmarkEnglishWords(b *testing.B) {
	text := strings.Repeat(`"Angela Merkel's visit," he said, "didn't cost $3,000." `, 20)
	b.SetBytes(int64(len(text)))
	for b.Loop() {
		EnglishWords(text)
	}
}
