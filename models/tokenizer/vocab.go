package tokenizer

import (
	"github.com/lodestone-wasm/lodestone/kernels/lean"
	"github.com/lodestone-wasm/lodestone/weights/strictjson"
)

// vocab is the vocabulary of a WordPiece, BPE or WordLevel model. Ids that no token has
// are "" in tokens.
type vocab struct {
	tokens []string
	trie   *trie
	count  int // of tokens
}

func (v *vocab) size() int { return len(v.tokens) }

func (v *vocab) used() int { return v.count }

//go:noinline
func (v *vocab) id(token string) (int32, bool) {
	id := v.trie.find([]byte(token))
	return id, id >= 0 && token != ""
}

func (v *vocab) token(id int32) (string, bool) {
	if id < 0 || int(id) >= len(v.tokens) || v.tokens[id] == "" {
		return "", false
	}
	return v.tokens[id], true
}

// isBarred reports whether the text may not become id.
func isBarred(barred []bool, id int32) bool { return int(id) < len(barred) && barred[id] }

// parseVocabMap reads {token: id, …}. Of two tokens with one id the Rust library keeps one by
// chance, so that is refused.
func parseVocabMap(d *strictjson.Decoder) (*vocab, error) {
	var tokens []string
	var ids []int64
	err := d.Object(func(token string) error {
		id, err := d.Int()
		if err != nil {
			return err
		}
		if token == "" || len(token) > maxToken {
			return invalid("tokenizer: model: token %d of the vocabulary has %d bytes, expected 1 to %d", len(tokens), len(token), maxToken)
		}
		tokens = append(tokens, token)
		ids = append(ids, id)
		return nil
	})
	if err != nil {
		return nil, err
	}
	if len(tokens) == 0 {
		return nil, invalid("tokenizer: model: the vocabulary is empty")
	}
	return newVocab(tokens, ids)
}

// newVocab gives tokens their ids. Some may be missing, as of tokens that were taken out.
func newVocab(tokens []string, ids []int64) (*vocab, error) {
	most := int64(len(tokens)) - 1
	for i, id := range ids {
		if id < 0 || id > int64(4*len(tokens)+1024) {
			return nil, invalid("tokenizer: model: %q has the id %d, expected 0 to %d for %d tokens", lean.Clip(tokens[i]), id, 4*len(tokens)+1024, len(tokens))
		}
		most = max(most, id)
	}
	v := &vocab{tokens: make([]string, most+1), count: len(tokens)}
	for i, id := range ids {
		if v.tokens[id] != "" {
			return nil, invalid("tokenizer: model: %q and %q both have the id %d", lean.Clip(v.tokens[id]), lean.Clip(tokens[i]), id)
		}
		v.tokens[id] = tokens[i]
	}
	v.trie, _ = buildTrie(v.tokens)
	return v, nil
}

// wordLevel is WordLevel: each word is a token, or the unknown one.
type wordLevel struct {
	*vocab
	unk int32 // -1: not in the vocabulary
}

func newWordLevel(v *vocab, unk string) *wordLevel {
	m := &wordLevel{v, -1}
	if id, ok := v.id(unk); ok {
		m.unk = id
	}
	return m
}

func (m *wordLevel) tokenize(word []byte, barred []bool, _ *workspace, out []piece) ([]piece, error) {
	id := m.trie.find(word)
	if id < 0 || isBarred(barred, id) {
		id = m.unk
	}
	if id < 0 {
		return out, lean.Errorf("%w: tokenizer: %q is not in the vocabulary", ErrNoUnknown, lean.Clip(string(word)))
	}
	return append(out, piece{id, 0, int32(len(word))}), nil
}
