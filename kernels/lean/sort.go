package lean

// Sort orders n elements that less compares and swap exchanges, in place; equal ones in
// no order that is promised. It is a heap sort: n·log n steps whatever the order was.
// Package slices writes its own for each type that it sorts, 15 kB of them.
func Sort(n int, less func(i, j int) bool, swap func(i, j int)) {
	sink := func(root, end int) {
		for {
			child := 2*root + 1
			if child >= end {
				return
			}
			if child+1 < end && less(child, child+1) {
				child++
			}
			if !less(root, child) {
				return
			}
			swap(root, child)
			root = child
		}
	}
	for root := n/2 - 1; root >= 0; root-- {
		sink(root, n)
	}
	for end := n - 1; end > 0; end-- {
		swap(0, end)
		sink(0, end)
	}
}

// SortStrings orders names by their bytes.
func SortStrings(names []string) {
	Sort(len(names), func(i, j int) bool { return names[i] < names[j] }, func(i, j int) { names[i], names[j] = names[j], names[i] })
}
