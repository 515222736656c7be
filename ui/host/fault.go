package host

import (
	"context"
	"errors"
	"fmt"
)

// EngineError is an error of the lodestone module: a stable code, and a sentence that says what was found, what was expected and
// what to do.
type EngineError struct{ Code, Message string }

func (e *EngineError) Error() string { return e.Message }

// Failure is an error as the page shows it.
type Failure struct {
	Title string // what did not work
	Code  string // the stable code, for a report
	Text  string // what was found, what was expected, what to do
}

// Sentence is the failure as screen readers speak it.
func (f *Failure) Sentence() string { return f.Title + ". " + f.Text }

// FailureOf words an error. title says what the page was doing.
func FailureOf(title string, err error) *Failure {
	var e *EngineError
	if errors.As(err, &e) && e.Code != "" {
		return &Failure{title, e.Code, e.Message}
	}
	return &Failure{title, "internal", err.Error()}
}

// Canceled reports whether err only says that the page itself stopped the work.
func Canceled(err error) bool {
	var e *EngineError
	return errors.Is(err, context.Canceled) || errors.As(err, &e) && e.Code == "aborted"
}

// Try runs f and returns a panic in it as an error.
func Try(f func() error) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = &EngineError{"internal", fmt.Sprintf("%v; reload the page", r)}
		}
	}()
	return f()
}
