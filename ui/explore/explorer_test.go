package explore

import (
	"context"
	"encoding/xml"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"

	"github.com/lodestone-wasm/lodestone/models/describe"
	"github.com/lodestone-wasm/lodestone/ui/host"
	"github.com/lodestone-wasm/lodestone/ui/host/hosttest"
	"github.com/lodestone-wasm/lodestone/ui/route"
)

// fakeOpener opens folders whose model has one layer of two heads and three experts.
type fakeOpener struct {
	loader hosttest.Loader // what each folder does
	gated  bool            // loads wait for the gate of their folder
	label  string          // of the first token, if set
	ids    bool            // the models have no tokenizer
	opened []*fakeFolder
}

type fakeFolder struct {
	*hosttest.Loader
	opener *fakeOpener
	name   string
	closed int
}

func (o *fakeOpener) Folder(folder string) Folder {
	l := &hosttest.Loader{Bytes: o.loader.Bytes, SizeErr: o.loader.SizeErr, Err: o.loader.Err}
	if o.gated {
		l.Gate = make(chan struct{})
	}
	f := &fakeFolder{l, o, folder, 0}
	o.opened = append(o.opened, f)
	return f
}

func (f *fakeFolder) Close() { f.closed++ }

func (f *fakeFolder) Loaded() *Loaded {
	return &Loaded{TakesText: !f.opener.ids, DType: "q8", Model: &describe.Description{ModelType: f.name, Kind: "encoder", Parameters: 1234, Head: "none",
		Sizes: []describe.Size{{Type: "f32", Bytes: 4936, Exact: true}}, KeptF32: []string{"x.weight"},
		Stacks: []describe.Stack{{Name: "encoder", Layers: 1, HiddenSize: 8, Heads: 2, KVHeads: 2, HeadSize: 4, VocabSize: 9, Norm: "Pre-LN", NormKind: "LayerNorm",
			Positions: "learned", Parts: []describe.Part{{Name: "tokens", Parameters: 1234, Bytes: 4936}}}}}}
}

// Inspect lets head 0 of each token attend to the next token, head 1 to itself. Every second token finds no room.
func (f *fakeFolder) Inspect(_ context.Context, text string) (*Inspection, error) {
	switch text {
	case "fail":
		return nil, errors.New("no")
	case "panic":
		panic("a fault")
	case "odd":
		return &Inspection{Labels: []string{"odd"}, Heads: 2, Attentions: [][]float32{{1}}}, nil
	}
	labels := strings.Fields(text)
	if f.opener.label != "" {
		labels[0] = f.opener.label
	}
	t := len(labels)
	x := &Inspection{Labels: labels, Heads: 2, Attentions: [][]float32{make([]float32, 2*t*t)},
		Routing: []Routing{{Layer: 0, Experts: 3, K: 1, Expert: make([]int32, t), Kept: make([]int32, t), Weights: make([]float32, t), Gates: make([]float32, 3*t), Load: []int32{int32(t), 0, 0}, Dropped: 1}}}
	for q := range t {
		x.Attentions[0][q*t+(q+1)%t] = 1
		x.Attentions[0][(t+q)*t+q] = 1
		x.Routing[0].Gates[3*q] = 1
		x.Routing[0].Kept[q] = int32(q % 2)
		x.Routing[0].Weights[q] = 1
	}
	return x, nil
}

// run runs a test with a view.
func run(t *testing.T, o *fakeOpener, f func(t *testing.T, e *Explorer, h *hosttest.Host)) {
	t.Helper()
	hosttest.Run(t, func(t *testing.T) {
		h := &hosttest.Host{}
		f(t, New(h, o), h)
	})
}

// open opens the view at an address and waits.
func open(e *Explorer, hash string) View {
	e.Open(route.Parse(hash))
	hosttest.Rest()
	return e.View()
}

func TestAModelIsLoadedOnDemandWithItsSizeShownBefore(t *testing.T) {
	o := &fakeOpener{loader: hosttest.Loader{Bytes: 8_300_000}, gated: true}
	run(t, o, func(t *testing.T, e *Explorer, h *hosttest.Host) {
		if v := e.View(); v.Ready || v.Percent != -1 {
			t.Errorf("before a folder is chosen: %+v", v)
		}
		v := open(e, "#/model?folder=/m/")
		if v.SizeText != "8.3 MB to download" || v.Loading || v.Ready || v.Folder != "/m/" || v.Typed != "/m/" {
			t.Fatalf("before the load: %+v", v)
		}
		e.Load()
		hosttest.Rest()
		if v := e.View(); !v.Loading || v.Percent != 25 || v.Loaded != "3.0 MB of 12.0 MB" || !h.Said("Loading the model.") {
			t.Errorf("while it loads: %+v", v)
		}
		o.opened[0].Gate <- struct{}{}
		hosttest.Rest()
		v = e.View()
		if !v.Ready || v.Heat == nil || !strings.Contains(v.Picture, "<svg") || v.SizeText != "loaded, weights held as q8" || v.Draft != sample {
			t.Errorf("loaded: %+v", v)
		}
		if want := []PartRow{{"encoder", "tokens", "1,234", "5 kB"}}; !slices.Equal(v.Parts, want) || !strings.Contains(v.Kept, "x.weight") {
			t.Errorf("parts %+v, expected %+v; %q", v.Parts, want, v.Kept)
		}
		// Another folder replaces it, and its memory is freed.
		if v := open(e, "#/model?folder=/other/"); v.Ready || v.Heat != nil || len(v.Routing) > 0 || o.opened[0].closed != 1 {
			t.Errorf("the model of another folder is still shown: %+v, closed %d times", v, o.opened[0].closed)
		}
	})
}

// The button loads what the box says, whether it was chosen before or not.
func TestLoadLoadsTheFolderInTheBox(t *testing.T) {
	o := &fakeOpener{loader: hosttest.Loader{Bytes: 5}}
	run(t, o, func(t *testing.T, e *Explorer, h *hosttest.Host) {
		open(e, "#/model")
		e.SetFolder(" models/translator-magneto-en-de/ ")
		e.Load()
		hosttest.Rest()
		v := e.View()
		if !v.Ready || v.Folder != "models/translator-magneto-en-de/" || !strings.HasPrefix(v.Summary, "Models/translator-magneto-en-de/ encoder") {
			t.Errorf("loaded %q: %q", v.Folder, v.Summary)
		}
		if want := []string{"#/model?folder=models%2Ftranslator-magneto-en-de%2F"}; !slices.Equal(h.Visited(), want) {
			t.Errorf("the history has %q, expected %q", h.Visited(), want)
		}
		if len(o.opened) != 2 {
			t.Fatalf("%d folders were opened, expected the search's and the typed one", len(o.opened))
		}
		if _, loads := o.opened[0].Counts(); loads != 0 || o.opened[0].closed != 1 {
			t.Errorf("the search's model was loaded %d times and closed %d times", loads, o.opened[0].closed)
		}
		open(e, h.Address) // as the browser reports the new address
		e.Choose()
		if len(o.opened) != 2 || len(h.Visited()) != 1 {
			t.Errorf("the same folder was opened again: %d, %q", len(o.opened), h.Visited())
		}
	})
}

func TestAModelThatIsLoadedAlreadyIsShownAtOnce(t *testing.T) {
	run(t, &fakeOpener{}, func(t *testing.T, e *Explorer, h *hosttest.Host) {
		if v := open(e, "#/model"); !v.Ready || h.Said("Loading the model.") {
			t.Errorf("%+v, said %q", v, h.LastSaid())
		}
	})
}

func TestAFolderThatDoesNotExistIsCalledSo(t *testing.T) {
	o := &fakeOpener{loader: hosttest.Loader{SizeErr: host.ErrNoFolder}}
	run(t, o, func(t *testing.T, e *Explorer, h *hosttest.Host) {
		if v := open(e, "#/model?folder=/nowhere/"); v.SizeText != "there is no such folder" {
			t.Errorf("%q", v.SizeText)
		}
	})
}

func TestALoadThatFailsIsSaidAndRetried(t *testing.T) {
	o := &fakeOpener{loader: hosttest.Loader{Bytes: -1, Err: errors.New("got status 404 for config.json")}}
	run(t, o, func(t *testing.T, e *Explorer, h *hosttest.Host) {
		if v := open(e, "#/model?folder=/nowhere/"); v.SizeText != "the server does not say how large it is" || v.Failure != nil {
			t.Errorf("%+v", v)
		}
		e.Load()
		hosttest.Rest()
		v := e.View()
		if v.Failure == nil || v.Failure.Title != "The model could not be loaded" || !v.Retry || h.LastSaid() != v.Failure.Sentence() {
			t.Fatalf("%+v, said %q", v, h.LastSaid())
		}
		o.opened[0].Err = nil
		e.Load()
		hosttest.Rest()
		if v := e.View(); !v.Ready || v.Failure != nil {
			t.Errorf("the second time: %+v", v)
		}
	})
}

func TestAFolderOfAnotherSiteIsRefusedWhenItsSizeIsAskedFor(t *testing.T) {
	o := &fakeOpener{loader: hosttest.Loader{SizeErr: errors.New("this page reads models of its own site only")}}
	run(t, o, func(t *testing.T, e *Explorer, h *hosttest.Host) {
		v := open(e, "#/model?folder=https://models.example/")
		if v.Failure == nil || v.Failure.Text != "this page reads models of its own site only" || v.Retry {
			t.Errorf("%+v", v.Failure)
		}
	})
}

// A load that ends after another folder was chosen changes nothing.
func TestALateLoadIsDropped(t *testing.T) {
	o := &fakeOpener{loader: hosttest.Loader{Bytes: 5}, gated: true}
	run(t, o, func(t *testing.T, e *Explorer, h *hosttest.Host) {
		open(e, "#/model?folder=/a/")
		e.Load()
		hosttest.Rest()
		if v := open(e, "#/model?folder=/b/"); v.Failure != nil || v.Loading || v.Ready || v.Folder != "/b/" || o.opened[0].closed != 1 {
			t.Errorf("%+v, closed %d times", v, o.opened[0].closed)
		}
	})
}

func TestALoadIsCancelledAndBegunAgain(t *testing.T) {
	o := &fakeOpener{loader: hosttest.Loader{Bytes: 5}, gated: true}
	run(t, o, func(t *testing.T, e *Explorer, h *hosttest.Host) {
		e.Cancel() // nothing
		open(e, "#/model?folder=/a/")
		e.Load()
		hosttest.Rest()
		e.Cancel()
		if v := e.View(); v.Loading || v.Ready || h.LastSaid() != "Loading was cancelled." {
			t.Errorf("after Cancel: %+v, said %q", v, h.LastSaid())
		}
		close(o.opened[0].Gate)
		e.Load()
		hosttest.Rest()
		if v := e.View(); !v.Ready || v.Failure != nil {
			t.Errorf("the second time: %+v", v)
		}
	})
}

func TestAHeadsMapIsThatOfItsShares(t *testing.T) {
	run(t, &fakeOpener{}, func(t *testing.T, e *Explorer, h *hosttest.Host) {
		open(e, "#/model")
		e.SetText("one two three")
		e.Submit()
		hosttest.Rest()
		v := e.View()
		if v.Heat.Title != "Layer 0, head 0" || v.Heat.Rows[0] != (HeatRow{"one", "two 100 %"}) || v.Heat.Rows[2].Most != "one 100 %" || v.Hint != v.Heat.Summary {
			t.Errorf("head 0: %+v, %q", v.Heat.Rows, v.Hint)
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
		e.Inspect("")
		if v := e.View(); v.Heat != nil || len(v.Routing) != 0 {
			t.Error("a map of no text")
		}
	})
}

func TestACellIsMarkedByPointerAndByKeyboard(t *testing.T) {
	run(t, &fakeOpener{}, func(t *testing.T, e *Explorer, h *hosttest.Host) {
		e.Point(1, 1)
		if e.Key("ArrowUp") {
			t.Error("a key without a map was handled")
		}
		open(e, "#/model")
		e.Inspect("one two three")
		hosttest.Rest()
		heat := e.View().Heat
		for q := range 3 {
			for k := range 3 {
				x, y := heat.Place(q, k)
				e.Point(float64(x)+1, float64(y)+20)
				if v := e.View(); v.Cell == nil || *v.Cell != (Cell{x, y}) || v.Hint != heat.Share(q, k)+"." {
					t.Errorf("cell %d, %d is marked as %+v, %q", q, k, v.Cell, v.Hint)
				}
			}
		}
		e.Point(0, 0) // a label is no cell
		if v := e.View(); v.Hint != "“three” attends to “three” with 0 % of its attention." {
			t.Errorf("%q", v.Hint)
		}
		for _, c := range []struct{ key, said string }{
			{"ArrowDown", "“three” attends to “three” with 0 % of its attention."}, // at the edge
			{"ArrowUp", "“two” attends to “three” with 100 % of its attention."},
			{"ArrowLeft", "“two” attends to “two” with 0 % of its attention."},
			{"ArrowRight", "“two” attends to “three” with 100 % of its attention."},
		} {
			if !e.Key(c.key) || h.LastSaid() != c.said || e.View().Hint != c.said {
				t.Errorf("%s: said %q, expected %q", c.key, h.LastSaid(), c.said)
			}
		}
		e.Look(0, 1) // another map has no marked cell
		if v := e.View(); v.Cell != nil || e.Key("x") {
			t.Errorf("%+v", v.Cell)
		}
		if e.Key("ArrowDown"); h.LastSaid() != "“one” attends to “one” with 100 % of its attention." {
			t.Errorf("the first key: said %q", h.LastSaid())
		}
	})
}

func TestALongTextIsCutForTheMaps(t *testing.T) {
	run(t, &fakeOpener{}, func(t *testing.T, e *Explorer, h *hosttest.Host) {
		open(e, "#/model")
		e.Inspect(strings.Repeat("word ", MaxTokens+6))
		hosttest.Rest()
		v := e.View()
		if v.Heat.Left != 6 || !strings.Contains(v.Cut, "first 64 tokens") || len(v.Routing[0].Rows) != MaxTokens {
			t.Errorf("%d left, %q", v.Heat.Left, v.Cut)
		}
	})
}

func TestWhatCannotBeInspectedIsSaid(t *testing.T) {
	run(t, &fakeOpener{}, func(t *testing.T, e *Explorer, h *hosttest.Host) {
		open(e, "#/model")
		for text, says := range map[string]string{"fail": "no", "panic": "a fault", "odd": errShape.Error()} {
			e.Inspect(text)
			hosttest.Rest()
			if v := e.View(); v.Failure == nil || v.Failure.Title != "The text could not be run" || !strings.Contains(v.Failure.Text, says) || v.Retry {
				t.Errorf("%s: %+v", text, v.Failure)
			}
		}
	})
}

func TestAModelWithoutATokenizerWaitsForIDs(t *testing.T) {
	run(t, &fakeOpener{ids: true}, func(t *testing.T, e *Explorer, h *hosttest.Host) {
		if v := open(e, "#/model"); !v.Ready || v.TakesText || v.Heat != nil || v.Draft != "" {
			t.Errorf("%+v", v)
		}
	})
}

// Text from a reader or a model is text in the drawings, too.
func TestDrawingsAreWellFormedWhateverTheText(t *testing.T) {
	const evil = `"><script>alert(1)</script>&` + "\x01"
	run(t, &fakeOpener{label: evil}, func(t *testing.T, e *Explorer, h *hosttest.Host) {
		e.SetFolder(evil)
		e.Choose()
		hosttest.Rest()
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
	})
}
