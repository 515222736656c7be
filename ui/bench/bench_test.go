package bench

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/lodestone-wasm/lodestone/ui/host"
	"github.com/lodestone-wasm/lodestone/ui/host/hosttest"
)

// fakeMeasurer returns result and err, or waits for the end of the context if wait is set.
type fakeMeasurer struct {
	result Measured
	err    error
	wait   bool
	panics bool
}

func (f *fakeMeasurer) Measure(ctx context.Context, progress func(Step)) (*Measured, error) {
	progress(Step{"q8 kernels", 4, 10})
	if f.panics {
		panic("no answer")
	}
	if f.wait {
		<-ctx.Done()
		return nil, &host.EngineError{Code: "aborted", Message: "stopped"}
	}
	return &f.result, f.err
}

var measured = Measured{
	Kernels: "fused8", WhyKernels: "chosen by its speed here", Threads: 2, WhyThreads: "2 threads", Bytes: 8_270_000, DType: "q8",
	Rates:   []Rate{{"q8", 64, 384, 1536, 116.4e9, false}, {"f32", 1, 384, 1536, 21.23e9, false}, {"q8", 64, 384, 1536, 900e9, true}},
	Calls:   []Call{{1, 12, 4, 1.63, 200, false}, {8, 240, 15.5, 13, 70, false}},
	Browser: "Mozilla <5.0>", Date: "2026-11-23T07:00:00Z",
}

func TestAMeasurementIsShownSaidAndCopied(t *testing.T) {
	hosttest.Run(t, func(t *testing.T) {
		h := &hosttest.Host{}
		b := New(h, &fakeMeasurer{result: measured})
		b.CopyResult() // nothing yet
		b.Start()
		if v := b.View(); !v.Running || v.Step.Name != "the model" || !h.Said("Measuring. This takes about ten seconds.") {
			t.Errorf("at first: %+v, said %q", v, h.LastSaid())
		}
		hosttest.Rest()
		v := b.View()
		if v.Running || v.Result == nil || v.Failure != nil || v.CopyVerb != "Copy as text" {
			t.Fatalf("in the end: %+v", v)
		}
		if want := "Measured. 116 billion multiply-adds a second in 8 bits. a short sentence becomes a vector in 4.00 ms. kernels fused8, 2 threads."; h.LastSaid() != want {
			t.Errorf("said %q, expected %q", h.LastSaid(), want)
		}
		b.CopyResult()
		hosttest.Rest()
		hosttest.Contains(t, h.Copied(), "Mozilla <5.0>", "kernels: fused8 (chosen by its speed here)", "q8 64×384×1536: 116 GMAC/s", "q8 64×384×1536, GPU: 900 GMAC/s",
			"1 text of 12 tokens, q8 model: median 4.00 ms, shortest 1.63 ms of 200 calls")
		if v := b.View(); v.CopyVerb != "Copied" {
			t.Errorf("the button says %q", v.CopyVerb)
		}
	})
}

func TestAMeasurementIsStopped(t *testing.T) {
	hosttest.Run(t, func(t *testing.T) {
		h := &hosttest.Host{}
		b := New(h, &fakeMeasurer{wait: true})
		b.Stop() // nothing
		b.Start()
		hosttest.Rest()
		if v := b.View(); v.Step != (Step{"q8 kernels", 4, 10}) {
			t.Errorf("%+v", v)
		}
		b.Start() // one at a time
		b.Stop()
		hosttest.Rest()
		if v := b.View(); v.Running || v.Failure != nil || v.Result != nil || h.LastSaid() != "Stopped." {
			t.Errorf("after Stop: %+v, said %q", v, h.LastSaid())
		}
	})
}

func TestAMeasurementThatFailsIsSaid(t *testing.T) {
	for code, f := range map[string]*fakeMeasurer{
		"network":  {err: &host.EngineError{Code: "network", Message: "config.json: no answer"}},
		"internal": {err: errors.New("no answer")},
		"":         {panics: true},
	} {
		hosttest.Run(t, func(t *testing.T) {
			h := &hosttest.Host{}
			b := New(h, f)
			b.Start()
			hosttest.Rest()
			v := b.View()
			if v.Failure == nil || v.Failure.Title != "This browser could not be measured" || !strings.Contains(v.Failure.Text, "no answer") || h.LastSaid() != v.Failure.Sentence() {
				t.Errorf("%q: %+v, said %q", code, v.Failure, h.LastSaid())
			}
		})
	}
}

func TestNumbersAreNamed(t *testing.T) {
	for got, want := range map[string]string{
		Rate{DType: "q8", Rows: 64}.Name():                "8 bits, 64 tokens",
		Rate{DType: "f16", Rows: 1}.Name():                "f16, 1 token",
		Rate{Rows: 1, In: 2, Out: 3}.Shape():              "1 × 2 × 3",
		Call{Texts: 8, Tokens: 240}.Name():                "8 texts of 30 tokens",
		Call{}.Name():                                     "0 texts of 0 tokens",
		measured.CallBars()[1].Text:                       "15,484", // 240 tokens in 15.5 ms
		(&Measured{Calls: []Call{{}}}).CallBars()[0].Text: "0",
		measured.RateBars()[1].Text:                       "21.2",
	} {
		if got != want {
			t.Errorf("%q, expected %q", got, want)
		}
	}
}

// The longest bar fills the room, labels are text, and a bar without a number has no length NaN.
func TestBarsAreDrawn(t *testing.T) {
	s := Chart([]Bar{{"<b>", 10, "10", "q8"}, {"half", 5, "5", "q8"}, {"none", 0, "0", "q8"}})
	hosttest.Contains(t, s, "&lt;b&gt;", `width="170.0"`, `width="85.0"`, `width="1.0"`) // 360 − 136 − 54 = 170
	if empty := Chart([]Bar{{"none", 0, "0", "q8"}}); strings.Contains(empty, "NaN") {
		t.Error(empty)
	}
}
