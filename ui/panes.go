package ui

import (
	"net/url"
	"strings"

	"github.com/vugu/vugu"
)

// Pane is one of the views that the navigation leads to: a row of the table that Root shows one of. Heading, label and introduction
// of a pane are its link in web/demo/index.html, so that they are there before this program is.
type Pane struct {
	Name string       // in the page's address, "#/model", and data-pane of its link
	Body vugu.Builder // built only while it is shown
	// Open, if set, is called whenever the reader comes to the pane, or changes the address while there.
	Open func(Address)
	// Close, if set, is called before the reader leaves.
	Close func()
}

// Root is the component that Vugu mounts: the pane that is shown, in an element of its own, so that no pane's elements become another's.
type Root struct {
	Panes   []Pane
	Current string
}

// Body is what to show of p, nil unless it is the current one.
func (c *Root) Body(p Pane) vugu.Builder {
	if p.Name != c.Current {
		return nil
	}
	return p.Body
}

// Show makes the pane of an address the current one; an address of no pane that there is shows the first.
func (c *Root) Show(a Address) {
	next := c.Panes[0]
	for _, p := range c.Panes {
		if p.Name == a.Pane {
			next = p
		}
	}
	for _, p := range c.Panes {
		if p.Name == c.Current && next.Name != c.Current && p.Close != nil {
			p.Close()
		}
	}
	c.Current = next.Name
	if next.Open != nil {
		next.Open(a)
	}
}

// Address is the fragment of the page's address: "#/model?folder=x" is the pane "model" with its parameters, anything else belongs to
// the pane that is first.
type Address struct {
	Pane   string // "" for the first
	Params url.Values
	Hash   string // as it was
}

// ParseAddress reads a fragment. What is broken in its parameters is left out.
func ParseAddress(hash string) Address {
	a := Address{Hash: hash, Params: url.Values{}}
	rest, ok := strings.CutPrefix(hash, "#/")
	if !ok {
		return a
	}
	name, query, _ := strings.Cut(rest, "?")
	a.Pane = name
	if v, err := url.ParseQuery(query); err == nil {
		a.Params = v
	}
	return a
}

// ModelHash is the fragment that shows a folder in the view "Model"; "" is the model of the search.
func ModelHash(folder string) string {
	if folder = strings.TrimSpace(folder); folder == "" {
		return "#/model"
	}
	return "#/model?" + url.Values{"folder": {folder}}.Encode()
}
