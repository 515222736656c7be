package ui

import (
	"bytes"
	"strings"
	"testing"

	"github.com/vugu/vugu"
	"github.com/vugu/vugu/staticrender"
)

type fakePage struct{ searched string }

func (p *fakePage) Search(q string)    { p.searched = q }
func (p *fakePage) AddOwnText()        {}
func (p *fakePage) PickFile()          {}
func (p *fakePage) FocusAfterRemoval() {}

// html renders the page natively, as Vugu would hand it to a browser.
func html(t *testing.T, a *App) string {
	t.Helper()
	build, err := vugu.NewBuildEnv()
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if err := staticrender.New(&b).Render(build.RunBuild(&SearchPane{App: a, Page: &fakePage{}})); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func contains(t *testing.T, page string, want ...string) {
	t.Helper()
	for _, w := range want {
		if !strings.Contains(page, w) {
			t.Errorf("the page lacks %q\n%s", w, page)
		}
	}
}

func TestPageBeforeTheModel(t *testing.T) {
	f := &fakeEngine{}
	a, _ := newApp(t, f, sample)
	gate := make(chan struct{})
	f.failLoad = func(int32) error { <-gate; return nil }
	a.Start()
	eventually(t, a, "progress", func(v View) bool { return v.Percent == 50 && v.Sentences == 4 })
	contains(t, html(t, a), "Loading the model", "4.0 MB of 8.0 MB", `value="50"`, "Some of the sentences", "bread and butter", "my tooth hurts", "nothing leaves this page")
	close(gate)
	eventually(t, a, "ready", allEmbedded)
}

func TestPageWithResults(t *testing.T) {
	a, _ := newApp(t, &fakeEngine{}, sample)
	a.SetQuery("bread and butter")
	a.Start()
	eventually(t, a, "results", func(v View) bool { return allEmbedded(v) && !v.Waiting && len(v.Results) == 4 })
	page := html(t, a)
	contains(t, page, "Closest in meaning", "4 results of 4 sentences, across 3 languages", "1.00", "bar bar-20", "Brot und Butter", "same sentence as", `lang="de"`, "Remove")
	if strings.Contains(page, "Loading the model") || strings.Contains(page, `id="retry"`) {
		t.Error("the page still shows the loading or a failure")
	}
}

func TestPageWithAFailure(t *testing.T) {
	f := &fakeEngine{failLoad: func(int32) error {
		return &EngineError{"integrity", "model.safetensors: wrong <hash>; load it again"}
	}}
	a, _ := newApp(t, f, sample)
	a.Start()
	eventually(t, a, "a failure", func(v View) bool { return v.Failure != nil })
	contains(t, html(t, a), "The model could not be loaded", "wrong &lt;hash&gt;; load it again", "integrity", `id="retry"`)
}

// Text of the reader, of a model file or of an address is shown as text, wherever it stands.
func TestTextIsNeverMarkup(t *testing.T) {
	const evil = `<img src=x onerror=alert(1)> hello "><script>alert(2)</script> world`
	a, _ := newApp(t, &fakeEngine{}, sample)
	a.Start()
	eventually(t, a, "ready", allEmbedded)
	if err := a.AddText(evil, evil); err != nil {
		t.Fatal(err)
	}
	a.SetQuery(evil)
	eventually(t, a, "results", func(v View) bool { return allEmbedded(v) && !v.Waiting && len(v.Results) > 0 })
	a.Refuse(ErrFull)
	page := html(t, a)
	if strings.Contains(page, "<img") || strings.Contains(page, "<script") {
		t.Errorf("markup in the page:\n%s", page)
	}
	contains(t, page, "&lt;img src=x onerror=alert(1)&gt;")
}
