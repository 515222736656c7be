package ui

import (
	"sync"

	"github.com/vugu/vugu"

	"github.com/lodestone-wasm/lodestone/ui/fill"
	"github.com/lodestone-wasm/lodestone/ui/host"
	"github.com/lodestone-wasm/lodestone/ui/route"
)

// Pane is one of the views that the navigation leads to. Its heading and its introduction are attributes of its link in
// web/demo/index.html, so that the page shows them before this program has started.
type Pane struct {
	Name string       // in the page's address, "#/model", and data-pane of its link
	Body vugu.Builder // built only while it is shown; it may be a Filler
	// Open, unless nil, is called when the reader comes to the pane, and when the address changes there.
	Open func(route.Address)
}

// Filler is a component with content that Vugu does not write.
type Filler interface {
	// Compute takes the state.
	Compute()
	// Fills is the content, as of the last Compute.
	Fills() []fill.Fill
	// Boxes has, for each box that the reader types into, what to call with its text.
	Boxes() map[string]func(text string)
}

// Root is the component that Vugu mounts. It shows one pane, in an element of its own, so that no element of a pane becomes one of
// another pane.
type Root struct {
	Panes []Pane

	mu      sync.Mutex
	current string
	fault   *host.Failure
}

// Current is the pane that is shown.
func (c *Root) Current() Pane {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.pane(c.current)
}

// pane returns the pane of a name, the first for any other name.
func (c *Root) pane(name string) Pane {
	for _, p := range c.Panes {
		if p.Name == name {
			return p
		}
	}
	return c.Panes[0]
}

// Body is what to show of p, nil unless p is the current pane.
func (c *Root) Body(p Pane) vugu.Builder {
	if p.Name != c.Current().Name {
		return nil
	}
	return p.Body
}

// Show shows the pane of an address.
func (c *Root) Show(a route.Address) {
	c.mu.Lock()
	next := c.pane(a.View)
	if next.Name != c.current {
		c.current, c.fault = next.Name, nil
	}
	c.mu.Unlock()
	if next.Open != nil {
		next.Open(a)
	}
}

// Fills is the content that Vugu does not write, after a render or after Type.
func (c *Root) Fills() []fill.Fill {
	if f, ok := c.Current().Body.(Filler); ok {
		return f.Fills()
	}
	return nil
}

// Type takes the text of a box while the reader types. It reports whether a box of the current pane has this id.
func (c *Root) Type(id, text string) bool {
	f, ok := c.Current().Body.(Filler)
	if !ok {
		return false
	}
	typed := f.Boxes()[id]
	if typed == nil {
		return false
	}
	typed(text)
	f.Compute()
	return true
}

// Guard runs f. If f panics, the page shows the fault until the reader goes to another view. Guard returns the fault unless the page
// shows the same already.
func (c *Root) Guard(what string, f func()) *host.Failure {
	err := host.Try(func() error { f(); return nil })
	if err == nil {
		return nil
	}
	fault := &host.Failure{Title: "This page has a bug", Code: "internal", Text: what + ": " + err.Error() + ". What you typed is not stored anywhere."}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.fault != nil && *c.fault == *fault {
		return nil
	}
	c.fault = fault
	return fault
}

// Fault is what Guard caught last, nil if nothing.
func (c *Root) Fault() *host.Failure {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.fault
}

// GuardHandlers makes guard run every event handler of a build. A panic in a handler would end the program.
func GuardHandlers(r *vugu.BuildResults, guard func(what string, f func())) {
	var nodes func(n *vugu.VGNode)
	nodes = func(n *vugu.VGNode) {
		for ; n != nil; n = n.NextSibling {
			if n.Component != nil {
				for _, out := range r.ResultFor(n.Component).Out {
					nodes(out)
				}
			}
			for i := range n.DOMEventHandlerSpecList {
				spec := &n.DOMEventHandlerSpecList[i]
				handle := spec.Func
				spec.Func = func(e vugu.DOMEvent) { guard(spec.EventType, func() { handle(e) }) }
			}
			nodes(n.FirstChild)
		}
	}
	for _, out := range r.Out.Out {
		nodes(out)
	}
}
