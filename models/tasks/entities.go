package tasks

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/lodestone-wasm/lodestone/kernels/lean"
	"github.com/lodestone-wasm/lodestone/models/heads"
	"github.com/lodestone-wasm/lodestone/models/tokenizer"
)

// Entity is a token with its label, or tokens that belong together.
type Entity struct {
	// Label is the label of a token ("B-PER"), or of a group without its prefix ("PER").
	Label string
	Score float64
	// Index is the place of a token in the encoding of the whole text, special tokens
	// counted; 0 of a group.
	Index int
	// Word is the tokens decoded: lower case, if the tokenizer is. Start and End are where
	// they stand in the text, in bytes; white space at the ends is not theirs.
	Word       string
	Start, End int
}

// EntityOptions are the options of Entities.
type EntityOptions struct {
	Run
	// Strategy is how tokens become entities, as in Hugging Face's
	// TokenClassificationPipeline: "none" (or ""): every token by itself; "simple":
	// neighbours with one label; "first", "average", "max": words first, whose label is
	// that of their first token, of the mean of their tokens' scores, or of the token
	// with the largest score; then neighbours.
	Strategy string
	// Ignore are labels that are left out; of a group, its label without prefix.
	Ignore []string
	// Stride is how many tokens the windows of a long text share; 0 is a quarter.
	Stride int
}

// Entities finds the entities of texts.
func (r *Runner) Entities(texts []string, o EntityOptions) ([][]Entity, error) {
	if err := r.want(heads.TokenClassification); err != nil {
		return nil, err
	}
	switch o.Strategy {
	case "":
		o.Strategy = "none"
	case "none", "simple", "first", "average", "max":
	default:
		return nil, lean.Errorf("tasks: %w: aggregation_strategy %q; known: none, simple, first, average, max", ErrInput, o.Strategy)
	}
	type origin struct {
		text, skip int
		keep       window // the tokens whose scores this part gives
	}
	var parts []part
	var origins []origin
	encoded, scores := make([]framed, len(texts)), make([][][]float64, len(texts))
	for i, text := range texts {
		e, err := r.tok.Encode(text, tokenizer.Options{AddSpecialTokens: true})
		if err != nil {
			return nil, lean.Errorf("tasks: text %d: %w", i, err)
		}
		f := frame(e, 0)
		room, overlap, err := f.room(r.limit(), o.Stride, r.limit()/4)
		if err != nil {
			return nil, lean.Errorf("tasks: text %d: %w", i, err)
		}
		encoded[i], scores[i] = f, make([][]float64, len(f.ids))
		all := windows(len(f.ids), room, overlap)
		for n, w := range all {
			// Of the tokens that two windows share each takes half: those that are
			// farther from its edge.
			keep := w
			if n > 0 {
				keep.from = middle(all[n-1], w)
			}
			if n+1 < len(all) {
				keep.to = middle(w, all[n+1])
			}
			var p part
			p.ids, p.types = f.sequence(w)
			for at := keep.from; at < keep.to; at++ {
				p.rows = append(p.rows, int32(len(f.before)+at-w.from))
			}
			parts = append(parts, p)
			origins = append(origins, origin{i, n, keep})
		}
	}
	err := r.run(parts, o.Run, func(i int, logits []float32) error {
		from, n := origins[i], r.head.Outputs
		for at := from.keep.from; at < from.keep.to; at++ {
			k := at - from.keep.from
			scores[from.text][at] = softmax(logits[k*n : (k+1)*n])
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	results := make([][]Entity, len(texts))
	for i, text := range texts {
		tokens := r.tokens(text, encoded[i], scores[i])
		for _, e := range group(tokens, o.Strategy, r.head.Labels.Names, r.join) {
			if !ignored(e.Label, o.Ignore) {
				results[i] = append(results[i], e)
			}
		}
	}
	return results, nil
}

// middle is the middle of what two windows share.
func middle(a, b window) int { return b.from + (a.to-b.from)/2 }

func ignored(label string, labels []string) bool {
	for _, l := range labels {
		if l == label {
			return true
		}
	}
	return false
}

// token is a token of a text with the probabilities of its labels.
type token struct {
	id         int32
	index      int
	start, end int
	inside     bool // it continues the word before
	scores     []float64
}

// tokens are those of a text. A token continues a word if it says so (##, WordPiece);
// of other tokenizers if no white space is before it, as in Hugging Face's pipeline,
// except in scripts that have none between words.
func (r *Runner) tokens(text string, f framed, scores [][]float64) []token {
	prefix := r.tok.InsidePrefix()
	all := make([]token, len(f.ids))
	for i, id := range f.ids {
		at := f.offsets[i]
		t := token{id: id, index: len(f.before) + i, scores: scores[i]}
		if prefix != "" {
			piece, _ := r.tok.IDToToken(id)
			t.inside = i > 0 && strings.HasPrefix(piece, prefix) && !strings.HasPrefix(text[at.Start:at.End], prefix)
		} else {
			t.inside = i > 0 && continues(text, at)
		}
		t.inside = t.inside || i > 0 && at.Start < f.offsets[i-1].End // bytes of one character
		t.start, t.end = trim(text, at)
		all[i] = t
	}
	return all
}

// continues tells whether no word begins at a token of a tokenizer that does not mark words.
func continues(text string, at tokenizer.Offset) bool {
	before, _ := utf8.DecodeLastRuneInString(text[:at.Start])
	here, _ := utf8.DecodeRuneInString(text[at.Start:])
	return at.Start > 0 && !unicode.IsSpace(before) && !unicode.IsSpace(here) && !unspaced(here)
}

// unspaced tells the scripts that have no spaces between words.
func unspaced(r rune) bool {
	return r >= 0x0e00 && unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Thai, unicode.Lao, unicode.Khmer, unicode.Myanmar)
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

// join is the text of tokens.
func (r *Runner) join(ids []int32) string { return strings.TrimSpace(r.tok.Decode(ids, true)) }

// labelled is tokens that have a label together: one, or those of a word.
type labelled struct {
	ids        []int32
	label      string
	score      float64
	index      int
	start, end int
}

// group makes entities of tokens.
func group(tokens []token, strategy string, labels []string, join func([]int32) string) []Entity {
	var list []labelled
	if strategy == "none" || strategy == "simple" {
		for _, t := range tokens {
			c := argmax(t.scores)
			list = append(list, labelled{[]int32{t.id}, labels[c], t.scores[c], t.index, t.start, t.end})
		}
	} else {
		for from := 0; from < len(tokens); {
			to := from + 1
			for to < len(tokens) && tokens[to].inside {
				to++
			}
			list = append(list, word(tokens[from:to], strategy, labels))
			from = to
		}
	}
	var all []Entity
	if strategy == "none" {
		for _, t := range list {
			all = append(all, Entity{t.label, t.score, t.index, join(t.ids), t.start, t.end})
		}
		return all
	}
	for from := 0; from < len(list); {
		_, tag := split(list[from].label)
		to := from + 1
		for ; to < len(list); to++ {
			if begins, next := split(list[to].label); begins || next != tag {
				break
			}
		}
		e := Entity{Label: tag, Start: list[from].start, End: list[to-1].end}
		var ids []int32
		for _, t := range list[from:to] {
			e.Score += t.score / float64(to-from)
			ids = append(ids, t.ids...)
		}
		e.Word = join(ids)
		all = append(all, e)
		from = to
	}
	return all
}

// word gives the tokens of a word one label.
func word(tokens []token, strategy string, labels []string) labelled {
	scores := tokens[0].scores
	switch strategy {
	case "max":
		best := 0.0
		for _, t := range tokens {
			if p := t.scores[argmax(t.scores)]; p > best {
				best, scores = p, t.scores
			}
		}
	case "average":
		scores = make([]float64, len(labels))
		for _, t := range tokens {
			for i, p := range t.scores {
				scores[i] += p / float64(len(tokens))
			}
		}
	}
	c := argmax(scores)
	w := labelled{label: labels[c], score: scores[c], start: tokens[0].start, end: tokens[len(tokens)-1].end}
	for _, t := range tokens {
		w.ids = append(w.ids, t.id)
	}
	return w
}

// split takes a label apart. One without B- or I- continues what is before.
func split(label string) (begins bool, tag string) {
	if tag, ok := strings.CutPrefix(label, "B-"); ok {
		return true, tag
	}
	return false, strings.TrimPrefix(label, "I-")
}
