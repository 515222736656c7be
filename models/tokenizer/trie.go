package tokenizer

import "slices"

// trie maps byte strings to numbers. Node 0 is the root; nodes are numbered in
// breadth-first order, so the children of node n are first[n] to first[n+1], sorted
// by label, and a node costs nine bytes.
type trie struct {
	first []uint32    // (nodes+1)
	label []byte      // (nodes) the byte that leads here
	value []int32     // (nodes) the number of the string that ends here, or -1
	root  [256]uint32 // child of the root by byte, or 0
}

// buildTrie maps keys[i] to i. Empty keys are left out; of equal keys the first
// counts, and duplicate is the index of one that does not, or -1.
func buildTrie(keys []string) (t *trie, duplicate int) {
	duplicate = -1
	order := make([]int32, 0, len(keys))
	total := 1
	for i, key := range keys {
		if key != "" {
			order = append(order, int32(i))
			total += len(key)
		}
	}
	b := trieBuilder{trie: new(trie)}
	guess := min(total, 4*len(keys)+16)
	b.groups, b.label, b.first, b.value = make([]trieGroup, 0, guess), make([]byte, 0, guess), make([]uint32, 0, guess+1), make([]int32, 0, guess)
	b.node(0, 0, int32(len(order)), 0)
	spare := make([]int32, len(order))
	for n := 0; n < len(b.groups); n++ {
		g := b.groups[n]
		b.first = append(b.first, uint32(len(b.groups)))
		if g.hi-g.lo == 1 { // most nodes: the tail of one key
			k := order[g.lo]
			if key := keys[k]; len(key) > int(g.depth) {
				b.node(key[g.depth], g.lo, g.hi, g.depth+1)
			} else {
				b.value[n] = k
			}
			continue
		}
		// Keys that end here, which are equal, come to the front.
		rest := g.lo
		for i := g.lo; i < g.hi; i++ {
			k := order[i]
			if len(keys[k]) != int(g.depth) {
				continue
			}
			value := b.value[n]
			if value < 0 {
				value = k
			} else {
				value, duplicate = min(value, k), int(max(value, k))
			}
			b.value[n] = value
			order[rest], order[i] = k, order[rest]
			rest++
		}
		sortByByte(keys, order[rest:g.hi], spare, int(g.depth))
		for i := rest; i < g.hi; {
			c := keys[order[i]][g.depth]
			j := i + 1
			for j < g.hi && keys[order[j]][g.depth] == c {
				j++
			}
			b.node(c, i, j, g.depth+1)
			i = j
		}
	}
	b.first = append(b.first, uint32(len(b.groups)))
	for n := b.first[0]; n < b.first[1]; n++ {
		b.root[b.label[n]] = n
	}
	return b.trie, duplicate
}

// trieGroup is a node to be: the keys order[lo:hi] share their first depth bytes.
type trieGroup struct{ lo, hi, depth int32 }

type trieBuilder struct {
	*trie
	groups []trieGroup
}

// node adds a node that label leads to.
//
//go:noinline
func (b *trieBuilder) node(label byte, lo, hi, depth int32) {
	b.label = append(b.label, label)
	b.value = append(b.value, -1)
	b.groups = append(b.groups, trieGroup{lo, hi, depth})
}

// sortByByte sorts order by the byte of its key at depth.
func sortByByte(keys []string, order, spare []int32, depth int) {
	if len(order) <= 24 {
		for i := 1; i < len(order); i++ {
			k := order[i]
			j := i
			for ; j > 0 && keys[order[j-1]][depth] > keys[k][depth]; j-- {
				order[j] = order[j-1]
			}
			order[j] = k
		}
		return
	}
	var start [257]int32
	for _, k := range order {
		start[int(keys[k][depth])+1]++
	}
	for b := range 256 {
		start[b+1] += start[b]
	}
	for _, k := range order {
		b := keys[k][depth]
		spare[start[b]] = k
		start[b]++
	}
	copy(order, spare)
}

// step is the child of node by label b, or 0.
func (t *trie) step(node uint32, b byte) uint32 {
	if node == 0 {
		return t.root[b]
	}
	lo, hi := t.first[node], t.first[node+1]
	if hi-lo > 8 {
		if i, ok := slices.BinarySearch(t.label[lo:hi], b); ok {
			return lo + uint32(i)
		}
		return 0
	}
	for ; lo < hi; lo++ {
		if t.label[lo] == b {
			return lo
		}
	}
	return 0
}

// find is the number of key, or -1.
func (t *trie) find(key []byte) int32 {
	node := uint32(0)
	for _, b := range key {
		if node = t.step(node, b); node == 0 {
			return -1
		}
	}
	return t.value[node]
}

// longest is the number and length of the longest key that text begins with, or -1.
func (t *trie) longest(text []byte) (value int32, n int) {
	value = -1
	node := uint32(0)
	for i, b := range text {
		if node = t.step(node, b); node == 0 {
			break
		}
		if t.value[node] >= 0 {
			value, n = t.value[node], i+1
		}
	}
	return value, n
}
