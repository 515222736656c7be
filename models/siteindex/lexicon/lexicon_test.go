package lexicon

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"math"
	"testing"
)

func TestGermanHasTechnicalAndEverydayWords(t *testing.T) {
	all, err := German()
	if err != nil {
		t.Fatal(err)
	}
	for term, want := range map[string]string{"tabell": "tabl", "dat": "data", "spalt": "column", "zeil": "row", "benutz": "user", "haus": "hous"} {
		if list := all[term]; len(list) == 0 || list[0].Term != want {
			t.Errorf("%s: %v; %s was expected first", term, list, want)
		}
	}
	for term, list := range all {
		for i, x := range list {
			if x.Probability <= 0 || x.Probability > 1 || i > 0 && x.Probability > list[i-1].Probability {
				t.Errorf("%s: %v", term, list)
			}
		}
	}
}

// The example of Koehn, "Statistical Machine Translation" (2010), figure 4.4: from three
// sentences the method learns that das is the, Buch is book and Haus is house.
func TestModel1LearnsFromThreeSentences(t *testing.T) {
	p := Model1([]Pair{
		{[]string{"das", "haus"}, []string{"the", "house"}},
		{[]string{"das", "buch"}, []string{"the", "book"}},
		{[]string{"ein", "buch"}, []string{"a", "book"}},
	})
	for from, to := range map[string]string{"das": "the", "haus": "house", "buch": "book", "ein": "a"} {
		sum, best := 0.0, ""
		for t, x := range p[from] {
			sum += x
			if best == "" || x > p[from][best] {
				best = t
			}
		}
		if best != to || math.Abs(sum-1) > 1e-3 {
			t.Errorf("%s: %v, sum %v; %s was expected", from, p[from], sum, to)
		}
	}
	if x := p["das"]["the"]; x < 0.7 {
		t.Errorf("the after das: %v", x)
	}
}

func TestDamagedLexiconsAreRefused(t *testing.T) {
	for _, line := range []string{"haus", "haus house", "haus house 0", "haus house 101", "haus house x", "haus house 50 home"} {
		var b bytes.Buffer
		z := gzip.NewWriter(&b)
		fmt.Fprintln(z, line)
		z.Close()
		if got, err := read(b.Bytes()); err == nil || len(err.Error()) < 20 {
			t.Errorf("%q: %v, %v", line, got, err)
		}
	}
	if _, err := read([]byte("no gzip")); err == nil {
		t.Error("bytes that are no gzip were read")
	}
}
