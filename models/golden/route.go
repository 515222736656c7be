package golden

// Route is where the tokens of one mixture of experts went.
type Route struct {
	Experts, K int
	// Expert (S, K) are the experts of each token, best first, Kept (S, K) whether they
	// had room.
	Expert []int32
	Kept   []bool
	// Lead (S) is by how much, in scores, the last expert that was chosen for a token is
	// ahead of the best that was not.
	Lead []float32
}

// Agreement compares the routing of two runs of one directory: same choices of all.
// A choice is the same if it is of the same expert, and found room in both or in neither.
func Agreement(a, b *Report) (same, all int) {
	for i, r := range a.Routes {
		all += len(r.Expert)
		if i >= len(b.Routes) || len(b.Routes[i].Expert) != len(r.Expert) {
			continue
		}
		for j, e := range r.Expert {
			if e == b.Routes[i].Expert[j] && r.Kept[j] == b.Routes[i].Kept[j] {
				same++
			}
		}
	}
	return same, all
}
