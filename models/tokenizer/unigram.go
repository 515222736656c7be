package tokenizer

import (
	"unicode/utf8"

	"github.com/lodestone-wasm/lodestone/kernels/lean"
)

// model cuts one word into pieces.
type model interface {
	// tokenize appends the pieces of word to out. Pieces whose ids are marked in
	// barred (nil: none) must not come out of the text.
	tokenize(word []byte, barred []bool, ws *workspace, out []piece) ([]piece, error)
	size() int // one more than the largest id
	used() int // the number of tokens
	id(token string) (int32, bool)
	token(id int32) (string, bool)
}

// piece is a token of a word: its id and its bytes lo to hi.
type piece struct{ id, lo, hi int32 }

// unigram finds the segmentation of a word with the highest sum of log
// probabilities (Kudo 2018, arXiv:1804.10959), in float64 and with the ties of the
// Rust library: of equal paths the one found first, from the earlier start, stays.
type unigram struct {
	pieces   []string
	scores   []float64 // natural log probabilities, one for each piece
	trie     *trie
	unk      int32 // -1: none
	unkScore float64
	bytes    []int32 // ids of <0x00> to <0xFF>, -1 where missing; nil without byte fallback
}

// unkPenalty is how far the unknown character lies below the rarest piece.
const unkPenalty = 10

// pathNode is the best way to get to one position of a word.
type pathNode struct {
	score float64
	start int32 // where the last piece begins; -1: not reached
	id    int32
}

func newUnigram(pieces []string, scores []float64, unk int64, hasUnk, byteFallback bool) (*unigram, error) {
	m := &unigram{pieces: pieces, scores: scores, unk: -1}
	lowest := 0.0
	for i, p := range pieces {
		if p == "" {
			return nil, invalid("tokenizer: model: piece %d is empty", i)
		}
		if len(p) > maxUnigramPiece {
			return nil, invalid("tokenizer: model: piece %d has %d bytes, at most %d are read", i, len(p), maxUnigramPiece)
		}
		if i == 0 || scores[i] < lowest {
			lowest = scores[i]
		}
	}
	m.unkScore = lowest - unkPenalty
	if hasUnk {
		if unk < 0 || unk >= int64(len(pieces)) {
			return nil, invalid("tokenizer: model: unk_id %d is outside the vocabulary of %d pieces", unk, len(pieces))
		}
		m.unk = int32(unk)
	}
	var duplicate int
	if m.trie, duplicate = buildTrie(pieces); duplicate >= 0 {
		return nil, invalid("tokenizer: model: piece %d, %q, occurs twice", duplicate, lean.Clip(pieces[duplicate]))
	}
	if byteFallback {
		m.bytes = byteIDs(m.trie)
	}
	return m, nil
}

// byteIDs are the ids of <0x00> to <0xFF>, -1 where missing.
//
//go:noinline
func byteIDs(t *trie) []int32 {
	ids := make([]int32, 256)
	for b := range ids {
		ids[b] = t.find(lean.Appendf(nil, "<0x%02X>", b))
	}
	return ids
}

func (m *unigram) size() int { return len(m.pieces) }

func (m *unigram) used() int { return len(m.pieces) }

func (m *unigram) id(token string) (int32, bool) {
	id := m.trie.find([]byte(token))
	return id, id >= 0
}

func (m *unigram) token(id int32) (string, bool) {
	if id < 0 || int(id) >= len(m.pieces) {
		return "", false
	}
	return m.pieces[id], true
}

func (m *unigram) tokenize(word []byte, barred []bool, ws *workspace, out []piece) ([]piece, error) {
	best := ws.path(len(word) + 1)
	best[0] = pathNode{start: 0}
	for i := 1; i < len(best); i++ {
		best[i].start = -1
	}
	for start := 0; start < len(word); {
		if start&(pollEvery/4-1) < utf8.UTFMax && ws.poll(pollEvery/4) != nil {
			return out, ws.err
		}
		here := best[start].score
		char := 1
		if word[start] >= utf8.RuneSelf {
			_, char = utf8.DecodeRune(word[start:])
		}
		single := false
		node := uint32(0)
		for i := start; i < len(word); {
			if node = m.trie.step(node, word[i]); node == 0 {
				break
			}
			i++
			id := m.trie.value[node]
			if id < 0 || barred != nil && int(id) < len(barred) && barred[id] {
				continue
			}
			if score := m.scores[id] + here; best[i].start < 0 || score > best[i].score {
				best[i] = pathNode{score, int32(start), id}
			}
			if i == start+char {
				single = true
			}
		}
		if !single {
			if end := start + char; best[end].start < 0 || m.unkScore+here > best[end].score {
				if m.unk < 0 {
					return out, lean.Errorf("%w: tokenizer: %q is not in the vocabulary", ErrNoUnknown, word[start:end])
				}
				best[end] = pathNode{m.unkScore + here, int32(start), m.unk}
			}
		}
		start += char
	}

	// Walk back from the end; unknown neighbours are one token.
	n := len(out)
	for end := int32(len(word)); end > 0; {
		x := best[end]
		if m.unk < 0 || x.id != m.unk {
			out = append(out, piece{x.id, x.start, end})
			end = x.start
			continue
		}
		start := x.start
		for start > 0 && best[start].id == m.unk {
			start = best[start].start
		}
		out = m.unknown(word, start, end, barred, out)
		end = start
	}
	for i, j := n, len(out)-1; i < j; i, j = i+1, j-1 {
		out[i], out[j] = out[j], out[i]
	}
	return out, nil
}

// unknown appends, in reverse, the tokens for a run of unknown characters. The run
// as a whole is looked up once more, then spelled in bytes where the model can.
func (m *unigram) unknown(word []byte, start, end int32, barred []bool, out []piece) []piece {
	run := word[start:end]
	id := m.trie.find(run)
	if id >= 0 && int(id) < len(barred) && barred[id] {
		id = -1
	}
	if id >= 0 {
		return append(out, piece{id, start, end})
	}
	if m.bytes != nil {
		spelled := true
		for _, b := range run {
			spelled = spelled && m.bytes[b] >= 0
		}
		if spelled {
			for i := len(run) - 1; i >= 0; i-- {
				out = append(out, piece{m.bytes[run[i]], start, end})
			}
			return out
		}
	}
	return append(out, piece{m.unk, start, end})
}
