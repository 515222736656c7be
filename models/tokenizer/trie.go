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
	// group is a node to be: the keys order[lo:hi] share their first depth bytes.
	type group struct{ lo, hi, depth int32 }
	guess := min(total, 4*len(keys)+16)
	groups := make([]group, 1, guess)
	groups[0] = group{0, int32(len(order)), 0}
	t = &trie{first: make([]uint32, 0, guess+1), label: make([]byte, 1, guess), value: make([]int32, 0, guess)}
	spare := make([]int32, len(order))
	for n := 0; n < len(groups); n++ {
		g := groups[n]
		t.first = append(t.first, uint32(len(groups)))
		if g.hi-g.lo == 1 { // most nodes: the tail of one key
			k := order[g.lo]
			if key := keys[k]; len(key) > int(g.depth) {
				t.value = append(t.value, -1)
				if n == 0 {
					t.root[key[0]] = 1
				}
				t.label = append(t.label, key[g.depth])
				groups = append(groups, group{g.lo, g.hi, g.depth + 1})
			} else {
				t.value = append(t.value, k)
			}
			continue
		}
		value := int32(-1)
		// Keys that end here come to the front, in their own order.
		rest := g.lo
		for i := g.lo; i < g.hi; i++ {
			k := order[i]
			if len(keys[k]) != int(g.depth) {
				continue
			}
			if value < 0 {
				value = k
			} else {
				duplicate = int(k)
			}
			copy(order[rest+1:i+1], order[rest:i])
			order[rest] = k
			rest++
		}
		t.value = append(t.value, value)
		sortByByte(keys, order[rest:g.hi], spare, int(g.depth))
		for i := rest; i < g.hi; {
			b := keys[order[i]][g.depth]
			j := i + 1
			for j < g.hi && keys[order[j]][g.depth] == b {
				j++
			}
			if n == 0 {
				t.root[b] = uint32(len(groups))
			}
			t.label = append(t.label, b)
			groups = append(groups, group{i, j, g.depth + 1})
			i = j
		}
	}
	t.first = append(t.first, uint32(len(groups)))
	return t, duplicate
}

// sortByByte sorts order by the byte of its key at depth, and keeps the order of equals.
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
