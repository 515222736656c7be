package tasks

import "errors"

// The kinds of errors of this package, besides those of the packages below.
var (
	// ErrInput: a text or an option that the task cannot take.
	ErrInput = errors.New("invalid input")
	// ErrHead: the model was loaded with the head of another task.
	ErrHead = errors.New("another head")
	// ErrNotFinite: a logit is NaN or infinite; the weights are damaged.
	ErrNotFinite = errors.New("a logit that is not finite")
)
