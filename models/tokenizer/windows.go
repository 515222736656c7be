package tokenizer

import "github.com/lodestone-wasm/lodestone/kernels/lean"

// EncodeWindows tokenises a text that may be longer than o.MaxLength into as many
// encodings as it takes, each of which repeats the last stride tokens of the one before:
// the truncation with overflowing tokens of Hugging Face tokenizers.
func (t *Tokenizer) EncodeWindows(text string, stride int, o Options) ([]Encoding, error) {
	return t.windows(text, nil, stride, o)
}

// EncodePairWindows does the same for two texts: with [OnlySecond] there are as many
// encodings as it takes to have each token of b beside all of a. Where both are cut, each
// part of one comes with each part of the other.
func (t *Tokenizer) EncodePairWindows(a, b string, stride int, o Options) ([]Encoding, error) {
	return t.windows(a, &b, stride, o)
}

func (t *Tokenizer) windows(text string, second *string, stride int, o Options) (all []Encoding, err error) {
	room, err := t.room(o, second != nil)
	if err != nil {
		return nil, err
	}
	ws := t.workspace()
	defer t.pool.Put(ws)
	ws.a.cuts, ws.b.cuts = true, true
	err = t.tokenizeBoth(text, second, o, -1, ws)
	ws.a.cuts, ws.b.cuts = false, false
	if err != nil {
		return nil, err
	}
	na, nb, err := truncated(len(ws.a.ids), len(ws.b.ids), room, o.Strategy, second != nil)
	if err != nil {
		return nil, err
	}
	first, err := cutWindows(len(ws.a.ids), na, stride, o.TruncateLeft)
	if err != nil {
		return nil, err
	}
	others, err := cutWindows(len(ws.b.ids), nb, stride, o.TruncateLeft)
	if err != nil {
		return nil, err
	}
	// The order of the Rust library: the first of both, the others of what comes first in the
	// template, each with all of the second, and last the others of that.
	n, m := len(first), len(others)
	swapped := false
	if p, ok := t.postProcessor.(*template); ok && second != nil {
		swapped = p.startsWithSecond()
	}
	if n*m > maxWindows {
		return nil, lean.Errorf("%w: tokenizer: the texts make %d encodings of MaxLength %d, at most %d are made", ErrOptions, n*m, o.MaxLength, maxWindows)
	}
	if swapped {
		n, m = m, n
	}
	for k := range n * m {
		i, j := k/m, k%m
		if k > 0 { // the rest of row 0 comes last
			if k += m - 1; k < n*m {
				i, j = k/m, k%m
			} else {
				i, j = 0, k-n*m+1
			}
		}
		if swapped {
			i, j = j, i
		}
		out := Encoding{Overflowed: n*m > 1}
		t.join(&out, ws, first[i], others[j], second != nil, o.AddSpecialTokens)
		all = append(all, out)
	}
	return all, nil
}

// maxWindows is the most encodings of one call.
const maxWindows = 1 << 16

// cutWindows gives the parts of n tokens that have size each and share stride.
func cutWindows(n, size, stride int, left bool) ([]Offset, error) {
	if size >= n {
		return []Offset{{0, n}}, nil
	}
	if size == 0 {
		return []Offset{{0, 0}, {0, n}}, nil
	}
	if stride < 0 || stride >= size {
		return nil, lean.Errorf("%w: tokenizer: the stride is %d, expected 0 to %d, one less than the tokens of text in an encoding", ErrOptions, stride, size-1)
	}
	var all []Offset
	for at := 0; ; at += size - stride {
		lo, hi := at, min(at+size, n)
		if left {
			lo, hi = max(n-at-size, 0), n-at
		}
		all = append(all, Offset{lo, hi})
		if at+size >= n {
			return all, nil
		}
	}
}

// startsWithSecond reports whether the template of pairs has the second text first.
func (t *template) startsWithSecond() bool {
	for _, p := range t.pair {
		if p.sequence >= 0 {
			return p.sequence == 1
		}
	}
	return false
}
