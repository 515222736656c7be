package route

import (
	"fmt"
	"strings"
	"testing"
)

func TestLinksCarryAQuery(t *testing.T) {
	for _, q := range []string{"rain", "Wo ist die Straße?", "a & b = c#d+e%", "« Pleut-il ? »"} {
		if got := Parse(Search(q)).Query; got != q {
			t.Errorf("%q came back as %q through %q", q, got, Search(q))
		}
	}
	for _, c := range []struct{ hash, want string }{
		{"", ""}, {"#", ""}, {"#x=1", ""}, {"#q=%zz", ""}, {"#q=%ff", ""}, {"#x=1&q=a%20b", "a b"}, {"#q=a+b", "a b"}, {"#q=%20%0A", ""}, {"#/search?q=a", ""},
	} {
		if got := Parse(c.hash).Query; got != c.want {
			t.Errorf("the query of %q is %q, expected %q", c.hash, got, c.want)
		}
	}
	if got := Parse("#q=" + strings.Repeat("%C3%A4", MaxQuery)).Query; len(got) != MaxQuery {
		t.Errorf("a long query is cut to %d bytes, expected %d", len(got), MaxQuery)
	}
	if Search("") != "" {
		t.Error("an empty query has a fragment")
	}
}

func TestQueriesAreFolded(t *testing.T) {
	for q, want := range map[string]string{" a \n b\t": "a b", "a\xffb": "a\uFFFDb", "": "", strings.Repeat("ä", MaxQuery): strings.Repeat("ä", MaxQuery/2)} {
		if got := Fold(q); got != want {
			t.Errorf("%q became %q, expected %q", q, got, want)
		}
	}
}

func TestAddressesWithBrokenParametersKeepTheirView(t *testing.T) {
	for hash, want := range map[string]string{"": "", "#": "", "#q=%zz": "", "#/": "", "#/model": "model", "#/model?a=%zz": "model", "#/a?b?c": "a"} {
		if a := Parse(hash); a.View != want || a.Params == nil {
			t.Errorf("%q: view %q, expected %q", hash, a.View, want)
		}
	}
}

func TestFoldersAreAPartOfTheAddress(t *testing.T) {
	for folder, want := range map[string]string{"": "#/model", " ": "#/model", " /f/x/ ": "#/model?folder=%2Ff%2Fx%2F"} {
		hash := Model(folder)
		if hash != want || Parse(hash).Params.Get("folder") != strings.TrimSpace(folder) {
			t.Errorf("%q: %q, expected %q", folder, hash, want)
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, hash := range []string{"#q=a%20b", "#/model?folder=x", "#q=%zz", ""} {
		f.Add(hash)
	}
	f.Fuzz(func(t *testing.T, hash string) {
		a := Parse(hash)
		if a.Query != Fold(a.Query) || Parse(Search(a.Query)).Query != a.Query {
			t.Errorf("%q gives %q", hash, a.Query)
		}
	})
}

func ExampleParse() {
	a := Parse("#/model?folder=models%2Fx%2F")
	fmt.Println(a.View, a.Params.Get("folder"))
	fmt.Println(Parse(Search("Wo ist der Bahnhof?")).Query)
	// Output:
	// model models/x/
	// Wo ist der Bahnhof?
}
