package ui

import (
	"bytes"
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/vugu/vugu"
	"github.com/vugu/vugu/staticrender"
)

// fakeMeasurer answers with result, or waits for the end of the context if wait is set.
type fakeMeasurer struct {
	result Measured
	err    error
	wait   bool
	copied string
}

func (f *fakeMeasurer) Measure(ctx context.Context, progress func(Step)) (Measured, error) {
	progress(Step{"q8 kernels", 4, 10})
	if f.wait {
		<-ctx.Done()
		return Measured{}, &EngineError{"aborted", "stopped"}
	}
	return f.result, f.err
}

func (f *fakeMeasurer) Copy(text string) error {
	f.copied = text
	return nil
}

var measured = Measured{
	Kernels: "fused8", WhyKernels: "chosen by its speed here", Threads: 2, WhyThreads: "2 threads", Bytes: 8_270_000, DType: "q8",
	Rates:   []Rate{{"q8", 64, 384, 1536, 116.4e9}, {"f32", 1, 384, 1536, 21.23e9}},
	Calls:   []Call{{1, 12, 4, 1.63, 200}, {8, 240, 15.5, 13, 70}},
	Browser: "Mozilla <5.0>", Date: "2026-11-23T07:00:00Z",
}

func benchHTML(t *testing.T, b *Bench) string {
	t.Helper()
	build, err := vugu.NewBuildEnv()
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	if err := staticrender.New(&out).Render(build.RunBuild(&BenchPane{Bench: b})); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

func until(t *testing.T, b *Bench, what string, ok func(BenchView) bool) {
	t.Helper()
	for end := time.Now().Add(5 * time.Second); time.Now().Before(end); time.Sleep(time.Millisecond) {
		if ok(b.View()) {
			return
		}
	}
	t.Fatalf("no %s: %+v", what, b.View())
}

func TestBenchShowsWhatItMeasured(t *testing.T) {
	said := make(chan string, 9)
	f := &fakeMeasurer{result: measured}
	b := NewBench(f, Options{Announce: func(s string) { said <- s }})
	contains(t, benchHTML(t, b), "Measure this browser")
	b.Start()
	until(t, b, "result", func(v BenchView) bool { return v.Result != nil && !v.Running })
	contains(t, benchHTML(t, b), "Measure again", "fused8", "chosen by its speed here", "2 threads", "8.3 MB", "<svg", "8 bits, 64 tokens", "116", "21.2",
		"1 text of 12 tokens", "3,000", "8 texts of 30 tokens", "15,484", "64 × 384 × 1536", "1.63")
	contains(t, <-said, "Measuring")
	if last := <-said; !strings.Contains(last, "116 billion multiply-adds") || !strings.Contains(last, "a vector in 4.00 ms") {
		t.Errorf("a screen reader hears %q", last)
	}
	b.CopyResult()
	contains(t, f.copied, "Mozilla <5.0>", "q8 64×384×1536: 116 GMAC/s", "1 text of 12 tokens, q8 model: median 4.00 ms, shortest 1.63 ms of 200 calls")
	contains(t, benchHTML(t, b), "Copied")
}

func TestBenchCanBeStopped(t *testing.T) {
	b := NewBench(&fakeMeasurer{wait: true}, Options{})
	b.Start()
	until(t, b, "step", func(v BenchView) bool { return v.Step.Done == 4 })
	contains(t, benchHTML(t, b), "q8 kernels", `value="4"`, `max="10"`, "Stop")
	b.Start() // one at a time
	b.Stop()
	until(t, b, "end", func(v BenchView) bool { return !v.Running })
	if v := b.View(); v.Failure != nil || v.Result != nil {
		t.Errorf("after stopping: %+v", v)
	}
}

func TestBenchShowsAFailure(t *testing.T) {
	for _, f := range []*fakeMeasurer{{err: &EngineError{"network", "config.json: no <answer>"}}, {err: errors.New("no <answer>")}} {
		b := NewBench(f, Options{})
		b.Start()
		until(t, b, "failure", func(v BenchView) bool { return v.Failure != nil })
		contains(t, benchHTML(t, b), "This browser could not be measured", "no &lt;answer&gt;", "Measure this browser")
	}
}

// The longest bar fills the room; labels are text; numbers that are missing draw no bar of length NaN.
func TestBarChart(t *testing.T) {
	s := BarChart([]Bar{{"<b>", 10, "10", "q8"}, {"half", 5, "5", "q8"}, {"none", 0, "0", "q8"}}).HTML()
	contains(t, s, "&lt;b&gt;", `width="170.0"`, `width="85.0"`, `width="1.0"`) // 360 − 136 − 54 = 170
	if empty := BarChart([]Bar{{"none", 0, "0", "q8"}}).HTML(); strings.Contains(empty, "NaN") {
		t.Error(empty)
	}
}

func TestDigits(t *testing.T) {
	for x, want := range map[float64]string{116.4: "116", 21.23: "21.2", 4: "4.00", 0.123: "0.12"} {
		if got := digits(x); got != want {
			t.Errorf("%g is written %q, want %q", x, got, want)
		}
	}
}
