package tokenizer

import (
	"strings"
	"unicode/utf8"

	"github.com/lodestone-wasm/lodestone/kernels/lean"
	"github.com/lodestone-wasm/lodestone/weights/strictjson"
)

// modelFile is the section model of tokenizer.json, read in one pass: a vocabulary is too
// big to read twice, and its type may come after it.
type modelFile struct {
	kind   string
	fields []string // in their order, without type

	unkID        int64 // Unigram
	hasUnkID     bool
	byteFallback bool
	pieces       []string
	scores       []float64

	vocab   *vocab // WordPiece, BPE
	unk     string
	hasUnk  bool
	prefix  string
	most    int64
	suffix  string
	dropout float64
	fuseUnk bool
	whole   bool
	merges  []string // left, right, left, …
}

// The fields of each type.
const (
	unigramFields   = "unk_id, vocab, byte_fallback"
	wordLevelFields = "vocab, unk_token"
	wordPieceFields = "unk_token, continuing_subword_prefix, max_input_chars_per_word, vocab"
	bpeFields       = "dropout, unk_token, continuing_subword_prefix, end_of_word_suffix, fuse_unk, byte_fallback, ignore_merges, vocab, merges"
)

func parseModel(d *strictjson.Decoder) (model, error) {
	const supported = "Unigram, WordPiece, BPE, WordLevel"
	var f modelFile
	err := d.Object(func(key string) (err error) {
		if key == "type" {
			if f.kind, err = d.String(); err == nil && !listed(supported, f.kind) {
				err = unsupported("model", f.kind, supported)
			}
			return err
		}
		f.fields = append(f.fields, key)
		return f.field(d, key)
	})
	if err != nil {
		return nil, err
	}
	if f.kind == "" { // files before 0.9 tell by the fields
		switch {
		case f.vocab != nil && f.has("merges"):
			f.kind = "BPE"
		case f.vocab != nil && f.isWordPiece():
			f.kind = "WordPiece"
		default:
			return nil, unsupported("model", "(none)", supported)
		}
	}
	known := unigramFields
	switch f.kind {
	case "WordPiece":
		known = wordPieceFields
	case "WordLevel":
		known = wordLevelFields
	case "BPE":
		known = bpeFields
	}
	for _, key := range f.fields {
		if !listed(known, key) {
			return nil, unsupported(f.kind+" field", key, known)
		}
	}
	switch f.kind {
	case "Unigram":
		if f.vocab != nil {
			return nil, unsupported("Unigram vocab", "that is not a list", "a list of pieces and scores")
		}
		if len(f.pieces) == 0 {
			return nil, invalid("tokenizer: model: the vocabulary is empty")
		}
		return newUnigram(f.pieces, f.scores, f.unkID, f.hasUnkID, f.byteFallback)
	case "WordPiece":
		if f.vocab == nil || !f.isWordPiece() {
			return nil, f.lacks(wordPieceFields)
		}
		if f.most < 0 {
			return nil, invalid("tokenizer: model: max_input_chars_per_word is %d, expected 0 or more", f.most)
		}
		return newWordPiece(f.vocab, f.unk, f.prefix, f.most), nil
	case "WordLevel":
		if f.vocab == nil || !f.hasUnk {
			return nil, f.lacks(wordLevelFields)
		}
		return newWordLevel(f.vocab, f.unk), nil
	}
	return f.bpe()
}

// listed reports whether key is among keys, which commas separate.
//
//go:noinline
func listed(keys, key string) bool {
	for more := true; more; {
		var first string
		if first, keys, more = strings.Cut(keys, ", "); first == key {
			return true
		}
	}
	return false
}

func (f *modelFile) isWordPiece() bool {
	return f.has("unk_token") && f.has("continuing_subword_prefix") && f.has("max_input_chars_per_word")
}

func (f *modelFile) lacks(expected string) error {
	return invalid("tokenizer: model: %s has the fields %s, expected %s", f.kind, lean.Clip(strings.Join(f.fields, ", ")), expected)
}

//go:noinline
func (f *modelFile) has(key string) bool {
	for _, k := range f.fields {
		if k == key {
			return true
		}
	}
	return false
}

// field reads one field of any of the models.
func (f *modelFile) field(d *strictjson.Decoder, key string) (err error) {
	if d.Peek() == strictjson.Null { // the same as its absence, where a type allows it
		switch key {
		case "unk_id", "dropout", "unk_token", "continuing_subword_prefix", "end_of_word_suffix":
			return d.Null()
		}
	}
	var to any
	switch key {
	case "unk_id":
		f.hasUnkID = true
		to = &f.unkID
	case "max_input_chars_per_word":
		to = &f.most
	case "unk_token":
		f.hasUnk = true
		to = &f.unk
	case "continuing_subword_prefix":
		to = &f.prefix
	case "end_of_word_suffix":
		to = &f.suffix
	case "byte_fallback":
		to = &f.byteFallback
	case "fuse_unk":
		to = &f.fuseUnk
	case "ignore_merges":
		to = &f.whole
	case "dropout":
		to = &f.dropout
	case "merges":
		f.merges, err = parseMerges(d)
		return err
	case "vocab":
		if d.Peek() == strictjson.Array {
			f.pieces, f.scores, err = parseVocab(d)
		} else {
			f.vocab, err = parseVocabMap(d)
		}
		return err
	default:
		return d.Skip() // refused by name once the type is known
	}
	return readInto(d, to)
}

// parseMerges reads ["a b", …] or [["a", "b"], …].
func parseMerges(d *strictjson.Decoder) (merges []string, err error) {
	err = d.Array(func(i int) error {
		if d.Peek() == strictjson.Array {
			n := 0
			err := d.Array(func(int) error {
				n++
				s, err := d.String()
				merges = append(merges, s)
				return err
			})
			if err == nil && n != 2 {
				err = invalid("tokenizer: model: merge %d has %d tokens, expected 2", i, n)
			}
			return err
		}
		s, err := d.String()
		if err != nil || strings.HasPrefix(s, "#version") {
			return err
		}
		left, right, ok := strings.Cut(s, " ")
		if !ok || strings.Contains(right, " ") {
			return invalid("tokenizer: model: merge %d is %q, expected two tokens and one space", i, lean.Clip(s))
		}
		merges = append(merges, left, right)
		return nil
	})
	return merges, err
}

// bpe makes the model. Dropout, which cuts words by chance, is refused.
func (f *modelFile) bpe() (model, error) {
	if f.vocab == nil || !f.has("merges") {
		return nil, f.lacks("vocab, a map, and merges")
	}
	if f.dropout != 0 {
		return nil, unsupported("BPE dropout", "other than 0", "null, 0")
	}
	if f.byteFallback && f.prefix+f.suffix != "" {
		return nil, unsupported("BPE byte_fallback", "with continuing_subword_prefix or end_of_word_suffix", "one of them")
	}
	m := &bpe{vocab: f.vocab, unk: -1, fuseUnk: f.fuseUnk, ignoreMerges: f.whole, prefix: f.prefix, suffix: f.suffix, merges: make(mergeTable, len(f.merges)/2)}
	if f.hasUnk {
		if id, ok := f.vocab.id(f.unk); ok {
			m.unk = id
		}
	}
	if f.byteFallback {
		m.bytes = byteIDs(f.vocab.trie)
	}
	cut := utf8.RuneCountInString(f.prefix) // as the Rust library has it: characters taken for bytes
	var both []byte
	for i := 0; i < len(f.merges); i += 2 {
		left, right := f.merges[i], f.merges[i+1]
		a, hasLeft := f.vocab.id(left)
		b, hasRight := f.vocab.id(right)
		c := int32(-1)
		if len(right) > cut {
			both = append(append(both[:0], left...), right[cut:]...)
			c = f.vocab.trie.find(both)
		}
		if !hasLeft || !hasRight || c < 0 {
			return nil, invalid("tokenizer: model: merge %d of %q and %q: they and their join must be in the vocabulary", i/2, lean.Clip(left), lean.Clip(right))
		}
		m.merges.put(a, b, int32(i/2), c)
	}
	return m, nil
}
