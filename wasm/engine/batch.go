package main

import "github.com/lodestone-wasm/lodestone/models/tokenizer"

// batch is encodings one after the other, in the form of EncodeReply in
// web/src/protocol/tokenizer.ts.
type batch struct {
	ids, typeIDs []int32
	offsets      []int32 // begin and end of each token, in UTF-16 units of its own text
	lengths      []int32 // tokens of each encoding
	truncated    []bool
}

// add appends the encoding of text, or of the pair text and second.
func (b *batch) add(e tokenizer.Encoding, text, second string) {
	b.ids = append(b.ids, e.IDs...)
	b.typeIDs = append(b.typeIDs, e.TypeIDs...)
	b.lengths = append(b.lengths, int32(len(e.IDs)))
	b.truncated = append(b.truncated, e.Overflowed)

	// A token's offsets count in the text that it came from: type 1 is the second.
	own := tokenizer.UTF16Offsets(text, e.Offsets)
	other := own
	if second != "" {
		other = tokenizer.UTF16Offsets(second, e.Offsets)
	}
	for i := range e.Offsets {
		o := own[i]
		if e.TypeIDs[i] != 0 {
			o = other[i]
		}
		b.offsets = append(b.offsets, int32(o.Start), int32(o.End))
	}
}
