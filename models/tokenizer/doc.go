// Package tokenizer turns text into token ids as Hugging Face tokenizers does, from
// the tokenizer.json of a model folder.
//
// Begin with [Parse] and [Tokenizer.Encode]. Text passes through five stages, one file each:
// added tokens are split off (added.go), the rest is normalised (normalizer.go,
// unicode_norm.go, bert.go), cut into words (pretokenizer.go, bert.go, bytelevel.go) and into
// pieces by a Unigram, WordPiece or BPE model (unigram.go, wordpiece.go, bpe.go),
// and special tokens are placed around the result (postprocessor.go). Every byte
// carries the range of original text it came from (aligned.go), so each token has
// exact offsets whatever happened on the way.
//
// Ids and offsets are equal to those of the Rust library, version 0.22.2. A component that
// is not done exactly is refused by name: see [ErrUnsupported].
package tokenizer
