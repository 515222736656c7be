package siteindex

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"
)

// site has forty pages: each of some subject, with a page of its own for each subject.
func site() map[string]string {
	pages := map[string]string{}
	subjects := []string{"horses gallop", "engines burn fuel", "bread and butter", "rivers flow slowly"}
	for i := range 40 {
		s := subjects[i%4]
		pages[fmt.Sprintf("p%02d.html", i)] = fmt.Sprintf(`<html lang=en><title>Page %d — The Site</title><meta name="lodestone:kind" content=%q><nav>Home Imprint</nav>
			<main><h1>Page %d</h1><p>On this page %s, which is number%d of them.<h2 id=more>More about it</h2><p>Common words stand here. %s</main>`, i, strings.Fields(s)[0], i, s, i, strings.Repeat("filling ", i))
	}
	pages["guide/index.html"] = `<html lang=en><title>Installation — The Site</title><main><h1>Installation</h1><p>Copy the folder. Then configure the connection.</main>`
	pages["de.html"] = `<html lang=de><title>Häuser — The Site</title><main><p>Viele alte Häuser stehen in der Straße.</main>`
	return pages
}

func itemsOf(pages map[string]string) (items []Item) {
	for _, name := range sortedKeys(pages) {
		items = append(items, Item{addressOf(name, "html"), "html", func() ([]byte, error) { return []byte(pages[name]), nil }})
	}
	return items
}

// tinyEncoder has a piece for some words, and one for each letter. Words of one subject have
// nearly the same vector: "cheval" is a horse.
func tinyEncoder() *Encoder {
	rng := rand.New(rand.NewPCG(1, 1))
	e := &Encoder{Name: "tiny", Dim: 16, Threshold: Threshold{0.7, 0.4}}
	add := func(text string, v []float32) {
		e.Pieces = append(e.Pieces, Piece{text, -8 - float64(len(e.Pieces))/100, int32(len(e.Pieces))})
		for k := range e.Dim {
			e.Vectors = append(e.Vectors, v[k]+float32(rng.NormFloat64())/20)
		}
	}
	random := func() []float32 {
		v := make([]float32, e.Dim)
		for k := range v {
			v[k] = float32(rng.NormFloat64())
		}
		return v
	}
	for _, words := range []string{"horses gallop cheval Pferd", "engines burn fuel Motor", "bread butter Brot", "rivers flow slowly Fluss"} {
		v := random()
		for _, w := range strings.Fields(words) {
			add("▁"+w, v)
		}
	}
	for _, w := range []string{"▁", "On", "▁this", "▁page", "▁Page", "▁words"} {
		add(w, random())
	}
	for c := 'a'; c <= 'z'; c++ {
		add(string(c), random())
	}
	return e
}

func buildSite(t testing.TB, pages map[string]string, dir, cache string) *Report {
	r, err := Build(context.Background(), itemsOf(pages), dir, Options{Cache: cache, Encoder: tinyEncoder(), Threshold: Threshold{0.7, 0.4}})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func openSite(t testing.TB, dir string) *Reader {
	r, err := OpenIndex(os.DirFS(dir))
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// search gives the addresses of what a query finds.
func search(t *testing.T, r *Reader, query string, q Query) (out []string, found *Found) {
	t.Helper()
	found, err := r.Search(query, q)
	if err != nil {
		t.Fatalf("%q: %v", query, err)
	}
	for _, x := range found.Results {
		p, err := r.Record(x.Page)
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, p.Address)
	}
	return out, found
}

func TestSearchFindsPages(t *testing.T) {
	dir := t.TempDir()
	buildSite(t, site(), dir, "")
	r := openSite(t, dir)
	if m := r.Manifest; m.Pages != 42 || m.Languages[0] != "en" || m.Languages[1] != "de" || len(m.Facets) != 1 {
		t.Errorf("%+v", m)
	}
	for _, c := range []struct {
		query, first string
		q            Query
		corrected    string
	}{
		{"number17", "p17.html", Query{Mode: Keywords}, ""},
		{"configuring connections", "guide/", Query{Mode: Keywords}, ""}, // by stem
		{"installation", "guide/", Query{Mode: Keywords}, ""},            // by title
		{"haus", "de.html", Query{Mode: Keywords}, ""},                   // by the German stem
		{"instal", "guide/", Query{Mode: Keywords, Typed: true}, ""},     // by what is being typed
		{"enginse", "p01.html", Query{Mode: Keywords}, "engines"},        // two neighbours swapped
		{"cheval", "p00.html", Query{Mode: Meaning}, ""},                 // by meaning alone
		{"Pferd", "p00.html", Query{Mode: Fused}, ""},
		{"INSTALLATION", "guide/", Query{Mode: Fused}, ""},
	} {
		got, found := search(t, r, c.query, c.q)
		if len(got) == 0 || got[0] != c.first && !(c.q.Mode != Keywords && strings.Contains(got[0], ".html") && pageIs(t, r, got[0], "horses")) {
			t.Errorf("%q: %v, want %s", c.query, got, c.first)
		}
		if c.corrected != "" && found.Corrected[c.query] != c.corrected {
			t.Errorf("%q was corrected to %v", c.query, found.Corrected)
		}
	}
	// The passage to show has the words.
	_, found := search(t, r, "common words", Query{Mode: Keywords})
	p, _ := r.Record(found.Results[0].Page)
	q, err := r.Passage(p, r.PassageInPage(found.Results[0]))
	if err != nil || q.Anchor != "more" || !strings.HasPrefix(q.Text, "Common words") {
		t.Errorf("%+v, %v", q, err)
	}
	if p.Title != fmt.Sprintf("Page %d", found.Results[0].Page-2) { // after de.html and guide/
		t.Errorf("title %q", p.Title)
	}
}

func pageIs(t *testing.T, r *Reader, address, kind string) bool {
	for i := range r.Manifest.Pages {
		p, err := r.Record(i)
		if err != nil {
			t.Fatal(err)
		}
		if p.Address == address {
			for _, a := range p.Attributes {
				if a.Name == "kind" && a.Value == kind {
					return true
				}
			}
		}
	}
	return false
}

func TestFilterLeavesPagesOut(t *testing.T) {
	dir := t.TempDir()
	buildSite(t, site(), dir, "")
	r := openSite(t, dir)
	values, err := r.Facet(r.Manifest.Facets[0])
	if err != nil {
		t.Fatal(err)
	}
	want := -1
	for i, v := range r.Manifest.Facets[0].Values {
		if v.Value == "bread" && v.Pages == 10 {
			want = i
		}
	}
	for _, mode := range []Mode{Keywords, Meaning, Fused} {
		got, found := search(t, r, "horses page", Query{Mode: mode, Limit: 50, Filter: func(page int) bool { return len(values[page]) == 1 && values[page][0] == want }})
		if mode != Meaning && len(got) != 10 {
			t.Errorf("%s: %d pages", mode, len(got))
		}
		for _, x := range found.Results {
			if values[x.Page][0] != want {
				t.Errorf("%s: page %d", mode, x.Page)
			}
		}
	}
}

func TestQueriesThatHaveNoAnswer(t *testing.T) {
	dir := t.TempDir()
	buildSite(t, site(), dir, "")
	r := openSite(t, dir)
	for _, query := range []string{"", " ", "😀🎉", "…", strings.Repeat("long ", 20_000), strings.Repeat("x", 100_000), "\xff\xfe", "дом"} {
		found, err := r.Search(query, Query{Mode: Fused})
		if err != nil {
			t.Errorf("%.10q: %v", query, err)
			continue
		}
		for _, x := range found.Results {
			if x.Similarity > 1.1 {
				t.Errorf("%.10q: similarity %v", query, x.Similarity)
			}
		}
	}
	// A script without pieces is said to be unknown, and is not close to everything.
	found, _ := r.Search("дом", Query{Mode: Meaning})
	if len(found.Results) != 0 || found.Unknown != 1 {
		t.Errorf("%+v", found)
	}
}

func TestUnchangedSiteIsNotWrittenAgain(t *testing.T) {
	dir, cache := t.TempDir(), t.TempDir()
	pages := site()
	first := buildSite(t, pages, dir, cache)
	again := buildSite(t, pages, dir, cache)
	if first.Unchanged || !again.Unchanged || again.Cached != 42 || again.Build != first.Build {
		t.Errorf("%+v, then %+v", first, again)
	}
	pages["p03.html"] = strings.Replace(pages["p03.html"], "slowly", "quickly", 1)
	changed := buildSite(t, pages, dir, cache)
	if changed.Unchanged || changed.Cached != 41 || changed.Build == first.Build {
		t.Errorf("%+v", changed)
	}
	// No chunk of the old index is left, and none of the new one is missing.
	entries, err := os.ReadDir(filepath.Join(dir, "chunks"))
	if err != nil || len(entries) != changed.Chunks {
		t.Errorf("%d files, %d chunks, %v", len(entries), changed.Chunks, err)
	}
	// The same pages give the same bytes in another folder, without a cache.
	other := buildSite(t, pages, t.TempDir(), "")
	if other.Build != changed.Build {
		t.Errorf("build %s, elsewhere %s", changed.Build, other.Build)
	}
	os.Remove(filepath.Join(dir, "chunks", entries[0].Name()))
	if repaired := buildSite(t, pages, dir, cache); repaired.Unchanged || repaired.Build != changed.Build {
		t.Errorf("after a chunk was lost: %+v", repaired)
	}
}

func TestInterruptedRunResumes(t *testing.T) {
	dir, cache := t.TempDir(), t.TempDir()
	ctx, cancel := context.WithCancel(context.Background())
	items := itemsOf(site())
	_, err := Build(ctx, items, dir, Options{Cache: cache, Progress: func(_ string, done, _ int) {
		if done == 20 {
			cancel()
		}
	}})
	if !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(dir, "manifest.json")); !errors.Is(err, fs.ErrNotExist) {
		t.Error("an interrupted run left a manifest")
	}
	r, err := Build(context.Background(), items, dir, Options{Cache: cache})
	if err != nil || r.Cached < 20 || r.Cached == 42 {
		t.Errorf("%+v, %v", r, err)
	}
}

func TestDamagedIndexIsAnError(t *testing.T) {
	dir := t.TempDir()
	buildSite(t, site(), dir, "")
	whole := fstest.MapFS{}
	err := fs.WalkDir(os.DirFS(dir), ".", func(name string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			b, e := os.ReadFile(filepath.Join(dir, name))
			whole[name] = &fstest.MapFile{Data: b}
			return e
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	manifest := string(whole["manifest.json"].Data)
	for name, change := range map[string]func(f fstest.MapFS){
		"other version": func(f fstest.MapFS) {
			f["manifest.json"] = &fstest.MapFile{Data: []byte(strings.Replace(manifest, `"version": 2`, `"version": 1`, 1))}
		},
		"not ours":    func(f fstest.MapFS) { f["manifest.json"] = &fstest.MapFile{Data: []byte(`{"format":"x"}`)} },
		"no JSON":     func(f fstest.MapFS) { f["manifest.json"] = &fstest.MapFile{Data: []byte(`<html>`)} },
		"no manifest": func(f fstest.MapFS) { delete(f, "manifest.json") },
		"no chunks": func(f fstest.MapFS) {
			for name := range f {
				if name != "manifest.json" {
					delete(f, name)
				}
			}
		},
		"a bit": func(f fstest.MapFS) {
			for name, x := range f {
				if name != "manifest.json" {
					b := bytes.Clone(x.Data)
					b[len(b)/2] ^= 1
					f[name] = &fstest.MapFile{Data: b}
				}
			}
		},
	} {
		f := fstest.MapFS{}
		for n, x := range whole {
			f[n] = x
		}
		change(f)
		r, err := OpenIndex(f)
		if err == nil {
			_, err = r.Search("horses", Query{Mode: Fused})
		}
		if err == nil || len(err.Error()) < 20 {
			t.Errorf("%s: %v", name, err)
		}
		if name == "other version" && !errors.Is(err, ErrVersion) || name == "a bit" && !errors.Is(err, ErrDamaged) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestContentLargerThanTheFormatAllowsIsRefused(t *testing.T) {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	z.Write(make([]byte, maxContent+1))
	z.Close()
	if _, err := inflate(b.Bytes()); !errors.Is(err, ErrDamaged) {
		t.Error(err)
	}
}

func TestDistanceOfWords(t *testing.T) {
	for _, c := range []struct {
		a, b string
		want int
	}{{"house", "house", 0}, {"house", "hose", 1}, {"house", "houses", 1}, {"house", "hosue", 1}, {"house", "mouse", 1}, {"house", "horse", 1}, {"house", "moose", 2}, {"house", "garden", 3}, {"ab", "ba", 1}} {
		if got := distance([]rune(c.a), []rune(c.b), 2); got != c.want {
			t.Errorf("%s, %s: %d, want %d", c.a, c.b, got, c.want)
		}
	}
}

// FuzzChunks gives bytes to every parser of chunks: an error, or something that a search can
// use.
func FuzzChunks(f *testing.F) {
	dir := f.TempDir()
	buildSite(f, site(), dir, "")
	r := openSite(f, dir)
	entries, err := os.ReadDir(filepath.Join(dir, "chunks"))
	if err != nil {
		f.Fatal(err)
	}
	seen := map[string]bool{}
	for _, e := range entries {
		b, _ := os.ReadFile(filepath.Join(dir, "chunks", e.Name()))
		content, err := inflate(b)
		if err != nil {
			f.Fatal(err)
		}
		if letters := string(content[:4]); !seen[letters] {
			seen[letters] = true
			f.Add(content)
		}
	}
	m := r.Manifest
	f.Fuzz(func(t *testing.T, b []byte) {
		parsePages(b, m)
		parseRecords(b, 32)
		parseText(b)
		parseDir(b, "LSTD")
		parseDir(b, "LSLD")
		parseTranslations(b)
		if terms, err := parseTerms(b, m.Passages); err == nil {
			for _, e := range terms {
				list, err := parsePostings(e.postings, e.n, m.Passages)
				for _, p := range list {
					if err == nil && int(p.passage) >= m.Passages {
						t.Fatalf("passage %d of %d", p.passage, m.Passages)
					}
				}
			}
		}
		parseTail(b, m.Passages)
		parseSpellingDir(b)
		parseSpelling(b)
		parseFacet(b, m.Pages, 4)
		parseManifest(b)
		inflate(b)
		s := &staticReader{}
		if s.parsePieces(b, m) == nil {
			s.seg.pieces("some words of a text")
		}
		s.parseRows(b, m)
		if s.parseVectors(b, m) == nil {
			for _, n := range s.counts {
				s.scan(nil, b, 0, make([]float32, s.dim/2*codes), m.Passages, n)
			}
		}
	})
}

// FuzzQuery searches an index for any text: never a panic or an error, and never more results
// than were asked for.
func FuzzQuery(f *testing.F) {
	dir := f.TempDir()
	buildSite(f, site(), dir, "")
	r := openSite(f, dir)
	for _, query := range []string{"", "horses", "Pferd", "enginse ", "😀", "ខ្មែរ", "日本語", "\xff\xfe", "\x00", "_", strings.Repeat("notes ", 20000), strings.Repeat("x", 5000)} {
		f.Add(query)
	}
	f.Fuzz(func(t *testing.T, query string) {
		for _, mode := range []Mode{Keywords, Meaning, Fused} {
			found, err := r.Search(query, Query{Mode: mode, Limit: 3, Typed: true})
			if err != nil || len(found.Results) > 3 {
				t.Fatalf("%q by %s: %v, %v", query, mode, found, err)
			}
		}
	})
}
