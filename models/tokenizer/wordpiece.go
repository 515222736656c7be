package tokenizer

import (
	"unicode/utf8"

	"github.com/lodestone-wasm/lodestone/kernels/lean"
)

// wordPiece cuts a word, from the left, into the longest tokens there are; those
// that do not begin the word carry a prefix, such as ##. A word that cannot be cut so
// is the unknown token as a whole.
type wordPiece struct {
	*vocab
	unk      int32 // -1: not in the vocabulary
	prefix   string
	inside   uint32 // node of the trie at the end of prefix
	noInside bool   // no token has the prefix
	most     int64  // characters of a word; a longer one is unknown
}

func newWordPiece(v *vocab, unk, prefix string, most int64) *wordPiece {
	m := &wordPiece{vocab: v, unk: -1, prefix: prefix, most: most}
	if id, ok := v.id(unk); ok {
		m.unk = id
	}
	for i := 0; i < len(prefix) && !m.noInside; i++ {
		m.inside = v.trie.step(m.inside, prefix[i])
		m.noInside = m.inside == 0
	}
	return m
}

func (m *wordPiece) tokenize(word []byte, barred []bool, _ *workspace, out []piece) ([]piece, error) {
	n := len(out)
	if int64(len(word)) > m.most && int64(utf8.RuneCount(word)) > m.most {
		return m.unknown(word, out)
	}
	for start := 0; start < len(word); {
		node := uint32(0)
		if start > 0 {
			if m.noInside {
				return m.unknown(word, out[:n])
			}
			node = m.inside
		}
		best, end := int32(-1), 0
		for i := start; i < len(word); i++ {
			if node = m.trie.step(node, word[i]); node == 0 || i-start == maxPiece {
				break
			}
			if id := m.trie.value[node]; id >= 0 && !isBarred(barred, id) {
				best, end = id, i+1
			}
		}
		if best < 0 {
			return m.unknown(word, out[:n])
		}
		out = append(out, piece{best, int32(start), int32(end)})
		start = end
	}
	return out, nil
}

func (m *wordPiece) unknown(word []byte, out []piece) ([]piece, error) {
	if m.unk < 0 {
		return out, lean.Errorf("%w: tokenizer: %q is not in the vocabulary", ErrNoUnknown, lean.Clip(string(word)))
	}
	return append(out, piece{m.unk, 0, int32(len(word))}), nil
}
