package download

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/lodestone-wasm/lodestone/weights/folder"
)

// File is a file that was fetched, or that was there.
type File struct {
	Path string
	Size int64
	// Verified says what the file was compared with: "manifest" and "server" (a SHA-256), or
	// "size".
	Verified string
}

// wanted is a file to fetch.
type wanted struct {
	name  string
	limit int64        // bytes, 0: any
	known *folder.File // what manifest.json says, nil without one
}

// file fetches a file of a folder into dir, unless it is there.
func (c *Client) file(ctx context.Context, s Source, dir string, w wanted) (File, error) {
	path := filepath.Join(dir, filepath.FromSlash(w.name))
	if info, err := os.Lstat(path); err == nil {
		if !info.Mode().IsRegular() {
			return File{}, fmt.Errorf("download: %s is not a regular file: move it away", path)
		}
		if w.known == nil {
			return File{w.name, info.Size(), "size"}, nil // it got its name when it was whole
		}
		if sum, err := sumOf(path); err != nil || sum == w.known.SHA256 {
			return File{w.name, info.Size(), "manifest"}, err
		}
		if err := os.Remove(path); err != nil {
			return File{}, fmt.Errorf("download: %w", err)
		}
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return File{}, fmt.Errorf("download: %w", err)
	}
	p := &partial{Client: c, source: s, wanted: w, path: path, total: -1}
	if err := c.retried(ctx, w.name, func() (bool, error) { return p.fetch(ctx) }); err != nil {
		return File{}, err
	}
	return p.finish()
}

// partial is a file while it arrives.
type partial struct {
	*Client
	wanted
	source Source
	path   string
	total  int64  // bytes of the whole, −1 until they are known
	sha256 string // as the hub states it
}

func (p *partial) part() string { return p.path + ".part" }
func (p *partial) etag() string { return p.path + ".part.etag" }

// fetch asks for what is missing and writes what arrives.
func (p *partial) fetch(ctx context.Context) (brought bool, err error) {
	have, validator := p.resumable()
	if p.known != nil && have == p.known.Size {
		return false, nil
	}
	ctx, end := context.WithCancelCause(ctx)
	defer end(nil)
	watch := time.AfterFunc(p.silence(), func() { end(errSilence) })
	defer watch.Stop()
	y, err := p.get(ctx, p.source, p.name, have, validator)
	if err != nil {
		return false, err
	}
	defer y.Body.Close()
	if y.StatusCode == http.StatusRequestedRangeNotSatisfiable || y.StatusCode == http.StatusPartialContent && !continues(y.Header.Get("Content-Range"), have) {
		// What is there is not the beginning of what the server has.
		os.Remove(p.part())
		os.Remove(p.etag())
		return false, passes{error: fmt.Errorf("download: %s%s: %w: it does not continue at byte %d", p.source, p.name, ErrServer, have), after: time.Millisecond}
	}
	if y.StatusCode == http.StatusOK {
		have = 0
	}
	p.total = -1
	if y.ContentLength >= 0 {
		p.total = have + y.ContentLength
	}
	if y.sha256 != "" {
		p.sha256 = y.sha256
	}
	if err := p.check(y); err != nil {
		return false, err
	}
	if isPage(y.Header.Get("Content-Type")) && !strings.HasSuffix(p.name, ".html") {
		return false, fmt.Errorf("download: %s%s: %w: it is a web page (%s), so the address is not that of a model folder", p.source, p.name, ErrNotFound, y.Header.Get("Content-Type"))
	}
	return p.write(ctx, y, have, watch)
}

// check compares the sizes that are announced.
func (p *partial) check(y *answer) error {
	if p.total >= 0 {
		if p.known != nil {
			if err := p.known.CheckSize(p.total); err != nil {
				return fmt.Errorf("download: %s: %w", p.source, err)
			}
		}
		if y.size >= 0 && y.size != p.total {
			return fmt.Errorf("download: %s%s: %w: it sends %d bytes and states %d", p.source, p.name, ErrServer, p.total, y.size)
		}
	}
	if p.limit > 0 && p.total > p.limit {
		return fmt.Errorf("download: %s%s: %w: %d bytes, the limit is %d", p.source, p.name, ErrTooLarge, p.total, p.limit)
	}
	return nil
}

// write appends what arrives to the part.
func (p *partial) write(ctx context.Context, y *answer, have int64, watch *time.Timer) (brought bool, err error) {
	flag := os.O_CREATE | os.O_WRONLY | os.O_APPEND
	if have == 0 {
		flag = os.O_CREATE | os.O_WRONLY | os.O_TRUNC
		// Only a strong ETag names the bytes.
		if tag := y.Header.Get("ETag"); strings.HasPrefix(tag, `"`) {
			err = os.WriteFile(p.etag(), []byte(tag), 0o644)
		} else if err = os.Remove(p.etag()); errors.Is(err, fs.ErrNotExist) {
			err = nil
		}
		if err != nil {
			return false, fmt.Errorf("download: %w", err)
		}
	}
	f, err := os.OpenFile(p.part(), flag, 0o644)
	if err != nil {
		return false, fmt.Errorf("download: %w", err)
	}
	defer f.Close()
	buf, at := make([]byte, 256<<10), have
	p.tell(at)
	for {
		n, readErr := y.Body.Read(buf)
		watch.Reset(p.silence())
		if _, err := f.Write(buf[:n]); err != nil {
			return brought, fmt.Errorf("download: %w", err)
		}
		at, brought = at+int64(n), brought || n > 0
		p.tell(at)
		switch {
		case p.limit > 0 && at > p.limit:
			return brought, fmt.Errorf("download: %s%s: %w: more than %d bytes", p.source, p.name, ErrTooLarge, p.limit)
		case readErr == io.EOF:
			p.total = at
			return brought, f.Sync()
		case readErr != nil:
			if ctx.Err() != nil && !errors.Is(context.Cause(ctx), errSilence) {
				return brought, ctx.Err()
			}
			return brought, passes{error: fmt.Errorf("download: %s%s: the connection broke after %d bytes: %w", p.source, p.name, at, silent(ctx, readErr))}
		}
	}
}

func (p *partial) tell(done int64) {
	if p.Progress != nil {
		p.Progress(p.name, done, p.total)
	}
}

// resumable is how many bytes are there that can be continued, and their ETag.
func (p *partial) resumable() (int64, string) {
	info, err := os.Lstat(p.part())
	if err != nil || !info.Mode().IsRegular() {
		os.Remove(p.part())
		return 0, ""
	}
	if p.known != nil {
		if info.Size() > p.known.Size {
			os.Remove(p.part())
			return 0, ""
		}
		return info.Size(), "" // the SHA-256 decides in the end
	}
	tag, err := os.ReadFile(p.etag())
	if err != nil || len(tag) == 0 || len(tag) > 1024 {
		return 0, ""
	}
	return info.Size(), string(tag)
}

// finish verifies the part and gives it its name.
func (p *partial) finish() (File, error) {
	info, err := os.Stat(p.part())
	if err != nil {
		return File{}, fmt.Errorf("download: %w", err)
	}
	y := File{p.name, info.Size(), "size"}
	want := folder.File{Path: p.name, Size: info.Size(), SHA256: p.sha256}
	switch {
	case p.known != nil:
		want, y.Verified = *p.known, "manifest"
	case p.sha256 != "":
		y.Verified = "server"
	}
	if y.Verified != "size" {
		sum, err := sumOf(p.part())
		if err == nil && sum != want.SHA256 {
			err = fmt.Errorf("download: %s%s: %w: its SHA-256 is %s, the %s says %s; it was removed: fetch it again", p.source, p.name, folder.ErrHash, sum, y.Verified, want.SHA256)
			os.Remove(p.part())
			os.Remove(p.etag())
		}
		if err != nil {
			return File{}, err
		}
	}
	if err := os.Rename(p.part(), p.path); err != nil {
		return File{}, fmt.Errorf("download: %w", err)
	}
	os.Remove(p.etag())
	return y, nil
}

// continues tells whether a Content-Range begins at a byte.
func continues(header string, at int64) bool {
	rest, ok := strings.CutPrefix(header, "bytes ")
	from, _, dash := strings.Cut(rest, "-")
	n, err := strconv.ParseInt(from, 10, 64)
	return ok && dash && err == nil && n == at
}

// isPage tells whether a content type is that of a web page.
func isPage(contentType string) bool {
	return strings.HasPrefix(strings.ToLower(strings.TrimSpace(contentType)), "text/html")
}

// sumOf is the SHA-256 of a file.
func sumOf(path string) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", fmt.Errorf("download: %w", err)
	}
	defer f.Close()
	h := sha256.New()
	if _, err := io.Copy(h, f); err != nil {
		return "", fmt.Errorf("download: %s: %w", path, err)
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}
