package ui

import (
	"bytes"
	"context"
	"encoding/xml"
	"errors"
	"io"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/vugu/vugu"
	"github.com/vugu/vugu/staticrender"

	"github.com/lodestone-wasm/lodestone/models/describe"
)

// fakeInspector has a model of one layer of two heads with three experts.
type fakeInspector struct {
	bytes   int64
	loadErr error
	gate    chan struct{} // a load waits for it
	label   string
	cancels atomic.Int32
}

func (f *fakeInspector) Cancel() { f.cancels.Add(1) }

func (f *fakeInspector) Size(context.Context, string) (int64, error) { return f.bytes, nil }

func (f *fakeInspector) Load(_ context.Context, folder string, progress func(Progress)) (*Loaded, error) {
	progress(Progress{Loaded: 1_000_000, Total: 4_000_000})
	if f.gate != nil {
		<-f.gate
	}
	if f.loadErr != nil {
		return nil, f.loadErr
	}
	return &Loaded{TakesText: true, DType: "q8", Model: &describe.Description{ModelType: folder, Kind: "encoder", Parameters: 1234, Head: "none",
		Sizes: []describe.Size{{Type: "f32", Bytes: 4936, Exact: true}}, KeptF32: []string{"x.weight"},
		Stacks: []describe.Stack{{Name: "encoder", Layers: 1, HiddenSize: 8, Heads: 2, KVHeads: 2, HeadSize: 4, VocabSize: 9, Norm: "Pre-LN", NormKind: "LayerNorm",
			Positions: "learned", Parts: []describe.Part{{Name: "tokens", Parameters: 1234, Bytes: 4936}}}}}}, nil
}

func (f *fakeInspector) Inspect(_ context.Context, text string) (*Inspection, error) {
	labels := strings.Fields(text)
	if f.label != "" {
		labels[0] = f.label
	}
	t := len(labels)
	x := &Inspection{Labels: labels, Heads: 2, Attentions: [][]float32{make([]float32, 2*t*t)},
		Routing: []Routing{{Layer: 0, Experts: 3, K: 1, Expert: make([]int32, t), Kept: make([]int32, t), Weights: make([]float32, t), Gates: make([]float32, 3*t), Load: []int32{int32(t), 0, 0}, Dropped: 1, Entropy: 0}}}
	for q := range t {
		x.Attentions[0][q*t+(q+1)%t] = 1    // head 0: to the next
		x.Attentions[0][(t+q)*t+q] = 1      // head 1: to itself
		x.Routing[0].Gates[3*q] = 1         //
		x.Routing[0].Kept[q] = int32(q % 2) // every second finds no room
		x.Routing[0].Weights[q] = 0.5 * 2.  //
	}
	return x, nil
}

func whenModel(t *testing.T, e *Explorer, what string, ok func(ModelView) bool) ModelView {
	t.Helper()
	for deadline := time.Now().Add(5 * time.Second); ; time.Sleep(time.Millisecond) {
		v := e.View()
		if ok(v) {
			return v
		}
		if time.Now().After(deadline) {
			t.Fatalf("%s did not come: %+v", what, v)
		}
	}
}

type noPage struct{}

func (noPage) ChooseFolder()    {}
func (noPage) InspectText()     {}
func (noPage) HeatHint() string { return "a hint" }

func modelHTML(t *testing.T, e *Explorer) string {
	t.Helper()
	build, err := vugu.NewBuildEnv()
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if err := staticrender.New(&b).Render(build.RunBuild(&ModelPane{Explorer: e, Page: noPage{}})); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestAModelIsLoadedOnDemandWithItsSizeShownBefore(t *testing.T) {
	f := &fakeInspector{bytes: 8_300_000, gate: make(chan struct{})}
	e := NewExplorer(f, Options{})
	e.Open(ParseAddress("#/model?folder=/m/"))
	v := whenModel(t, e, "the size", func(v ModelView) bool { return v.SizeText == "8.3 MB to download" })
	if v.Loading || v.Ready || v.Folder != "/m/" {
		t.Fatalf("before the load: %+v", v)
	}
	contains(t, modelHTML(t, e), "8.3 MB to download", `id="load-model"`)
	e.Load()
	whenModel(t, e, "progress", func(v ModelView) bool { return v.Percent == 25 })
	contains(t, modelHTML(t, e), "1.0 MB of 4.0 MB", `value="25"`)
	close(f.gate)
	v = whenModel(t, e, "a map", func(v ModelView) bool { return v.Heat != nil })
	if !strings.Contains(v.Picture, "<svg") || len(v.Parts) != 1 || v.Parts[0].Parameters != "1,234" {
		t.Errorf("parts %+v", v.Parts)
	}
	contains(t, modelHTML(t, e), "Architecture", "x.weight", "mean of all heads", "The map as a table", "Layer 0: 3 experts, best 1", "1 choice without room", "no room", "a hint")
	// Another folder: what was there goes.
	f.gate = nil
	e.Open(ParseAddress("#/model?folder=/other/"))
	if v := e.View(); v.Ready || v.Heat != nil {
		t.Error("the model of another folder is still shown")
	}
}

func TestAModelThatIsHereIsShownAtOnce(t *testing.T) {
	e := NewExplorer(&fakeInspector{}, Options{})
	e.Open(ParseAddress("#/model"))
	whenModel(t, e, "the model", func(v ModelView) bool { return v.Ready })
}

func TestALoadThatFailsIsSaidAndCanBeTriedAgain(t *testing.T) {
	f := &fakeInspector{bytes: -1, loadErr: &EngineError{"http_status", "got status 404 for <config.json>"}}
	e := NewExplorer(f, Options{})
	e.Open(ParseAddress("#/model?folder=/nowhere/"))
	whenModel(t, e, "no size", func(v ModelView) bool { return strings.Contains(v.SizeText, "does not say") })
	e.Load()
	whenModel(t, e, "a failure", func(v ModelView) bool { return v.Failure != nil })
	contains(t, modelHTML(t, e), "The model could not be loaded", "got status 404 for &lt;config.json&gt;", "http_status", "Try again")
	f.loadErr = nil
	e.TryAgain()
	whenModel(t, e, "the model", func(v ModelView) bool { return v.Ready && v.Failure == nil })
}

// A load that ends after another folder was chosen changes nothing.
func TestALateLoadIsDropped(t *testing.T) {
	f := &fakeInspector{bytes: 5, gate: make(chan struct{}), loadErr: errors.New("late")}
	e := NewExplorer(f, Options{})
	e.Choose("/a/")
	whenModel(t, e, "the size", func(v ModelView) bool { return v.SizeText == "5 B to download" })
	e.Load()
	whenModel(t, e, "the load", func(v ModelView) bool { return v.Percent == 25 })
	e.Choose("/b/")
	close(f.gate)
	time.Sleep(20 * time.Millisecond)
	if v := e.View(); v.Failure != nil || v.Loading || v.Folder != "/b/" || f.cancels.Load() != 1 {
		t.Errorf("%+v, %d times cancelled", v, f.cancels.Load())
	}
}

func TestALoadCanBeCancelledAndBegunAgain(t *testing.T) {
	f := &fakeInspector{bytes: 5, gate: make(chan struct{})}
	e := NewExplorer(f, Options{})
	e.Choose("/a/")
	whenModel(t, e, "the size", func(v ModelView) bool { return v.SizeText == "5 B to download" })
	e.Load()
	whenModel(t, e, "the load", func(v ModelView) bool { return v.Percent == 25 })
	contains(t, modelHTML(t, e), `id="cancel-load"`)
	e.Cancel()
	if v := e.View(); v.Loading || v.Ready {
		t.Errorf("after Cancel: %+v", v)
	}
	close(f.gate)
	e.Load()
	whenModel(t, e, "the model", func(v ModelView) bool { return v.Ready })
	if e.Cancel(); f.cancels.Load() != 1 {
		t.Errorf("cancelled %d times, the last with nothing under way", f.cancels.Load())
	}
}

func TestAHeadsMapIsThatOfItsShares(t *testing.T) {
	e := NewExplorer(&fakeInspector{}, Options{})
	e.Open(ParseAddress("#/model"))
	whenModel(t, e, "the model", func(v ModelView) bool { return v.Heat != nil })
	e.Inspect("one two three")
	v := whenModel(t, e, "the map", func(v ModelView) bool { return v.Heat != nil && len(v.Heat.Labels) == 3 })
	if v.Heat.Title != "Layer 0, head 0" || v.Heat.Rows[0] != (HeatRow{"one", "two 100 %"}) || v.Heat.Rows[2].Most != "one 100 %" {
		t.Errorf("head 0: %+v", v.Heat.Rows)
	}
	e.Look(0, 1)
	if v := e.View(); v.Heat.Rows[1] != (HeatRow{"two", "two 100 %"}) {
		t.Errorf("head 1: %+v", v.Heat.Rows)
	}
	e.Look(0, -1)
	if v := e.View(); v.Heat.Rows[0].Most != "one 50 %, two 50 %" || v.Heat.Most != 0.5 || v.Head != -1 {
		t.Errorf("the mean: %+v", v.Heat.Rows)
	}
	for _, wrong := range [][2]int{{1, 0}, {-1, 0}, {0, 2}, {0, -2}} {
		if e.Look(wrong[0], wrong[1]); e.View().Head != -1 {
			t.Errorf("layer %d, head %d was taken", wrong[0], wrong[1])
		}
	}
	h := e.View().Heat
	for q := range 3 {
		for k := range 3 {
			x, y := h.Place(q, k)
			if gq, gk, ok := h.Cell(float64(x)+1, float64(y)+20); !ok || gq != q || gk != k {
				t.Errorf("cell %d, %d is found as %d, %d", q, k, gq, gk)
			}
		}
	}
	if _, _, ok := h.Cell(0, 0); ok {
		t.Error("a label is a cell")
	}
	e.Inspect("")
	if v := e.View(); v.Heat != nil || len(v.Routing) != 0 {
		t.Error("a map of no text")
	}
}

func TestALongTextIsCutForTheMaps(t *testing.T) {
	e := NewExplorer(&fakeInspector{}, Options{})
	e.Open(ParseAddress("#/model"))
	whenModel(t, e, "the model", func(v ModelView) bool { return v.Heat != nil })
	e.Inspect(strings.Repeat("word ", MaxTokens+6))
	v := whenModel(t, e, "the map", func(v ModelView) bool { return v.Heat != nil && len(v.Heat.Labels) == MaxTokens })
	if v.Heat.Left != 6 || !strings.Contains(v.Cut, "first 64 tokens") || len(v.Routing[0].Rows) != MaxTokens {
		t.Errorf("%d left, %q", v.Heat.Left, v.Cut)
	}
}

func TestMapsThatDoNotFitAreRefused(t *testing.T) {
	good := func() *Inspection {
		x, _ := (&fakeInspector{}).Inspect(context.Background(), "a b c")
		return x
	}
	if !good().fits() {
		t.Fatal("a good one is refused")
	}
	for name, spoil := range map[string]func(x *Inspection){
		"short map":    func(x *Inspection) { x.Attentions[0] = x.Attentions[0][1:] },
		"more labels":  func(x *Inspection) { x.Labels = append(x.Labels, "d") },
		"no expert":    func(x *Inspection) { x.Routing[0].Experts = 0 },
		"short gates":  func(x *Inspection) { x.Routing[0].Gates = nil },
		"short load":   func(x *Inspection) { x.Routing[0].Load = nil },
		"more choices": func(x *Inspection) { x.Routing[0].K = 2 },
	} {
		if x := good(); spoil != nil {
			if spoil(x); x.fits() {
				t.Errorf("%s: taken", name)
			}
		}
	}
}

// Text of the reader or of the model is text in the drawings, too.
func TestDrawingsAreWellFormedWhateverTheText(t *testing.T) {
	const evil = `"><script>alert(1)</script>&` + "\x01"
	e := NewExplorer(&fakeInspector{label: evil}, Options{})
	e.Choose(evil)
	whenModel(t, e, "the model", func(v ModelView) bool { return v.Heat != nil })
	v := e.View()
	for _, svg := range []string{v.Picture, v.Heat.SVG, v.Routing[0].SVG} {
		if strings.Contains(svg, "<script") {
			t.Errorf("markup in %s", svg)
		}
		x := xml.NewDecoder(strings.NewReader(svg))
		for {
			if _, err := x.Token(); err == io.EOF {
				break
			} else if err != nil {
				t.Fatalf("%v in %s", err, svg)
			}
		}
	}
	if page := modelHTML(t, e); strings.Contains(page, "<script") {
		t.Errorf("markup in the page: %s", page)
	}
}
