package service

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"runtime/debug"
	"slices"
	"strings"
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
	rank      *tasks.TextRanking
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
	pipeline.TextRanking.Name: {pipeline.TextRanking.Head, func(l *loaded) (err error) {
		l.rank, err = pipeline.TextRanking.Of(l.Model)
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
	limit   int64         // of waiting
	memory  uint64        // the most bytes that models take together; 0: no limit
	stack   []*entry      // what is loaded, in the order of the device's memory; who has the slot uses it
	clock   atomic.Uint64 // counts uses, so that the model that was not used for longest is known
}

// entry is a configured model.
type entry struct {
	Model
	mark      uint64        // the top of the device's memory before the model was loaded
	lastUse   atomic.Uint64 // the registry's clock
	mu        sync.Mutex
	ready     *loaded
	loading   *loading
	loads     [2]int // how many succeeded and failed
	evictions int
}

// loading is one attempt to load a model. All requests that come meanwhile wait for it.
type loading struct {
	done chan struct{}
	y    *loaded
	err  error
}

func newRegistry(dev *kernels.Device, models []Model, l Limits) *registry {
	r := &registry{dev: dev, slot: make(chan struct{}, 1), limit: int64(l.Queue), memory: l.Memory}
	for _, m := range models {
		r.entries = append(r.entries, &entry{Model: m})
	}
	return r
}

// find is the model of one of some tasks that a request calls id. "" is the first of the
// first task that has one.
func (r *registry) find(id string, taskNames ...string) (*entry, *Problem) {
	var others []string
	for _, task := range taskNames {
		for _, e := range r.entries {
			if e.Task == task && (id == "" || e.ID == id) {
				return e, nil
			}
			if e.Task == task {
				others = append(others, e.ID)
			}
		}
	}
	if len(others) == 0 {
		return nil, problem(notFound, "model", "model_not_found", "no model for %s is configured", strings.Join(taskNames, " or "))
	}
	return nil, problem(notFound, "model", "model_not_found", "the field model names no model for %s; there is %q", strings.Join(taskNames, " or "), others)
}

// open is a model ready to run. The first request loads it, and those that come meanwhile
// wait for the same load. After a failed load the next request tries again. A request that
// ends does not end the load that it began.
func (r *registry) open(ctx context.Context, e *entry) (*loaded, error) {
	e.lastUse.Store(r.clock.Add(1))
	e.mu.Lock()
	if y := e.ready; y != nil {
		e.mu.Unlock()
		return y, nil
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
	return l.y, nil
}

// load loads a model while nobody else uses the device.
func (r *registry) load(e *entry, l *loading) {
	r.slot <- struct{}{}
	l.y, l.err = r.read(e)
	if l.err == nil {
		r.stack = append(r.stack, e)
	}
	r.used.Store(r.dev.Used())
	e.mu.Lock()
	e.ready, e.loading = l.y, nil
	if l.err == nil {
		e.loads[0]++
	} else {
		e.loads[1]++
	}
	e.mu.Unlock()
	<-r.slot
	close(l.done)
}

// read brings a model into the memory of the device. After an error the device is as
// before, but for the models that were dropped to make room.
func (r *registry) read(e *entry) (y *loaded, err error) {
	e.mark = r.dev.Mark()
	defer func() { r.settle(e.mark, recover(), &err) }()
	o := pipeline.Options{DType: e.DType}
	folder, err := pipeline.Read(r.dev, e.Files, o)
	if err != nil {
		return nil, err
	}
	k := kinds[e.Task]
	if r.memory > 0 {
		needed, _, err := folder.Memory(r.dev, k.head, o)
		if err != nil {
			return nil, err
		}
		if needed > r.memory {
			return nil, fmt.Errorf("service: model %s takes %d bytes; the limit of all models is %d", e.ID, needed, r.memory)
		}
		for len(r.stack) > 0 && r.dev.Used()+needed > r.memory {
			r.evict()
		}
		e.mark = r.dev.Mark()
	}
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

// evict drops the model that was not used for longest. The device's memory is a stack, so
// the models above it are dropped too; the next request for one loads it again.
func (r *registry) evict() {
	oldest := 0
	for i, e := range r.stack {
		if e.lastUse.Load() < r.stack[oldest].lastUse.Load() {
			oldest = i
		}
	}
	r.dev.Release(r.stack[oldest].mark)
	for _, e := range r.stack[oldest:] {
		e.mu.Lock()
		e.ready = nil
		e.evictions++
		e.mu.Unlock()
	}
	r.stack = r.stack[:oldest]
}

// panicked is the error of a panic.
type panicked struct{ stack []byte }

func (p *panicked) Error() string { return "panic" }

// settle makes an error of a panic, which is what recover returned, and after an error it
// gives memory back.
func (r *registry) settle(mark uint64, panic any, err *error) {
	if panic != nil {
		*err = &panicked{debug.Stack()} // the value itself may hold a part of a text
	}
	if *err != nil {
		r.dev.Err() // forget what the call left behind
		r.dev.Release(mark)
	}
}

// maxReloads is how often a request loads a model that was dropped before its turn came.
const maxReloads = 4

// run calls use with a model while nobody else uses the device. It waits for its turn,
// unless as many wait as may: then it is an overloaded Problem. It returns how long it
// waited.
func (r *registry) run(ctx context.Context, e *entry, use func(*loaded) error) (waited time.Duration, err error) {
	defer r.waiting.Add(-1)
	if r.waiting.Add(1) > r.limit+1 {
		return 0, overload("%d requests wait already; try again later", r.limit)
	}
	began := time.Now()
	for range maxReloads {
		l, err := r.open(ctx, e)
		if err != nil {
			return time.Since(began), err
		}
		select {
		case r.slot <- struct{}{}:
		case <-ctx.Done():
			return time.Since(began), ctx.Err()
		}
		e.mu.Lock()
		dropped := e.ready != l
		e.mu.Unlock()
		if dropped {
			<-r.slot
			continue
		}
		return time.Since(began), r.use(ctx, l, use)
	}
	return time.Since(began), overload("the models that are asked for do not fit into memory together; try again later")
}

// overload is the Problem of a service that has too much to do.
func overload(format string, args ...any) *Problem {
	p := problem(overloaded, "", "overloaded", format, args...)
	p.retry = 1
	return p
}

// use calls f and gives the device to the next request.
func (r *registry) use(ctx context.Context, l *loaded, f func(*loaded) error) (err error) {
	defer func() { <-r.slot }()
	if err := ctx.Err(); err != nil {
		return err
	}
	mark := r.dev.Mark()
	defer func() { r.settle(mark, recover(), &err) }()
	return f(l)
}

// trace is the stack of a panic, "" of another error.
func trace(err error) string {
	var p *panicked
	if errors.As(err, &p) {
		return fmt.Sprintf("%s", p.stack)
	}
	return ""
}
