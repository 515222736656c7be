// Package remote is a client of package server over HTTP, for native programs: it makes
// keys, sends them once and classifies texts that the server cannot read.
//
// Begin at [Open], then [Session.Classify].
package remote

import (
	"bytes"
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/lodestone-wasm/lodestone/models/thex"
	"github.com/lodestone-wasm/lodestone/models/thex/client"
	"github.com/lodestone-wasm/lodestone/models/thex/server"
	"github.com/lodestone-wasm/lodestone/models/thex/wire"
)

// ErrServer: the server refused, or what it answered is not an answer.
var ErrServer = errors.New("the server did not answer as expected")

// Session is a client's keys at a server. Not for use by several goroutines at once.
type Session struct {
	url    string
	http   *http.Client
	folder *thex.Folder
	keys   *client.Keys
	// KeyBytes is the size of the message with the keys.
	KeyBytes int
}

// Step is an exchange as the client saw it.
type Step struct {
	Exchange, Up, Down int // bytes with headers
	// Server is the time until the answer was there, Client the time that decrypting and
	// encrypting took.
	Server, Client time.Duration
}

// Result is what a text was classified as. It is the client's alone: see SECURITY.md.
type Result struct {
	Label     string
	Logits    []float64
	Truncated bool // the end of the text was not read
	Steps     []Step
}

// Open checks that the server has the folder's model, makes keys and sends them. The
// client reads the folder's embeddings and tokenizer.
func Open(ctx context.Context, url string, f *thex.Folder, c *http.Client) (*Session, error) {
	s := &Session{url: strings.TrimSuffix(url, "/"), http: c, folder: f}
	text, err := s.do(ctx, http.MethodGet, "/v1/model", nil, 0, 1<<20)
	if err != nil {
		return nil, err
	}
	var d server.Description
	if err := json.Unmarshal(text, &d); err != nil {
		return nil, fmt.Errorf("remote: %w: %s/v1/model is not JSON: %w", ErrServer, s.url, err)
	}
	if want := wire.Hash(f.Plan); d.Version != wire.Version || d.Hash != hex.EncodeToString(want[:]) {
		return nil, fmt.Errorf("remote: %w: the server has version %d, hash %.12q and %d tokens, expected %d, %.12x and %d", wire.ErrParameters, d.Version, d.Hash, d.Tokens, wire.Version, want, f.Plan.Tokens)
	}
	if s.keys, err = client.NewKeys(f.Plan); err != nil {
		return nil, err
	}
	s.KeyBytes = wire.MessageBytes(wire.Keys, f.Plan, 0)
	r, w := io.Pipe()
	go func() { w.CloseWithError(s.keys.WriteMessage(w)) }()
	_, err = s.do(ctx, http.MethodPut, "/v1/keys", r, s.KeyBytes, 0)
	r.Close() // ends the writer, whether all was read or not
	return s, err
}

// do sends a body of a length and returns an answer of at most limit bytes.
func (s *Session) do(ctx context.Context, method, path string, body io.Reader, length, limit int) ([]byte, error) {
	r, err := http.NewRequestWithContext(ctx, method, s.url+path, body)
	if err != nil {
		return nil, fmt.Errorf("remote: %w", err)
	}
	if body != nil {
		r.ContentLength = int64(length)
		r.Header.Set("Content-Type", "application/octet-stream")
	}
	a, err := s.http.Do(r)
	if err != nil {
		return nil, fmt.Errorf("remote: %w", err)
	}
	defer a.Body.Close()
	if a.StatusCode >= 300 {
		text, _ := io.ReadAll(io.LimitReader(a.Body, 1<<10)) // as much of the sentence as there is
		return nil, fmt.Errorf("remote: %w: %s %s: %s: %s", ErrServer, method, path, a.Status, strings.TrimSpace(string(text)))
	}
	text, err := io.ReadAll(io.LimitReader(a.Body, int64(limit)+1))
	if err == nil && len(text) > limit {
		err = fmt.Errorf("%w: more than %d bytes", ErrServer, limit)
	}
	if err != nil {
		return nil, fmt.Errorf("remote: %s %s: %w", method, path, err)
	}
	return text, nil
}

// Classify classifies a text. progress, if set, is called after each exchange.
func (s *Session) Classify(ctx context.Context, text string, progress func(Step)) (*Result, error) {
	ids, truncated, err := s.folder.IDs(text)
	if err != nil {
		return nil, err
	}
	y := &Result{Truncated: truncated}
	begin := time.Now()
	run, message, err := s.keys.Begin(s.folder.Embeddings, ids)
	for n := 0; err == nil && message != nil; n++ {
		step := Step{Exchange: n, Up: len(message), Client: time.Since(begin)}
		begin = time.Now()
		var answer []byte
		answer, err = s.do(ctx, http.MethodPost, "/v1/messages", bytes.NewReader(message), len(message), wire.MessageBytes(wire.Down, s.folder.Plan, n))
		step.Down, step.Server = len(answer), time.Since(begin)
		begin = time.Now()
		if err == nil {
			message, err = run.Next(answer)
			y.Steps = append(y.Steps, step)
			if progress != nil {
				progress(step)
			}
		}
	}
	if err != nil {
		return nil, err
	}
	y.Logits = run.Logits()
	best := 0
	for i, v := range y.Logits {
		if v > y.Logits[best] {
			best = i
		}
	}
	y.Label = s.folder.Labels[best]
	return y, nil
}
