package service

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"runtime/debug"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/lodestone-wasm/lodestone/kernels"
	"github.com/lodestone-wasm/lodestone/models/pipeline"
	"github.com/lodestone-wasm/lodestone/models/tasks"
)

// loaded is a model in the memory of the device. One of the tasks is set.
type loaded struct {
	*pipeline.Model
	embed     *tasks.FeatureExtraction
	tag       *tasks.TokenClassification
	classify  *tasks.TextClassification
	translate *tasks.Translation
}

// kinds are the tasks that a model may be configured for.
var kinds = map[string]*struct {
	head pipeline.Head
	make func(*loaded) error
}{
	pipeline.FeatureExtraction.Name: {pipeline.FeatureExtraction.Head, func(l *loaded) (err error) {
		l.embed, err = pipeline.FeatureExtraction.Of(l.Model)
		return err
	}},
	pipeline.TokenClassification.Name: {pipeline.TokenClassification.Head, func(l *loaded) (err error) {
		l.tag, err = pipeline.TokenClassification.Of(l.Model)
		return err
	}},
	pipeline.TextClassification.Name: {pipeline.TextClassification.Head, func(l *loaded) (err error) {
		l.classify, err = pipeline.TextClassification.Of(l.Model)
		return err
	}},
	pipeline.Translation.Name: {pipeline.Translation.Head, func(l *loaded) (err error) {
		l.translate, err = pipeline.Translation.Of(l.Model)
		return err
	}},
}

func taskNames() []string { return slices.Sorted(maps.Keys(kinds)) }

// registry holds the models and the one device that they are on.
type registry struct {
	dev     *kernels.Device
	entries []*entry
	slot    chan struct{} // holds a value while the device is in use
	waiting atomic.Int64  // requests that use the device or wait for it
	used    atomic.Uint64 // bytes of the device's memory
	limit   int64
}

// entry is a configured model.
type entry struct {
	Model
	mu      sync.Mutex
	ready   *loaded
	loading *loading
	loads   [2]int // how many succeeded and failed
}

// loading is one attempt to load a model. All requests that come meanwhile wait for it.
type loading struct {
	done chan struct{}
	err  error
}

func newRegistry(dev *kernels.Device, models []Model, queue int) *registry {
	r := &registry{dev: dev, slot: make(chan struct{}, 1), limit: int64(queue)}
	for _, m := range models {
		r.entries = append(r.entries, &entry{Model: m})
	}
	return r
}

// find is the model of a task that a request calls id. "" is the first of the task.
func (r *registry) find(task, id string) (*entry, *Problem) {
	var others []string
	for _, e := range r.entries {
		if e.Task == task && (id == "" || e.ID == id) {
			return e, nil
		}
		if e.Task == task {
			others = append(others, e.ID)
		}
	}
	if len(others) == 0 {
		return nil, problem(notFound, "model", "model_not_found", "no model for %s is configured", task)
	}
	return nil, problem(notFound, "model", "model_not_found", "the field model names no model for %s; there is %q", task, others)
}

// open is a model ready to run. The first request loads it, and those that come meanwhile
// wait for the same load. After a failed load the next request tries again. A request that
// ends does not end the load that it began.
func (r *registry) open(ctx context.Context, e *entry) (*loaded, error) {
	e.mu.Lock()
	if e.ready != nil {
		e.mu.Unlock()
		return e.ready, nil
	}
	l := e.loading
	if l == nil {
		l = &loading{done: make(chan struct{})}
		e.loading = l
		go r.load(e, l)
	}
	e.mu.Unlock()
	select {
	case <-l.done:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	if l.err != nil {
		p := problem(unavailable, "model", "model_unavailable", "model %s did not load; try again later", e.ID)
		p.retry, p.cause = 5, l.err // it tells of files, not of texts
		return nil, p
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.ready, nil
}

// load loads a model while nobody else uses the device.
func (r *registry) load(e *entry, l *loading) {
	r.slot <- struct{}{}
	var y *loaded
	y, l.err = r.read(e)
	r.used.Store(r.dev.Used())
	<-r.slot
	e.mu.Lock()
	e.ready, e.loading = y, nil
	if l.err == nil {
		e.loads[0]++
	} else {
		e.loads[1]++
	}
	e.mu.Unlock()
	close(l.done)
}

// read brings a model into the memory of the device. After an error the device is as
// before.
func (r *registry) read(e *entry) (y *loaded, err error) {
	mark := r.dev.Mark()
	defer r.settle(mark, &err)
	o := pipeline.Options{DType: e.DType}
	folder, err := pipeline.Read(r.dev, e.Files, o)
	if err != nil {
		return nil, err
	}
	k := kinds[e.Task]
	m, err := folder.Load(r.dev, k.head, o)
	if err != nil {
		return nil, err
	}
	y = &loaded{Model: m}
	if err := k.make(y); err != nil {
		return nil, err
	}
	return y, nil
}

// panicked is the error of a panic.
type panicked struct{ stack []byte }

func (p *panicked) Error() string { return "panic" }

// settle makes an error of a panic, and after an error it gives memory back.
func (r *registry) settle(mark uint64, err *error) {
	if p := recover(); p != nil {
		*err = &panicked{debug.Stack()} // p itself may hold a part of a text
	}
	if *err != nil {
		r.dev.Err() // forget what the call left behind
		r.dev.Release(mark)
	}
}

// run calls use while nobody else uses the device. It waits for its turn, unless as many
// wait as may: then it is an overloaded Problem. It returns how long it waited.
func (r *registry) run(ctx context.Context, use func() error) (waited time.Duration, err error) {
	defer r.waiting.Add(-1)
	if r.waiting.Add(1) > r.limit+1 {
		p := problem(overloaded, "", "overloaded", "%d requests wait already; try again later", r.limit)
		p.retry = 1
		return 0, p
	}
	began := time.Now()
	select {
	case r.slot <- struct{}{}:
	case <-ctx.Done():
		return time.Since(began), ctx.Err()
	}
	defer func() { <-r.slot }()
	waited = time.Since(began)
	if err := ctx.Err(); err != nil {
		return waited, err
	}
	mark := r.dev.Mark()
	defer r.settle(mark, &err)
	return waited, use()
}

// trace is the stack of a panic, "" of another error.
func trace(err error) string {
	var p *panicked
	if errors.As(err, &p) {
		return fmt.Sprintf("%s", p.stack)
	}
	return ""
}
