package siteindex

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// ErrNotIndexed is the error of a page that says it is not to be indexed, or that only
// leads to another one.
var ErrNotIndexed = errors.New("not to be indexed")

// maxSource is the largest page in bytes; the rest of a larger one is not read.
const maxSource = 32 << 20

// ParseHTML finds the main content of a page. It keeps <main>, role=main or a single
// <article>, if there is one that has most of the text, else the whole body, and leaves out
// navigation, headers, footers, scripts, and what is hidden. data-lodestone-body and
// data-lodestone-ignore (or Pagefind's names) decide where they stand.
func ParseHTML(source []byte, address string) (*Page, error) {
	source = source[:min(len(source), maxSource)]
	root, err := html.Parse(bytes.NewReader(source))
	if err != nil {
		// The parser refuses elements that are nested too deep. Their text is still text.
		return plainHTML(source, address)
	}
	p := &Page{Address: address}
	h := &extractor{page: p}
	if err := h.head(root); err != nil {
		return nil, err
	}
	body := h.main(root)
	h.walk(body)
	h.flush()
	for _, b := range p.Blocks {
		if p.Title == "" && b.Heading > 0 {
			p.Title = b.Text
		}
	}
	return p, nil
}

// extractor walks the elements of a page.
type extractor struct {
	page   *Page
	text   strings.Builder
	anchor string
	level  int  // of the heading around the text
	inMain bool // whether header elements are the content's own
	bytes  int
}

// head reads <html lang>, <title> and <meta>.
func (h *extractor) head(root *html.Node) error {
	var err error
	for n := range root.Descendants() {
		if n.Type != html.ElementNode {
			continue
		}
		switch n.DataAtom {
		case atom.Html:
			lang, _, _ := strings.Cut(strings.ToLower(attr(n, "lang")), "-")
			if len(lang) <= 8 {
				h.page.Language = lang
			}
		case atom.Title:
			if h.page.Title == "" && n.Namespace == "" {
				h.page.Title = collapse(textOf(n))
			}
		case atom.Meta:
			if e := h.meta(n); e != nil {
				err = e
			}
		}
	}
	return err
}

func (h *extractor) meta(n *html.Node) error {
	name, content := strings.ToLower(attr(n, "name")), collapse(attr(n, "content"))
	if name == "" {
		name = strings.ToLower(attr(n, "property"))
	}
	switch {
	case name == "robots" && strings.Contains(strings.ToLower(content), "noindex"):
		return fmt.Errorf("siteindex: %s is %w: it has <meta name=\"robots\" content=%q>", h.page.Address, ErrNotIndexed, content)
	case strings.EqualFold(attr(n, "http-equiv"), "refresh"):
		return fmt.Errorf("siteindex: %s is %w: it leads to another page (refresh)", h.page.Address, ErrNotIndexed)
	case content == "":
	case name == "description", name == "author":
		h.attribute(name, content, false)
	case name == "og:image":
		h.attribute("image", content, false)
	case name == "article:published_time", name == "date":
		h.attribute("date", content, false)
	case strings.HasPrefix(name, "lodestone:"):
		h.attribute(name[len("lodestone:"):], content, true)
	}
	return nil
}

func (h *extractor) attribute(name, value string, facet bool) {
	if name != "" && value != "" && len(h.page.Attributes) < 64 {
		h.page.Attributes = append(h.page.Attributes, Attribute{name, clip(value, 500), facet})
	}
}

func clip(s string, n int) string {
	if len(s) <= n {
		return s
	}
	head, _ := cutText(s, n)
	return head
}

// main is the element with the main content.
func (h *extractor) main(root *html.Node) *html.Node {
	var body, marked, main, article *html.Node
	articles := 0
	for n := range root.Descendants() {
		if n.Type != html.ElementNode {
			continue
		}
		if has(n, "data-lodestone-body") || has(n, "data-pagefind-body") {
			if marked == nil {
				marked = n
			}
		}
		switch {
		case n.DataAtom == atom.Body:
			body = n
		case main == nil && (n.DataAtom == atom.Main || attr(n, "role") == "main"):
			main = n
		case n.DataAtom == atom.Article:
			articles++
			article = n
		}
	}
	if body == nil {
		return root
	}
	if marked != nil {
		h.inMain = true
		return marked
	}
	for _, n := range []*html.Node{main, article} {
		if n == nil || n == article && articles != 1 {
			continue
		}
		// A page builder's empty or tiny <main> beside the real text is not the content.
		if 4*len(textOf(n)) >= len(textOf(body)) {
			h.inMain = true
			return n
		}
	}
	return body
}

// leftOut tells whether an element and all in it is no content.
func (h *extractor) leftOut(n *html.Node) bool {
	switch n.DataAtom {
	case atom.Script, atom.Style, atom.Template, atom.Noscript, atom.Nav, atom.Aside, atom.Svg, atom.Math, atom.Iframe, atom.Button, atom.Select, atom.Dialog, atom.Object, atom.Audio, atom.Video, atom.Canvas, atom.Input, atom.Textarea:
		return true
	case atom.Header, atom.Footer, atom.Form:
		if !h.inMain || n.DataAtom != atom.Header {
			return true
		}
	}
	if has(n, "data-lodestone-ignore") || has(n, "data-pagefind-ignore") || has(n, "hidden") || attr(n, "aria-hidden") == "true" {
		return true
	}
	switch attr(n, "role") {
	case "navigation", "banner", "contentinfo", "search", "complementary", "menu", "menubar", "toolbar", "dialog", "doc-toc":
		return true
	}
	for _, name := range strings.Fields(attr(n, "class") + " " + attr(n, "id")) {
		if boilerplate[strings.ToLower(name)] {
			return n.DataAtom != atom.Body && n.DataAtom != atom.Html
		}
	}
	return false
}

// boilerplate are names of classes and ids that generators of sites give to what is no
// content: DocBook, Sphinx, Javadoc, Doxygen, gtk-doc, MkDocs, Hugo, Docusaurus.
var boilerplate = set(`nav navbar navigation topnav top-nav sub-nav subnav bottomnav sidebar sidenav side-nav site-header site-footer
	navheader navfooter sphinxsidebar sphinxsidebarwrapper related headerlink breadcrumb breadcrumbs menu toc
	table-of-contents tableofcontents toctree-wrapper md-sidebar md-header md-footer md-skip skip-link skip-nav skip
	footer page-footer pagination pager prev-next cookie-banner cookie-notice edit-this-page edit-page copybutton
	theme-doc-sidebar-container theme-doc-toc-desktop theme-doc-footer flex-header flex-footer nav-path side-bar-wrapper
	navig mw-jump-link noprint share social-share searchbox search-box print-only sr-only visually-hidden linenos
	site-nav book-menu book-toc advert ads`)

func set(words string) map[string]bool {
	m := map[string]bool{}
	for _, w := range strings.Fields(words) {
		m[w] = true
	}
	return m
}

func (h *extractor) walk(n *html.Node) {
	for c := n.FirstChild; c != nil; c = c.NextSibling {
		switch c.Type {
		case html.TextNode:
			h.text.WriteString(c.Data)
		case html.ElementNode:
			h.element(c)
		}
		if h.bytes > maxText {
			return
		}
	}
}

func (h *extractor) element(n *html.Node) {
	if h.leftOut(n) {
		return
	}
	block := isBlock(n.DataAtom)
	if block {
		h.flush()
	}
	if id := anchorOf(n); id != "" && len(id) <= 200 {
		// An id within a paragraph belongs to what follows it, not to the paragraph.
		if block || h.text.Len() == 0 || h.level > 0 {
			h.anchor = id
		}
	}
	h.filter(n)
	level := h.level
	if l := headingLevel(n.DataAtom); l > 0 {
		h.level = l
	}
	switch n.DataAtom {
	case atom.Br, atom.Td, atom.Th, atom.Dt:
		h.text.WriteByte(' ')
	case atom.Img:
		if alt := attr(n, "alt"); alt != "" {
			h.text.WriteString(" " + alt + " ")
		}
	}
	h.walk(n)
	if block {
		h.flush()
	}
	h.level = level
}

// filter reads data-lodestone-filter="name:value", or "name" of the element's text.
func (h *extractor) filter(n *html.Node) {
	for _, key := range []string{"data-lodestone-filter", "data-pagefind-filter"} {
		if !has(n, key) {
			continue
		}
		name, value, ok := strings.Cut(attr(n, key), ":")
		if !ok {
			value = textOf(n)
		}
		h.attribute(collapse(name), collapse(value), true)
	}
}

func (h *extractor) flush() {
	text := collapse(h.text.String())
	h.text.Reset()
	if h.level > 0 {
		text = strings.TrimRight(text, " ¶#🔗")
	}
	if text == "" {
		return
	}
	h.bytes += len(text)
	h.page.Blocks = append(h.page.Blocks, Block{Heading: h.level, Anchor: h.anchor, Text: text})
}

func headingLevel(a atom.Atom) int {
	switch a {
	case atom.H1:
		return 1
	case atom.H2:
		return 2
	case atom.H3:
		return 3
	case atom.H4:
		return 4
	case atom.H5:
		return 5
	case atom.H6:
		return 6
	}
	return 0
}

func isBlock(a atom.Atom) bool {
	switch a {
	case atom.Address, atom.Article, atom.Blockquote, atom.Body, atom.Dd, atom.Details, atom.Div, atom.Dl, atom.Dt, atom.Fieldset, atom.Figcaption, atom.Figure, atom.Footer, atom.H1, atom.H2, atom.H3, atom.H4, atom.H5, atom.H6, atom.Header, atom.Hr, atom.Li, atom.Main, atom.Ol, atom.P, atom.Pre, atom.Section, atom.Summary, atom.Table, atom.Tbody, atom.Thead, atom.Tr, atom.Ul, atom.Caption, atom.Center:
		return true
	}
	return false
}

func anchorOf(n *html.Node) string {
	if id := attr(n, "id"); id != "" {
		return id
	}
	if n.DataAtom == atom.A {
		return attr(n, "name")
	}
	return ""
}

func attr(n *html.Node, key string) string {
	for _, a := range n.Attr {
		if a.Key == key && a.Namespace == "" {
			return a.Val
		}
	}
	return ""
}

func has(n *html.Node, key string) bool {
	for _, a := range n.Attr {
		if a.Key == key && a.Namespace == "" {
			return true
		}
	}
	return false
}

func textOf(n *html.Node) string {
	var b strings.Builder
	for c := range n.Descendants() {
		if c.Type == html.TextNode && (c.Parent == nil || c.Parent.DataAtom != atom.Script && c.Parent.DataAtom != atom.Style) {
			b.WriteString(c.Data)
		}
	}
	return b.String()
}

// plainHTML keeps the text of a page that has no tree.
func plainHTML(source []byte, address string) (*Page, error) {
	p := &Page{Address: address}
	z := html.NewTokenizer(bytes.NewReader(source))
	z.SetMaxBuf(1 << 20)
	var text strings.Builder
	flush := func() {
		if s := collapse(text.String()); s != "" {
			p.Blocks = append(p.Blocks, Block{Text: s})
		}
		text.Reset()
	}
	total, skip, title := 0, false, false
	for total < maxText {
		kind := z.Next()
		if kind == html.ErrorToken {
			if err := z.Err(); err != io.EOF && !errors.Is(err, html.ErrBufferExceeded) {
				return nil, fmt.Errorf("siteindex: %s: %w", address, err)
			}
			break
		}
		switch kind {
		case html.TextToken:
			if raw := z.Text(); title {
				p.Title = collapse(string(raw))
			} else if !skip {
				text.Write(raw)
				total += len(raw)
			}
		case html.StartTagToken, html.EndTagToken:
			name, _ := z.TagName()
			a := atom.Lookup(name)
			if a == atom.Script || a == atom.Style {
				skip = kind == html.StartTagToken
			}
			title = a == atom.Title && kind == html.StartTagToken
			if isBlock(a) {
				flush()
			}
		}
	}
	flush()
	return p, nil
}
