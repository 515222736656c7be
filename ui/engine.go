package ui

import (
	"context"
	"errors"
	"time"
)

// Engine is what the page needs of the model; in the browser it is the lodestone module, in tests a fake.
type Engine interface {
	// Load fetches the model and makes it ready; it may be called again after a failure. progress is called any number of times.
	Load(ctx context.Context, progress func(Progress)) (Info, error)
	// Embed returns one vector of dim numbers per text, row after row.
	Embed(ctx context.Context, texts []string) (vectors []float32, dim int, err error)
}

// Progress says how much of the model has arrived; Total is 0 while unknown.
type Progress struct {
	File          string
	Loaded, Total int64 // bytes
}

// Info is what is known of a loaded model.
type Info struct {
	Bytes   int64         // of the model's files
	Took    time.Duration // from the start of loading to ready
	Kernels string        // kernel variant, such as "simd128"
	Threads int
}

// EngineError is a refusal of the engine: a stable code and a sentence that says what was found, what was expected and what to do.
type EngineError struct{ Code, Message string }

func (e *EngineError) Error() string { return e.Message }

// failureOf words an error for the page. The title says what the page was doing.
func failureOf(title string, err error) *Failure {
	var e *EngineError
	if errors.As(err, &e) && e.Code != "" {
		return &Failure{Title: title, Code: e.Code, Text: e.Message}
	}
	return &Failure{Title: title, Code: "internal", Text: err.Error()}
}

// Failure is a fault in words.
type Failure struct {
	Title string // what did not work
	Code  string // the engine's code, for a report
	Text  string // found, expected, remedy
	Retry Retry  // what the button does; RetryNone hides it
}

// Retry says what trying again means for a failure.
type Retry int

const (
	RetryNone  Retry = iota
	RetryLoad        // load the model again
	RetryEmbed       // embed the sentences that have no vector yet
	RetryQuery       // run the query again
)

// canceled reports whether err only says that the page itself stopped the work.
func canceled(err error) bool {
	var e *EngineError
	return errors.Is(err, context.Canceled) || errors.As(err, &e) && e.Code == "aborted"
}
