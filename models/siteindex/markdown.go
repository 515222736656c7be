package siteindex

import (
	"bytes"
	"fmt"
	"path"
	"strings"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/extension"
	"github.com/yuin/goldmark/parser"
	ghtml "github.com/yuin/goldmark/renderer/html"
	"gopkg.in/yaml.v3"
)

var markdown = goldmark.New(
	goldmark.WithExtensions(extension.GFM, extension.Footnote, extension.DefinitionList),
	goldmark.WithParserOptions(parser.WithAutoHeadingID(), parser.WithAttribute()),
	goldmark.WithRendererOptions(ghtml.WithUnsafe()), // HTML in Markdown is content; nothing here is shown
)

// maxMarkdown is the largest Markdown file in bytes.
const maxMarkdown = 8 << 20

// ParseMarkdown reads a page in Markdown (CommonMark, GFM, footnotes, definition lists) with
// front matter in YAML (---) or TOML (+++): title, description, date, lang, draft; lists such
// as tags and categories become facets.
func ParseMarkdown(source []byte, address string) (*Page, error) {
	if len(source) > maxMarkdown {
		return nil, fmt.Errorf("siteindex: %s has %d bytes of Markdown; at most %d are read: split the page", address, len(source), maxMarkdown)
	}
	source = bytes.ReplaceAll(source, []byte("\r\n"), []byte("\n"))
	front, body, err := frontMatter(source)
	if err != nil {
		return nil, fmt.Errorf("siteindex: %s: %w", address, err)
	}
	if draft, _ := front["draft"].(bool); draft {
		return nil, fmt.Errorf("siteindex: %s is %w: it is a draft", address, ErrNotIndexed)
	}
	var out bytes.Buffer
	out.WriteString("<main>")
	if err := markdown.Convert(body, &out); err != nil {
		return nil, fmt.Errorf("siteindex: %s: %w", address, err)
	}
	p, err := ParseHTML(out.Bytes(), address)
	if err != nil {
		return nil, err
	}
	h := &extractor{page: p}
	for _, key := range sortedKeys(front) {
		h.frontMatter(key, front[key])
	}
	return p, nil
}

func (h *extractor) frontMatter(key string, value any) {
	key = strings.ToLower(key)
	switch v := value.(type) {
	case string:
		switch key {
		case "title":
			h.page.Title = collapse(v)
		case "lang", "language":
			h.page.Language, _, _ = strings.Cut(strings.ToLower(v), "-")
		case "description", "summary", "image", "date", "author":
			h.attribute(key, collapse(v), false)
		case "section", "category", "type":
			h.attribute(key, collapse(v), true)
		}
	case []any:
		for _, item := range v {
			if s, ok := item.(string); ok && (key == "tags" || key == "categories" || key == "keywords" || key == "authors") {
				h.attribute(key, collapse(s), true)
			}
		}
	default:
		if key == "date" && v != nil {
			h.attribute(key, clip(fmt.Sprint(v), 10), false)
		}
	}
}

// frontMatter cuts the front matter from a page.
func frontMatter(source []byte) (front map[string]any, body []byte, err error) {
	for _, fence := range []string{"---\n", "+++\n"} {
		if !bytes.HasPrefix(source, []byte(fence)) {
			continue
		}
		block, rest, ok := bytes.Cut(source[4:], []byte("\n"+fence))
		if !ok {
			continue
		}
		if fence[0] == '+' {
			return tomlLines(block), rest, nil
		}
		if err := yaml.Unmarshal(block, &front); err != nil {
			return nil, nil, fmt.Errorf("its front matter is not YAML: %w", err)
		}
		return front, rest, nil
	}
	return nil, source, nil
}

// tomlLines reads the lines key = "value", key = true and key = ["a", "b"] before the first
// table: what front matter is for.
func tomlLines(block []byte) map[string]any {
	front := map[string]any{}
	for line := range strings.Lines(string(block)) {
		line = strings.TrimSpace(line)
		if strings.HasPrefix(line, "[") {
			break
		}
		key, value, ok := strings.Cut(line, "=")
		key, value = strings.TrimSpace(key), strings.TrimSpace(value)
		switch {
		case !ok || strings.HasPrefix(line, "#"):
		case value == "true" || value == "false":
			front[key] = value == "true"
		case strings.HasPrefix(value, "["):
			var items []any
			for item := range strings.SplitSeq(strings.Trim(value, "[] "), ",") {
				items = append(items, strings.Trim(strings.TrimSpace(item), `"'`))
			}
			front[key] = items
		default:
			front[key] = strings.Trim(value, `"'`)
		}
	}
	return front
}

// markdownAddress is where generators put a page: a/b.md at a/b/, a/index.md at a/.
func markdownAddress(name string) string {
	name = strings.TrimSuffix(name, path.Ext(name))
	base := strings.ToLower(path.Base(name))
	if base == "index" || base == "_index" || base == "readme" {
		name = path.Dir(name)
	}
	if name == "." {
		return ""
	}
	return name + "/"
}
