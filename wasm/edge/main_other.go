//go:build !js

package main

import (
	"fmt"
	"os"
)

func main() {
	fmt.Fprintln(os.Stderr, "edge: this program runs in an edge worker; make edge builds and starts it; natively, run lode serve")
	os.Exit(2)
}
