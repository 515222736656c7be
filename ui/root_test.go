package ui

import (
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/vugu/vugu"

	"github.com/lodestone-wasm/lodestone/ui/fill"
	"github.com/lodestone-wasm/lodestone/ui/host/hosttest"
	"github.com/lodestone-wasm/lodestone/ui/route"
)

// body is a pane's body that counts how often it is built.
type body struct{ built int }

func (b *body) Build(*vugu.BuildIn) *vugu.BuildOut {
	b.built++
	return &vugu.BuildOut{Out: []*vugu.VGNode{{Type: vugu.ElementNode, Data: "div"}}}
}

func build(t *testing.T, c vugu.Builder) *vugu.BuildResults {
	t.Helper()
	env, err := vugu.NewBuildEnv()
	if err != nil {
		t.Fatal(err)
	}
	return env.RunBuild(c)
}

func TestOnePaneIsShownAndTheOthersAreNotBuilt(t *testing.T) {
	first, second := &body{}, &body{}
	var log []string
	open := func(name string) func(route.Address) {
		return func(a route.Address) { log = append(log, name+" "+a.Query+a.Params.Get("folder")) }
	}
	c := &Root{Panes: []Pane{{Name: "search", Body: first, Open: open("search")}, {Name: "model", Body: second, Open: open("model")}}}
	for _, hash := range []string{"#q=snow", "#/model?folder=%2Ff%2Fx%2F", "#/model?folder=y", "#/nowhere", "#/search"} {
		c.Show(route.Parse(hash))
		build(t, c)
	}
	if want := []string{"search snow", "model /f/x/", "model y", "search ", "search "}; !slices.Equal(log, want) {
		t.Errorf("got %q, expected %q", log, want)
	}
	if first.built != 3 || second.built != 2 || c.Current().Name != "search" {
		t.Errorf("built %d and %d times, now %q", first.built, second.built, c.Current().Name)
	}
}

// The links of the page and the panes of the program are one list.
func TestTheNavigationNamesThePanes(t *testing.T) {
	index, err := os.ReadFile("../web/demo/index.html")
	if err != nil {
		t.Fatal(err)
	}
	var links []string
	for _, m := range regexp.MustCompile(`href="#/[a-z-]+" data-pane="([a-z-]+)"`).FindAllStringSubmatch(string(index), -1) {
		links = append(links, m[1])
	}
	run(t, fake{}, func(t *testing.T, p *page) {
		var names []string
		for _, pane := range p.root.Panes {
			names = append(names, pane.Name)
		}
		if len(links) == 0 || !slices.Equal(links, names) {
			t.Errorf("links to %q, panes %q", links, names)
		}
	})
	if n := strings.Count(string(index), "data-title="); n != len(links) {
		t.Errorf("%d links have a title, expected %d", n, len(links))
	}
}

// Every element that a pane fills or listens to is in its HTML, or in the page's.
func TestPanesFillElementsThatAreThere(t *testing.T) {
	index, err := os.ReadFile("../web/demo/index.html")
	if err != nil {
		t.Fatal(err)
	}
	run(t, fake{}, func(t *testing.T, p *page) {
		p.Translation.Model.Load()
		for _, pane := range p.root.Panes {
			p.root.Show(route.Parse("#/" + pane.Name))
			out := html(t, p.root) + string(index)
			typed := map[string]func(string){}
			if f, ok := pane.Body.(Filler); ok {
				typed = f.Boxes()
			}
			boxes := 0
			for _, f := range p.root.Fills() {
				if !strings.Contains(out, `id="`+f.ID+`"`) {
					t.Errorf("%s: no element has the id %q", pane.Name, f.ID)
				}
				if f.Kind == fill.Value || f.Kind == fill.Number {
					boxes++
					if typed[f.ID] == nil {
						t.Errorf("%s: what is typed into %q is lost", pane.Name, f.ID)
					}
				}
			}
			if boxes != len(typed) {
				t.Errorf("%s: %d boxes are filled, %d are typed into", pane.Name, boxes, len(typed))
			}
		}
	})
}

// What is typed into a box is what the box shows, at once.
func TestBoxesKeepWhatIsTyped(t *testing.T) {
	run(t, fake{}, func(t *testing.T, p *page) {
		count := 0
		for _, pane := range p.root.Panes {
			f, ok := pane.Body.(Filler)
			if !ok {
				continue
			}
			p.root.Show(route.Parse("#/" + pane.Name))
			for id := range f.Boxes() {
				text := "text of " + id
				if strings.HasPrefix(id, "write-") || strings.HasPrefix(id, "depth-") {
					text = "2"
				}
				found := false
				typed := p.root.Type(id, text)
				for _, f := range p.root.Fills() {
					found = found || f.ID == id && f.Text == text
				}
				if !typed || !found {
					t.Errorf("%s: %q is not in %+v", id, text, p.root.Fills())
				}
				count++
			}
			if p.root.Type("nothing", "x") {
				t.Errorf("%s has a box with the id \"nothing\"", pane.Name)
			}
		}
		if p.root.Show(route.Parse("#/bench")); count != 19 || p.root.Type("query", "x") || p.root.Fills() != nil {
			t.Errorf("%d boxes, expected 19, and none in the view Bench", count)
		}
	})
}

func TestAMapOfAttentionIsFilledWithItsFrame(t *testing.T) {
	run(t, fake{}, func(t *testing.T, p *page) {
		p.root.Show(route.Parse("#/model"))
		html(t, p.root)
		kinds := func() (all []fill.Fill) {
			for _, f := range p.root.Fills() {
				if f.Kind == fill.SVG || f.Kind == fill.Frame {
					all = append(all, f)
				}
			}
			return all
		}
		got := kinds()
		if len(got) != 4 || !strings.HasPrefix(got[0].Text, "<svg") || got[1].ID != "attention-map" || got[2].Kind != fill.Frame || got[2].Show || got[3].ID != "routing-0" {
			t.Fatalf("%+v", got)
		}
		p.Explorer.Key("ArrowDown")
		html(t, p.root)
		if f := kinds()[2]; !f.Show || f.X == 0 || f.X != f.Y {
			t.Errorf("the frame of the first cell: %+v", f)
		}
	})
}

// buttons is a component with a button in a component below it; both panic.
type buttons struct{ below *buttons }

func (b *buttons) Build(*vugu.BuildIn) *vugu.BuildOut {
	n := &vugu.VGNode{Type: vugu.ElementNode, Data: "div"}
	n.DOMEventHandlerSpecList = []vugu.DOMEventHandlerSpec{{EventType: "click", Func: func(vugu.DOMEvent) { panic("a fault") }}}
	out := &vugu.BuildOut{Out: []*vugu.VGNode{n}}
	if b.below != nil {
		n.AppendChild(&vugu.VGNode{Type: vugu.TextNode, Data: "x"})
		n.AppendChild(&vugu.VGNode{Component: b.below})
		out.Components = append(out.Components, b.below)
	}
	return out
}

func TestAPanicInAHandlerIsShownUntilAnotherViewIsOpened(t *testing.T) {
	c := &Root{Panes: []Pane{{Name: "search", Body: &body{}}, {Name: "model", Body: &body{}}}}
	c.Show(route.Parse(""))
	b := &buttons{below: &buttons{}}
	r := build(t, b)
	GuardHandlers(r, func(what string, f func()) { c.Guard(what, f) })
	for _, component := range []*buttons{b, b.below} {
		handlers := r.ResultFor(component).Out[0].DOMEventHandlerSpecList
		handlers[0].Func(nil) // does not panic
		f := c.Fault()
		if f == nil || f.Code != "internal" || f.Text != "click: a fault; reload the page. What you typed is not stored anywhere." {
			t.Fatalf("%+v", f)
		}
		hosttest.Contains(t, renderNow(t, c), "This page has a bug", "click: a fault")
		c.Show(route.Parse("#/model"))
		if c.Fault() != nil {
			t.Error("the fault stays in another view")
		}
		c.Show(route.Parse("#/search"))
	}
	if c.Guard("x", func() { panic("x") }) == nil || c.Guard("x", func() { panic("x") }) != nil || c.Guard("y", func() { panic("x") }) == nil {
		t.Error("a fault is reported once")
	}
	c.Show(route.Parse("#/model"))
	if c.Guard("nothing", func() {}) != nil || c.Fault() != nil {
		t.Error("a fault without a panic")
	}
}

// The state of the views is plain Go: no package below this one imports Vugu or syscall/js, nor do packages of this module below those.
func TestTheStateImportsNeitherVuguNorJavaScript(t *testing.T) {
	cmd := exec.Command("go", "list", "-deps", "-f", `{{if and .Module .Module.Main}}{{.ImportPath}}: {{join .Imports " "}}{{end}}`, "./...")
	cmd.Env = append(os.Environ(), "GOOS=js", "GOARCH=wasm")
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	const module = "github.com/lodestone-wasm/lodestone/"
	state := 0
	for line := range strings.Lines(string(out)) {
		pkg, imports, _ := strings.Cut(strings.TrimSpace(line), ": ")
		if pkg == module+"ui" || pkg == "" {
			continue
		}
		if strings.HasPrefix(pkg, module+"ui/") {
			state++
		}
		for path := range strings.FieldsSeq(imports) {
			if path == "syscall/js" || strings.HasPrefix(path, "github.com/vugu/") {
				t.Errorf("%s imports %s", pkg, path)
			}
		}
	}
	if state < 15 {
		t.Errorf("%d packages were looked at, expected all below ui", state)
	}
}
