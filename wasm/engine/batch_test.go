package main

import (
	"slices"
	"testing"

	"github.com/lodestone-wasm/lodestone/models/tokenizer"
)

func TestOffsetsCountUTF16UnitsOfTheirOwnText(t *testing.T) {
	// "🙂" is 4 bytes and 2 UTF-16 units, "é" 2 bytes and 1 unit.
	first, second := "🙂é", "éa"
	var b batch
	b.add(tokenizer.Encoding{
		IDs:     []int32{7, 8, 9, 10},
		TypeIDs: []int32{0, 0, 1, 1},
		Offsets: []tokenizer.Offset{{Start: 0, End: 4}, {Start: 4, End: 6}, {Start: 0, End: 2}, {Start: 2, End: 3}},
	}, first, second)
	if want := []int32{0, 2, 2, 3, 0, 1, 1, 2}; !slices.Equal(b.offsets, want) {
		t.Errorf("offsets %v, want %v", b.offsets, want)
	}
	b.add(tokenizer.Encoding{IDs: []int32{5}, TypeIDs: []int32{0}, Offsets: []tokenizer.Offset{{Start: 0, End: 1}}, Overflowed: true}, "x", "")
	if !slices.Equal(b.lengths, []int32{4, 1}) || !slices.Equal(b.truncated, []bool{false, true}) || !slices.Equal(b.ids, []int32{7, 8, 9, 10, 5}) {
		t.Errorf("lengths %v, truncated %v, ids %v", b.lengths, b.truncated, b.ids)
	}
}
