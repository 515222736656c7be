package siteindex

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
)

func texts(p *Page) (out []string) {
	for _, b := range p.Blocks {
		s := b.Text
		if b.Heading > 0 {
			s = strings.Repeat("#", b.Heading) + " " + s
		}
		if b.Anchor != "" {
			s += " @" + b.Anchor
		}
		out = append(out, s)
	}
	return out
}

func TestHTMLKeepsTheMainContent(t *testing.T) {
	for _, c := range []struct {
		name, html string
		want       []string
	}{
		{"main", `<nav>Home</nav><main><h1>Title</h1><p>Text <b>of</b> the page.</main><footer>Imprint</footer>`, []string{"# Title", "Text of the page."}},
		{"role", `<div id=menu>Menu</div><div role=main>Text</div>`, []string{"Text"}},
		{"one article", `<header>Site</header><article><header>By me</header><p>Text</article>`, []string{"By me", "Text"}},
		{"two articles", `<article>One</article><article>Two</article>`, []string{"One", "Two"}},
		{"a main without the text", `<main></main><div>The text stands elsewhere.</div>`, []string{"The text stands elsewhere."}},
		{"no main", `<div class="sphinxsidebar">Side</div><div class="body">Text</div><div class="navfooter">Next</div>`, []string{"Text"}},
		{"marked", `<p>No</p><div data-lodestone-body>Yes<p data-lodestone-ignore>No</p></div>`, []string{"Yes"}},
		{"hidden", `<p hidden>No<p aria-hidden=true>No<script>no()</script><style>no</style><p>Yes`, []string{"Yes"}},
		{"anchors", `<main><h2 id=a>A<a class=headerlink href=#a>¶</a></h2><p>One<section id=b><h3>B</h3><p>Two</section>`, []string{"## A @a", "One @a", "### B @b", "Two @b"}},
		{"names", `<main><a name=old></a><p>Text`, []string{"Text @old"}},
		{"tables", `<main><table><tr><th>Key<td>Value<tr><td>a<td>b</table>`, []string{"Key Value", "a b"}},
		{"pictures", `<main><p>See <img alt="a plan">.`, []string{"See a plan ."}},
		{"broken", `<main><p>One<div>Two</p></main></b>Three`, []string{"One", "Two"}},
		{"nothing", ``, nil},
	} {
		p, err := ParseHTML([]byte(c.html), "x")
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		if got := texts(p); !slices.Equal(got, c.want) {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
}

func TestHTMLHasTitleLanguageAndAttributes(t *testing.T) {
	p, err := ParseHTML([]byte(`<html lang=de-AT><title> Der  Titel </title><meta name=description content="Worum es geht"><meta property="og:image" content=a.png>
		<meta name="lodestone:section" content=Handbuch><main><p data-pagefind-filter="author:Ada">Text<span data-lodestone-filter=version>17</span>`), "x")
	if err != nil {
		t.Fatal(err)
	}
	want := []Attribute{{"description", "Worum es geht", false}, {"image", "a.png", false}, {"section", "Handbuch", true}, {"author", "Ada", true}, {"version", "17", true}}
	if p.Title != "Der Titel" || p.Language != "de" || !slices.Equal(p.Attributes, want) {
		t.Errorf("%+v", p)
	}
	for _, html := range []string{`<meta name=robots content="noindex, follow"><p>x`, `<meta http-equiv=refresh content="0; url=y">`} {
		if _, err := ParseHTML([]byte(html), "x"); !errors.Is(err, ErrNotIndexed) {
			t.Errorf("%s: %v", html, err)
		}
	}
}

func TestDeepAndLargeHTMLIsRead(t *testing.T) {
	deep := strings.Repeat("<div>", 100_000) + "text at the bottom"
	p, err := ParseHTML([]byte(deep), "x")
	if err != nil || len(p.Blocks) == 0 {
		t.Errorf("%d blocks, %v", len(p.Blocks), err)
	}
	large := "<main>" + strings.Repeat("<p>A sentence with several words in it.</p>", 10<<20/43)
	p, err = ParseHTML([]byte(large), "x")
	if err != nil {
		t.Fatal(err)
	}
	total := 0
	for _, q := range passages("", p.Blocks) {
		if total += len(q.Text); len(q.Text) > maxPassage {
			t.Fatalf("a passage of %d bytes", len(q.Text))
		}
	}
	if total < maxText/2 || total > maxText+2*maxPassage {
		t.Errorf("%d bytes of text of a page of %d", total, len(large))
	}
}

func TestMarkdownWithFrontMatter(t *testing.T) {
	for name, source := range map[string]string{
		"yaml": "---\ntitle: A page\ntags: [one, two]\ndate: 2026-01-02\n---\n# Heading\n\nText with `code`.\n\n## Second {#own}\n\n- item\n",
		"toml": "+++\ntitle = \"A page\"\ntags = [\"one\", \"two\"]\ndate = 2026-01-02\n+++\n# Heading\n\nText with `code`.\n\n## Second {#own}\n\n- item\n",
	} {
		p, err := ParseMarkdown([]byte(source), "a/")
		if err != nil {
			t.Fatal(name, err)
		}
		want := []string{"# Heading @heading", "Text with code. @heading", "## Second @own", "item @own"}
		if got := texts(p); p.Title != "A page" || !slices.Equal(got, want) {
			t.Errorf("%s: %q %q", name, p.Title, got)
		}
		if !slices.Contains(p.Attributes, Attribute{"tags", "two", true}) {
			t.Errorf("%s: %v", name, p.Attributes)
		}
	}
	if _, err := ParseMarkdown([]byte("---\ndraft: true\n---\nText"), "a/"); !errors.Is(err, ErrNotIndexed) {
		t.Error(err)
	}
	for name, want := range map[string]string{"a/b.md": "a/b/", "a/index.md": "a/", "README.md": "", "_index.md": ""} {
		if got := markdownAddress(name); got != want {
			t.Errorf("%s is at %q, want %q", name, got, want)
		}
	}
}

func TestRecordsOfJSONLines(t *testing.T) {
	items, err := Lines(strings.NewReader(`{"url":"a","title":"A","text":"One.","language":"en","attributes":{"kind":"x","tags":["y","z"]}}

{"url":"b","sections":[{"anchor":"s","heading":"S","level":3,"text":"Two."}]}
{"url":"c","html":"<main>Three."}
{"url":"d","markdown":"Four."}`))
	if err != nil || len(items) != 4 {
		t.Fatal(len(items), err)
	}
	want := [][]string{{"One."}, {"### S @s", "Two. @s"}, {"Three."}, {"Four."}}
	for i, it := range items {
		line, _ := it.Open()
		p, err := ParseRecord(line)
		if err != nil || !slices.Equal(texts(p), want[i]) {
			t.Errorf("line %d: %v, %v", i, texts(p), err)
		}
	}
	for _, line := range []string{"", "[]", "{}", `{"url":1}`, `{"text":"no address"}`} {
		if _, err := ParseRecord([]byte(line)); err == nil {
			t.Errorf("%q is a record", line)
		}
	}
}

func TestSitemapListsThePagesOfItsHost(t *testing.T) {
	var s *httptest.Server
	s = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/sitemap.xml":
			w.Write([]byte(`<sitemapindex><sitemap><loc>` + s.URL + `/pages.xml</loc></sitemap><sitemap><loc>` + s.URL + `/sitemap.xml</loc></sitemap></sitemapindex>`))
		case "/pages.xml":
			w.Write([]byte(`<urlset><url><loc> ` + s.URL + `/a/ </loc></url><url><loc>` + s.URL + `/b.html</loc></url><url><loc>http://elsewhere.invalid/c</loc></url></urlset>`))
		case "/a/":
			w.Header().Set("Content-Type", "text/html")
			w.Write([]byte(`<main>Text`))
		default:
			http.NotFound(w, r)
		}
	}))
	defer s.Close()
	items, err := Sitemap(t.Context(), s.Client(), s.URL+"/sitemap.xml")
	if err != nil || len(items) != 2 || items[0].Address != "a/" || items[1].Address != "b.html" {
		t.Fatal(items, err)
	}
	if b, err := items[0].Open(); err != nil || string(b) != "<main>Text" {
		t.Errorf("%q, %v", b, err)
	}
	if _, err := items[1].Open(); err == nil || !strings.Contains(err.Error(), "404") {
		t.Error(err)
	}
	for _, bad := range []string{"ftp://x/", "not an address"} {
		if _, err := Sitemap(t.Context(), s.Client(), bad); err == nil {
			t.Errorf("%q is a sitemap", bad)
		}
	}
}

func TestPassagesAreSentencesUnderOneHeading(t *testing.T) {
	sentence := "This is a sentence of forty-two bytes, so. "
	long := strings.TrimSpace(strings.Repeat(sentence, 60))
	got := passages("T", []Block{{Heading: 1, Text: "T"}, {Text: "Intro."}, {Heading: 2, Anchor: "a", Text: "A"}, {Anchor: "a", Text: long}, {Heading: 2, Anchor: "b", Text: "B"}, {Anchor: "b", Text: "End."}})
	if len(got) != 4 {
		t.Fatalf("%d passages", len(got))
	}
	if got[0].Text != "Intro." || got[0].Headings != nil {
		t.Errorf("%+v", got[0])
	}
	for _, p := range got[1:3] {
		if p.Anchor != "a" || !slices.Equal(p.Headings, []string{"A"}) || len(p.Text) > maxPassage || !strings.HasSuffix(p.Text, "so.") {
			t.Errorf("%+v", p)
		}
	}
	if strings.Join([]string{got[1].Text, got[2].Text}, " ") != long {
		t.Error("the long text is not whole")
	}
	if got[3].Text != "End." || got[3].Anchor != "b" {
		t.Errorf("%+v", got[3])
	}
	if p := passages("T", nil); len(p) != 1 || p[0].Text != "" {
		t.Errorf("a page without text: %+v", p)
	}
}

func FuzzHTML(f *testing.F) {
	for _, s := range []string{"<main><p>x", "<svg><title>a</title></svg>", "<table><tr><td><table>", "<a name=x><h1>y", "<!--", "<p data-pagefind-filter=a>b", "\xff\xfe<p>"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		p, err := ParseHTML(b, "x")
		if err == nil {
			checkPage(t, p)
		}
	})
}

func FuzzMarkdown(f *testing.F) {
	for _, s := range []string{"# a\n\nb", "---\ntitle: x\n---\ny", "+++\na=[\"b\"]\n+++\n", "| a |\n|---|\n| b |", "[^1]\n\n[^1]: x", "---\na: &a [*a]\n---\n"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		if p, err := ParseMarkdown(b, "x"); err == nil {
			checkPage(t, p)
		}
	})
}

func FuzzRecord(f *testing.F) {
	f.Add([]byte(`{"url":"a","text":"b","attributes":{"c":["d"]}}`))
	f.Add([]byte(`{"url":"a","sections":[{"heading":"b","level":-9,"text":"c"}]}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		if p, err := ParseRecord(b); err == nil {
			checkPage(t, p)
		}
	})
}

func FuzzSitemap(f *testing.F) {
	f.Add([]byte(`<urlset><url><loc> https://a.example/b </loc></url></urlset>`))
	f.Add([]byte(`<sitemapindex><sitemap><loc>x</loc></sitemap></sitemapindex>`))
	f.Add([]byte(`<?xml version="1.0" encoding="x"?><!DOCTYPE a [<!ENTITY b "c">]><urlset>&b;`))
	f.Fuzz(func(t *testing.T, b []byte) {
		pages, maps, err := parseSitemap(b)
		if err != nil && (len(pages) > 0 || len(maps) > 0 || len(err.Error()) < 10) {
			t.Fatalf("%v, %v, %v", pages, maps, err)
		}
	})
}

func FuzzPieces(f *testing.F) {
	f.Add([]byte(`{"model":{"type":"Unigram","vocab":[["<unk>",0],["▁a",-1.5],["b",-2]]}}`))
	f.Add([]byte(`{"model":{"type":"WordPiece","vocab":{"a":0}}}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		if _, err := ReadPieces(b); err != nil && len(err.Error()) < 10 {
			t.Fatal(err)
		}
	})
}

// checkPage checks what holds of every page, and cuts it into passages and terms.
func checkPage(t *testing.T, p *Page) {
	for _, q := range passages(p.Title, p.Blocks) {
		if len(q.Text) > maxPassage {
			t.Fatalf("a passage of %d bytes", len(q.Text))
		}
		Terms(q.Text, "en", func(term string) {
			if term == "" || len(term) > maxTerm {
				t.Fatalf("term %q", term)
			}
		})
	}
}
