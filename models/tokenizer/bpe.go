package tokenizer

import (
	"unicode/utf8"

	"github.com/lodestone-wasm/lodestone/kernels/lean"
)

// bpe joins the characters of a word, pair by pair, in the order of its merges
// (Sennrich et al. 2016, arXiv:1508.07909): of the pairs present the one with the lowest
// rank, of equal ones the leftmost.
type bpe struct {
	*vocab
	merges       mergeTable
	unk          int32   // -1: none
	bytes        []int32 // ids of <0x00> to <0xFF>, -1 where missing; nil without byte fallback
	fuseUnk      bool    // neighbouring unknown characters are one token
	ignoreMerges bool    // a word of the vocabulary is that token, whatever the merges say
	prefix       string  // before characters that do not begin a word
	suffix       string  // behind the character that ends a word
}

// symbol is a part of a word on its way to a token.
type symbol struct {
	id         int32
	prev, next int32 // -1: none
	size       int32 // bytes; 0: joined to the symbol before
}

// candidate is a merge that may be done: of the symbol at pos and the next one.
type candidate struct{ rank, pos, id int32 }

func (a candidate) before(b candidate) bool {
	return a.rank < b.rank || a.rank == b.rank && a.pos < b.pos
}

func (m *bpe) tokenize(word []byte, barred []bool, ws *workspace, out []piece) ([]piece, error) {
	if m.ignoreMerges {
		if id := m.trie.find(word); id >= 0 && !isBarred(barred, id) {
			return append(out, piece{id, 0, int32(len(word))}), nil
		}
	}
	symbols, err := m.spell(word, barred, ws)
	if err != nil {
		return out, err
	}
	ws.heap = m.join(symbols, barred, ws)
	if ws.err != nil {
		return out, ws.err
	}
	at := int32(0)
	for _, s := range symbols {
		if s.size > 0 {
			out = append(out, piece{s.id, at, at + s.size})
			at += s.size
		}
	}
	return out, nil
}

// spell makes a symbol of each character of word, or several of one outside the vocabulary.
func (m *bpe) spell(word []byte, barred []bool, ws *workspace) ([]symbol, error) {
	ws.symbols = ws.symbols[:0]
	unknown := int32(0) // bytes of unknown characters before, for which there is no symbol yet
	for i := 0; i < len(word); {
		n := 1
		if word[i] >= utf8.RuneSelf {
			_, n = utf8.DecodeRune(word[i:])
		}
		char := word[i : i+n]
		first := i == 0
		i += n
		if !first && m.prefix != "" || i == len(word) && m.suffix != "" {
			char = m.affixed(char, !first, i == len(word), ws)
		}
		if id := m.trie.find(char); id >= 0 && !isBarred(barred, id) {
			if unknown > 0 {
				ws.spell(m.unk, unknown)
				unknown = 0
			}
			ws.spell(id, int32(n))
			continue
		}
		if m.bytes != nil && m.spellable(char, barred) {
			for _, b := range char { // even before what is unknown: so does the Rust library
				ws.spell(m.bytes[b], 1)
			}
			continue
		}
		if m.unk < 0 {
			return nil, lean.Errorf("%w: tokenizer: %q is not in the vocabulary", ErrNoUnknown, char)
		}
		if unknown > 0 && !m.fuseUnk {
			ws.spell(m.unk, unknown)
			unknown = 0
		}
		unknown += int32(n)
	}
	if unknown > 0 {
		ws.spell(m.unk, unknown)
	}
	if n := len(ws.symbols); n > 0 {
		ws.symbols[n-1].next = -1
	}
	return ws.symbols, nil
}

// spell appends a symbol.
//
//go:noinline
func (ws *workspace) spell(id, size int32) {
	n := int32(len(ws.symbols))
	ws.symbols = append(ws.symbols, symbol{id, n - 1, n + 1, size})
}

// affixed is char with the prefix and the suffix that it has in the vocabulary.
func (m *bpe) affixed(char []byte, inside, last bool, ws *workspace) []byte {
	text := ws.affixed[:0]
	if inside {
		text = append(text, m.prefix...)
	}
	text = append(text, char...)
	if last {
		text = append(text, m.suffix...)
	}
	ws.affixed = text
	return text
}

func (m *bpe) spellable(char []byte, barred []bool) bool {
	for _, b := range char {
		if m.bytes[b] < 0 || isBarred(barred, m.bytes[b]) {
			return false
		}
	}
	return true
}

// join does the merges, each found through a heap, so that a word of n characters takes
// O(n log n). A candidate whose symbols have changed meanwhile still counts when they
// would give the same token, as in the Rust library.
func (m *bpe) join(symbols []symbol, barred []bool, ws *workspace) []candidate {
	heap := ws.heap[:0]
	push := func(left, right int32) {
		if left < 0 || right < 0 {
			return
		}
		if rank, id := m.merges.get(symbols[left].id, symbols[right].id); id >= 0 && !isBarred(barred, id) {
			heap = append(heap, candidate{rank, left, id})
			for i := len(heap) - 1; i > 0; {
				parent := (i - 1) / 2
				if !heap[i].before(heap[parent]) {
					break
				}
				heap[i], heap[parent] = heap[parent], heap[i]
				i = parent
			}
		}
	}
	for i := 1; i < len(symbols); i++ {
		push(int32(i-1), int32(i))
	}
	for n := 1; len(heap) > 0; n++ {
		if n%pollEvery == 0 && ws.poll(pollEvery) != nil {
			break
		}
		top := heap[0]
		heap = popCandidate(heap)
		left := &symbols[top.pos]
		if left.size == 0 || left.next < 0 {
			continue
		}
		right := &symbols[left.next]
		if _, id := m.merges.get(left.id, right.id); id != top.id {
			continue
		}
		left.id = top.id
		left.size += right.size
		left.next = right.next
		right.size = 0
		if left.next >= 0 {
			symbols[left.next].prev = top.pos
		}
		push(left.prev, top.pos)
		push(top.pos, left.next)
	}
	return heap
}

// popCandidate takes the first candidate off the heap.
func popCandidate(heap []candidate) []candidate {
	last := len(heap) - 1
	heap[0] = heap[last]
	heap = heap[:last]
	for i := 0; ; {
		child := 2*i + 1
		if child >= last {
			return heap
		}
		if child+1 < last && heap[child+1].before(heap[child]) {
			child++
		}
		if !heap[child].before(heap[i]) {
			return heap
		}
		heap[i], heap[child] = heap[child], heap[i]
		i = child
	}
}

// mergeTable maps a pair of ids, left<<32 | right, to the merge's rank<<32 | id. A map of the
// runtime, since its hash is seeded: a file cannot choose ids that collide.
type mergeTable map[uint64]uint64

//go:noinline
func (t mergeTable) put(left, right, rank, id int32) {
	t[uint64(left)<<32|uint64(right)] = uint64(rank)<<32 | uint64(id)
}

// get gives the id -1 when there is no such merge.
//
//go:noinline
func (t mergeTable) get(left, right int32) (rank, id int32) {
	v, ok := t[uint64(left)<<32|uint64(right)]
	if !ok {
		return 0, -1
	}
	return int32(v >> 32), int32(uint32(v))
}
