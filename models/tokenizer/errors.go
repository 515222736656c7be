package tokenizer

import (
	"errors"

	"github.com/lodestone-wasm/lodestone/kernels/lean"
)

// The kinds of errors, for errors.Is.
var (
	// ErrInvalid: the tokenizer.json is malformed or contradicts itself.
	ErrInvalid = errors.New("invalid tokenizer")
	// ErrUnsupported: the tokenizer.json asks for something that this package does
	// not do exactly as Hugging Face tokenizers does.
	ErrUnsupported = errors.New("unsupported tokenizer")
	// ErrInvalidText: the text to encode is not UTF-8, or too long.
	ErrInvalidText = errors.New("invalid text")
	// ErrNoUnknown: the text has a character outside the vocabulary, and the
	// model names no unknown token.
	ErrNoUnknown = errors.New("no unknown token")
	// ErrOptions: the options cannot be met.
	ErrOptions = errors.New("invalid tokenizer options")

	errGrown        = lean.Errorf("%w: tokenizer: the normaliser or pre-tokenizer makes more than %d times as much of it", ErrInvalidText, maxGrowth)
	errPatternSteps = lean.Errorf("%w: tokenizer: a regular expression of the tokenizer takes too many steps; encode it in parts", ErrInvalidText)
)

// invalid reports a malformed tokenizer.json.
func invalid(format string, args ...any) error {
	return lean.Errorf("%w: %w", ErrInvalid, lean.Errorf(format, args...))
}

// unsupported refuses one kind of a component by its name.
func unsupported(component, kind, supported string) error {
	return lean.Errorf("%w: tokenizer: %s type %q is not supported; supported: %s", ErrUnsupported, component, lean.Clip(kind), supported)
}
