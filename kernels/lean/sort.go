package lean

// Sort sorts n elements in place, which less compares and swap exchanges. It is not stable. It
// is a heap sort with n·log n steps in the worst case. Package slices would instantiate its
// own sort for each type, 15 kB in all.
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

// SortStrings sorts names by their bytes.
func SortStrings(names []string) {
	Sort(len(names), func(i, j int) bool { return names[i] < names[j] }, func(i, j int) { names[i], names[j] = names[j], names[i] })
}
