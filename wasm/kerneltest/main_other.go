//go:build !(js && wasm)

package main

import (
	"fmt"
	"os"
)

// The same table runs natively with go test ./kernels/kerneltest.
func main() {
	fmt.Fprintln(os.Stderr, "kerneltest runs in a browser: build it with GOOS=js GOARCH=wasm; natively, run go test ./kernels/kerneltest")
	os.Exit(2)
}
