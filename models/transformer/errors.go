package transformer

import "errors"

// The kinds of errors of this package, for errors.Is. The text of an error names the
// object, what was found and what was expected.
var (
	// ErrConfig: config.json is malformed or its numbers do not fit each other.
	ErrConfig = errors.New("invalid config.json")
	// ErrUnsupported: the architecture, or an option of it, is not implemented.
	ErrUnsupported = errors.New("unsupported model")
	// ErrMissingTensor: the checkpoint lacks a tensor that the configuration asks for.
	ErrMissingTensor = errors.New("missing tensor")
	// ErrUnexpectedTensor: the checkpoint has a tensor that the configuration does not explain.
	ErrUnexpectedTensor = errors.New("unexpected tensor")
	// ErrShape: a tensor does not have the shape or the type that the configuration asks for.
	ErrShape = errors.New("wrong shape")
	// ErrInput: ids, masks or positions that the model cannot take.
	ErrInput = errors.New("invalid input")
	// ErrTooLong: a sequence is longer than the model has positions.
	ErrTooLong = errors.New("sequence too long")
)
