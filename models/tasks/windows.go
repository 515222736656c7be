package tasks

import (
	"github.com/lodestone-wasm/lodestone/kernels/lean"
	"github.com/lodestone-wasm/lodestone/models/tokenizer"
	"github.com/lodestone-wasm/lodestone/models/transformer"
)

// framed is the tokens of an encoding that are read in windows, [first, last), and
// around them what stands in every window.
type framed struct {
	tokenizer.Encoding
	first, last int
	overlap     int // how many tokens windows share
}

// frame takes an encoding apart: its tokens from number n that are not special, and
// what is before and behind them.
func frame(e tokenizer.Encoding, n int) framed {
	f := framed{Encoding: e, last: len(e.IDs)}
	for ; f.first < len(e.IDs) && (n > 0 || e.SpecialTokensMask[f.first] != 0); f.first++ {
		if e.SpecialTokensMask[f.first] == 0 {
			n--
		}
	}
	for f.last > f.first && e.SpecialTokensMask[f.last-1] != 0 {
		f.last--
	}
	return f
}

// windows appends a part for each window of at most most tokens, its frame included.
// Neighbours share stride tokens; 0 is the smaller of otherwise and half a window.
func (f *framed) windows(parts []part, text, most, stride, otherwise int) ([]part, error) {
	around := len(f.IDs) - (f.last - f.first)
	room := most - around
	if room < 1 {
		return nil, lean.Errorf("tasks: %w: text %d: %d tokens around it leave none of %d", transformer.ErrTooLong, text, around, most)
	}
	if f.overlap = stride; stride == 0 {
		f.overlap = min(otherwise, room/2)
	}
	if f.overlap < 0 || f.overlap >= room {
		return nil, lean.Errorf("tasks: %w: text %d: a stride of %d tokens in windows of %d", ErrInput, text, stride, room)
	}
	n := f.last - f.first
	for from := 0; from < n; from += room - f.overlap {
		p := part{text: text, from: from, to: min(n, from+room)}
		p.ids, p.types = f.cut(f.IDs, p.from, p.to), f.cut(f.TypeIDs, p.from, p.to)
		parts = append(parts, p)
		if p.to == n {
			break
		}
	}
	return parts, nil
}

// cut is a window of what an encoding has for each token, with its frame.
func (f *framed) cut(list []int32, from, to int) []int32 {
	y := make([]int32, 0, len(list)-(f.last-f.first)+to-from)
	y = append(y, list[:f.first]...)
	y = append(y, list[f.first+from:f.first+to]...)
	return append(y, list[f.last:]...)
}
