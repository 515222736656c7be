package depth

import (
	"context"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/lodestone-wasm/lodestone/ui/host"
	"github.com/lodestone-wasm/lodestone/ui/host/hosttest"
)

// fake is a stack whose numbers are those of its layers.
type fake struct {
	mu   sync.Mutex
	ran  []string
	err  error
	gate chan struct{}
}

func (f *fake) Run(ctx context.Context, scheme string, layers int, _ int64) (*Growth, error) {
	f.mu.Lock()
	f.ran = append(f.ran, scheme)
	gate := f.gate
	f.mu.Unlock()
	if gate != nil {
		select {
		case <-gate:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
	g := &Growth{Alpha: 1, Gain: 1, Parameters: 8192 * layers}
	for i := range layers + 1 {
		g.States, g.Moved, g.Expected = append(g.States, float32(i+1)), append(g.Moved, float32(i)/10), append(g.Expected, 1)
		if scheme == "deepnorm" {
			g.Bound = append(g.Bound, float32(i))
		}
	}
	return g, f.err
}

func run(t *testing.T, f *fake, test func(t *testing.T, d *Depth, h *hosttest.Host)) {
	t.Helper()
	hosttest.Run(t, func(t *testing.T) {
		h := &hosttest.Host{}
		test(t, New(h, f), h)
	})
}

func TestTheFourSchemesAreRunAndDrawn(t *testing.T) {
	f := &fake{}
	run(t, f, func(t *testing.T, d *Depth, h *hosttest.Host) {
		d.SetLayers("40")
		hosttest.Rest()
		if v := d.View(); len(f.ran) != 0 || v.Text != "40 layers" || v.States != "" {
			t.Fatalf("something ran before the button: %q", f.ran)
		}
		d.Press()
		hosttest.Rest()
		v := d.View()
		if !slices.Equal(f.ran, []string{"postln", "preln", "subln", "deepnorm"}) || len(v.Rows) != 4 || v.Running != "" {
			t.Fatalf("%q, %+v", f.ran, v)
		}
		if v.Rows[3] != (Row{"DeepNorm", "1", "1", "41", "1", "4", "40"}) || v.Rows[0].Bound != "none stated" {
			t.Errorf("%+v", v.Rows)
		}
		for _, svg := range []string{v.States, v.Moved} {
			if !strings.Contains(svg, "DeepNorm") || !strings.Contains(svg, "dashed") {
				t.Error(svg)
			}
		}
		if !strings.HasPrefix(h.LastSaid(), "After 40 layers: Post-LN moved by 4, ") {
			t.Errorf("said %q", h.LastSaid())
		}
		d.SetPlace("100") // from now on the slider runs at once
		hosttest.Rest()
		if v := d.View(); len(f.ran) != 8 || v.Layers != "1000" || len(v.Rows) != 4 {
			t.Errorf("%q, %+v", f.ran, v.Layers)
		}
	})
}

func TestLayersStayBetweenOneAndAThousand(t *testing.T) {
	run(t, &fake{}, func(t *testing.T, d *Depth, _ *hosttest.Host) {
		for _, c := range []struct{ text, layers, place string }{
			{"1", "1", "0"}, {"1000", "1000", "100"}, {"0", "1", "0"}, {"-7", "1", "0"}, {"1e300", "1000", "100"}, {"NaN", "1000", "100"}, {"", "1000", "100"}, {"32", "32", "50"},
		} {
			d.SetLayers(c.text)
			if v := d.View(); v.Layers != c.layers || v.Place != c.place {
				t.Errorf("%q: %s layers at %s", c.text, v.Layers, v.Place)
			}
		}
		d.SetSeed("-3")
		if v := d.View(); v.Seed != "1" {
			t.Errorf("seed %s", v.Seed)
		}
		d.SetLayers("1")
		d.Press()
		hosttest.Rest()
		if v := d.View(); len(v.Rows) != 4 || v.Moved == "" {
			t.Errorf("one layer: %+v", v)
		}
	})
}

func TestARunIsStoppedAndAFailureIsShown(t *testing.T) {
	f := &fake{}
	run(t, f, func(t *testing.T, d *Depth, h *hosttest.Host) {
		f.gate = make(chan struct{})
		d.Press()
		hosttest.Rest()
		if v := d.View(); v.Running != "Post-LN" {
			t.Fatalf("%+v", v)
		}
		d.Press()
		hosttest.Rest()
		if v := d.View(); v.Running != "" || v.Failure != nil || h.LastSaid() != "Stopped." {
			t.Fatalf("%+v", v)
		}
		f.gate, f.err = nil, &host.EngineError{Code: "out_of_memory", Message: "no room"}
		d.Press()
		hosttest.Rest()
		if v := d.View(); v.Failure == nil || v.Failure.Code != "out_of_memory" {
			t.Errorf("%+v", v)
		}
	})
}

func TestTheCurvesThatShipAreThoseOfTwoDeepStacks(t *testing.T) {
	c, err := Trained()
	if err != nil {
		t.Fatal(err)
	}
	if c.Layers < 64 || len(c.Runs) != 2 || c.Of("postln") == nil || c.Of("deepnorm") == nil || c.Of("preln") != nil {
		t.Fatalf("%+v", c)
	}
	for _, r := range c.Runs {
		end := r.Points[len(r.Points)-1]
		if len(r.Points) < 10 || end.Step != r.Steps || end.Minutes > 1.2*c.Minutes || !r.Diverged && end.Minutes < 0.9*c.Minutes {
			t.Errorf("%s: %d points to step %d of %d, %.1f minutes of %.1f", r.Norm, len(r.Points), end.Step, r.Steps, end.Minutes, c.Minutes)
		}
	}
	if svg := c.Chart(); !strings.Contains(svg, "Post-LN") || !strings.Contains(svg, "bytes alone") {
		t.Error(svg)
	}
	if len(c.Rows()) != 2 || c.About() == "" {
		t.Errorf("%+v", c.Rows())
	}
}
