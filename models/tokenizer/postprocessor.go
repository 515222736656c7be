package tokenizer

// postProcessor joins one or two sequences and the special tokens around them.
type postProcessor interface {
	// added is the number of special tokens.
	added(pair bool) int
	// process writes the sequences (b is nil without a pair) to out.
	process(out *Encoding, a, b *sequence, special bool)
}

// sequence is a tokenised text before special tokens.
type sequence struct {
	ids     []int32
	offsets []Offset
	words   []int32
	cuts    bool     // the sequence may be cut anywhere: firsts is needed
	firsts  []Offset // with trim_offsets: as offsets, if the token were the first one
}

// plain only concatenates.
type plain struct{}

func (plain) added(bool) int { return 0 }

func (plain) process(out *Encoding, a, b *sequence, _ bool) {
	out.add(a, 0)
	if b != nil {
		out.add(b, 1)
	}
}

// template places sequences and special tokens as TemplateProcessing lists them.
type template struct{ single, pair []templatePiece }

// templatePiece is a sequence (0 or 1) or, with sequence -1, special tokens.
type templatePiece struct {
	sequence int
	ids      []int32
	typeID   int32
}

func (t *template) pieces(pair bool) []templatePiece {
	if pair {
		return t.pair
	}
	return t.single
}

func (t *template) added(pair bool) (n int) {
	for _, p := range t.pieces(pair) {
		n += len(p.ids)
	}
	return n
}

//go:noinline
func (t *template) process(out *Encoding, a, b *sequence, special bool) {
	for _, p := range t.pieces(b != nil) {
		switch {
		case p.sequence == 0:
			out.add(a, p.typeID)
		case p.sequence == 1:
			out.add(b, p.typeID)
		case special:
			for _, id := range p.ids {
				out.IDs = append(out.IDs, id)
				out.Offsets = append(out.Offsets, Offset{})
				out.TypeIDs = append(out.TypeIDs, p.typeID)
				out.WordIDs = append(out.WordIDs, -1)
				out.SpecialTokensMask = append(out.SpecialTokensMask, 1)
			}
		}
	}
}

// add appends a sequence.
//
//go:noinline
func (e *Encoding) add(s *sequence, typeID int32) {
	e.IDs = append(e.IDs, s.ids...)
	e.Offsets = append(e.Offsets, s.offsets...)
	e.WordIDs = append(e.WordIDs, s.words...)
	for range s.ids {
		e.TypeIDs = append(e.TypeIDs, typeID)
		e.SpecialTokensMask = append(e.SpecialTokensMask, 0)
	}
}

// grow makes room for n tokens.
//
//go:noinline
func (e *Encoding) grow(n int) {
	all := make([]int32, 3*n)
	e.IDs, e.TypeIDs, e.WordIDs = all[:0:n], all[n:n:2*n], all[2*n:2*n]
	e.Offsets = make([]Offset, 0, n)
	e.SpecialTokensMask = make([]uint8, 0, n)
}
