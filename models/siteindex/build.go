package siteindex

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"sort"
	"strings"
)

// Options are the options of [Build].
type Options struct {
	// Base is what addresses are resolved against, itself resolved against the address of
	// manifest.json. "" is "../": the index lies in a folder of the site.
	Base string
	// Language is the language of pages that do not say theirs; "" guesses among the
	// languages that have a stemmer.
	Language string
	// Cache is a folder for parsed pages; "" keeps nothing.
	Cache string
	// Encoder is what static vectors are distilled from; nil writes keywords only.
	Encoder *Encoder
	// Threshold are the encoder's calibrated similarities.
	Threshold Threshold
	// Progress, if set, is called with the name of a stage and how much of it is done.
	Progress func(stage string, done, total int)
}

// Report says what [Build] did.
type Report struct {
	Pages     int       `json:"pages"`
	Passages  int       `json:"passages"`
	Terms     int       `json:"terms"`
	Cached    int       `json:"cached"`    // pages whose source had not changed
	Unchanged bool      `json:"unchanged"` // nothing had changed, and nothing was written
	Skipped   []Skipped `json:"skipped"`
	Chunks    int       `json:"chunks"`
	Bytes     int64     `json:"bytes"`
	Build     string    `json:"build"`
}

// Builder writes the tables of an index.
type Builder struct{ out *chunks }

// Build reads pages and writes their index into the folder out. If nothing has changed
// since the last time, it writes nothing.
func Build(ctx context.Context, items []Item, out string, o Options) (*Report, error) {
	if o.Base == "" {
		o.Base = "../"
	}
	if o.Progress == nil {
		o.Progress = func(string, int, int) {}
	}
	cache, err := openCache(o.Cache)
	if err != nil {
		return nil, err
	}
	results, err := parseAll(ctx, items, cache, func(done, total int) { o.Progress("reading", done, total) })
	if e := cache.close(); err == nil {
		err = e
	}
	if err != nil {
		return nil, err
	}
	report := &Report{Cached: cache.hits, Skipped: []Skipped{}}
	var pages []indexed
	stamp := sha256.New()
	fmt.Fprintf(stamp, "%s %d %s %s %v\n", parserVersion, FormatVersion, o.Base, o.Language, o.Threshold)
	if o.Encoder != nil {
		fmt.Fprintln(stamp, o.Encoder.Name, len(o.Encoder.Pieces), staticDim, sifA, sitePart, dropped, staticPart, fusionK, defaultProbes)
	}
	for i, r := range results {
		if r.err != nil {
			report.Skipped = append(report.Skipped, Skipped{items[i].Address, r.err.Error()})
			continue
		}
		fmt.Fprintln(stamp, r.hash)
		pages = append(pages, indexed{Page: r.page})
	}
	if len(pages) == 0 {
		return report, fmt.Errorf("siteindex: there is no page to index among %d files", len(items))
	}
	sum := hex.EncodeToString(stamp.Sum(nil))
	if unchanged(out, o.Cache, sum, report) {
		return report, nil
	}
	b := &Builder{}
	if b.out, err = newChunks(out); err != nil {
		return nil, err
	}
	m, err := b.write(ctx, pages, o)
	if err != nil {
		return nil, err
	}
	text, err := m.seal()
	if err != nil {
		return nil, err
	}
	// The manifest is written when all its chunks are there; old chunks go afterwards.
	if err := writeWhole(filepath.Join(out, "manifest.json"), text); err != nil {
		return nil, err
	}
	if err := b.out.sweep(); err != nil {
		return nil, err
	}
	report.of(m)
	return report, writeStamp(o.Cache, out, sum)
}

func (r *Report) of(m *Manifest) {
	r.Pages, r.Passages, r.Terms, r.Chunks, r.Bytes, r.Build = m.Pages, m.Passages, m.Terms, m.Total.Chunks, m.Total.Bytes, m.Build
}

// unchanged tells whether out has the index of the same pages and options.
func unchanged(out, cache, sum string, report *Report) bool {
	if cache == "" {
		return false
	}
	old, err := os.ReadFile(filepath.Join(cache, "stamp.json"))
	var s map[string]string
	if err != nil || json.Unmarshal(old, &s) != nil || s["pages"] != sum {
		return false
	}
	b, err := os.ReadFile(filepath.Join(out, "manifest.json"))
	if err != nil {
		return false
	}
	m, err := parseManifest(b)
	if err != nil || m.Build != s["build"] {
		return false
	}
	entries, err := os.ReadDir(filepath.Join(out, "chunks"))
	if err != nil || len(entries) != m.Total.Chunks {
		return false
	}
	report.Unchanged = true
	report.of(m)
	return true
}

func writeStamp(cache, out, sum string) error {
	if cache == "" {
		return nil
	}
	b, err := os.ReadFile(filepath.Join(out, "manifest.json"))
	if err != nil {
		return err
	}
	m, err := parseManifest(b)
	if err != nil {
		return err
	}
	text, err := json.Marshal(map[string]string{"pages": sum, "build": m.Build})
	if err != nil {
		return err
	}
	return writeWhole(filepath.Join(cache, "stamp.json"), text)
}

// write writes all tables.
func (b *Builder) write(ctx context.Context, pages []indexed, o Options) (*Manifest, error) {
	clean(pages)
	m := &Manifest{Format: FormatName, Version: FormatVersion, Base: o.Base, Pages: len(pages), K1: k1,
		Fusion: Fusion{K: fusionK, Keywords: 1, Static: staticPart}, Tables: map[string]stored{}}
	languages := map[string]int{}
	x := newInverted()
	for i := range pages {
		p := &pages[i]
		if err := context.Cause(ctx); err != nil {
			return nil, err
		}
		p.passages = passages(p.Title, p.Blocks)
		if p.Language == "" {
			if p.Language = o.Language; p.Language == "" {
				p.Language = guessLanguage(p.passages)
			}
		}
		if p.Language != "" {
			languages[p.Language]++
		}
		for k := range p.passages {
			x.add(p.Page, &p.passages[k], k == 0)
		}
		p.Blocks = nil
		o.Progress("keywords", i+1, len(pages))
	}
	m.Passages, m.Terms = len(x.lengths), len(x.terms)
	m.Languages = sortedKeys(languages)
	sort.SliceStable(m.Languages, func(i, j int) bool { return languages[m.Languages[i]] > languages[m.Languages[j]] })
	var err error
	if m.Tables["terms"], err = b.writeTerms(x); err != nil {
		return nil, err
	}
	if m.Tables["spelling"], err = b.writeSpelling(x); err != nil {
		return nil, err
	}
	if err = b.writeTranslations(x, m); err != nil {
		return nil, err
	}
	if m.Tables["pages"], err = b.writePages(pages); err != nil {
		return nil, err
	}
	if m.Facets, err = b.writeFacets(pages); err != nil {
		return nil, err
	}
	x = nil
	if o.Encoder != nil {
		if err := b.embed(ctx, pages, m, o); err != nil {
			return nil, err
		}
	}
	m.Total = Total{len(b.out.kept), b.out.bytes}
	return m, nil
}

// embed makes the static vectors of the passages and writes them.
func (b *Builder) embed(ctx context.Context, pages []indexed, m *Manifest, o Options) error {
	texts := make([]string, 0, m.Passages)
	for _, p := range pages {
		for i := range p.passages {
			texts = append(texts, p.embedded(i))
		}
	}
	o.Progress("vectors", 0, len(texts))
	s := newStatic(o.Encoder, texts)
	vectors := make([]float32, len(texts)*s.dim)
	have := make([]bool, len(texts))
	v := make([]float64, s.dim)
	for i, t := range texts {
		if i%1000 == 0 {
			if err := context.Cause(ctx); err != nil {
				return err
			}
			o.Progress("vectors", i, len(texts))
		}
		if have[i] = s.vector(v, s.seg.pieces(t)); have[i] {
			for k, y := range v {
				vectors[i*s.dim+k] = float32(y)
			}
		}
	}
	o.Progress("vectors", len(texts), len(texts))
	m.Static = &Static{Model: o.Encoder.Name, Dim: s.dim, Pieces: len(s.pieces), RowsPerChunk: rowsPerChunk, Threshold: o.Threshold}
	return b.writeStatic(s, vectors, have, m.Tables)
}

// embedded is the text of a passage that its vector is of: title, headings, text.
func (p *indexed) embedded(i int) string {
	q := p.passages[i]
	return strings.Join(append(append([]string{p.Title}, q.Headings...), q.Text), " ")
}
