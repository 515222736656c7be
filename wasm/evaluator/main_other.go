//go:build !js

package main

func main() { println("this program runs in a web worker: GOOS=js GOARCH=wasm") }
