package siteindex

import (
	"compress/gzip"
	"context"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"
)

const (
	maxSitemap  = 50 << 20 // bytes, as sitemaps.org allows
	maxSitemaps = 1000
	maxPages    = 200_000
)

// Sitemap lists the pages of a sitemap (sitemaps.org), or of the sitemaps that it lists.
// Pages of other hosts are left out. A page is fetched when it is read.
func Sitemap(ctx context.Context, client *http.Client, address string) ([]Item, error) {
	root, err := url.Parse(address)
	if err != nil || root.Scheme != "http" && root.Scheme != "https" {
		return nil, fmt.Errorf("siteindex: %q is no address of a sitemap: it does not begin with http:// or https://", address)
	}
	f := &fetcher{ctx, client}
	var items []Item
	seen := map[string]bool{}
	waiting := []string{address}
	for n := 0; len(waiting) > 0; n++ {
		if n == maxSitemaps {
			return nil, fmt.Errorf("siteindex: %s leads to more than %d sitemaps", address, maxSitemaps)
		}
		at := waiting[0]
		waiting = waiting[1:]
		body, _, err := f.get(at, maxSitemap)
		if err != nil {
			return nil, err
		}
		pages, more, err := parseSitemap(body)
		if err != nil {
			return nil, fmt.Errorf("siteindex: %s: %w", at, err)
		}
		for _, m := range more {
			if sameHost(root, m) && !seen[m] {
				seen[m] = true
				waiting = append(waiting, m)
			}
		}
		for _, p := range pages {
			if !sameHost(root, p) || seen[p] {
				continue
			}
			if seen[p] = true; len(items) == maxPages {
				return nil, fmt.Errorf("siteindex: %s has more than %d pages", address, maxPages)
			}
			u, _ := url.Parse(p)
			relative := strings.TrimPrefix(u.EscapedPath(), "/")
			if u.RawQuery != "" {
				relative += "?" + u.RawQuery
			}
			items = append(items, Item{relative, "html", func() ([]byte, error) { return f.page(p) }})
		}
	}
	return items, nil
}

func sameHost(root *url.URL, address string) bool {
	u, err := url.Parse(address)
	return err == nil && u.Host == root.Host && (u.Scheme == "http" || u.Scheme == "https")
}

// parseSitemap reads <urlset> or <sitemapindex>.
func parseSitemap(body []byte) (pages, sitemaps []string, err error) {
	var x struct {
		XMLName xml.Name
		URLs    []string `xml:"url>loc"`
		Maps    []string `xml:"sitemap>loc"`
	}
	if err := xml.Unmarshal(body, &x); err != nil {
		return nil, nil, fmt.Errorf("it is not XML: %w", err)
	}
	if x.XMLName.Local != "urlset" && x.XMLName.Local != "sitemapindex" {
		return nil, nil, fmt.Errorf("it begins with <%s>; <urlset> or <sitemapindex> was expected", x.XMLName.Local)
	}
	trim := func(list []string) []string {
		for i := range list {
			list[i] = strings.TrimSpace(list[i])
		}
		return list
	}
	return trim(x.URLs), trim(x.Maps), nil
}

// fetcher fetches with few tries and a limit.
type fetcher struct {
	ctx    context.Context
	client *http.Client
}

const (
	tries   = 3
	between = time.Second
)

var errPermanent = errors.New("will not change")

func (f *fetcher) page(address string) ([]byte, error) {
	body, kind, err := f.get(address, maxSource)
	if err == nil && kind != "" && !strings.Contains(kind, "html") {
		return nil, fmt.Errorf("siteindex: %s is %w: its type is %s", address, ErrNotIndexed, kind)
	}
	return body, err
}

func (f *fetcher) get(address string, limit int64) (body []byte, kind string, err error) {
	for try := range tries {
		if try > 0 {
			select {
			case <-time.After(between << try):
			case <-f.ctx.Done():
				return nil, "", context.Cause(f.ctx)
			}
		}
		if body, kind, err = f.once(address, limit); err == nil || errors.Is(err, errPermanent) {
			return body, kind, err
		}
	}
	return nil, "", err
}

func (f *fetcher) once(address string, limit int64) ([]byte, string, error) {
	request, err := http.NewRequestWithContext(f.ctx, http.MethodGet, address, nil)
	if err != nil {
		return nil, "", fmt.Errorf("%w: %w", errPermanent, err)
	}
	request.Header.Set("User-Agent", "lode-index (a search index for this site)")
	r, err := f.client.Do(request)
	if err != nil {
		return nil, "", fmt.Errorf("siteindex: %w", err)
	}
	defer r.Body.Close()
	if r.StatusCode != http.StatusOK {
		err := fmt.Errorf("siteindex: status %d for %s", r.StatusCode, address)
		if r.StatusCode < 500 && r.StatusCode != http.StatusTooManyRequests {
			err = fmt.Errorf("%w (%w)", err, errPermanent)
		}
		return nil, "", err
	}
	var in io.Reader = io.LimitReader(r.Body, limit)
	if strings.HasSuffix(request.URL.Path, ".gz") {
		z, err := gzip.NewReader(in)
		if err != nil {
			return nil, "", fmt.Errorf("siteindex: %s: %w", address, err)
		}
		in = io.LimitReader(z, limit)
	}
	body, err := io.ReadAll(in)
	return body, r.Header.Get("Content-Type"), err
}
