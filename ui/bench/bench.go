package bench

import (
	"context"
	"strings"
	"sync"

	"github.com/lodestone-wasm/lodestone/ui/host"
)

// Measurer measures the browser. In the page it is the module's benchmark().
type Measurer interface {
	// Measure takes about ten seconds. progress is called before each step. When ctx ends, the call ends.
	Measure(ctx context.Context, progress func(Step)) (*Measured, error)
}

// Step is one part of a measurement. Total is 0 while the model loads.
type Step struct {
	Name        string
	Done, Total int
}

// Bench is the state of the view. All methods may be called from any goroutine; none blocks.
type Bench struct {
	host     host.Host
	measurer Measurer
	copied   *host.Copier

	mu      sync.Mutex
	running context.CancelFunc // nil while nothing runs
	step    Step
	result  *Measured
	failure *host.Failure
}

// New returns the state before anything was measured.
func New(h host.Host, m Measurer) *Bench {
	return &Bench{host: h, measurer: m, copied: host.NewCopier(h, "the result")}
}

// Start measures, unless a measurement is in progress.
func (b *Bench) Start() {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.running != nil {
		return
	}
	ctx, cancel := context.WithCancel(context.Background())
	b.running, b.failure, b.step = cancel, nil, Step{Name: "the model"}
	b.copied.Reset()
	go b.run(ctx)
	b.host.Redraw()
	b.host.Say("Measuring. This takes about ten seconds.")
}

// Stop cancels a measurement. An earlier result stays.
func (b *Bench) Stop() {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.running != nil {
		b.running()
	}
}

func (b *Bench) run(ctx context.Context) {
	var m *Measured
	err := host.Try(func() (err error) {
		m, err = b.measurer.Measure(ctx, func(s Step) {
			b.mu.Lock()
			b.step = s
			b.mu.Unlock()
			b.host.Redraw()
		})
		return err
	})
	said := "Stopped."
	b.mu.Lock()
	b.running = nil
	switch {
	case err == nil:
		b.result = m
		said = "Measured. " + strings.Join(m.Summary(), ". ") + "."
	case !host.Canceled(err):
		b.failure = host.FailureOf("This browser could not be measured", err)
		said = b.failure.Sentence()
	}
	b.mu.Unlock()
	b.host.Redraw()
	b.host.Say(said)
}

// CopyResult puts the result on the clipboard as text.
func (b *Bench) CopyResult() {
	if m := b.View().Result; m != nil {
		b.copied.Copy(m.Text())
	}
}

// View is a copy of the state at one moment, for the component.
type View struct {
	Running  bool
	Step     Step
	Result   *Measured // nil before the first; not to be changed
	Failure  *host.Failure
	CopyVerb string
}

// View returns what to show now.
func (b *Bench) View() View {
	b.mu.Lock()
	defer b.mu.Unlock()
	return View{Running: b.running != nil, Step: b.step, Result: b.result, Failure: b.failure, CopyVerb: b.copied.Verb("Copy as text")}
}
