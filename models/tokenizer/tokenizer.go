package tokenizer

import (
	"sync"
	"unicode/utf8"

	"github.com/lodestone-wasm/lodestone/kernels/lean"
)

// Limits on what is read. They are far above what real tokenizers and texts have,
// and bound the work that a hostile file can ask for: encoding takes at most
// maxPiece steps for each byte of text, with a Unigram model maxUnigramPiece.
const (
	maxPiece        = 512     // bytes of a piece that is looked for in text: of WordPiece, or an added token
	maxToken        = 4096    // bytes of any other token
	maxUnigramPiece = 128     // bytes of a piece of a Unigram model; SentencePiece makes 64 at most
	maxText         = 4 << 20 // bytes of one text; the longest expansions need 200 bytes of memory for each
	// Bytes of a text once it is normalised: so many for each byte and some more, and at most
	// maxGrown. The longest decomposition makes eleven of one.
	maxGrowth = 16
	maxGrown  = 48 << 20
)

// Tokenizer turns text into token ids. It is safe for concurrent use.
type Tokenizer struct {
	normalizer    normalizer   // nil: none
	preTokenizer  preTokenizer // nil: none
	model         model
	postProcessor postProcessor
	trims         []trim // what the post-processor does to offsets
	decoders      decoders

	added      []addedToken
	addedByID  map[int32]int // id -> index in added
	addedIDs   map[string]int32
	beforeNorm *splitter // added tokens looked for in the text as it is
	afterNorm  *splitter // added tokens looked for after normalisation
	barred     []bool    // by id: special tokens

	pool sync.Pool // of *workspace
}

// Options says how text is encoded. The zero value gives the tokens of the text
// alone, with special tokens in it read as ordinary characters.
type Options struct {
	// AddSpecialTokens puts the tokens of the post-processor around the text.
	AddSpecialTokens bool
	// MaxLength is the most tokens of an encoding, special tokens included; the
	// text is cut on the right, of a pair the longer text first, unless Strategy and
	// TruncateLeft say otherwise. 0 is no limit.
	MaxLength int
	// Strategy says which text of a pair MaxLength cuts.
	Strategy TruncationStrategy
	// TruncateLeft cuts texts on the left.
	TruncateLeft bool
	// ParseSpecial recognises special tokens that are written in the text, such as
	// "<mask>". Hugging Face tokenizers does so by default. Leave it off for text that users
	// wrote: then no special id comes out of the text, however it is spelled.
	ParseSpecial bool
	// SpecialPieces, without ParseSpecial, lets special tokens out of the model's
	// own vocabulary: they are not split off beforehand, but a Unigram model may
	// still find them, as with encode_special_tokens in Hugging Face tokenizers.
	// It is there to compare with files made that way.
	SpecialPieces bool
	// Marks lets the offsets of a token go on over the combining marks behind it that no
	// token stands for, so that text cut out by them keeps its accents. Hugging Face
	// tokenizers leaves out the mark of e and U+0301 where it normalises them to one character.
	Marks bool
	// Poll, if set, is called after some milliseconds of work and before each text of a
	// batch. An error of its ends the call, which returns that error.
	Poll func() error
}

// Encoding is a tokenised text or pair. The slices have one entry for each token.
type Encoding struct {
	IDs               []int32
	Offsets           []Offset // bytes of the text (of its own text in a pair)
	TypeIDs           []int32  // 0 or 1 in most templates: which text of a pair
	WordIDs           []int32  // the word of its own text, as the pre-tokenizer counts them from 0; -1 for added tokens of AddSpecialTokens
	SpecialTokensMask []uint8  // 1 for tokens that AddSpecialTokens added
	Overflowed        bool     // MaxLength cut tokens off
}

// Encode tokenises text. Errors wrap [ErrInvalidText], [ErrNoUnknown] or [ErrOptions].
func (t *Tokenizer) Encode(text string, o Options) (Encoding, error) {
	return t.encode(text, nil, o)
}

// EncodePair tokenises two texts as one sequence. Errors are those of [Tokenizer.Encode].
func (t *Tokenizer) EncodePair(a, b string, o Options) (Encoding, error) {
	return t.encode(a, &b, o)
}

func (t *Tokenizer) encode(text string, second *string, o Options) (out Encoding, err error) {
	room, err := t.room(o, second != nil)
	if err != nil {
		return out, err
	}
	ws := t.workspace()
	defer t.pool.Put(ws)
	most := room
	if second != nil || o.TruncateLeft || o.Strategy != LongestFirst {
		most = -1 // all tokens are needed
	}
	if err := t.tokenizeBoth(text, second, o, most, ws); err != nil {
		return out, err
	}
	na, nb, err := truncated(len(ws.a.ids), len(ws.b.ids), room, o.Strategy, second != nil)
	if err != nil {
		return out, err
	}
	out.Overflowed = na < len(ws.a.ids) || nb < len(ws.b.ids)
	from := Offset{}
	if o.TruncateLeft {
		from = Offset{len(ws.a.ids) - na, len(ws.b.ids) - nb}
	}
	t.join(&out, ws, Offset{from.Start, from.Start + na}, Offset{from.End, from.End + nb}, second != nil, o.AddSpecialTokens)
	return out, nil
}

// join makes an encoding of the tokens a of ws.a, and with pair b of ws.b.
func (t *Tokenizer) join(out *Encoding, ws *workspace, a, b Offset, pair, special bool) {
	ws.cutA, ws.cutB = ws.a, ws.b
	ws.cutA.keep(a.Start, a.End)
	ws.cutB.keep(b.Start, b.End)
	out.grow(len(ws.cutA.ids) + len(ws.cutB.ids) + t.postProcessor.added(pair))
	second := &ws.cutB
	if !pair {
		second = nil
	}
	t.postProcessor.process(out, &ws.cutA, second, special)
}

// tokenizeBoth fills ws.a and ws.b.
func (t *Tokenizer) tokenizeBoth(text string, second *string, o Options, room int, ws *workspace) error {
	ws.b.reset()
	err := t.tokenize(text, o, room, ws, &ws.a)
	if err == nil && second != nil {
		err = t.tokenize(*second, o, room, ws, &ws.b)
	}
	return err
}

// EncodeBatch tokenises each text; [Pad] makes a matrix of the result.
func (t *Tokenizer) EncodeBatch(texts []string, o Options) ([]Encoding, error) {
	out := make([]Encoding, len(texts))
	for i, text := range texts {
		var err error
		if o.Poll != nil {
			err = o.Poll()
		}
		if err == nil {
			out[i], err = t.Encode(text, o)
		}
		if err != nil {
			return nil, lean.Errorf("tokenizer: text %d of %d: %w", i, len(texts), err)
		}
	}
	return out, nil
}

// room is the most tokens of text under o, or -1.
func (t *Tokenizer) room(o Options, pair bool) (int, error) {
	if o.MaxLength < 0 {
		return 0, lean.Errorf("%w: tokenizer: MaxLength is %d, expected 0 or more", ErrOptions, o.MaxLength)
	}
	if o.MaxLength == 0 {
		return -1, nil
	}
	if !o.AddSpecialTokens {
		return o.MaxLength, nil
	}
	added := t.postProcessor.added(pair)
	if added > o.MaxLength {
		return 0, lean.Errorf("%w: tokenizer: MaxLength is %d, but there are %d special tokens to add", ErrOptions, o.MaxLength, added)
	}
	return o.MaxLength - added, nil
}

// tokenize fills s with the tokens of text. With room >= 0 it stops once there are
// more than room tokens.
func (t *Tokenizer) tokenize(text string, o Options, room int, ws *workspace, s *sequence) error {
	s.reset()
	if len(text) > maxText {
		return lean.Errorf("%w: tokenizer: %d bytes of text, at most %d are read; encode it in parts", ErrInvalidText, len(text), maxText)
	}
	if at := invalidUTF8(text); at >= 0 {
		return lean.Errorf("%w: tokenizer: byte %d (0x%02x) is not UTF-8", ErrInvalidText, at, text[at])
	}
	var barred []bool
	if !o.ParseSpecial && !o.SpecialPieces {
		barred = t.barred
	}
	ws.progress = progress{check: o.Poll, work: ws.work, most: min(maxGrowth*len(text)+1<<16, maxGrown), steps: patternSteps(len(text))}
	ws.section.progress = &ws.progress
	number := int32(0) // of the word
	made := 0          // bytes of words
	// trimmed leaves white space out of the range of a token. text is what it stands for, in
	// the alphabet of the vocabulary.
	trimmed := func(text string, at Offset) Offset {
		first := at
		for _, x := range t.trims {
			if o.TruncateLeft || s.cuts {
				first = x.offsets(text, first, ws.raw, true)
			}
			at = x.offsets(text, at, ws.raw, len(s.ids) == 0)
		}
		if o.TruncateLeft || s.cuts {
			s.firsts = append(s.firsts, first)
		}
		return at
	}
	add := func(id int32, at Offset) bool {
		s.ids = append(s.ids, id)
		s.offsets = append(s.offsets, at)
		s.words = append(s.words, number)
		return room < 0 || len(s.ids) <= room
	}
	word := func(w *aligned) bool {
		if made += len(w.text); made > ws.most {
			ws.fail(errGrown)
			return false
		}
		pieces, err := t.model.tokenize(w.text, barred, ws, ws.pieces[:0])
		ws.pieces = pieces
		if err != nil {
			ws.fail(err)
		}
		if ws.poll(len(w.text)) != nil {
			return false
		}
		for _, p := range pieces {
			at := w.original(int(p.lo), int(p.hi))
			if t.trims != nil {
				token, _ := t.model.token(p.id)
				at = trimmed(token, at)
			}
			if !add(p.id, at) {
				return false
			}
		}
		number++
		return true
	}
	// found adds an added token.
	found := func(id int32, token []byte, at Offset) bool {
		if t.trims != nil {
			at = trimmed(string(token), at)
		}
		more := add(id, at) && ws.poll(len(token)) == nil
		number++
		return more
	}
	part := func(lo, hi int, id int32) bool {
		if id >= 0 {
			return found(id, ws.section.text[lo:hi], ws.section.original(lo, hi))
		}
		p := ws.section.slice(lo, hi)
		if t.preTokenizer == nil {
			return word(&p)
		}
		return t.preTokenizer.preTokenize(&p, ws, word)
	}
	ws.raw = append(ws.raw[:0], text...)
	t.beforeNorm.split(ws.raw, o.ParseSpecial, func(lo, hi int, id int32) bool {
		if id >= 0 {
			return found(id, ws.raw[lo:hi], Offset{lo, hi})
		}
		ws.section.load(ws.raw, lo, hi)
		if t.normalizer != nil {
			t.normalizer.normalize(&ws.section, &ws.spare)
		}
		return ws.poll(hi-lo) == nil && t.afterNorm.split(ws.section.text, o.ParseSpecial, part)
	})
	if o.Marks {
		coverMarks(text, s.offsets)
		coverMarks(text, s.firsts)
	}
	return ws.err
}

// invalidUTF8 is the position of the first byte that is not UTF-8, or -1.
func invalidUTF8(text string) int {
	if utf8.ValidString(text) {
		return -1
	}
	for i := 0; i < len(text); {
		r, n := utf8.DecodeRuneInString(text[i:])
		if r == utf8.RuneError && n == 1 {
			return i
		}
		i += n
	}
	return -1
}

// VocabSize is one more than the largest id, added tokens included: the least number of rows of
// an embedding.
func (t *Tokenizer) VocabSize() int { return int(t.maxID()) + 1 }

// TokenToID looks a token up by its exact text.
func (t *Tokenizer) TokenToID(token string) (int32, bool) {
	if id, ok := t.addedIDs[token]; ok {
		return id, true
	}
	return t.model.id(token)
}

// IDToToken is the text of a token.
func (t *Tokenizer) IDToToken(id int32) (string, bool) {
	if i, ok := t.addedByID[id]; ok {
		return t.added[i].content, true
	}
	return t.model.token(id)
}

// InsidePrefix is what the tokens of a WordPiece model begin with that do not begin a
// word, usually "##"; "" of another model, which does not mark words so.
func (t *Tokenizer) InsidePrefix() string {
	if m, ok := t.model.(*wordPiece); ok {
		return m.prefix
	}
	return ""
}

// Decode turns ids back into text, by the decoder of the tokenizer.json. Ids outside
// the vocabulary are left out; so are special tokens with skipSpecial.
func (t *Tokenizer) Decode(ids []int32, skipSpecial bool) string {
	return string(t.AppendDecode(nil, ids, skipSpecial))
}

// AppendDecode appends to text what [Tokenizer.Decode] makes of ids. It allocates nothing
// where there is room.
func (t *Tokenizer) AppendDecode(text []byte, ids []int32, skipSpecial bool) []byte {
	ws := t.workspace()
	defer t.pool.Put(ws)
	tokens, out := &ws.tokens, &ws.decoded
	tokens.reset()
	out.reset()
	for _, id := range ids {
		if skipSpecial && id >= 0 && int(id) < len(t.barred) && t.barred[id] {
			continue
		}
		if token, ok := t.IDToToken(id); ok {
			tokens.text = append(tokens.text, token...)
			tokens.end()
		}
	}
	t.decoders.decode(tokens, out)
	return append(text, out.text...)
}

// workspace is the memory of one call, reused by later ones.
type workspace struct {
	progress
	raw             []byte
	section, spare  aligned
	texts           []*aligned
	taken           int // of texts
	best            []pathNode
	symbols         []symbol
	heap            []candidate
	affixed         []byte
	pieces          []piece
	a, b            sequence
	cutA, cutB      sequence // views of them
	tokens, decoded parts
}

func (t *Tokenizer) workspace() *workspace {
	ws, _ := t.pool.Get().(*workspace)
	if ws == nil || max(cap(ws.raw), cap(ws.tokens.text), cap(ws.decoded.text)) > 1<<20 {
		ws = new(workspace) // a huge text's memory is not kept
	}
	return ws
}

// take is a scratch text that nobody else has until give, which hands back the text taken last.
func (ws *workspace) take() *aligned {
	if ws.taken == len(ws.texts) {
		ws.texts = append(ws.texts, new(aligned))
	}
	ws.taken++
	a := ws.texts[ws.taken-1]
	a.progress = &ws.progress
	return a
}

func (ws *workspace) give() { ws.taken-- }

// path is scratch for n positions.
func (ws *workspace) path(n int) []pathNode {
	if cap(ws.best) < n {
		ws.best = make([]pathNode, n+n/4)
	}
	return ws.best[:n]
}
