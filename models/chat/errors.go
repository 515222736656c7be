package chat

import "errors"

// The kinds of errors of this package.
var (
	// ErrTemplate: the template is malformed, or fails on the messages.
	ErrTemplate = errors.New("invalid chat template")
	// ErrUnsupported: the template uses a part of Jinja that is not implemented.
	ErrUnsupported = errors.New("unsupported chat template")
	// ErrMessages: the template refuses the messages (raise_exception), or they are no JSON.
	ErrMessages = errors.New("invalid chat messages")
	// ErrLimit: the template runs too long or writes too much.
	ErrLimit = errors.New("the chat template exceeds a limit")
	// ErrNone: the folder has no chat template, or none of the name.
	ErrNone = errors.New("no chat template")
)

// The limits of a template.
const (
	// MaxTemplate is the most bytes of a template.
	MaxTemplate = 256 << 10
	// MaxSteps is the most expressions and statements that a call evaluates.
	MaxSteps = 1 << 20
	// MaxText is the most bytes of text that a call makes, intermediate texts included.
	MaxText = 16 << 20
	// maxDepth is the deepest nesting of expressions and statements.
	maxDepth = 100
)
