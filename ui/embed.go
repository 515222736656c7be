package ui

import (
	"context"
	"fmt"
	"time"
)

const (
	firstChunk  = 8
	chunkTarget = 80 * time.Millisecond // a query waits for at most one chunk
	maxChunk    = 64
)

// startEmbedding begins to embed the sentences that have no vector, unless that is under way, done or stopped; a.mu is held.
func (a *App) startEmbedding() {
	if !a.ready || a.embedding || a.stopped || a.vectors.Len() == len(a.entries) {
		return
	}
	ctx, cancel := context.WithCancel(context.Background())
	a.embedding, a.embedCancel = true, cancel
	go a.guard("embedding", func() { a.runEmbedding(ctx) })
}

// StopEmbedding ends the embedding; what has a vector stays searchable.
func (a *App) StopEmbedding() {
	a.mu.Lock()
	if a.embedding {
		a.stopped = true
		a.embedCancel()
	}
	a.mu.Unlock()
	a.o.Changed()
}

// ContinueEmbedding takes up a stopped embedding.
func (a *App) ContinueEmbedding() {
	a.mu.Lock()
	a.stopped = false
	a.startEmbedding()
	a.mu.Unlock()
	a.o.Changed()
}

// runEmbedding embeds chunk after chunk until every sentence has its vector.
func (a *App) runEmbedding(ctx context.Context) {
	var failed *Failure
	defer func() {
		a.mu.Lock()
		a.embedCancel()
		a.embedding = false
		if failed != nil {
			a.stopped = true
		}
		a.startEmbedding() // sentences that were added meanwhile, or after a cancelled chunk
		a.wantLayout()
		found := ""
		if a.vecFor != "" && !a.embedding {
			found = a.summary()
		}
		a.mu.Unlock()
		a.o.Changed()
		if found != "" {
			a.o.Announce(found)
		}
		if failed != nil {
			a.fail(failed)
		}
	}()
	chunk := firstChunk
	for ctx.Err() == nil {
		a.mu.Lock()
		n, gen := a.vectors.Len(), a.gen
		texts := make([]string, 0, chunk)
		for _, e := range a.entries[n:min(n+chunk, len(a.entries))] {
			texts = append(texts, e.Text)
		}
		a.mu.Unlock()
		if len(texts) == 0 {
			return
		}
		start := time.Now()
		vecs, dim, err := a.engine.Embed(ctx, texts)
		took := time.Since(start)
		if err == nil && (dim < 1 || len(vecs) != dim*len(texts)) {
			err = fmt.Errorf("the engine returned %d numbers for %d texts of %d numbers each", len(vecs), len(texts), dim)
		}
		a.mu.Lock()
		if err == nil && gen == a.gen {
			if err = a.vectors.Append(vecs, dim); err == nil {
				a.embedTime += took
				a.embedCount += len(texts)
				a.rank()
			}
		}
		a.mu.Unlock()
		if err != nil {
			if !canceled(err) {
				failed = failureOf("The sentences could not be embedded", err)
				failed.Retry = RetryEmbed
			}
			return
		}
		a.o.Changed()
		chunk = nextChunk(len(texts), took)
	}
}

// nextChunk chooses a number of sentences that should take about chunkTarget, given that n took so long; it at most doubles.
func nextChunk(n int, took time.Duration) int {
	want := 2 * n
	if took > 0 {
		want = min(want, int(int64(n)*int64(chunkTarget)/int64(took)))
	}
	return max(2, min(maxChunk, want))
}
