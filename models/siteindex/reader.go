package siteindex

import (
	"fmt"
	"io/fs"
	"strings"
)

// A Reader reads an index. It fetches chunks when a query needs them and keeps them, as a
// page does, and counts what it fetched. It is not safe for concurrent use.
type Reader struct {
	Manifest *Manifest

	files    fs.FS
	contents map[ref][]byte
	fetched  Fetched

	terms    *termDir
	lexicon  *termDir // of the table translations
	pages    *pageDir
	spelling map[int]ref
	static   *staticReader
}

// OpenIndex opens the folder of an index: os.DirFS(dir), or any other file system.
func OpenIndex(files fs.FS) (*Reader, error) {
	b, err := fs.ReadFile(files, "manifest.json")
	if err != nil {
		return nil, fmt.Errorf("siteindex: %w: is this the folder that lode index wrote?", err)
	}
	m, err := parseManifest(b)
	if err != nil {
		return nil, err
	}
	r := &Reader{Manifest: m, files: files, contents: map[ref][]byte{}}
	r.fetched.add("manifest", len(b))
	return r, nil
}

// Fetched is what was read so far.
func (r *Reader) Fetched() Fetched { return r.fetched }

// Forget drops everything but the manifest, so that the next query counts as the first one.
func (r *Reader) Forget() {
	fetched := Fetched{}
	fetched.add("manifest", int(r.fetched.Kinds["manifest"]))
	*r = Reader{Manifest: r.Manifest, files: r.files, contents: map[ref][]byte{}, fetched: fetched}
}

// pageDir is the table pages.
type pageDir struct {
	first   []uint32 // the first passage of each page, and one more
	page    []uint32 // the page of each passage
	inChunk int
	chunks  []ref
}

func (r *Reader) pageDir() (*pageDir, error) {
	if r.pages != nil {
		return r.pages, nil
	}
	b, err := r.table("pages", r.Manifest.Tables["pages"])
	if err != nil {
		return nil, err
	}
	d, err := parsePages(b, r.Manifest)
	r.pages = d
	return d, err
}

func parsePages(b []byte, m *Manifest) (*pageDir, error) {
	c := open(b, "LSPD")
	n := c.count(1)
	if n != m.Pages {
		c.fail("it has %d pages, the manifest %d", n, m.Pages)
	}
	d := &pageDir{first: make([]uint32, 1, n+1)}
	for range n {
		q := c.uv(m.Passages - len(d.page))
		if q == 0 {
			c.fail("page %d has no passage", len(d.first)-1)
		}
		for range q {
			d.page = append(d.page, uint32(len(d.first)-1))
		}
		d.first = append(d.first, uint32(len(d.page)))
		if c.err != nil {
			return nil, c.err
		}
	}
	if len(d.page) != m.Passages {
		c.fail("it has %d passages, the manifest %d", len(d.page), m.Passages)
	}
	if d.inChunk = c.uv(1 << 16); d.inChunk < 1 {
		c.fail("no page is in a record chunk")
		return nil, c.err
	}
	for range (n + d.inChunk - 1) / d.inChunk {
		d.chunks = append(d.chunks, c.ref())
		if c.err != nil {
			return nil, c.err
		}
	}
	return d, c.end()
}

// Record is what the index says about a page.
type Record struct {
	Address, Title, Language string
	Attributes               []Attribute
	from                     int // number of its first passage in its first text chunk
	runs                     []textRun
}

// Record reads the record of a page.
func (r *Reader) Record(page int) (Record, error) {
	d, err := r.pageDir()
	if err != nil {
		return Record{}, err
	}
	if page < 0 || page >= r.Manifest.Pages {
		return Record{}, fmt.Errorf("siteindex: there is no page %d; the index has %d", page, r.Manifest.Pages)
	}
	b, err := r.fetch(d.chunks[page/d.inChunk])
	if err != nil {
		return Record{}, err
	}
	records, err := parseRecords(b, min(d.inChunk, r.Manifest.Pages-page/d.inChunk*d.inChunk))
	if err != nil {
		return Record{}, err
	}
	return records[page%d.inChunk], nil
}

func parseRecords(b []byte, n int) ([]Record, error) {
	c := open(b, "LSPR")
	var out []Record
	for i := 0; i < n && c.err == nil; i++ {
		p := Record{Address: c.str(), Title: c.str(), Language: c.str()}
		for k := c.count(2); k > 0 && c.err == nil; k-- {
			p.Attributes = append(p.Attributes, Attribute{Name: c.str(), Value: c.str()})
		}
		p.from = c.uv(1 << 20)
		for k := c.count(17); k > 0 && c.err == nil; k-- {
			p.runs = append(p.runs, textRun{passages: c.uv(1 << 20), chunk: c.ref()})
		}
		out = append(out, p)
	}
	return out, c.end()
}

// Passage reads a passage of a page, counted from 0 within the page.
func (r *Reader) Passage(p Record, n int) (Passage, error) {
	from, left := p.from, n
	for _, run := range p.runs {
		if left >= run.passages {
			left, from = left-run.passages, 0
			continue
		}
		if left < 0 {
			break
		}
		b, err := r.fetch(run.chunk)
		if err != nil {
			return Passage{}, err
		}
		list, err := parseText(b)
		if err != nil {
			return Passage{}, err
		}
		if from+left >= len(list) {
			return Passage{}, fmt.Errorf("siteindex: %w LSTX: it has %d passages, not passage %d", ErrDamaged, len(list), from+left)
		}
		return list[from+left], nil
	}
	return Passage{}, fmt.Errorf("siteindex: the page %q has no passage %d", p.Address, n)
}

// PassageInPage is the number of a result's passage within its page.
func (r *Reader) PassageInPage(x Result) int { return x.Passage - int(r.pages.first[x.Page]) }

func parseText(b []byte) ([]Passage, error) {
	c := open(b, "LSTX")
	var out []Passage
	for k := c.count(3); k > 0 && c.err == nil; k-- {
		p := Passage{Anchor: c.str()}
		if h := c.str(); h != "" {
			p.Headings = strings.Split(h, "\x1f")
		}
		p.Text = c.str()
		out = append(out, p)
	}
	return out, c.end()
}

// termDir is the table terms, or translations.
type termDir struct {
	firsts []string
	chunks []ref
}

func parseDir(b []byte, letters string) (*termDir, error) {
	c := open(b, letters)
	d := &termDir{}
	before := ""
	for n := c.count(18); n > 0 && c.err == nil; n-- {
		before = c.front(before)
		d.firsts = append(d.firsts, before)
		d.chunks = append(d.chunks, c.ref())
	}
	return d, c.end()
}

// termEntry is a term of a chunk.
type termEntry struct {
	term     string
	df, n    int
	postings []byte
	tail     ref
}

func parseTerms(b []byte, passages int) ([]termEntry, error) {
	c := open(b, "LSTC")
	var out []termEntry
	before := ""
	for n := c.count(5); n > 0 && c.err == nil; n-- {
		e := termEntry{term: c.front(before)}
		before = e.term
		e.df = c.uv(passages)
		e.n = c.uv(e.df)
		e.postings = c.take(c.count(1))
		if e.n < e.df {
			e.tail = c.ref()
		}
		out = append(out, e)
	}
	return out, c.end()
}

func parsePostings(b []byte, n, passages int) ([]posting, error) {
	c := &cursor{b: b, what: "postings"}
	out := make([]posting, 0, min(n, len(b)/2))
	at := 0
	for i := 0; i < n && c.err == nil; i++ {
		at += c.uv(passages - 1 - at)
		impact := c.u8()
		if impact == 0 || i > 0 && at == int(out[i-1].passage) {
			c.fail("posting %d has no impact, or the same passage as the one before", i)
		}
		out = append(out, posting{uint32(at), impact})
	}
	return out, c.end()
}

func parseTail(b []byte, passages int) ([]posting, error) {
	c := open(b, "LSTP")
	n := c.count(2)
	if c.err != nil {
		return nil, c.err
	}
	return parsePostings(c.b[c.at:], n, passages)
}

// spellingWord is a word of the spelling table; weight is the logarithm of its frequency.
type spellingWord struct {
	text   string
	weight byte
}

func parseSpellingDir(b []byte) (map[int]ref, error) {
	c := open(b, "LSSD")
	d := map[int]ref{}
	for n := c.count(17); n > 0 && c.err == nil; n-- {
		l := c.uv(spellingLong)
		d[l] = c.ref()
	}
	return d, c.end()
}

func parseSpelling(b []byte) ([]spellingWord, error) {
	c := open(b, "LSSC")
	var out []spellingWord
	before := ""
	for n := c.count(3); n > 0 && c.err == nil; n-- {
		before = c.front(before)
		out = append(out, spellingWord{text: before})
	}
	for i := range out {
		out[i].weight = c.u8()
	}
	return out, c.end()
}

// Facet reads the values of each page, as indices into the facet's values.
func (r *Reader) Facet(f Facet) ([][]int, error) {
	b, err := r.table(f.Name, f.Table)
	if err != nil {
		return nil, err
	}
	return parseFacet(b, r.Manifest.Pages, len(f.Values))
}

func parseFacet(b []byte, pages, values int) ([][]int, error) {
	c := open(b, "LSFC")
	if n := c.count(1); n != pages {
		c.fail("it has %d pages, the manifest %d", n, pages)
	}
	var out [][]int
	for i := 0; i < pages && c.err == nil; i++ {
		var mine []int
		for k := c.count(1); k > 0 && c.err == nil; k-- {
			mine = append(mine, c.uv(values-1))
		}
		out = append(out, mine)
	}
	return out, c.end()
}
