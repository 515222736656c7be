package tasks

import (
	"github.com/lodestone-wasm/lodestone/kernels/lean"
	"github.com/lodestone-wasm/lodestone/models/tokenizer"
	"github.com/lodestone-wasm/lodestone/models/transformer"
)

// framed is an encoded text, or the second of a pair, and what stands around it in
// every window.
type framed struct {
	before, after           []int32 // ids
	beforeTypes, afterTypes []int32
	ids, types              []int32
	offsets                 []tokenizer.Offset // bytes of the text
}

// frame takes an encoding apart: its tokens from number n that are not special, and
// what is before and behind them.
func frame(e tokenizer.Encoding, n int) framed {
	first, seen := len(e.IDs), 0
	for i := range e.IDs {
		if e.SpecialTokensMask[i] == 0 {
			if seen == n {
				first = i
				break
			}
			seen++
		}
	}
	last := len(e.IDs)
	for last > first && e.SpecialTokensMask[last-1] != 0 {
		last--
	}
	if first == len(e.IDs) { // no token: the frame ends with its last special tokens
		for first > 0 && e.SpecialTokensMask[first-1] != 0 {
			first--
		}
		last = first
	}
	return framed{e.IDs[:first], e.IDs[last:], e.TypeIDs[:first], e.TypeIDs[last:], e.IDs[first:last], e.TypeIDs[first:last], e.Offsets[first:last]}
}

// window is tokens [from, to) of a framed text.
type window struct{ from, to int }

// windows covers n tokens with windows of at most room that share overlap tokens with
// the one before.
func windows(n, room, overlap int) []window {
	var all []window
	for from := 0; from < n; from += room - overlap {
		all = append(all, window{from, min(n, from+room)})
		if from+room >= n {
			break
		}
	}
	return all
}

// sequence is the ids and types of a window with its frame.
func (f *framed) sequence(w window) (ids, types []int32) {
	join := func(a, b, c []int32) []int32 {
		y := make([]int32, 0, len(a)+len(b)+len(c))
		return append(append(append(y, a...), b...), c...)
	}
	return join(f.before, f.ids[w.from:w.to], f.after), join(f.beforeTypes, f.types[w.from:w.to], f.afterTypes)
}

// room is how many tokens of the text fit into a window of most tokens, and overlap the
// number that windows share: stride, or if it is 0 otherwise.
func (f *framed) room(most, stride, otherwise int) (room, overlap int, err error) {
	around := len(f.before) + len(f.after)
	room = most - around
	if room < 1 {
		return 0, 0, lean.Errorf("%w: %d tokens around the text leave none of %d", transformer.ErrTooLong, around, most)
	}
	if overlap = stride; overlap == 0 {
		overlap = min(otherwise, room/2)
	}
	if overlap < 0 || overlap >= room {
		return 0, 0, lean.Errorf("%w: a stride of %d tokens in windows of %d", ErrInput, stride, room)
	}
	return room, overlap, nil
}
