package chat

import "errors"

// The kinds of errors of this package.
var (
	// ErrTemplate: the template is malformed, or fails on the messages.
	ErrTemplate error = &kind{"invalid chat template", "config_invalid", "take the template from the model's release, or pass one as chat_template"}
	// ErrUnsupported: the template uses a part of Jinja that is outside the subset of this package.
	ErrUnsupported error = &kind{"unsupported chat template", "config_unsupported", "pass a template without it as chat_template, or write the prompt yourself"}
	// ErrMessages: the template refuses the messages (raise_exception), or they are no JSON.
	ErrMessages error = &kind{"invalid chat messages", "invalid_argument", ""}
	// ErrLimit: the template runs too long or writes too much.
	ErrLimit error = &kind{"the chat template exceeds a limit", "invalid_argument", ""}
	// ErrNone: the folder has no chat template, or none of the name.
	ErrNone error = &kind{"no chat template", "invalid_argument", ""}
)

// kind is a kind of errors with its code in JavaScript, which pipeline.Code asks for.
type kind struct{ text, code, remedy string }

func (k *kind) Error() string { return k.text }

// Code is the code of web/ERRORS.md and what a reader can do; "" is nothing.
func (k *kind) Code() (code, remedy string) { return k.code, k.remedy }

// Code is the code of web/ERRORS.md of an error of this package, and its text with what its
// reader can do; pipeline.Code is the same for all errors.
func Code(err error) (code, text string) {
	var k *kind
	if !errors.As(err, &k) {
		return "internal", err.Error()
	}
	if k.remedy == "" {
		return k.code, err.Error()
	}
	return k.code, err.Error() + "; " + k.remedy
}

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
