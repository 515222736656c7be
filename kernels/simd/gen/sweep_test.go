package main

import "testing"

// A sweep tries every tile in every type of layer and every unrolling of a single row, the
// committed ones included.
func TestTheSweepTriesTheTilesOfEveryLayer(t *testing.T) {
	text := func(v Variant) string {
		v.Name = "any"
		return newModule(v).text()
	}
	names, texts := map[string]bool{}, map[string]bool{}
	q8, q4, f32 := map[tiling]bool{}, map[tiling]bool{}, map[tiling]bool{}
	for _, v := range swept() {
		if names[v.Name] {
			t.Errorf("%s twice", v.Name)
		}
		names[v.Name], texts[text(v)] = true, true
		q8[v.Q8], q4[v.Q4], f32[v.F32] = true, true, true
	}
	for _, tile := range tiles {
		if want := (tiling{rows: tile[0], vecs: tile[1]}); !q4[want] {
			t.Errorf("four bits: the tile %v is not tried", tile)
		}
		for _, unroll := range []int{1, 2, 4} {
			if want := (tiling{rows: tile[0], vecs: tile[1], unroll: unroll, one: 4}); !q8[want] || !f32[want] {
				t.Errorf("the tile %v with %d steps is not tried", tile, unroll)
			}
		}
	}
	for _, v := range variants {
		for _, one := range append([]int{v.Q8.one}, ones...) {
			v.Q8.one, v.F32.one = one, one
			if !texts[text(v)] {
				t.Errorf("%s with %d steps of a single row is not tried", v.Name, one)
			}
		}
	}
}
