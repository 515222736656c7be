package tokenizer

// Padding says how [Pad] fills short sequences.
type Padding struct {
	ID       int32 // id of the padding token
	Length   int   // least number of columns; 0: the longest sequence
	Multiple int   // the number of columns is rounded up to a multiple of this; 0: 1
	Left     bool  // fill on the left
}

// Pad lays sequences out as the rows of a matrix, filled on the right unless p.Left is set.
// ids and mask are [B,T] row-major, B = len(encodings), T the number of columns;
// mask is 1 where there is a token and 0 where there is padding. No sequence is cut.
func Pad(encodings []Encoding, p Padding) (ids, mask []int32, T int) {
	T = max(p.Length, 0)
	for i := range encodings {
		T = max(T, len(encodings[i].IDs))
	}
	if p.Multiple > 1 && T%p.Multiple != 0 {
		T += p.Multiple - T%p.Multiple
	}
	ids, mask = make([]int32, len(encodings)*T), make([]int32, len(encodings)*T)
	for b := range encodings {
		row, ones := ids[b*T:(b+1)*T], mask[b*T:(b+1)*T]
		for t := range row {
			row[t] = p.ID
		}
		start := 0
		if p.Left {
			start = T - len(encodings[b].IDs)
		}
		for t := range copy(row[start:], encodings[b].IDs) {
			ones[start+t] = 1
		}
	}
	return ids, mask, T
}
