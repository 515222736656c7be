//go:build !js || vet

package lean

import "fmt"

// vet and vetErrorf do nothing. They forward to fmt where that is never reached, by
// which go vet learns that the functions which call them take fmt's formats: it then
// checks their calls, and those of the functions around them. Where the program is
// the engine, vet_js.go stands in, which does not import fmt.
func vet(format string, args ...any) {
	if false {
		_ = fmt.Sprintf(format, args...)
	}
}

func vetErrorf(format string, args ...any) {
	if false {
		_ = fmt.Errorf(format, args...)
	}
}
