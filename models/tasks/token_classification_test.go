package tasks

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/lodestone-wasm/lodestone/models/heads"
	"github.com/lodestone-wasm/lodestone/models/heads/headstest"
	"github.com/lodestone-wasm/lodestone/models/tokenizer"
	"github.com/lodestone-wasm/lodestone/models/transformer"
)

var ner = []string{"O", "B-PER", "I-PER", "B-LOC", "I-LOC"}

// said is tokens whose labels have the probabilities that are given; the rest is O's.
func said(list ...token) []token {
	at := 0
	for i := range list {
		list[i].index = i + 1
		list[i].start, list[i].end = at, at+2
		at += 3
		rest := 1.0
		for _, p := range list[i].scores[1:] {
			rest -= p
		}
		list[i].scores[0] = rest
	}
	return list
}

func labelAt(label string, p float64, inside bool) token {
	scores := make([]float64, len(ner))
	scores[slices.Index(ner, label)] = p
	return token{scores: scores, inside: inside}
}

func both(a string, p float64, b string, q float64, inside bool) token {
	t := labelAt(a, p, inside)
	t.scores[slices.Index(ner, b)] = q
	return t
}

func TestStrategiesGroupAsHuggingFacesPipeline(t *testing.T) {
	type e struct {
		label      string
		score      float64
		start, end int
	}
	r := tiny(t, NewTokenClassification, headstest.New("bert", heads.TokenClassification, ner...))
	for _, c := range []struct {
		name     string
		tokens   []token
		strategy string
		want     []e
	}{
		{"none keeps tokens", said(labelAt("B-PER", .9, false), labelAt("I-PER", .8, true)), "none", []e{{"B-PER", .9, 0, 2}, {"I-PER", .8, 3, 5}}},
		{"B and I are one", said(labelAt("B-PER", .9, false), labelAt("I-PER", .7, true)), "simple", []e{{"PER", .8, 0, 5}}},
		{"B begins anew", said(labelAt("B-PER", .9, false), labelAt("B-PER", .7, false)), "simple", []e{{"PER", .9, 0, 2}, {"PER", .7, 3, 5}}},
		{"I of another kind begins anew", said(labelAt("B-PER", .9, false), labelAt("I-LOC", .7, false)), "simple", []e{{"PER", .9, 0, 2}, {"LOC", .7, 3, 5}}},
		{"I alone begins", said(labelAt("I-LOC", .9, false), labelAt("I-LOC", .7, false)), "simple", []e{{"LOC", .8, 0, 5}}},
		{"simple splits words", said(labelAt("B-PER", .9, false), labelAt("B-LOC", .8, true)), "simple", []e{{"PER", .9, 0, 2}, {"LOC", .8, 3, 5}}},
		{"first takes the first token's", said(labelAt("B-PER", .6, false), labelAt("B-LOC", .9, true)), "first", []e{{"PER", .6, 0, 5}}},
		{"max takes the surest token's", said(labelAt("B-PER", .6, false), labelAt("B-LOC", .9, true)), "max", []e{{"LOC", .9, 0, 5}}},
		{"average takes the mean", said(both("B-PER", .6, "B-LOC", .3, false), both("B-PER", .1, "B-LOC", .8, true)), "average", []e{{"LOC", .55, 0, 5}}},
		{"words become groups", said(labelAt("B-PER", .9, false), labelAt("O", 0, true), labelAt("I-PER", .7, false)), "first", []e{{"PER", .8, 0, 8}}},
		{"O is a group", said(labelAt("O", 0, false), labelAt("B-PER", .9, false), labelAt("O", 0, false)), "simple", []e{{"O", 1, 0, 2}, {"PER", .9, 3, 5}, {"O", 1, 6, 8}}},
		{"nothing", nil, "average", nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			var got []e
			for _, y := range r.group(c.tokens, c.strategy) {
				got = append(got, e{y.Label, float64(int(y.Score*1e6+.5)) / 1e6, y.Start, y.End})
			}
			if !slices.Equal(got, c.want) {
				t.Errorf("%v, want %v", got, c.want)
			}
		})
	}
}

func TestLabelsWithoutPrefixContinue(t *testing.T) {
	for label, want := range map[string]string{"B-PER": "PER", "I-PER": "PER", "PER": "PER", "O": "O", "B-": ""} {
		begins, tag := split(label)
		if tag != want || begins != strings.HasPrefix(label, "B-") {
			t.Errorf("%q: %t, %q", label, begins, tag)
		}
	}
}

func TestEntitiesStandWhereTheTextHasThem(t *testing.T) {
	for _, c := range []struct {
		family, text string
		places       []string // of the text, token by token
	}{
		{"bert", "Ada  Lovelaces 🙂 Zürich, 日本!", []string{"Ada", "Love", "lace", "s", "🙂", "Zür", "ich", ",", "日", "本", "!"}},
		{"roberta", "in Paris\u00a0é", []string{"in", "Paris", "\u00a0", "\u00a0", "é", "é"}},
	} {
		model := headstest.New(c.family, heads.TokenClassification, ner...)
		r := tiny(t, NewTokenClassification, model)
		got, err := r.Run(nil, []string{c.text}, TokenClassificationOptions{})
		if err != nil {
			t.Fatal(err)
		}
		var places []string
		e := encoding(t, r.tok, c.text, false)
		logits := model.Logits(e.IDs, e.TypeIDs)
		for i, y := range got[0] {
			places = append(places, c.text[y.Start:y.End])
			p := exact(logits[i+1])
			if best := argmax(p); y.Index != i+1 || y.Label != ner[best] || !near(y.Score, p[best]) {
				t.Errorf("%s: token %d is %v, want %s with %g", c.family, i+1, y, ner[best], p[best])
			}
		}
		if !slices.Equal(places, c.places) {
			t.Errorf("%s: places %q, want %q", c.family, places, c.places)
		}
	}
}

func TestATokenContinuesAWordIfItSaysSo(t *testing.T) {
	for family, c := range map[string]struct {
		text string
		want []bool
	}{
		"bert":    {"Ada Lovelaces, Zürich 日本", []bool{false, false, true, true, false, false, true, false, false}},
		"roberta": {"in Paris,日本 x", []bool{false, false, true, false, true, true, false, true, true, false, false}},
	} {
		r := tiny(t, NewTokenClassification, headstest.New(family, heads.TokenClassification, ner...))
		e := encoding(t, r.tok, c.text, false)
		f := frame(e, 0)
		var got []bool
		for _, y := range r.tokens(c.text, &f) {
			got = append(got, y.inside)
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%s: %v, want %v for %d tokens", family, got, c.want, f.last-f.first)
		}
	}
}

func TestIgnoredLabelsAreLeftOut(t *testing.T) {
	r := tiny(t, NewTokenClassification, headstest.New("bert", heads.TokenClassification, ner...))
	text := "ada love was born in london, the capital of france"
	all, err := r.Run(nil, []string{text}, TokenClassificationOptions{})
	if err != nil {
		t.Fatal(err)
	}
	label := all[0][0].Label
	some, err := r.Run(nil, []string{text}, TokenClassificationOptions{IgnoreLabels: []string{label}})
	if err != nil {
		t.Fatal(err)
	}
	for _, y := range some[0] {
		if y.Label == label {
			t.Errorf("%v", y)
		}
	}
	if len(some[0]) == 0 || len(some[0]) == len(all[0]) {
		t.Errorf("%d of %d", len(some[0]), len(all[0]))
	}
}

// Every token of a long text is there once, with the scores of the window in which it is
// farthest from the edge.
func TestALongTextIsReadInWindows(t *testing.T) {
	model := headstest.New("bert", heads.TokenClassification, ner...)
	r := tiny(t, NewTokenClassification, model)
	var text strings.Builder
	vocabulary := []string{"ada", "lives", "in", "paris", "london", "the", "capital", "of", "france", "zurich"}
	for i := range 70 {
		text.WriteString(vocabulary[i*7%len(vocabulary)] + " ")
	}
	got, err := r.Run(nil, []string{text.String()}, TokenClassificationOptions{Stride: 8})
	if err != nil {
		t.Fatal(err)
	}
	e := encoding(t, r.tok, text.String(), false)
	n := len(e.IDs) - 2
	if len(got[0]) != n {
		t.Fatalf("%d tokens, want %d", len(got[0]), n)
	}
	const room, step = headstest.Positions - 2, headstest.Positions - 2 - 8
	for at := range n {
		w := 0 // the window whose middle of the overlap has been passed
		for (w+1)*step+4 <= at && w*step+room < n {
			w++
		}
		from, to := w*step, min(n, w*step+room)
		ids := slices.Concat([]int32{2}, e.IDs[1+from:1+to], []int32{3})
		p := exact(model.Logits(ids, nil)[1+at-from])
		if best := argmax(p); got[0][at].Label != ner[best] || !near(got[0][at].Score, p[best]) || got[0][at].Index != at+1 {
			t.Fatalf("token %d: %v, want %s with %g", at, got[0][at], ner[best], p[best])
		}
	}
	if _, err := r.Run(nil, []string{"a"}, TokenClassificationOptions{Stride: 38}); !errors.Is(err, ErrInput) {
		t.Errorf("a stride as long as a window: %v", err)
	}
	if _, err := r.Run(nil, []string{"a"}, TokenClassificationOptions{AggregationStrategy: "last"}); !errors.Is(err, ErrInput) || !strings.Contains(err.Error(), `"last"`) {
		t.Errorf("error %v", err)
	}
}

func TestWindowsCoverEveryToken(t *testing.T) {
	for n := range 40 {
		// Two tokens before and one behind, which every window has.
		f := framed{first: 2, last: 2 + n}
		for id := range int32(n + 3) {
			f.IDs, f.TypeIDs = append(f.IDs, id), append(f.TypeIDs, 100+id)
		}
		for room := 1; room < 12; room++ {
			for overlap := 1; overlap < room; overlap++ {
				parts, err := f.windows(nil, 7, room+3, overlap, 0)
				if err != nil {
					t.Fatal(err)
				}
				covered := 0
				for i, p := range parts {
					want := []int32{0, 1}
					for id := p.from; id < p.to; id++ {
						want = append(want, int32(id+2))
					}
					want = append(want, int32(n+2))
					if len(p.ids) > room+3 || p.text != 7 || p.from > covered || i > 0 && (p.to <= covered || covered-p.from != overlap) ||
						!slices.Equal(p.ids, want) || p.types[len(want)-1] != int32(n+102) {
						t.Fatalf("%d tokens, room %d, overlap %d: %v", n, room, overlap, parts)
					}
					covered = p.to
				}
				if covered != n {
					t.Fatalf("%d tokens, room %d, overlap %d: %v", n, room, overlap, parts)
				}
			}
		}
	}
}

func TestWhiteSpaceIsNoPartOfAnEntity(t *testing.T) {
	for text, want := range map[string]string{" Paris": "Paris", "Paris \n": "Paris", "\u3000東 京\u00a0": "東 京", "  ": "  ", "": ""} {
		start, end := trim("x"+text+"y", tokenizer.Offset{Start: 1, End: 1 + len(text)})
		if got := ("x" + text + "y")[start:end]; got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
}

func TestATextWithoutRoomIsRefused(t *testing.T) {
	f := framed{Encoding: tokenizer.Encoding{IDs: make([]int32, 40), TypeIDs: make([]int32, 40)}, first: 30, last: 30}
	if _, err := f.windows(nil, 0, 40, 0, 10); !errors.Is(err, transformer.ErrTooLong) {
		t.Errorf("error %v", err)
	}
}

func TestTheMemoryOfWindowsGrowsWithTheTextAlone(t *testing.T) {
	const n = 200_000
	f := framed{Encoding: tokenizer.Encoding{IDs: make([]int32, n+2), TypeIDs: make([]int32, n+2)}, first: 1, last: n + 1}
	parts, err := f.windows(nil, 0, 40, 0, 10)
	if err != nil {
		t.Fatal(err)
	}
	room := 0
	for _, p := range parts {
		room += cap(p.ids) + cap(p.types)
	}
	if room > 4*n {
		t.Errorf("room for %d numbers in %d windows of %d tokens", room, len(parts), n)
	}
}
