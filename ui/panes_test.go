package ui

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/vugu/vugu"
)

// body is a pane's body that counts how often it is built.
type body struct{ built int }

func (b *body) Build(*vugu.BuildIn) *vugu.BuildOut {
	b.built++
	return &vugu.BuildOut{Out: []*vugu.VGNode{{Type: vugu.ElementNode, Data: "div"}}}
}

func TestOnePaneIsShownAndTheOthersAreNotBuilt(t *testing.T) {
	first, second := &body{}, &body{}
	var log []string
	note := func(s string) func() { return func() { log = append(log, s) } }
	c := &Root{Panes: []Pane{
		{Name: "search", Body: first, Open: func(a Address) { log = append(log, "open search "+a.Hash) }, Close: note("close search")},
		{Name: "model", Body: second, Open: func(a Address) { log = append(log, "open model "+a.Params.Get("folder")) }},
	}}
	for _, hash := range []string{"#q=snow", "#/model?folder=%2Ff%2Fx%2F", "#/model?folder=y", "#/nowhere", "#/search"} {
		c.Show(ParseAddress(hash))
		build, err := vugu.NewBuildEnv()
		if err != nil {
			t.Fatal(err)
		}
		build.RunBuild(c)
	}
	if want := []string{"open search #q=snow", "close search", "open model /f/x/", "open model y", "open search #/nowhere", "open search #/search"}; !slices.Equal(log, want) {
		t.Errorf("got %q, expected %q", log, want)
	}
	if first.built != 3 || second.built != 2 || c.Current != "search" {
		t.Errorf("built %d and %d times, now %q", first.built, second.built, c.Current)
	}
}

func TestAddressesWithBrokenParametersKeepTheirPane(t *testing.T) {
	for hash, want := range map[string]string{"": "", "#": "", "#q=%zz": "", "#/": "", "#/model": "model", "#/model?a=%zz": "model", "#/a?b?c": "a"} {
		if a := ParseAddress(hash); a.Pane != want || a.Params == nil {
			t.Errorf("%q: pane %q, expected %q", hash, a.Pane, want)
		}
	}
}

// The links of the page and the panes of its program are one table in two languages.
func TestTheNavigationNamesThePanesOfTheProgram(t *testing.T) {
	page, err := os.ReadFile("../web/demo/index.html")
	if err != nil {
		t.Fatal(err)
	}
	program, err := os.ReadFile("../wasm/app/main.go")
	if err != nil {
		t.Fatal(err)
	}
	names := func(text []byte, pattern string) (all []string) {
		for _, m := range regexp.MustCompile(pattern).FindAllStringSubmatch(string(text), -1) {
			all = append(all, m[1])
		}
		return all
	}
	links, panes := names(page, `href="#/[a-z-]+" data-pane="([a-z-]+)"`), names(program, `\{Name: "([a-z-]+)", Body:`)
	if len(links) == 0 || !slices.Equal(links, panes) {
		t.Errorf("links to %q, panes %q", links, panes)
	}
	if n := strings.Count(string(page), "data-title="); n != len(links) {
		t.Errorf("%d links have a title, expected %d", n, len(links))
	}
}
