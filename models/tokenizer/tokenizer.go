package tokenizer

import (
	"sync"
	"unicode/utf8"

	"github.com/lodestone-wasm/lodestone/kernels/lean"
)

// Limits on what is read. They are far above what real tokenizers and texts have,
// and bound the work that a hostile file can ask for: encoding takes at most
// maxPiece steps for each byte of text.
const (
	maxPiece = 512     // bytes of one vocabulary piece or added token
	maxText  = 4 << 20 // bytes of one text; the longest expansions need 200 bytes of memory for each
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
	// text is cut on the right, of a pair the longer text first. 0 is no limit.
	MaxLength int
	// ParseSpecial recognises special tokens that are written in the text, such as
	// "<mask>". Hugging Face tokenizers does so by default. Leave it off for text that users
	// wrote: then no special id comes out of the text, however it is spelled.
	ParseSpecial bool
	// SpecialPieces, without ParseSpecial, lets special tokens out of the model's
	// own vocabulary: they are not split off beforehand, but a Unigram model may
	// still find them, as with encode_special_tokens in Hugging Face tokenizers.
	// It is there to compare with files made that way.
	SpecialPieces bool
}

// Encoding is a tokenised text or pair. The slices have one entry for each token.
type Encoding struct {
	IDs               []int32
	Offsets           []Offset // bytes of the text (of its own text in a pair)
	TypeIDs           []int32  // 0 or 1 in most templates: which text of a pair
	SpecialTokensMask []uint8  // 1 for tokens that AddSpecialTokens added
	Overflowed        bool     // MaxLength cut tokens off
}

// Encode tokenises text. Errors wrap [ErrInvalidText], [ErrNoUnknown] or [ErrOptions].
func (t *Tokenizer) Encode(text string, o Options) (Encoding, error) {
	room, err := t.room(o, false)
	if err != nil {
		return Encoding{}, err
	}
	ws := t.workspace()
	defer t.pool.Put(ws)
	var out Encoding
	if err := t.tokenize(text, o, room, ws, &ws.a); err != nil {
		return Encoding{}, err
	}
	if room >= 0 && len(ws.a.ids) > room {
		ws.a.cut(room)
		out.Overflowed = true
	}
	out.grow(len(ws.a.ids) + t.postProcessor.added(false))
	t.postProcessor.process(&out, &ws.a, nil, o.AddSpecialTokens)
	return out, nil
}

// EncodePair tokenises two texts as one sequence. Errors are those of [Tokenizer.Encode].
func (t *Tokenizer) EncodePair(a, b string, o Options) (Encoding, error) {
	room, err := t.room(o, true)
	if err != nil {
		return Encoding{}, err
	}
	ws := t.workspace()
	defer t.pool.Put(ws)
	var out Encoding
	if err := t.tokenize(a, o, -1, ws, &ws.a); err != nil {
		return Encoding{}, err
	}
	if err := t.tokenize(b, o, -1, ws, &ws.b); err != nil {
		return Encoding{}, err
	}
	na, nb := len(ws.a.ids), len(ws.b.ids)
	if room >= 0 && na+nb > room {
		na, nb = truncatePair(na, nb, room)
		ws.a.cut(na)
		ws.b.cut(nb)
		out.Overflowed = true
	}
	out.grow(na + nb + t.postProcessor.added(true))
	t.postProcessor.process(&out, &ws.a, &ws.b, o.AddSpecialTokens)
	return out, nil
}

// EncodeBatch tokenises each text; [Pad] makes a matrix of the result.
func (t *Tokenizer) EncodeBatch(texts []string, o Options) ([]Encoding, error) {
	out := make([]Encoding, len(texts))
	for i, text := range texts {
		var err error
		if out[i], err = t.Encode(text, o); err != nil {
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
	s.ids, s.offsets = s.ids[:0], s.offsets[:0]
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
	var err error
	// token is the text that the token stands for, in the alphabet of the vocabulary.
	trimmed := func(token string, at Offset) Offset {
		for _, x := range t.trims {
			at = x.offsets(token, at, ws.raw, len(s.ids) == 0)
		}
		return at
	}
	add := func(id int32, at Offset) bool {
		s.ids = append(s.ids, id)
		s.offsets = append(s.offsets, at)
		return room < 0 || len(s.ids) <= room
	}
	word := func(w *aligned) bool {
		ws.pieces, err = t.model.tokenize(w.text, barred, ws, ws.pieces[:0])
		if err != nil {
			return false
		}
		for _, p := range ws.pieces {
			at := w.original(int(p.lo), int(p.hi))
			if t.trims != nil {
				token, _ := t.model.token(p.id)
				at = trimmed(token, at)
			}
			if !add(p.id, at) {
				return false
			}
		}
		return true
	}
	part := func(lo, hi int, id int32) bool {
		if id >= 0 {
			at := ws.section.original(lo, hi)
			if t.trims != nil {
				at = trimmed(string(ws.section.text[lo:hi]), at)
			}
			return add(id, at)
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
			at := Offset{lo, hi}
			if t.trims != nil {
				at = trimmed(string(ws.raw[lo:hi]), at)
			}
			return add(id, at)
		}
		ws.section.load(ws.raw, lo, hi)
		if t.normalizer != nil {
			t.normalizer.normalize(&ws.section, &ws.spare)
		}
		return t.afterNorm.split(ws.section.text, o.ParseSpecial, part)
	})
	return err
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

// VocabSize is the number of tokens, added ones included.
func (t *Tokenizer) VocabSize() int {
	n := t.model.size()
	for _, a := range t.added {
		if int(a.id) >= t.model.size() {
			n++
		}
	}
	return n
}

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
	raw             []byte
	section, spare  aligned
	texts           []*aligned
	taken           int // of texts
	best            []pathNode
	symbols         []symbol
	heap            []candidate
	pieces          []piece
	a, b            sequence
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
	return ws.texts[ws.taken-1]
}

func (ws *workspace) give() { ws.taken-- }

// path is scratch for n positions.
func (ws *workspace) path(n int) []pathNode {
	if cap(ws.best) < n {
		ws.best = make([]pathNode, n+n/4)
	}
	return ws.best[:n]
}
