package host

import (
	"context"
	"sync"
)

// Latest runs a slow function for the newest value only. A value that arrives during a run cancels that run and is run next;
// values between the two are skipped. At most one run is active, so the engine's queue stays short.
type Latest[T any] struct {
	run func(ctx context.Context, v T)

	mu      sync.Mutex
	busy    bool
	cancel  context.CancelFunc
	pending *T
}

// NewLatest returns a Latest for run. run must return soon after its context ends.
func NewLatest[T any](run func(ctx context.Context, v T)) *Latest[T] { return &Latest[T]{run: run} }

// Submit requests a run with v and returns at once.
func (l *Latest[T]) Submit(v T) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.busy {
		l.pending = &v
		l.cancel()
		return
	}
	l.start(v)
}

// Cancel cancels the active run and drops the value that waits.
func (l *Latest[T]) Cancel() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.pending = nil
	if l.busy {
		l.cancel()
	}
}

// start begins a run. The caller holds l.mu.
func (l *Latest[T]) start(v T) {
	ctx, cancel := context.WithCancel(context.Background())
	l.busy, l.cancel = true, cancel
	go func() {
		defer l.finish(cancel)
		l.run(ctx, v)
	}()
}

func (l *Latest[T]) finish(cancel context.CancelFunc) {
	cancel()
	l.mu.Lock()
	defer l.mu.Unlock()
	l.busy = false
	if l.pending != nil {
		v := *l.pending
		l.pending = nil
		l.start(v)
	}
}
