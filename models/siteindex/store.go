package siteindex

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// chunks writes chunks into a folder. A chunk that is there already is not written again,
// which makes a second run quick and leaves the caches of visitors valid.
type chunks struct {
	dir   string
	kept  map[ref]int // stored sizes of the chunks of this index
	gz    *gzip.Writer
	buf   bytes.Buffer
	bytes int64
}

func newChunks(dir string) (*chunks, error) {
	if err := os.MkdirAll(filepath.Join(dir, "chunks"), 0o755); err != nil {
		return nil, fmt.Errorf("siteindex: %w", err)
	}
	gz, err := gzip.NewWriterLevel(io.Discard, gzip.BestCompression)
	return &chunks{dir: dir, kept: map[ref]int{}, gz: gz}, err
}

// stored is what the manifest says about a table.
type stored struct {
	File   string `json:"file"`
	SHA256 string `json:"sha256"`
	Size   int    `json:"size"`
}

// put stores a content.
func (c *chunks) put(w *writer) (ref, stored, error) {
	if len(w.b) > maxContent {
		return ref{}, stored{}, fmt.Errorf("siteindex: a chunk %s has %d bytes; the format allows %d: index fewer pages, or split the site", w.b[:4], len(w.b), maxContent)
	}
	c.buf.Reset()
	c.gz.Reset(&c.buf)
	if _, err := c.gz.Write(w.b); err != nil {
		return ref{}, stored{}, err
	}
	if err := c.gz.Close(); err != nil {
		return ref{}, stored{}, err
	}
	sum := sha256.Sum256(c.buf.Bytes())
	var r ref
	copy(r[:], sum[:])
	s := stored{hex.EncodeToString(r[:]), hex.EncodeToString(sum[:]), c.buf.Len()}
	if _, ok := c.kept[r]; ok {
		return r, s, nil
	}
	c.kept[r] = c.buf.Len()
	c.bytes += int64(c.buf.Len())
	name := filepath.Join(c.dir, "chunks", s.File+".bin")
	if old, err := os.ReadFile(name); err == nil && bytes.Equal(old, c.buf.Bytes()) {
		return r, s, nil
	}
	return r, s, writeWhole(name, c.buf.Bytes())
}

// sweep removes the chunks of older indexes.
func (c *chunks) sweep() error {
	entries, err := os.ReadDir(filepath.Join(c.dir, "chunks"))
	if err != nil {
		return err
	}
	for _, e := range entries {
		name := e.Name()
		if r, ok := parseRef(trimBin(name)); ok {
			if _, kept := c.kept[r]; !kept {
				if err := os.Remove(filepath.Join(c.dir, "chunks", name)); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

func trimBin(name string) string {
	if len(name) == 36 && name[32:] == ".bin" {
		return name[:32]
	}
	return ""
}

func parseRef(s string) (r ref, ok bool) {
	b, err := hex.DecodeString(s)
	return ref(append(b, make([]byte, 16)...)[:16]), err == nil && len(b) == 16
}

// writeWhole writes a file under another name and renames it, so that no reader sees half.
func writeWhole(name string, b []byte) error {
	tmp := name + ".tmp"
	if err := os.WriteFile(tmp, b, 0o644); err != nil {
		return fmt.Errorf("siteindex: %w", err)
	}
	return os.Rename(tmp, name)
}

// Fetched counts what a [Reader] has read.
type Fetched struct {
	Files int
	Bytes int64            // as stored, which is what a page transfers
	Kinds map[string]int64 // Bytes by the four letters of the chunks; "manifest" is manifest.json
}

func (f *Fetched) add(kind string, n int) {
	if f.Kinds == nil {
		f.Kinds = map[string]int64{}
	}
	f.Files++
	f.Bytes += int64(n)
	f.Kinds[kind] += int64(n)
}

// fetch reads a chunk, compares its hash and returns its content. Contents are kept.
func (r *Reader) fetch(name ref) ([]byte, error) {
	if content, ok := r.contents[name]; ok {
		return content, nil
	}
	file := hex.EncodeToString(name[:])
	b, err := fs.ReadFile(r.files, "chunks/"+file+".bin")
	if err != nil {
		return nil, fmt.Errorf("siteindex: chunk %s: %w: the index is not complete; copy the whole folder, or run lode index again", file, err)
	}
	sum := sha256.Sum256(b)
	if !bytes.Equal(sum[:16], name[:]) {
		return nil, fmt.Errorf("siteindex: %w %s: its SHA-256 begins with %x; copy it again, or run lode index again", ErrDamaged, file, sum[:16])
	}
	content, err := inflate(b)
	if err != nil {
		return nil, fmt.Errorf("siteindex: chunk %s: %w", file, err)
	}
	r.fetched.add(string(content[:min(4, len(content))]), len(b))
	r.contents[name] = content
	return content, nil
}

func inflate(b []byte) ([]byte, error) {
	z, err := gzip.NewReader(bytes.NewReader(b))
	if err != nil {
		return nil, fmt.Errorf("%w: it is not gzip: %w", ErrDamaged, err)
	}
	content, err := io.ReadAll(io.LimitReader(z, maxContent+1))
	switch {
	case err != nil:
		return nil, fmt.Errorf("%w: %w", ErrDamaged, err)
	case len(content) > maxContent:
		return nil, fmt.Errorf("%w: its content is larger than %d bytes", ErrDamaged, maxContent)
	}
	return content, nil
}

// table reads a table and compares the whole hash.
func (r *Reader) table(name string, s stored) ([]byte, error) {
	file, ok := parseRef(s.File)
	if !ok || len(s.SHA256) != 64 || s.SHA256[:32] != s.File {
		return nil, fmt.Errorf("siteindex: manifest.json: the table %q has file %q and sha256 %q, which do not belong together", name, s.File, s.SHA256)
	}
	return r.fetch(file)
}

var errNoVectors = errors.New("siteindex: the index has no vectors; run lode index with a model")
