//go:build js && !vet

package lean

func vet(string, ...any) {}

func vetErrorf(string, ...any) {}
