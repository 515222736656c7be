package lean

import (
	"math/rand/v2"
	"slices"
	"strconv"
	"testing"
)

func TestSortIsThatOfSlices(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for n := range 200 {
		names := make([]string, n)
		for i := range names {
			names[i] = strconv.Itoa(r.IntN(1 + n)) // some are equal
		}
		switch n % 3 {
		case 1:
			slices.Sort(names)
		case 2:
			slices.Sort(names)
			slices.Reverse(names)
		}
		want := slices.Sorted(slices.Values(names))
		if SortStrings(names); !slices.Equal(names, want) {
			t.Fatalf("%d names: %q, expected %q", n, names, want)
		}
	}
}

func TestSortTakesFewSteps(t *testing.T) {
	const n = 1 << 12
	steps, v := 0, make([]int, n)
	for i := range v {
		v[i] = i * 7919 % n
	}
	Sort(n, func(i, j int) bool { steps++; return v[i] < v[j] }, func(i, j int) { v[i], v[j] = v[j], v[i] })
	if !slices.IsSorted(v) || steps > 2*n*12 {
		t.Errorf("%d comparisons for %d elements, sorted %t", steps, n, slices.IsSorted(v))
	}
}
