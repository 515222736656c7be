package siteindex

import (
	"encoding/json"
	"fmt"
	"sort"
)

// record is a line of JSON lines.
type record struct {
	URL        string         `json:"url"`
	Title      string         `json:"title"`
	Language   string         `json:"language"`
	Text       string         `json:"text"`
	HTML       string         `json:"html"`
	Markdown   string         `json:"markdown"`
	Attributes map[string]any `json:"attributes"`
	Sections   []struct {
		Anchor  string `json:"anchor"`
		Heading string `json:"heading"`
		Level   int    `json:"level"`
		Text    string `json:"text"`
	} `json:"sections"`
}

// ParseRecord reads a line of JSON lines: an object with "url", and with "text", "html",
// "markdown" or "sections" ({"anchor", "heading", "level", "text"}); "title", "language" and
// "attributes" (facets: strings or lists of them) are optional.
func ParseRecord(line []byte) (*Page, error) {
	var r record
	if err := json.Unmarshal(line, &r); err != nil {
		return nil, fmt.Errorf("siteindex: the line is not a JSON object of a page: %w", err)
	}
	if r.URL == "" {
		return nil, fmt.Errorf("siteindex: the line has no \"url\"")
	}
	p, err := r.page()
	if err != nil {
		return nil, err
	}
	if r.Title != "" {
		p.Title = collapse(r.Title)
	}
	if r.Language != "" {
		p.Language = r.Language
	}
	h := &extractor{page: p}
	for _, key := range sortedKeys(r.Attributes) {
		switch v := r.Attributes[key].(type) {
		case string:
			h.attribute(collapse(key), collapse(v), true)
		case []any:
			for _, item := range v {
				if s, ok := item.(string); ok {
					h.attribute(collapse(key), collapse(s), true)
				}
			}
		}
	}
	return p, nil
}

func (r *record) page() (*Page, error) {
	switch {
	case r.HTML != "":
		return ParseHTML([]byte(r.HTML), r.URL)
	case r.Markdown != "":
		return ParseMarkdown([]byte(r.Markdown), r.URL)
	}
	p := &Page{Address: r.URL}
	if text := collapse(r.Text); text != "" {
		p.Blocks = append(p.Blocks, Block{Text: text})
	}
	for _, s := range r.Sections {
		if s.Heading != "" {
			p.Blocks = append(p.Blocks, Block{Heading: min(max(s.Level, 2), 6), Anchor: s.Anchor, Text: collapse(s.Heading)})
		}
		if text := collapse(s.Text); text != "" {
			p.Blocks = append(p.Blocks, Block{Anchor: s.Anchor, Text: text})
		}
	}
	return p, nil
}

func sortedKeys[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	sort.Strings(keys)
	return keys
}
