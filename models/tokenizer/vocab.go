package tokenizer

import "github.com/lodestone-wasm/lodestone/weights/strictjson"

// vocab is the vocabulary of a WordPiece or BPE model: tokens with the ids 0 to n-1.
type vocab struct {
	tokens []string
	trie   *trie
}

func (v *vocab) size() int { return len(v.tokens) }

func (v *vocab) id(token string) (int32, bool) {
	id := v.trie.find([]byte(token))
	return id, id >= 0 && token != ""
}

func (v *vocab) token(id int32) (string, bool) {
	if id < 0 || int(id) >= len(v.tokens) {
		return "", false
	}
	return v.tokens[id], true
}

// isBarred reports whether the text may not become id.
func isBarred(barred []bool, id int32) bool { return int(id) < len(barred) && barred[id] }

// parseVocabMap reads {token: id, …}, whose ids must be 0 to n-1, each once: of two tokens
// with one id the Rust library keeps one by chance, and gaps move the ids of added tokens.
func parseVocabMap(d *strictjson.Decoder) (*vocab, error) {
	var tokens []string
	var ids []int64
	err := d.Object(func(token string) error {
		id, err := d.Int()
		if err != nil {
			return err
		}
		if token == "" || len(token) > maxPiece {
			return invalid("tokenizer: model: token %d of the vocabulary has %d bytes, expected 1 to %d", len(tokens), len(token), maxPiece)
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
	v := &vocab{tokens: make([]string, len(tokens))}
	for i, id := range ids {
		if id < 0 || id >= int64(len(tokens)) {
			return nil, unsupported("vocabulary", "with gaps", "the ids 0 to n-1 of n tokens")
		}
		if v.tokens[id] != "" {
			return nil, invalid("tokenizer: model: %q and %q both have the id %d", clip(v.tokens[id]), clip(tokens[i]), id)
		}
		v.tokens[id] = tokens[i]
	}
	v.trie, _ = buildTrie(v.tokens)
	return v, nil
}
