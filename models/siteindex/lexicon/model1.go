package lexicon

import (
	"slices"
	"sort"
)

// Pair is a sentence in two languages, as terms.
type Pair struct{ From, To []string }

const (
	iterations = 5
	pruned     = 1e-3 // entries that are less probable after two iterations are dropped
	longest    = 30   // terms of a sentence; longer ones align badly and are left out
)

// Model1 estimates how probable each term of the second language is as the translation of a
// term of the first, by IBM Model 1 without an empty word. Each term stands once in the result
// for each that it was ever paired with and that is still probable after pruning.
func Model1(pairs []Pair) map[string]map[string]float64 {
	from, to := numbers{}, numbers{}
	var sentences [][2][]uint32
	var keys []uint64
	for _, p := range pairs {
		if len(p.From) == 0 || len(p.To) == 0 || len(p.From) > longest || len(p.To) > longest {
			continue
		}
		s := [2][]uint32{from.of(p.From), to.of(p.To)}
		sentences = append(sentences, s)
		for _, f := range s[0] {
			for _, t := range s[1] {
				keys = append(keys, uint64(f)<<32|uint64(t))
			}
		}
		if len(keys) > 1<<25 {
			keys = distinct(keys)
		}
	}
	keys = distinct(keys)
	probability := make([]float32, len(keys))
	for i := range probability {
		probability[i] = 1
	}
	for round := range iterations {
		counts := make([]float32, len(keys))
		var at []int
		for _, s := range sentences {
			for _, t := range s[1] {
				at, sum := at[:0], float32(0)
				for _, f := range s[0] {
					i, ok := slices.BinarySearch(keys, uint64(f)<<32|uint64(t))
					if ok {
						at = append(at, i)
						sum += probability[i]
					}
				}
				for _, i := range at {
					counts[i] += probability[i] / sum
				}
			}
		}
		normalize(keys, counts)
		probability = counts
		if round >= 1 {
			keys, probability = prune(keys, probability)
		}
	}
	out := make(map[string]map[string]float64, len(from))
	fromNames, toNames := from.names(), to.names()
	for i, k := range keys {
		f := fromNames[k>>32]
		if out[f] == nil {
			out[f] = map[string]float64{}
		}
		out[f][toNames[uint32(k)]] = float64(probability[i])
	}
	return out
}

// normalize makes the counts of each term of the first language sum to one.
func normalize(keys []uint64, counts []float32) {
	for i := 0; i < len(keys); {
		n, sum := i, float32(0)
		for ; n < len(keys) && keys[n]>>32 == keys[i]>>32; n++ {
			sum += counts[n]
		}
		for ; i < n; i++ {
			if sum > 0 {
				counts[i] /= sum
			}
		}
	}
}

func prune(keys []uint64, probability []float32) ([]uint64, []float32) {
	n := 0
	for i, p := range probability {
		if p >= pruned {
			keys[n], probability[n] = keys[i], p
			n++
		}
	}
	return keys[:n], probability[:n]
}

func distinct(keys []uint64) []uint64 {
	slices.Sort(keys)
	return slices.Compact(keys)
}

// numbers gives each term a number.
type numbers map[string]uint32

func (n numbers) of(terms []string) []uint32 {
	seen := make([]uint32, 0, len(terms))
	for _, t := range terms {
		i, ok := n[t]
		if !ok {
			i = uint32(len(n))
			n[t] = i
		}
		if !slices.Contains(seen, i) {
			seen = append(seen, i)
		}
	}
	return seen
}

func (n numbers) names() []string {
	out := make([]string, 0, len(n))
	for t := range n {
		out = append(out, t)
	}
	sort.Slice(out, func(i, j int) bool { return n[out[i]] < n[out[j]] })
	return out
}
