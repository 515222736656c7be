package sentence

import (
	"slices"
	"testing"
)

func TestItemsAreLinesRowsAndSentences(t *testing.T) {
	for _, c := range []struct {
		name, file, text string
		want             []string
	}{
		{"a list", "", "buy milk\ncall mum\nfix the bike", []string{"buy milk", "call mum", "fix the bike"}},
		{"a list that ends in a comma", "", "for Mum,\nwith love\nand kisses", []string{"for Mum, with love", "and kisses"}},
		{"a paragraph that is wrapped", "", "The meeting that was planned for Monday has been\nmoved to the end of the week.", []string{"The meeting that was planned for Monday has been moved to the end of the week."}},
		{"a table by its name", "a.csv", "name,place\nAda,London\n\"Tom, the tailor\",Boston\nMary,\"New \"\"York\"\"\"\n", []string{"name, place", "Ada, London", "Tom, the tailor, Boston", `Mary, New "York"`}},
		{"a table of semicolons", "", "id;what\n1;buy milk\n2;call mum\n3;fix the bike\n4;\n", []string{"id, what", "1, buy milk", "2, call mum", "3, fix the bike"}},
		{"a table of commas", "", "id,what\r\n1,buy milk\r\n2,call mum\r\n3,fix the bike\r\n4,sleep", []string{"id, what", "1, buy milk", "2, call mum", "3, fix the bike", "4, sleep"}},
		{"a table of tabs", "a.tsv", "1\ta\n\n2\tb\n", []string{"1, a", "2, b"}},
		{"a line break between quotation marks", "a.csv", "a,\"b\nc\"\n", []string{"a, b c"}},
		{"a quotation mark without its end", "a.csv", "a,\"b\nc", []string{"a, b c"}},
		{"prose with commas", "", "Well, yes.\nNo, not now.\nSo, be it.", []string{"Well, yes.", "No, not now.", "So, be it."}},
		{"Markdown", "a.md", "# Notes\n\nSee **the** [manual](https://example.org/a) and ![a picture](b.png).\n\n---\n- [ ] `buy` milk\n- [x] call mum\n\n| who | where |\n|---|---|\n| Ada | London |\n\n```sh\nls -l\n```\n",
			[]string{"Notes", "See the manual and a picture.", "buy milk", "call mum", "who, where", "Ada, London", "ls -l"}},
		{"a bracket that is no link", "a.md", "[a](b and ](c) ]( d", []string{"a ]( d"}},
		{"nothing", "a.csv", "", nil},
	} {
		if got := Items(c.file, c.text); !slices.Equal(got, c.want) && len(got)+len(c.want) > 0 {
			t.Errorf("%s: %q, expected %q", c.name, got, c.want)
		}
	}
}

// FuzzItems: items are not empty, are of one line, and no longer than a sentence.
func FuzzItems(f *testing.F) {
	f.Add("a.csv", "a,\"b\n\"\"c\",\n;")
	f.Add("a.md", "![a](b)[c](d)\n|a|\n```\n")
	f.Add("", "a\tb\nc\td\ne\tf")
	f.Fuzz(func(t *testing.T, name, text string) {
		for _, s := range Items(name, text) {
			if s == "" || len([]rune(s)) > MaxRunes {
				t.Errorf("%q", s)
			}
		}
	})
}
