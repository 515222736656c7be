//go:build !(js && wasm)

package main

import (
	"fmt"
	"os"
)

// The same vectors run natively with go test ./models/golden.
func main() {
	fmt.Fprintln(os.Stderr, "goldentest runs in a browser: build it with GOOS=js GOARCH=wasm; natively, run lode verify or go test ./models/golden")
	os.Exit(2)
}
