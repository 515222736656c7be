package tasks

import (
	"errors"

	"github.com/lodestone-wasm/lodestone/models/generate"
)

// The kinds of errors of this package, besides those of the packages below.
var (
	// ErrInput: a text or an option that the task cannot take.
	ErrInput = errors.New("invalid input")
	// ErrHead: the model was loaded with the head of another task.
	ErrHead = errors.New("another head")
	// ErrModel: the model cannot do the task, for example because it has no decoder.
	ErrModel = errors.New("not a model for this task")
	// ErrPooling: the pooling is unknown, or the model cannot do it.
	ErrPooling = errors.New("unsupported pooling")
	// ErrLanguage: the tokenizer has no such language, or needs one that was not given.
	ErrLanguage = errors.New("unknown language")
	// ErrNotFinite: a result is NaN or infinite; the weights are damaged.
	ErrNotFinite = generate.ErrNotFinite
)
