//go:build !js || vet

package lean

import "fmt"

// vet and vetErrorf do nothing. They call fmt in a branch that never runs, from which go vet
// infers that the functions which call them take fmt's formats; it then checks calls of
// these functions and of their wrappers. The engine is compiled with vet_js.go instead,
// which does not import fmt.
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
