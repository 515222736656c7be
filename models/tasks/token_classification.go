package tasks

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/lodestone-wasm/lodestone/kernels/lean"
	"github.com/lodestone-wasm/lodestone/models/heads"
	"github.com/lodestone-wasm/lodestone/models/tokenizer"
	"github.com/lodestone-wasm/lodestone/models/transformer"
)

// strategies are what AggregationStrategy may be.
var strategies = []string{"", "none", "simple", "first", "average", "max"}

// TokenClassification finds entities in texts.
type TokenClassification struct{ headed }

// NewTokenClassification makes the task of a model that was loaded with a
// token-classification head.
func NewTokenClassification(m *transformer.Model, h *heads.Head, t *tokenizer.Tokenizer) (*TokenClassification, error) {
	r, err := newHeaded(heads.TokenClassification, m, h, t)
	return &TokenClassification{r}, err
}

// TokenClassificationOptions are the options of [TokenClassification.Run].
type TokenClassificationOptions struct {
	// AggregationStrategy is how tokens become entities, as in Hugging Face's
	// TokenClassificationPipeline. "none" (or ""): every token by itself. "simple":
	// neighbours with one label. "first", "average", "max": words first, whose label is that
	// of their first token, of the mean of their tokens' scores, or of the token with the
	// largest score; then neighbours.
	AggregationStrategy string
	// IgnoreLabels are left out of the results; labels of groups are without prefix.
	IgnoreLabels []string
	// Stride is how many tokens neighbouring windows of a long text share, at most half a
	// window; 0 is a quarter.
	Stride int
}

// Entity is a labelled token or, with an aggregation strategy, a group of tokens.
type Entity struct {
	// Label is a token's ("B-PER") or a group's without prefix ("PER").
	Label string
	Score float64 // its probability; of a group the mean
	// Word is the decoded tokens, in lower case if the tokenizer's are.
	Word string
	// Index is the place of a single token in the encoding of the whole text, special
	// tokens counted.
	Index int
	// Start and End are where the entity stands, in bytes, without surrounding white space.
	Start, End int
}

// Run finds the entities of texts, in the order of the text.
func (c *TokenClassification) Run(ctx Context, texts []string, o TokenClassificationOptions) ([][]Entity, error) {
	if !slices.Contains(strategies, o.AggregationStrategy) {
		return nil, lean.Errorf("tasks: %w: aggregation_strategy is %q, expected one of %q", ErrInput, o.AggregationStrategy, strategies[1:])
	}
	var parts []part
	encoded, tokens := make([]framed, len(texts)), make([][]token, len(texts))
	for i, text := range texts {
		e, err := c.tok.Encode(text, tokenizer.Options{AddSpecialTokens: true})
		if err != nil {
			return nil, lean.Errorf("tasks: text %d: %w", i, err)
		}
		encoded[i] = frame(e, 0)
		if parts, err = encoded[i].windows(parts, i, c.limit(), o.Stride, c.limit()/4); err != nil {
			return nil, err
		}
		tokens[i] = c.tokens(text, &encoded[i])
	}
	err := c.run(ctx, parts, nil, func(p *part, logits []float32) {
		// Each of two windows gives half of the tokens that they share: those that are
		// farther from its edge. The window before gave all of its own.
		at, n := p.from, c.head.Outputs
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
	results := make([][]Entity, len(texts))
	for i := range texts {
		for _, e := range c.group(tokens[i], o.AggregationStrategy) {
			if !slices.Contains(o.IgnoreLabels, e.Label) {
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
func (c *TokenClassification) tokens(text string, f *framed) []token {
	prefix := c.tok.InsidePrefix()
	var all []token
	for i := f.first; i < f.last; i++ {
		at := f.Offsets[i]
		t := token{ids: f.IDs[i : i+1], index: i}
		if prefix != "" {
			piece, _ := c.tok.IDToToken(f.IDs[i])
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

// trim narrows a range of text to exclude surrounding white space, unless there is nothing
// else in it.
func trim(text string, at tokenizer.Offset) (start, end int) {
	whole := text[at.Start:at.End]
	left := strings.TrimLeftFunc(whole, unicode.IsSpace)
	if left == "" {
		return at.Start, at.End
	}
	return at.End - len(left), at.Start + len(strings.TrimRightFunc(whole, unicode.IsSpace))
}

// group makes entities of tokens.
func (c *TokenClassification) group(list []token, strategy string) []Entity {
	single := strategy == "" || strategy == "none"
	if !single && strategy != "simple" {
		list = words(list, strategy)
	}
	var all []Entity
	for from := 0; from < len(list); {
		label, score := c.label(list[from])
		e := Entity{Label: label, Score: score, Index: list[from].index, Start: list[from].start, End: list[from].end}
		ids := slices.Clone(list[from].ids)
		to := from + 1
		if !single {
			_, e.Label = split(label)
			e.Index = 0
			for ; to < len(list); to++ {
				label, score := c.label(list[to])
				if begins, tag := split(label); begins || tag != e.Label {
					break
				}
				e.Score += score
				e.End = list[to].end
				ids = append(ids, list[to].ids...)
			}
			e.Score /= float64(to - from)
		}
		e.Word = strings.TrimSpace(c.tok.Decode(ids, true))
		all = append(all, e)
		from = to
	}
	return all
}

// label is the likeliest label of a token.
func (c *TokenClassification) label(t token) (string, float64) {
	n := argmax(t.scores)
	return c.head.Labels.Names[n], t.scores[n]
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

// Words labels words that are split already. They are read with one space between them,
// and the label of a word is that of the first token that begins in it.
func (c *TokenClassification) Words(ctx Context, words []string) ([]string, error) {
	for i, w := range words {
		if w == "" || strings.ContainsAny(w, " \t\n\r") {
			return nil, lean.Errorf("tasks: %w: word %d is %q, expected one word", ErrInput, i, w)
		}
	}
	tokens, err := c.Run(ctx, []string{strings.Join(words, " ")}, TokenClassificationOptions{})
	if err != nil {
		return nil, err
	}
	return WordLabels(words, tokens[0]), nil
}

// WordLabels gives each word, of a text in which one space is between words, the label
// of the first token that begins in it; "O" if none does.
func WordLabels(words []string, tokens []Entity) []string {
	labels, at, k := make([]string, len(words)), 0, 0
	for i, w := range words {
		labels[i] = "O"
		for ; k < len(tokens) && tokens[k].Start < at; k++ {
		}
		if k < len(tokens) && tokens[k].Start < at+len(w) {
			labels[i] = tokens[k].Label
		}
		at += len(w) + 1
	}
	return labels
}
