// Command gen writes the kernel modules of package simd.
//
//	go run ./kernels/simd/gen          writes kernels/simd/VARIANT.wasm and .sum, and
//	                                   VARIANT-shared.wasm for threads
//	go run ./kernels/simd/gen -check   fails if the files differ from what it would write
//	go run ./kernels/simd/gen -wat     prints the text format instead
//	go run ./kernels/simd/gen -sweep DIR   writes modules with other tiles, for tune.mjs
//
// It emits the WebAssembly text format, in the style of mmcloughlin/avo, and runs
// Binaryen's wasm-as and wasm-opt, which npm ci installs, to assemble it. The .sum file
// has the hashes of the text and of the module, so that a Go test detects a stale module
// without Node.js.
//
// Begin with Variant in module.go, then read one kernel, for example elementwise.go. fn.go
// and wat.go are the language in which kernels are written. The linear layers share
// epilogue.go. Threads are in threads.go and parallel.go.
package main

import (
	"bytes"
	"crypto/sha256"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
)

func main() {
	check := flag.Bool("check", false, "compare with the files instead of writing them")
	wat := flag.Bool("wat", false, "print the text and write nothing")
	dir := flag.String("sweep", "", "write a module for each tile worth trying into this folder")
	flag.Parse()
	if *dir != "" {
		if err := sweep(*dir); err != nil {
			fmt.Fprintln(os.Stderr, "gen:", err)
			os.Exit(1)
		}
		return
	}
	for _, v := range variants {
		for _, form := range []struct {
			v    Variant
			text string
		}{{v, newModule(v).text()}, {v.shared(), sharedText(v)}} {
			if *wat {
				fmt.Print(form.text)
				continue
			}
			if err := produce(form.v, form.text, *check); err != nil {
				fmt.Fprintln(os.Stderr, "gen:", err)
				os.Exit(1)
			}
		}
	}
}

// produce writes the files of a variant, or compares them.
func produce(v Variant, text string, check bool) error {
	root, err := moduleRoot()
	if err != nil {
		return err
	}
	wasm, err := assemble(root, v, text)
	if err != nil {
		return err
	}
	base := filepath.Join(root, "kernels", "simd", v.Name)
	for _, file := range []struct {
		path string
		want []byte
	}{{base + ".wasm", wasm}, {base + ".sum", sums(text, wasm)}} {
		if !check {
			if err := os.WriteFile(file.path, file.want, 0o644); err != nil {
				return err
			}
			continue
		}
		have, err := os.ReadFile(file.path)
		if err != nil {
			return err
		}
		if !bytes.Equal(have, file.want) {
			return fmt.Errorf("%s is stale: run go run ./kernels/simd/gen", file.path)
		}
	}
	if !check {
		fmt.Printf("%s: %d bytes\n", base+".wasm", len(wasm))
	}
	return nil
}

// sums is the content of the .sum file.
func sums(text string, wasm []byte) []byte {
	return fmt.Appendf(nil, "wat %x\nwasm %x\n", sha256.Sum256([]byte(text)), sha256.Sum256(wasm))
}

// assemble runs wasm-as, and wasm-opt for size: without it the kernels are as fast, and a
// tenth larger.
func assemble(root string, v Variant, text string) ([]byte, error) {
	dir, err := os.MkdirTemp("", "kernels")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	in, out := filepath.Join(dir, "in.wat"), filepath.Join(dir, "out.wasm")
	if err := os.WriteFile(in, []byte(text), 0o600); err != nil {
		return nil, err
	}
	for _, step := range [][]string{{"wasm-as", in, "-o", out}, {"wasm-opt", "-Os", out, "-o", out}} {
		tool := filepath.Join(root, "node_modules", ".bin", step[0])
		if msg, err := exec.Command(tool, append(step[1:], v.Features...)...).CombinedOutput(); err != nil {
			return nil, fmt.Errorf("%s: %w (npm ci installs it)\n%s", tool, err, msg)
		}
	}
	return os.ReadFile(out)
}

// moduleRoot is the nearest directory with a go.mod, from the working directory up.
func moduleRoot() (string, error) {
	dir, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir, nil
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			return "", fmt.Errorf("no go.mod in the working directory or above it: run gen inside the repository")
		}
		dir = parent
	}
}
