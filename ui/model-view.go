package ui

import (
	"strconv"
	"strings"
)

// ModelView is what the view "Model" shows: a copy of the Explorer's state at one moment.
type ModelView struct {
	Folder   string
	SizeText string // "8.3 MB to download"
	Loading  bool
	Percent  int // −1 while the size is unknown
	Loaded   string
	Failure  *Failure

	Ready     bool
	TakesText bool
	Summary   string
	Picture   string // SVG
	Parts     []PartRow
	Kept      string

	Text   string
	Cut    string // what of the text is not shown
	Heat   *Heat
	Layer  int
	Head   int
	Layers int
	Heads  int

	Routing []RoutingView
}

// PartRow is a line of the table of a model's parts.
type PartRow struct{ Stack, Part, Parameters, Bytes string }

// View returns what is to be shown now.
func (e *Explorer) View() ModelView {
	e.mu.Lock()
	defer e.mu.Unlock()
	v := ModelView{Folder: e.folder, Loading: e.loading, Percent: -1, Failure: e.failure, Text: e.text, Heat: e.heat, Layer: e.layer, Head: e.head}
	switch {
	case e.loaded != nil:
		v.SizeText = "loaded, weights held as " + e.loaded.DType
	case !e.sized:
		v.SizeText = "asking for its size"
	case e.size < 0:
		v.SizeText = "its server does not say how large it is"
	case e.size == 0:
		v.SizeText = "nothing to download"
	default:
		v.SizeText = Bytes(e.size) + " to download"
	}
	if p := e.progress; p.Total > 0 {
		v.Percent, v.Loaded = int(min(p.Loaded, p.Total)*100/p.Total), Bytes(p.Loaded)+" of "+Bytes(p.Total)
	} else if p.Loaded > 0 {
		v.Loaded = Bytes(p.Loaded)
	}
	if e.loaded == nil {
		return v
	}
	m := e.loaded.Model
	v.Ready, v.TakesText, v.Picture = true, e.loaded.TakesText, e.picture
	v.Summary = strings.ToUpper(m.Summary()[:1]) + m.Summary()[1:] + "."
	for _, s := range m.Stacks {
		for _, p := range s.Parts {
			v.Parts = append(v.Parts, PartRow{s.Name, p.Name, grouped(p.Parameters), Bytes(p.Bytes)})
		}
	}
	if len(m.KeptF32) > 0 {
		v.Kept = "Some matrices stay in 32 bits where the others have 8, because a few of their weights are far larger than the rest: " + strings.Join(m.KeptF32, ", ") + "."
	}
	if x := e.found; x != nil {
		v.Layers, v.Heads, v.Routing = len(x.Attentions), x.Heads, e.routes
		if x.Truncated {
			v.Cut = "The text is longer than the model reads; its end was left out. "
		}
		if e.heat != nil && e.heat.Left > 0 {
			v.Cut += "The maps show the first " + strconv.Itoa(MaxTokens) + " tokens."
		}
	}
	return v
}

// grouped writes a number with commas between thousands.
func grouped(n int64) string {
	s := strconv.FormatInt(n, 10)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

// ModelPane is the view "Model"; it takes one ModelView per render and hands it to the components below it.
type ModelPane struct {
	Explorer *Explorer
	Page     ModelPage
	View     ModelView
}

// ModelPage is what the view asks of the browser.
type ModelPage interface {
	ChooseFolder()    // takes the address in the box
	InspectText()     // takes the text in the box
	HeatHint() string // what the map's cell under the pointer says
}

// Compute takes the state of this render.
func (c *ModelPane) Compute() { c.View = c.Explorer.View() }

// ModelSource says which folder, how large it is, and loads it.
type ModelSource struct {
	Explorer *Explorer
	Page     ModelPage
	View     *ModelView
}

// ModelPicture frames the picture of the architecture.
type ModelPicture struct{ View *ModelView }

// AttentionPanel takes a text and shows one map.
type AttentionPanel struct {
	Explorer *Explorer
	Page     ModelPage
	View     *ModelView
}

// RoutingPanel shows the mixtures of experts.
type RoutingPanel struct{ View *ModelView }

// Option is a line of a chooser.
type Option struct {
	Value, Label string
	Selected     bool
}

// LayerOptions are the layers to choose from.
func (c *AttentionPanel) LayerOptions() []Option {
	var all []Option
	for i := range c.View.Layers {
		all = append(all, Option{strconv.Itoa(i), "layer " + strconv.Itoa(i), i == c.View.Layer})
	}
	return all
}

// HeadOptions are the heads to choose from, and their mean.
func (c *AttentionPanel) HeadOptions() []Option {
	all := []Option{{"-1", "mean of all heads", c.View.Head < 0}}
	for i := range c.View.Heads {
		all = append(all, Option{strconv.Itoa(i), "head " + strconv.Itoa(i), i == c.View.Head})
	}
	return all
}

// Pick takes the value of a chooser.
func (c *AttentionPanel) Pick(layer bool, value string) {
	n, err := strconv.Atoi(value)
	if err != nil {
		return
	}
	c.Explorer.Do("choose", func() {
		if layer {
			c.Explorer.Look(n, c.View.Head)
		} else {
			c.Explorer.Look(c.View.Layer, n)
		}
	})
}

// Prompt names the box.
func (c *AttentionPanel) Prompt() string {
	if c.View.TakesText {
		return "A sentence"
	}
	return "Token ids (this folder has no tokenizer)"
}

// Hint says how to read the map.
func (c *AttentionPanel) Hint() string {
	if c.View.Heat == nil {
		return "Type a sentence: every layer and head shows where each token looks."
	}
	return "A row is a token that looks, a column a token that it looks at; the stronger the colour, the more, up to " + percent(c.View.Heat.Most) + "."
}
