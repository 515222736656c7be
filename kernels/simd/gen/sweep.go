package main

import (
	"fmt"
	"os"
	"path/filepath"
)

// tiles are the shapes of a sweep, rows and vectors of four columns. Their sums, weights and
// activation fit into the sixteen vector registers of x86-64, or nearly.
var tiles = [][2]int{{2, 4}, {3, 2}, {4, 2}, {5, 2}, {6, 2}, {3, 4}, {4, 1}, {8, 1}}

// ones are the numbers of unrolled steps for a single row.
var ones = []int{1, 2, 4, 8}

// swept are the variants that a sweep writes. VARIANT-RxVxU has tiles of R rows, V vectors and
// U unrolled steps for all types of linear layers; 4-bit layers loop over blocks and have no
// steps to unroll. VARIANT-rowU has the committed tiles, with U unrolled steps for a single
// row.
func swept() (all []Variant) {
	for _, v := range variants {
		for _, t := range tiles {
			for _, unroll := range []int{1, 2, 4} {
				v := v
				v.Name = fmt.Sprintf("%s-%dx%dx%d", v.Name, t[0], t[1], unroll)
				v.Q8 = tiling{rows: t[0], vecs: t[1], unroll: unroll, one: v.Q8.one}
				v.Q4 = tiling{rows: t[0], vecs: t[1]}
				v.F32 = tiling{rows: t[0], vecs: t[1], unroll: unroll, one: v.F32.one}
				all = append(all, v)
			}
		}
		for _, one := range ones {
			v := v
			v.Name = fmt.Sprintf("%s-row%d", v.Name, one)
			v.Q8.one, v.F32.one = one, one
			all = append(all, v)
		}
	}
	return all
}

// sweep writes the modules of swept into dir.
func sweep(dir string) error {
	root, err := moduleRoot()
	if err != nil {
		return err
	}
	for _, v := range swept() {
		wasm, err := assemble(root, v, newModule(v).text())
		if err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(dir, v.Name+".wasm"), wasm, 0o644); err != nil {
			return err
		}
	}
	return nil
}
