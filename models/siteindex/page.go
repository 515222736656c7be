package siteindex

import (
	"strings"
	"unicode/utf8"
)

// A Page is what is indexed of a page of a site.
type Page struct {
	// Address is the page's address, relative to the site's.
	Address string `json:"address"`
	Title   string `json:"title"`
	// Language is a BCP 47 primary subtag ("en"), "" if unknown.
	Language string `json:"language"`
	// Attributes are what the page says about itself: description, image, date, and
	// what a visitor may filter by.
	Attributes []Attribute `json:"attributes,omitempty"`
	Blocks     []Block     `json:"blocks"`
}

// An Attribute of a page. Facet says that a visitor may filter by it.
type Attribute struct {
	Name  string `json:"name"`
	Value string `json:"value"`
	Facet bool   `json:"facet,omitempty"`
}

// A Block is a paragraph, a list item, a row of a table or a heading.
type Block struct {
	// Heading is the level of a heading, 1 to 6, or 0.
	Heading int `json:"heading,omitempty"`
	// Anchor is the id of the nearest element with one before the block.
	Anchor string `json:"anchor,omitempty"`
	Text   string `json:"text"`
}

// A Passage is a piece of a page that is found as one: some sentences under one heading.
type Passage struct {
	Anchor string
	// Headings are the headings above the passage, outermost first, without the title.
	Headings []string
	Text     string
}

const (
	wantPassage = 900     // bytes after which a passage ends at the next block
	maxPassage  = 1600    // bytes of the longest passage
	minPassage  = 160     // bytes below which a passage takes the next section in
	maxText     = 1 << 20 // bytes of text of a page; what follows is left out
)

// passages cuts blocks into passages. A page without text has one empty passage, so that
// its title is found.
func passages(title string, blocks []Block) []Passage {
	s := splitter{title: title}
	for _, b := range blocks {
		if s.total > maxText {
			break
		}
		if b.Heading > 0 {
			s.heading(b)
			continue
		}
		s.text(b)
	}
	s.flush()
	if len(s.out) == 0 {
		s.out = []Passage{{}}
	}
	return s.out
}

type splitter struct {
	title  string
	out    []Passage
	path   []heading
	cur    Passage
	open   bool
	total  int
	buffer strings.Builder
}

type heading struct {
	level int
	text  string
}

func (s *splitter) heading(b Block) {
	for len(s.path) > 0 && s.path[len(s.path)-1].level >= b.Heading {
		s.path = s.path[:len(s.path)-1]
	}
	if s.open && s.buffer.Len() < minPassage && len(s.path) > 0 && b.Heading > 2 {
		// A section of a few words, such as an entry of a reference, shares a passage.
		s.path = append(s.path, heading{b.Heading, b.Text})
		s.add(b.Text)
		return
	}
	s.flush()
	if b.Text != s.title && b.Text != "" {
		s.path = append(s.path, heading{b.Heading, b.Text})
	}
	s.begin(b.Anchor)
}

func (s *splitter) begin(anchor string) {
	s.open = true
	s.cur = Passage{Anchor: anchor}
	for _, h := range s.path {
		s.cur.Headings = append(s.cur.Headings, h.text)
	}
}

func (s *splitter) text(b Block) {
	for text := b.Text; text != ""; {
		if s.open && s.buffer.Len() > 0 && (s.buffer.Len() >= wantPassage || s.buffer.Len()+1+len(text) > maxPassage && s.buffer.Len() >= minPassage) {
			s.flush()
		}
		if !s.open {
			s.begin(b.Anchor)
		}
		head, rest := cutText(text, maxPassage-s.buffer.Len()-1)
		s.add(head)
		if text = rest; text != "" {
			s.flush()
		}
	}
}

func (s *splitter) add(text string) {
	if s.buffer.Len() > 0 {
		s.buffer.WriteByte(' ')
	}
	s.buffer.WriteString(text)
}

func (s *splitter) flush() {
	if !s.open {
		return
	}
	s.cur.Text = s.buffer.String()
	if s.cur.Text != "" || len(s.cur.Headings) > 0 {
		s.out = append(s.out, s.cur)
		s.total += len(s.cur.Text)
	}
	s.buffer.Reset()
	s.open = false
}

// cutText cuts a text after at most n bytes: after a sentence, else after a word, else
// between two code points.
func cutText(text string, n int) (head, rest string) {
	if len(text) <= n {
		return text, ""
	}
	n = max(n, utf8.UTFMax)
	for n > 0 && !utf8.RuneStart(text[n]) {
		n--
	}
	at := -1
	for i := n; i > n/3; i-- {
		if text[i] == ' ' && strings.IndexByte(".!?:;", text[i-1]) >= 0 {
			at = i
			break
		}
	}
	if at < 0 {
		if at = strings.LastIndexByte(text[:n+1], ' '); at <= 0 {
			return text[:n], text[n:]
		}
	}
	return text[:at], strings.TrimLeft(text[at:], " ")
}

// collapse makes one space of each run of white space and trims both ends.
func collapse(s string) string {
	return strings.Join(strings.Fields(strings.ToValidUTF8(s, "\uFFFD")), " ")
}
