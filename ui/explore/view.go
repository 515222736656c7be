package explore

import (
	"strconv"
	"strings"

	"github.com/lodestone-wasm/lodestone/ui/format"
	"github.com/lodestone-wasm/lodestone/ui/host"
)

// View is a copy of the state at one moment, for the components.
type View struct {
	Typed    string // what the box for the folder holds
	Folder   string // the chosen one
	SizeText string // "8.3 MB to download"
	Loading  bool
	Percent  int // −1 while the total is unknown
	Loaded   string
	Failure  *host.Failure
	Retry    bool // Failure has a button that tries again

	Ready     bool
	TakesText bool
	Summary   string
	Picture   string // SVG
	Parts     []PartRow
	Kept      string

	Draft  string // what the box for the text holds
	Cut    string // what of the text is not shown
	Heat   *Heat
	Cell   *Cell  // the marked cell of Heat, nil if none is
	Hint   string // what the marked cell holds, or the strongest links
	Layer  int
	Head   int
	Layers int
	Heads  int

	Routing []RoutingView
}

// Cell is the place of a cell in the drawing, in its own units.
type Cell struct{ X, Y int }

// PartRow is a line of the table of a model's parts.
type PartRow struct{ Stack, Part, Parameters, Bytes string }

// View returns what to show now.
func (e *Explorer) View() View {
	e.mu.Lock()
	defer e.mu.Unlock()
	v := View{Typed: e.typed, Folder: e.folder, Percent: -1, Failure: e.failure, Draft: e.draft, Heat: e.heat, Layer: e.layer, Head: e.head}
	if e.model == nil {
		return v
	}
	s := e.model.State()
	v.Loading, v.Percent, v.Loaded = s.Loading, s.Progress.Percent(), s.Progress.String()
	if s.Failure != nil {
		v.Failure, v.Retry = s.Failure, true
	}
	switch {
	case e.loaded != nil:
		v.SizeText = "loaded, weights held as " + e.loaded.DType
	case !s.Sized:
		v.SizeText = "asking for its size"
	case s.Missing:
		v.SizeText = "there is no such folder"
	case s.Size < 0:
		v.SizeText = "the server does not say how large it is"
	case s.Size == 0:
		v.SizeText = "nothing to download"
	default:
		v.SizeText = format.Bytes(s.Size) + " to download"
	}
	if e.loaded != nil {
		e.describe(&v)
	}
	e.describeText(&v)
	return v
}

// describe adds the loaded model. The caller holds e.mu.
func (e *Explorer) describe(v *View) {
	m := e.loaded.Model
	v.Ready, v.TakesText, v.Picture = true, e.loaded.TakesText, e.picture
	v.Summary = strings.ToUpper(m.Summary()[:1]) + m.Summary()[1:] + "."
	for _, s := range m.Stacks {
		for _, p := range s.Parts {
			v.Parts = append(v.Parts, PartRow{s.Name, p.Name, format.Number(p.Parameters), format.Bytes(p.Bytes)})
		}
	}
	if len(m.KeptF32) > 0 {
		v.Kept = "Some matrices keep 32 bits while the others have 8, because a few of their weights are far larger than the rest: " + strings.Join(m.KeptF32, ", ") + "."
	}
}

// describeText adds what was found in the text. The caller holds e.mu.
func (e *Explorer) describeText(v *View) {
	x := e.found
	if x == nil {
		return
	}
	v.Layers, v.Heads, v.Routing = len(x.Attentions), x.Heads, e.routes
	if x.Truncated {
		v.Cut = "The text is longer than the model reads. Its end was left out. "
	}
	h := e.heat
	if h == nil {
		return
	}
	if h.Left > 0 {
		v.Cut += "The maps show the first " + strconv.Itoa(MaxTokens) + " tokens."
	}
	v.Hint = h.Summary
	if e.cell != nil {
		x, y := h.Place(e.cell.q, e.cell.k)
		v.Cell, v.Hint = &Cell{x, y}, h.Share(e.cell.q, e.cell.k)+"."
	}
}
