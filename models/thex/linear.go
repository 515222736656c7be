package thex

import "strconv"

// entry is an element of the matrix that input n is multiplied by: from column i to
// column o of token t in channel c. It may be 0.
type entry func(n, t, c, o, i int) complex128

// product is Σ_n M_n·x_n + bias for every token and channel of its own, one level lower.
// M has entries for first ≤ i−o ≤ last only.
//
// It sums the products of the diagonals of M with rotations of x (Halevi and Shoup 2014,
// "Algorithms in HElib"), baby steps and giant steps: diagonal k = g·Baby + b takes a
// rotation by b of x, and one by g·Baby of what is summed up for g.
func product[C any](m Machine[C], s Shape, name string, xs []C, first, last int, of entry, bias func(t, c, o int) complex128) C {
	var babies [][]C
	for _, x := range xs {
		babies = append(babies, m.RotateEach(x, Baby))
	}
	inner := func(g int) (C, bool) {
		var cs []C
		var ps []Plain
		for n := range xs {
			for b := range Baby {
				k := g*Baby + b
				if k < first || k > last {
					continue
				}
				cs = append(cs, babies[n][b])
				ps = append(ps, Plain{name + "/" + strconv.Itoa(n) + "/" + strconv.Itoa(k), func(v []complex128) {
					diagonal(v, s, g*Baby, k, func(t, c, o, i int) complex128 { return of(n, t, c, o, i) })
				}})
			}
		}
		if len(cs) == 0 {
			var none C
			return none, false
		}
		return m.MulPlain(cs, ps), true
	}
	floor := func(k int) int { return (k+Slots)/Baby - Slots/Baby }
	lo, hi := floor(first), floor(last)
	// The giant steps down to 0 and up to −1, each by Horner's rule.
	var y C
	some := false
	chain := func(from, to, step int) {
		var acc C
		begun := false
		for g := from; ; g -= step {
			if begun {
				acc = m.Rotate(acc, step*Baby)
			}
			if v, ok := inner(g); ok && begun {
				acc = m.Add(acc, v)
			} else if ok {
				acc, begun = v, true
			}
			if g == to {
				break
			}
		}
		if step < 0 {
			acc = m.Rotate(acc, step*Baby)
		}
		if some {
			acc = m.Add(y, acc)
		}
		y, some = acc, true
	}
	if hi >= 0 {
		chain(hi, 0, 1)
	}
	if lo < 0 {
		chain(lo, -1, -1)
	}
	y = m.Rescale(y)
	if bias == nil {
		return y
	}
	return m.AddPlain(y, Plain{name + "/bias", func(v []complex128) { each(v, s, bias) }})
}

// diagonal writes the elements whose input is k slots after their output, turned so that
// a rotation by turn puts them in place.
func diagonal(v []complex128, s Shape, turn, k int, of func(t, c, o, i int) complex128) {
	for t := range s.Tokens {
		for c := range s.channels() {
			for o := max(0, -k); o < min(s.Width, s.Width-k); o++ {
				v[(s.at(t, c, o)+turn+Slots)%Slots] = of(t, c, o, o+k)
			}
		}
	}
}

// each writes a value for every slot.
func each(v []complex128, s Shape, of func(t, c, j int) complex128) {
	for t := range s.Tokens {
		for c := range s.channels() {
			for j := range s.Width {
				v[s.at(t, c, j)] = of(t, c, j)
			}
		}
	}
}
