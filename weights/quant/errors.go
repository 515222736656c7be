package quant

import (
	"errors"

	"github.com/lodestone-wasm/lodestone/kernels/lean"
)

// The kinds of errors, for errors.Is.
var (
	ErrNotFinite   = errors.New("a weight is NaN or infinite")
	ErrShape       = errors.New("shapes disagree")
	ErrScale       = errors.New("scales that do not fit their weights")
	ErrConfig      = errors.New("not a valid quantization_config")
	ErrUnsupported = errors.New("a quantisation that is not supported")
	ErrState       = errors.New("the folder is not in the state that was asked for") // quantised already, or not at all
	ErrOutput      = errors.New("the output folder cannot be used")
)

func refuse(kind error, format string, args ...any) error {
	return lean.Refuse(kind, "quant: "+format, args...)
}
