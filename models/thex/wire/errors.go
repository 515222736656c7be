package wire

import "errors"

// The kinds of errors of messages. Each error of this package wraps one.
var (
	// ErrFormat: not a message, or one that contradicts itself.
	ErrFormat = errors.New("not a valid message of the encrypted run")
	// ErrVersion: a message of another version.
	ErrVersion = errors.New("unsupported version of the encrypted run")
	// ErrParameters: other parameters of CKKS, or another shape.
	ErrParameters = errors.New("other parameters")
	// ErrSize: a message states another size than the plan gives it.
	ErrSize = errors.New("wrong size")
	// ErrTruncated: a message ends too early.
	ErrTruncated = errors.New("truncated message")
	// ErrLevel: a ciphertext of another level than the plan gives it.
	ErrLevel = errors.New("wrong level")
	// ErrKeys: keys that are not those of the run, or not complete.
	ErrKeys = errors.New("wrong evaluation keys")
	// ErrExchange: a message that is not the next one of its run.
	ErrExchange = errors.New("message out of order")
	// ErrRun: no such run.
	ErrRun = errors.New("unknown run")
)
