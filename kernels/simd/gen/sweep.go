package main

import (
	"fmt"
	"os"
	"path/filepath"
)

// tiles are the shapes that a sweep tries: rows and vectors of four columns whose sums,
// weights and activation fit the sixteen vector registers of x86-64, or nearly.
var tiles = [][2]int{{2, 4}, {3, 2}, {4, 2}, {5, 2}, {6, 2}, {3, 4}, {4, 1}, {8, 1}}

// sweep writes VARIANT-RxVxU.wasm into dir: the tile of R rows, V vectors and U steps
// for both types of linear layer.
func sweep(dir string) error {
	root, err := moduleRoot()
	if err != nil {
		return err
	}
	for _, v := range variants {
		for _, t := range tiles {
			for _, unroll := range []int{1, 2, 4} {
				v := v
				v.Q8 = tiling{rows: t[0], vecs: t[1], unroll: unroll, one: v.Q8.one}
				v.F32 = tiling{rows: t[0], vecs: t[1], unroll: unroll, one: v.F32.one}
				wasm, err := assemble(root, v, newModule(v).text())
				if err != nil {
					return err
				}
				name := fmt.Sprintf("%s-%dx%dx%d.wasm", v.Name, t[0], t[1], unroll)
				if err := os.WriteFile(filepath.Join(dir, name), wasm, 0o644); err != nil {
					return err
				}
			}
		}
	}
	return nil
}
