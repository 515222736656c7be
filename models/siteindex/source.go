package siteindex

import (
	"bufio"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"runtime"
	"sort"
	"strings"
	"sync"
)

// An Item is a page before it is parsed: an address, and where its bytes come from.
type Item struct {
	Address string
	Kind    string // "html", "markdown" or "json"
	Open    func() ([]byte, error)
}

// Directory lists the pages of a folder: .html, .htm, .md and .markdown, in the order of
// their paths. Names that begin with a dot or an underscore are left out, but not _index.md.
func Directory(dir string) ([]Item, error) {
	var items []Item
	err := filepath.WalkDir(dir, func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		base := d.Name()
		if name != dir && (strings.HasPrefix(base, ".") || base == "node_modules" && d.IsDir()) {
			if d.IsDir() {
				return filepath.SkipDir
			}
			return nil
		}
		kind := kindOf(base)
		if kind == "" || !d.Type().IsRegular() {
			return nil
		}
		rel, err := filepath.Rel(dir, name)
		if err != nil {
			return err
		}
		rel = filepath.ToSlash(rel)
		items = append(items, Item{addressOf(rel, kind), kind, func() ([]byte, error) { return readAtMost(name, maxSource) }})
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("siteindex: %w", err)
	}
	sort.Slice(items, func(i, j int) bool { return items[i].Address < items[j].Address })
	return items, nil
}

func kindOf(name string) string {
	switch strings.ToLower(path.Ext(name)) {
	case ".html", ".htm", ".xhtml":
		return "html"
	case ".md", ".markdown":
		return "markdown"
	}
	return ""
}

func addressOf(rel, kind string) string {
	if kind == "markdown" {
		return markdownAddress(rel)
	}
	if path.Base(rel) == "index.html" {
		return strings.TrimSuffix(rel, "index.html")
	}
	return rel
}

func readAtMost(name string, limit int64) ([]byte, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return io.ReadAll(io.LimitReader(f, limit))
}

// Lines lists the pages of a file of JSON lines. Blank lines are left out.
func Lines(r io.Reader) ([]Item, error) {
	var items []Item
	lines := bufio.NewScanner(r)
	lines.Buffer(make([]byte, 1<<16), maxSource)
	for n := 1; lines.Scan(); n++ {
		line := []byte(strings.TrimSpace(lines.Text()))
		if len(line) == 0 {
			continue
		}
		items = append(items, Item{fmt.Sprintf("line %d", n), "json", func() ([]byte, error) { return line, nil }})
	}
	if err := lines.Err(); err != nil {
		return nil, fmt.Errorf("siteindex: line %d: %w", len(items)+1, err)
	}
	return items, nil
}

// A Skipped page and why.
type Skipped struct {
	Address string `json:"address"`
	Reason  string `json:"reason"`
}

// parsed is an item after parsing.
type parsed struct {
	page *Page
	err  error
	hash string
}

// parseAll parses items on all processors, with the pages of earlier runs from the cache.
func parseAll(ctx context.Context, items []Item, cache *pageCache, progress func(done, total int)) ([]parsed, error) {
	out := make([]parsed, len(items))
	jobs := make(chan int)
	var wg sync.WaitGroup
	var mu sync.Mutex
	done := 0
	for range min(runtime.GOMAXPROCS(0), 8) {
		wg.Go(func() {
			for i := range jobs {
				out[i] = parseItem(items[i], cache)
				mu.Lock()
				done++
				progress(done, len(items))
				mu.Unlock()
			}
		})
	}
	var err error
	for i := range items {
		if err = context.Cause(ctx); err != nil {
			break
		}
		jobs <- i
	}
	close(jobs)
	wg.Wait()
	return out, err
}

func parseItem(it Item, cache *pageCache) parsed {
	source, err := it.Open()
	if err != nil {
		return parsed{err: err}
	}
	sum := sha256.New()
	fmt.Fprintf(sum, "%s\n%s\n%s\n", parserVersion, it.Kind, it.Address)
	sum.Write(source)
	hash := hex.EncodeToString(sum.Sum(nil))
	if p, ok := cache.get(hash); ok {
		return parsed{page: p, hash: hash}
	}
	var p *Page
	switch it.Kind {
	case "markdown":
		p, err = ParseMarkdown(source, it.Address)
	case "json":
		p, err = ParseRecord(source)
	default:
		p, err = ParseHTML(source, it.Address)
	}
	if err != nil {
		if !errors.Is(err, ErrNotIndexed) {
			return parsed{err: err}
		}
		return parsed{err: err, hash: hash}
	}
	cache.put(hash, p)
	return parsed{page: p, hash: hash}
}
