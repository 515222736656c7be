package search

import (
	"context"
	"time"

	"github.com/lodestone-wasm/lodestone/ui/host"
)

// Sizes of the calls that embed sentences.
const (
	firstChunk  = 8
	chunkTarget = 80 * time.Millisecond // a query waits for at most one chunk
	maxChunk    = 64
)

// startEmbedding begins to embed the sentences that have no vector, unless that is in progress, done or stopped. The caller holds s.mu.
func (s *Search) startEmbedding() {
	if s.embedding || s.stopped || s.vectors.Len() == len(s.entries) || !s.Model.Ready() {
		return
	}
	ctx, cancel := context.WithCancel(context.Background())
	s.embedding, s.embedCancel = true, cancel
	go s.runEmbedding(ctx)
}

// StopEmbedding stops the embedding. Sentences that have a vector stay searchable.
func (s *Search) StopEmbedding() {
	s.mu.Lock()
	if s.embedding {
		s.stopped = true
		s.embedCancel()
	}
	s.mu.Unlock()
	s.host.Redraw()
}

// ContinueEmbedding continues a stopped embedding.
func (s *Search) ContinueEmbedding() {
	s.mu.Lock()
	s.stopped = false
	s.startEmbedding()
	s.mu.Unlock()
	s.host.Redraw()
}

// runEmbedding embeds chunk after chunk until every sentence has its vector.
func (s *Search) runEmbedding(ctx context.Context) {
	err := host.Try(func() error { return s.embedAll(ctx) })
	failed := err != nil && !host.Canceled(err)
	s.mu.Lock()
	s.embedCancel()
	s.embedding = false
	s.stopped = s.stopped || failed
	s.startEmbedding() // for sentences that were added meanwhile, or after a cancelled chunk
	s.wantLayout()
	found := ""
	if s.vecFor != "" && !s.embedding {
		found = s.summary()
	}
	s.mu.Unlock()
	s.host.Redraw()
	switch {
	case failed:
		s.fail(host.FailureOf("The sentences could not be embedded", err), retryEmbed)
	case found != "":
		s.host.Announce(found)
	}
}

func (s *Search) embedAll(ctx context.Context) error {
	chunk := firstChunk
	for ctx.Err() == nil {
		s.mu.Lock()
		n, gen := s.vectors.Len(), s.gen
		texts := make([]string, 0, chunk)
		for _, e := range s.entries[n:min(n+chunk, len(s.entries))] {
			texts = append(texts, e.Text)
		}
		s.mu.Unlock()
		if len(texts) == 0 {
			return nil
		}
		start := time.Now()
		vecs, err := s.embed(ctx, texts)
		took := time.Since(start)
		if err != nil {
			return err
		}
		s.mu.Lock()
		if gen == s.gen {
			if err = s.vectors.Append(vecs, len(vecs)/len(texts)); err == nil {
				s.embedTime += took
				s.embedCount += len(texts)
				s.rank()
			}
		}
		s.mu.Unlock()
		if err != nil {
			return err
		}
		s.host.Redraw()
		chunk = nextChunk(len(texts), took)
	}
	return ctx.Err()
}

// nextChunk chooses a number of sentences that should take about chunkTarget, after n took so long. It doubles at most.
func nextChunk(n int, took time.Duration) int {
	want := 2 * n
	if took > 0 {
		want = min(want, int(int64(n)*int64(chunkTarget)/int64(took)))
	}
	return max(2, min(maxChunk, want))
}
