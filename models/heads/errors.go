package heads

import "errors"

// The kinds of errors of this package, besides those of package transformer.
var (
	// ErrNoHead: the folder holds a model without the head that was asked for.
	ErrNoHead = errors.New("no such head")
	// ErrKind: there is no head of that name.
	ErrKind = errors.New("unknown kind of head")
)
