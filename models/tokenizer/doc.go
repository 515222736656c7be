// Package tokenizer turns text into token ids as Hugging Face tokenizers does, from
// the tokenizer.json of a model folder.
//
// Begin with [Parse] and [Tokenizer.Encode]. Text passes through five stages:
// added tokens are split off (added.go), the rest is normalised (normalizer.go,
// unicode_norm.go, bert.go, precompiled.go), cut into words (pretokenizer.go, bert.go, bytelevel.go,
// split.go) and into pieces by a model (unigram.go, wordpiece.go, bpe.go, vocab.go),
// and special tokens are placed around the result (postprocessor.go). Every byte
// carries the range of original text it came from (aligned.go), so each token has
// exact offsets whatever happened on the way.
//
// Ids, offsets, words, masks and decoded text are equal to those of the Rust library,
// version 0.22.2. A component that is not done exactly is refused by name: see [ErrUnsupported].
//
// # What is supported
//
//   - Normalisers: BertNormalizer, NFC, NFD, NFKC, NFKD, Lowercase, StripAccents, Strip, Nmt,
//     Replace, Prepend, Precompiled (the charsmap of SentencePiece), ByteLevel, Sequence.
//   - Pre-tokenizers: BertPreTokenizer, Metaspace, ByteLevel, Whitespace, WhitespaceSplit,
//     Punctuation, Digits, Split and CharDelimiterSplit with all behaviours, Sequence. Not
//     UnicodeScripts, FixedLength.
//   - Regular expressions of Split and Replace: those of GPT-2, GPT-4, GPT-4o, gpt-oss, Llama 3, Qwen 2
//     to 3.5, DeepSeek, Tekken (Mistral), Bloom, Falcon and CLIP, and others made of what these are made of (parse_pattern.go).
//   - Models: WordPiece, Unigram with byte_fallback, BPE with byte_fallback, fuse_unk, ignore_merges,
//     continuing_subword_prefix and end_of_word_suffix, WordLevel. Not BPE with dropout.
//   - Post-processors: TemplateProcessing, BertProcessing, RobertaProcessing, ByteLevel, Sequence.
//   - Decoders: WordPiece, Metaspace, ByteLevel, BPEDecoder, CTC, Replace, ByteFallback, Fuse,
//     Strip, Sequence.
//   - Added tokens with lstrip, rstrip, single_word, normalized, special.
//   - Truncation of the right or left, by [LongestFirst], [OnlyFirst] or [OnlySecond], in windows with a
//     stride ([Tokenizer.EncodeWindows]); padding ([Pad]); pairs; words ([Encoding].WordIDs).
//   - Offsets in bytes, code points ([CodePointOffsets]) and UTF-16 ([UTF16Offsets]).
//   - Where there is no tokenizer.json: vocab.txt ([ParseVocabTxt]), vocab.json and merges.txt
//     ([ParseVocabMerges]), and a .model of SentencePiece ([ParseSentencePiece]), with
//     tokenizer_config.json.
//
// # Limits
//
// Files and texts are not trusted. Texts have at most 4 MiB, and what normalisation and
// pre-tokenizers make of one at most 16 times as much. Work is linear in the text: pieces of Unigram have at
// most 128 bytes, those of WordPiece and added tokens 512, a section of the file at most
// 64 components, and regular expressions a number of steps. [Options].Poll ends a call early.
package tokenizer
