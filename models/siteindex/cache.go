package siteindex

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"sync"
)

// parserVersion is part of the hash of a page: a change of the parser makes cached pages
// stale.
const parserVersion = "1"

// pageCache keeps parsed pages between runs, by the hash of their source. Pages are
// appended when they are parsed, so a run that was interrupted resumes where it stopped.
type pageCache struct {
	mu    sync.Mutex
	name  string
	pages map[string]*Page
	used  map[string]bool
	f     *os.File
	w     *bufio.Writer
	hits  int
}

type cacheLine struct {
	Hash string `json:"hash"`
	Page *Page  `json:"page"`
}

// openCache reads the cache of a folder; dir "" is a cache that keeps nothing.
func openCache(dir string) (*pageCache, error) {
	c := &pageCache{pages: map[string]*Page{}, used: map[string]bool{}}
	if dir == "" {
		return c, nil
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, fmt.Errorf("siteindex: %w", err)
	}
	c.name = filepath.Join(dir, "pages.jsonl")
	if f, err := os.Open(c.name); err == nil {
		d := json.NewDecoder(bufio.NewReaderSize(f, 1<<20))
		for {
			var line cacheLine
			if d.Decode(&line) != nil || line.Page == nil { // the end, or a line that an interrupted run left
				break
			}
			c.pages[line.Hash] = line.Page
		}
		f.Close()
	}
	// What was read is written again below a new name when the run ends; until then new
	// pages are appended.
	f, err := os.OpenFile(c.name, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		return nil, fmt.Errorf("siteindex: %w", err)
	}
	c.f, c.w = f, bufio.NewWriterSize(f, 1<<16)
	return c, nil
}

func (c *pageCache) get(hash string) (*Page, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	p, ok := c.pages[hash]
	if ok {
		c.used[hash] = true
		c.hits++
	}
	return p, ok
}

func (c *pageCache) put(hash string, p *Page) {
	b, err := json.Marshal(cacheLine{hash, p})
	c.mu.Lock()
	defer c.mu.Unlock()
	c.used[hash] = true
	if c.w != nil && err == nil {
		c.w.Write(append(b, '\n'))
	}
}

// close writes what is left. A cache that is mostly of pages that are gone begins anew at
// the next run.
func (c *pageCache) close() error {
	if c.w == nil {
		return nil
	}
	err := c.w.Flush()
	if e := c.f.Close(); err == nil {
		err = e
	}
	if len(c.pages) > 2*len(c.used)+100 {
		return os.Remove(c.name)
	}
	return err
}
