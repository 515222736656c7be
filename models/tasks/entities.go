package tasks

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/lodestone-wasm/lodestone/kernels/lean"
	"github.com/lodestone-wasm/lodestone/models/heads"
	"github.com/lodestone-wasm/lodestone/models/tokenizer"
)

// strategies are what Options.Strategy may be.
var strategies = []string{"", "none", "simple", "first", "average", "max"}

// Entities finds the entities of texts.
func (r *Runner) Entities(texts []string, o Options) ([][]Found, error) {
	if err := r.start(heads.TokenClassification, &o); err != nil {
		return nil, err
	}
	if !slices.Contains(strategies, o.Strategy) {
		return nil, lean.Errorf("tasks: %w: aggregation_strategy %q; known: %q", ErrInput, o.Strategy, strategies[1:])
	}
	var parts []part
	encoded, tokens := make([]framed, len(texts)), make([][]token, len(texts))
	for i, text := range texts {
		e, err := r.tok.Encode(text, tokenizer.Options{AddSpecialTokens: true})
		if err != nil {
			return nil, lean.Errorf("tasks: text %d: %w", i, err)
		}
		encoded[i] = frame(e, 0)
		if parts, err = encoded[i].windows(parts, i, r.limit(), o.Stride, r.limit()/4); err != nil {
			return nil, err
		}
		tokens[i] = r.tokens(text, &encoded[i])
	}
	err := r.run(parts, &o, func(p *part, logits []float32) {
		// Of the tokens that two windows share each gives half: those that are farther
		// from its edge. The window before gave all of its own.
		at, n := p.from, r.head.Outputs
		if at > 0 {
			at += encoded[p.text].overlap / 2
		}
		for ; at < p.to; at++ {
			k := encoded[p.text].first + at - p.from
			tokens[p.text][at].scores = softmax(logits[k*n : (k+1)*n])
		}
	})
	if err != nil {
		return nil, err
	}
	results := make([][]Found, len(texts))
	for i := range texts {
		for _, e := range r.group(tokens[i], o.Strategy) {
			if !slices.Contains(o.Ignore, e.Label) {
				results[i] = append(results[i], e)
			}
		}
	}
	return results, nil
}

// token is a token of a text, or the tokens of a word, with the probabilities of its labels.
type token struct {
	ids        []int32
	index      int
	start, end int
	inside     bool // it continues the word before
	scores     []float64
}

// tokens are those of a text. A token continues a word if it says so (##, WordPiece);
// of other tokenizers if no white space is before it, as in Hugging Face's pipeline,
// except in scripts that have none between words.
func (r *Runner) tokens(text string, f *framed) []token {
	prefix := r.tok.InsidePrefix()
	var all []token
	for i := f.first; i < f.last; i++ {
		at := f.Offsets[i]
		t := token{ids: f.IDs[i : i+1], index: i}
		if prefix != "" {
			piece, _ := r.tok.IDToToken(f.IDs[i])
			t.inside = strings.HasPrefix(piece, prefix) && !strings.HasPrefix(text[at.Start:at.End], prefix)
		} else {
			t.inside = continues(text, at)
		}
		if i > f.first && at.Start < f.Offsets[i-1].End {
			t.inside = true // bytes of one character
		}
		t.start, t.end = trim(text, at)
		all = append(all, t)
	}
	return all
}

// continues tells whether no word begins at a token of a tokenizer that does not mark words.
func continues(text string, at tokenizer.Offset) bool {
	before, _ := utf8.DecodeLastRuneInString(text[:at.Start])
	here, _ := utf8.DecodeRuneInString(text[at.Start:])
	return at.Start > 0 && !unicode.IsSpace(before) && !unicode.IsSpace(here) && !unspaced(here)
}

// unspaced tells the scripts that have no spaces between words: from Thai to Lao,
// Myanmar, Khmer, kana, Han and what surrounds them.
func unspaced(r rune) bool {
	return r >= 0x0e00 && r < 0x0f00 || r >= 0x1000 && r < 0x10a0 || r >= 0x1780 && r < 0x1800 ||
		r >= 0x2e80 && r < 0x3130 || r >= 0x31a0 && r < 0xa000 || r >= 0xf900 && r < 0xfb00 || r >= 0x20000 && r < 0x40000
}

// trim takes white space away from the ends of a range of text, unless nothing else is
// there.
func trim(text string, at tokenizer.Offset) (start, end int) {
	whole := text[at.Start:at.End]
	left := strings.TrimLeftFunc(whole, unicode.IsSpace)
	if left == "" {
		return at.Start, at.End
	}
	return at.End - len(left), at.Start + len(strings.TrimRightFunc(whole, unicode.IsSpace))
}

// group makes entities of tokens.
func (r *Runner) group(list []token, strategy string) []Found {
	single := strategy == "" || strategy == "none"
	if !single && strategy != "simple" {
		list = words(list, strategy)
	}
	var all []Found
	for from := 0; from < len(list); {
		label, score := r.label(list[from])
		e := Found{Label: label, Score: score, Index: list[from].index, Start: list[from].start, End: list[from].end}
		ids := slices.Clone(list[from].ids)
		to := from + 1
		if !single {
			_, e.Label = split(label)
			e.Index = 0
			for ; to < len(list); to++ {
				label, score := r.label(list[to])
				if begins, tag := split(label); begins || tag != e.Label {
					break
				}
				e.Score += score
				e.End = list[to].end
				ids = append(ids, list[to].ids...)
			}
			e.Score /= float64(to - from)
		}
		e.Text = strings.TrimSpace(r.tok.Decode(ids, true))
		all = append(all, e)
		from = to
	}
	return all
}

// label is the likeliest label of a token.
func (r *Runner) label(t token) (string, float64) {
	c := argmax(t.scores)
	return r.head.Labels.Names[c], t.scores[c]
}

// words joins the tokens of words, which get scores together.
func words(tokens []token, strategy string) []token {
	var all []token
	n := 0.0 // tokens of the word so far
	for _, t := range tokens {
		if !t.inside || len(all) == 0 {
			t.ids, t.scores = slices.Clone(t.ids), slices.Clone(t.scores)
			all = append(all, t)
			n = 1
			continue
		}
		w := &all[len(all)-1]
		w.ids, w.end = append(w.ids, t.ids...), t.end
		n++
		switch {
		case strategy == "max" && t.scores[argmax(t.scores)] > w.scores[argmax(w.scores)]:
			w.scores = t.scores
		case strategy == "average":
			for i, p := range t.scores {
				w.scores[i] += (p - w.scores[i]) / n
			}
		}
	}
	return all
}

// split takes a label apart. One without B- or I- continues what is before.
func split(label string) (begins bool, tag string) {
	if tag, ok := strings.CutPrefix(label, "B-"); ok {
		return true, tag
	}
	return false, strings.TrimPrefix(label, "I-")
}
