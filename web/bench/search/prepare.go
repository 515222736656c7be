package main

import (
	"bytes"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"regexp"
	"sort"
	"strings"

	"golang.org/x/net/html"
)

// prepare copies the pages of a site to out and makes a question of a heading in some of
// them. The heading is taken out of the copy, and so is the page's title if it has the
// heading's words, so that no engine finds the page by them.
func prepare(site, out string, want int) ([]question, error) {
	var names []string
	err := filepath.WalkDir(site, func(name string, d fs.DirEntry, err error) error {
		if err == nil && d.Type().IsRegular() && strings.HasSuffix(name, ".html") {
			rel, _ := filepath.Rel(site, name)
			names = append(names, filepath.ToSlash(rel))
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	sort.Strings(names)
	pages, often := map[string]*html.Node{}, map[string]int{}
	for _, name := range names {
		source, err := os.ReadFile(filepath.Join(site, name))
		if err != nil {
			return nil, err
		}
		if err := write(filepath.Join(out, name), source); err != nil {
			return nil, err
		}
		if len(source) > 1<<20 {
			continue
		}
		root, err := html.Parse(bytes.NewReader(source))
		if err != nil {
			continue
		}
		pages[name] = root
		for _, h := range headings(root) {
			often[headingText(h)]++
		}
	}
	rng := rand.New(rand.NewPCG(2026, 16))
	rng.Shuffle(len(names), func(i, j int) { names[i], names[j] = names[j], names[i] })
	var questions []question
	for _, name := range names {
		root := pages[name]
		if root == nil || len(questions) == want {
			continue
		}
		h, text := usable(root, often)
		if h == nil {
			continue
		}
		holdOut(root, h, text)
		var b bytes.Buffer
		if err := html.Render(&b, root); err != nil {
			return nil, err
		}
		if err := write(filepath.Join(out, name), b.Bytes()); err != nil {
			return nil, err
		}
		questions = append(questions, question{text, "headings", []string{name}, len(questions)%2 == 0})
	}
	return questions, nil
}

func write(name string, b []byte) error {
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		return err
	}
	return os.WriteFile(name, b, 0o644)
}

func headings(root *html.Node) (out []*html.Node) {
	for n := range root.Descendants() {
		if n.Type == html.ElementNode && (n.Data == "h1" || n.Data == "h2" || n.Data == "h3") {
			out = append(out, n)
		}
	}
	return out
}

// A section's number, and the signs that link to a heading.
var numbering = regexp.MustCompile(`^(Chapter|Appendix|Part|Section)?\s*[0-9A-Z]*(\.[0-9]+)*\.?\s+|[¶#]\s*$`)

func headingText(h *html.Node) string {
	text := strings.Join(strings.Fields(textOf(h)), " ")
	if m := numbering.FindString(text); strings.ContainsAny(m, "0123456789") {
		text = text[len(m):]
	}
	return strings.TrimRight(text, " ¶#")
}

func textOf(n *html.Node) string {
	var b strings.Builder
	for c := range n.Descendants() {
		if c.Type == html.TextNode {
			b.WriteString(c.Data)
		}
	}
	return b.String()
}

// usable is a heading of three to ten words, mostly lower-case letters, that stands in one
// page only.
func usable(root *html.Node, often map[string]int) (*html.Node, string) {
	for _, h := range headings(root) {
		text := headingText(h)
		words := strings.Fields(text)
		lower := 0
		for _, r := range text {
			if r >= 'a' && r <= 'z' || r == ' ' {
				lower++
			}
		}
		if len(words) >= 3 && len(words) <= 10 && 4*lower >= 3*len(text) && often[text] == 1 {
			return h, text
		}
	}
	return nil, ""
}

// holdOut empties a heading, and every other element of the page that only repeats it: the
// title, a line of navigation, an entry of its table of contents.
func holdOut(root, h *html.Node, text string) {
	var repeats []*html.Node
	for n := range root.Descendants() {
		if n.Type == html.TextNode && strings.Contains(strings.Join(strings.Fields(n.Data), " "), text) && len(n.Data) < len(text)+60 {
			repeats = append(repeats, n)
		}
	}
	for _, n := range repeats {
		n.Data = ""
	}
	for h.FirstChild != nil {
		h.RemoveChild(h.FirstChild)
	}
}
