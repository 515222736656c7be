package ui

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"sync"
)

// Measurer measures the browser; in the page it is the module's benchmark().
type Measurer interface {
	// Measure takes some ten seconds; ending ctx stops it. progress is called before each step.
	Measure(ctx context.Context, progress func(Step)) (Measured, error)
	// Copy puts text where the reader can paste it from.
	Copy(text string) error
}

// Step is one part of a measurement; Done of Total lie behind. Total is 0 while the model loads.
type Step struct {
	Name        string
	Done, Total int
}

// Measured is what a measurement found.
type Measured struct {
	Kernels, WhyKernels string // the variant that ran, and the reason of the choice
	Threads             int
	WhyThreads          string
	Bytes               int64 // of the model's weights
	DType               string
	Rates               []Rate
	Calls               []Call
	Browser             string
	Date                string // ISO 8601
}

// Rate is how fast the kernels ran a linear layer.
type Rate struct {
	DType           string
	Rows, In, Out   int
	MultiplyAddsPer float64 // a second
}

// Call is how long texts took to become vectors.
type Call struct {
	Texts, Tokens    int     // of all texts together
	Median, Shortest float64 // milliseconds
	Count            int
}

// Bench is the state of the view that measures the reader's own browser. All methods may be called from any goroutine.
type Bench struct {
	measurer Measurer
	o        Options

	mu      sync.Mutex
	running context.CancelFunc // nil while nothing runs
	step    Step
	result  *Measured
	failure *Failure
	copied  bool
}

// NewBench returns the state before anything was measured. Of the options it uses Changed and Announce.
func NewBench(m Measurer, o Options) *Bench {
	if o.Changed == nil {
		o.Changed = func() {}
	}
	if o.Announce == nil {
		o.Announce = func(string) {}
	}
	return &Bench{measurer: m, o: o}
}

// Start measures, unless that is under way.
func (b *Bench) Start() {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.running != nil {
		return
	}
	ctx, cancel := context.WithCancel(context.Background())
	b.running, b.failure, b.step, b.copied = cancel, nil, Step{Name: "the model"}, false
	go b.run(ctx)
	b.o.Changed()
	b.o.Announce("Measuring. This takes about ten seconds.")
}

// Stop ends a measurement; what was measured before stays.
func (b *Bench) Stop() {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.running != nil {
		b.running()
	}
}

func (b *Bench) run(ctx context.Context) {
	var m Measured
	err := fmt.Errorf("it ended without an answer; reload the page")
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("%v; reload the page", r)
		}
		said := "Stopped."
		b.mu.Lock()
		b.running = nil
		switch {
		case err == nil:
			b.result = &m
			said = "Measured. " + strings.Join(m.Summary(), ". ") + "."
		case !canceled(err):
			b.failure = failureOf("This browser could not be measured", err)
			said = b.failure.Title + ". " + b.failure.Text
		}
		b.mu.Unlock()
		b.o.Changed()
		b.o.Announce(said)
	}()
	m, err = b.measurer.Measure(ctx, func(s Step) {
		b.mu.Lock()
		b.step = s
		b.mu.Unlock()
		b.o.Changed()
	})
}

// CopyResult hands the numbers over as text.
func (b *Bench) CopyResult() {
	b.mu.Lock()
	m := b.result
	b.mu.Unlock()
	if m == nil {
		return
	}
	err := b.measurer.Copy(m.Text())
	b.mu.Lock()
	b.copied = err == nil
	b.mu.Unlock()
	b.o.Changed()
	if err != nil {
		b.o.Announce("The numbers could not be copied: " + err.Error())
		return
	}
	b.o.Announce("Copied.")
}

// BenchView is what the pane shows at one moment.
type BenchView struct {
	Running bool
	Step    Step
	Result  *Measured // nil before the first; not to be changed
	Failure *Failure
	Copied  bool
}

// View returns what is to be shown now.
func (b *Bench) View() BenchView {
	b.mu.Lock()
	defer b.mu.Unlock()
	return BenchView{Running: b.running != nil, Step: b.step, Result: b.result, Failure: b.failure, Copied: b.copied}
}

// Summary says the result in a few short sentences.
func (m *Measured) Summary() []string {
	var s []string
	for _, r := range m.Rates {
		if r.DType == "q8" && r.Rows > 1 {
			s = append(s, fmt.Sprintf("%s billion multiply-adds a second in 8 bits", digits(r.MultiplyAddsPer/1e9)))
		}
	}
	if len(m.Calls) > 0 {
		s = append(s, fmt.Sprintf("a short sentence becomes a vector in %s ms", digits(m.Calls[0].Median)))
	}
	return append(s, fmt.Sprintf("kernels %s, %s", m.Kernels, Count(m.Threads, "thread", "threads")))
}

// RateBars are the kernels' rates as bars.
func (m *Measured) RateBars() []Bar {
	var bars []Bar
	for _, r := range m.Rates {
		bars = append(bars, Bar{Label: r.Name(), Value: r.MultiplyAddsPer / 1e9, Text: digits(r.MultiplyAddsPer / 1e9), Group: r.DType})
	}
	return bars
}

// CallBars are the tokens a second of the model as bars.
func (m *Measured) CallBars() []Bar {
	var bars []Bar
	for _, c := range m.Calls {
		perSecond := float64(c.Tokens) / c.Median * 1000
		bars = append(bars, Bar{Label: c.Name(), Value: perSecond, Text: strings.TrimSpace(Count(int(perSecond+0.5), "", "")), Group: "model"})
	}
	return bars
}

// Name words a layer: what a reader would do with it.
func (r Rate) Name() string {
	kind := map[string]string{"q8": "8 bits", "q4": "4 bits", "f32": "float32"}[r.DType]
	if r.Rows == 1 {
		return kind + ", one token"
	}
	return kind + ", " + strconv.Itoa(r.Rows) + " tokens"
}

// Name words a call.
func (c Call) Name() string {
	if c.Texts == 1 {
		return fmt.Sprintf("1 text of %d tokens", c.Tokens)
	}
	return fmt.Sprintf("%d texts of %d tokens", c.Texts, c.Tokens/c.Texts)
}

// Text is the result for a report.
func (m *Measured) Text() string {
	var t strings.Builder
	fmt.Fprintf(&t, "Lodestone, %s\n%s\nkernels: %s (%s)\nthreads: %d (%s)\n", m.Date, m.Browser, m.Kernels, m.WhyKernels, m.Threads, m.WhyThreads)
	for _, r := range m.Rates {
		fmt.Fprintf(&t, "%s %d×%d×%d: %s GMAC/s\n", r.DType, r.Rows, r.In, r.Out, digits(r.MultiplyAddsPer/1e9))
	}
	for _, c := range m.Calls {
		fmt.Fprintf(&t, "%s, %s model: median %s ms, shortest %s ms of %d calls\n", c.Name(), m.DType, digits(c.Median), digits(c.Shortest), c.Count)
	}
	return t.String()
}

// digits writes x with three digits that count, as far as they stand before the point or close behind it.
func digits(x float64) string {
	switch {
	case x >= 100:
		return strconv.FormatFloat(x, 'f', 0, 64)
	case x >= 10:
		return strconv.FormatFloat(x, 'f', 1, 64)
	}
	return strconv.FormatFloat(x, 'f', 2, 64)
}
