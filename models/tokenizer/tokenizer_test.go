package tokenizer

import (
	"errors"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// The ids are those of golden.json of the model, which sentencepiece made.
func TestTextThatSpellsASpecialToken(t *testing.T) {
	tok := loadDefault(t)
	const text = "user text with <mask> inside"
	for _, c := range []struct {
		name string
		o    Options
		want []int32
	}{
		{"is that token with ParseSpecial, which swallows the space before it", Options{ParseSpecial: true}, []int32{444, 79, 4294, 81, 16383, 1547}},
		{"is the piece of the vocabulary with SpecialPieces, as in golden.json", Options{SpecialPieces: true}, []int32{444, 79, 4294, 81, 27, 16383, 1547}},
	} {
		t.Run(c.name, func(t *testing.T) {
			e, err := tok.Encode(text, c.o)
			if err != nil || !slices.Equal(e.IDs, c.want) {
				t.Errorf("ids %v, %v, want %v", e.IDs, err, c.want)
			}
		})
	}
	t.Run("is ordinary text by default", func(t *testing.T) {
		for _, text := range []string{text, "<mask>", "<s></s><pad><unk><mask>", "＜mask＞", "<unk>日本<unk>", "x<s", "</s>\n\nnew text"} {
			e, err := tok.Encode(text, Options{})
			if err != nil {
				t.Fatal(err)
			}
			for _, id := range e.IDs {
				if id == 0 || id == 1 || id == 2 || id == 16383 {
					t.Errorf("%q gives the special id %d in %v", text, id, e.IDs)
				}
			}
		}
	})
}

// A hostile vocabulary in which the characters of a special token are unknown, so
// that the unknown run as a whole spells it.
func TestAnUnknownRunIsNoSpecialToken(t *testing.T) {
	tok, err := Parse(file("pre_tokenizer", "null"))
	if err != nil {
		t.Fatal(err)
	}
	e, err := tok.Encode("<s>", Options{})
	if err != nil || !slices.Equal(e.IDs, []int32{0}) {
		t.Errorf("ids %v, %v, want the unknown token alone", e.IDs, err)
	}
	e, err = tok.Encode("<s>", Options{SpecialPieces: true})
	if err != nil || !slices.Equal(e.IDs, []int32{1}) {
		t.Errorf("with SpecialPieces: ids %v, %v, want [1]", e.IDs, err)
	}
}

func TestOptionsThatCannotBeMet(t *testing.T) {
	tok := loadDefault(t)
	for _, o := range []Options{{MaxLength: -1}, {MaxLength: 1, AddSpecialTokens: true}} {
		if _, err := tok.Encode("a", o); !errors.Is(err, ErrOptions) {
			t.Errorf("%+v: error %v", o, err)
		}
	}
	if _, err := tok.EncodePair("a", "b", Options{MaxLength: 2, AddSpecialTokens: true}); !errors.Is(err, ErrOptions) {
		t.Errorf("pair: error %v", err)
	}
	e, err := tok.Encode("Hello", Options{MaxLength: 2, AddSpecialTokens: true})
	if err != nil || !slices.Equal(e.IDs, []int32{0, 2}) || !e.Overflowed {
		t.Errorf("no room for text: %v, %v", e, err)
	}
}

func TestTextThatIsNotUTF8IsRefused(t *testing.T) {
	tok := loadDefault(t)
	for text, at := range map[string]string{"\xff": "byte 0 (0xff)", "abc\x80": "byte 3", "é\xc3": "byte 2", "\xed\xa0\x80": "byte 0", "<mask>\xf0\x9f": "byte 6"} {
		if _, err := tok.Encode(text, Options{}); !errors.Is(err, ErrInvalidText) || !strings.Contains(err.Error(), at) {
			t.Errorf("%q: error %v, want %s", text, err, at)
		}
	}
	if _, err := tok.Encode(strings.Repeat("a", maxText+1), Options{}); !errors.Is(err, ErrInvalidText) {
		t.Errorf("text of %d bytes: error %v", maxText+1, err)
	}
	if _, err := tok.EncodePair("ok", "\xff", Options{}); !errors.Is(err, ErrInvalidText) {
		t.Errorf("second text: error %v", err)
	}
	if _, err := tok.EncodeBatch([]string{"ok", "\xff"}, Options{}); !errors.Is(err, ErrInvalidText) || !strings.Contains(err.Error(), "text 1 of 2") {
		t.Errorf("batch: error %v", err)
	}
}

// Cutting while tokenising must give what cutting afterwards gives.
func TestTruncationEqualsThePrefixOfTheWhole(t *testing.T) {
	tok := loadDefault(t)
	random := rand.New(rand.NewPCG(1, 2))
	parts := []string{"the", " ", "  ", "Haus", "é", "e\u0301", "日本", "<mask>", "<en>", "ﷺ", "▁", "x", "\n", "donaudampfschiff"}
	for range 300 {
		var b strings.Builder
		for range random.IntN(40) {
			b.WriteString(parts[random.IntN(len(parts))])
		}
		parse := random.IntN(2) == 0
		whole, err := tok.Encode(b.String(), Options{ParseSpecial: parse})
		if err != nil {
			t.Fatal(err)
		}
		n := 1 + random.IntN(30)
		cut, err := tok.Encode(b.String(), Options{ParseSpecial: parse, MaxLength: n})
		if err != nil {
			t.Fatal(err)
		}
		keep := min(n, len(whole.IDs))
		if !slices.Equal(cut.IDs, whole.IDs[:keep]) || !slices.Equal(cut.Offsets, whole.Offsets[:keep]) || cut.Overflowed != (len(whole.IDs) > n) {
			t.Fatalf("%q cut to %d: %v (overflowed %v), want the prefix of %v", b.String(), n, cut.IDs, cut.Overflowed, whole.IDs)
		}
	}
}

// Texts and vocabularies on which a quadratic step would take minutes.
func TestHostileInputTakesLinearTime(t *testing.T) {
	if testing.Short() {
		t.Skip("one goroutine and much work: nothing for the race detector, which runs with -short")
	}
	const size = 1 << 20
	small := func(added string) *Tokenizer {
		tok, err := Parse(file("added_tokens", added))
		if err != nil {
			t.Fatal(err)
		}
		return tok
	}
	strips := strings.ReplaceAll(strings.ReplaceAll(addedJSON(4, " "), `"lstrip":false`, `"lstrip":true`), `"rstrip":false`, `"rstrip":true`)
	normal := loadDefault(t)
	for _, c := range []struct {
		name string
		tok  *Tokenizer
		text string
		o    Options
	}{
		{"no space", normal, strings.Repeat("a", size), Options{}},
		{"only spaces", normal, strings.Repeat(" ", size), Options{}},
		{"combining marks out of order", normal, "a" + strings.Repeat("\u0345\u0301\u0316", size/6), Options{}},
		{"expanding ligatures", normal, strings.Repeat("ﷺ", size/3), Options{}},
		{"jamo", normal, strings.Repeat("\u1100\u1161\u11a8", size/9), Options{}},
		{"unknown characters", normal, strings.Repeat("\u2c00", size/3), Options{}},
		{"added tokens", normal, strings.Repeat("<mask>", size/6), Options{ParseSpecial: true}},
		{"beginnings of added tokens", normal, strings.Repeat("__SLOT1__SLOT", size/13), Options{ParseSpecial: true}},
		{"stripping tokens among spaces", small("[" + addedJSON(1, "<s>") + "," + strips + "]"), strings.Repeat(" ", size), Options{ParseSpecial: true}},
		{"truncated", normal, strings.Repeat("word ", size/5), Options{MaxLength: 128}},
	} {
		start := time.Now()
		e, err := c.tok.Encode(c.text, c.o)
		took := time.Since(start)
		if err != nil || len(e.IDs) == 0 || len(e.IDs) != len(e.Offsets) {
			t.Errorf("%s: %d ids, %d offsets, %v", c.name, len(e.IDs), len(e.Offsets), err)
		}
		// Linear work takes well under a second; quadratic work takes many minutes.
		if took > 20*time.Second {
			t.Errorf("%s: %v for %d bytes", c.name, took, len(c.text))
		}
		t.Logf("%s: %v", c.name, took)
	}
}

func TestOneTokenizerServesManyGoroutines(t *testing.T) {
	tok := loadDefault(t)
	texts := strings.Split(strings.TrimSpace(string(readFile(t, "testdata/tatoeba.txt"))), "\n")[:200]
	want, err := tok.EncodeBatch(texts, Options{AddSpecialTokens: true})
	if err != nil {
		t.Fatal(err)
	}
	var wait sync.WaitGroup
	for range 4 {
		wait.Go(func() {
			for i, text := range texts {
				got, err := tok.Encode(text, Options{AddSpecialTokens: true})
				if err != nil || !slices.Equal(got.IDs, want[i].IDs) || !slices.Equal(got.Offsets, want[i].Offsets) {
					t.Errorf("%q: %v, %v, want %v", text, got.IDs, err, want[i].IDs)
				}
			}
		})
	}
	wait.Wait()
}

func TestVocabularyLookups(t *testing.T) {
	tok := loadDefault(t)
	if n := tok.VocabSize(); n != 16384 {
		t.Errorf("VocabSize %d, want 16384 (config.json)", n)
	}
	for id := range int32(16384) {
		token, ok := tok.IDToToken(id)
		back, found := tok.TokenToID(token)
		if !ok || !found || back != id {
			t.Fatalf("id %d: token %q (%v), back %d (%v)", id, token, ok, back, found)
		}
	}
	for _, id := range []int32{-1, 16384, 1 << 30} {
		if token, ok := tok.IDToToken(id); ok {
			t.Errorf("id %d: token %q", id, token)
		}
	}
	if id, ok := tok.TokenToID("no such token"); ok {
		t.Errorf("id %d for no such token", id)
	}
	if got := tok.Decode([]int32{-5, 0, 313, 1 << 20, 206, 2}, true); got != "A man" {
		t.Errorf("Decode with ids outside the vocabulary: %q", got)
	}
}

func TestOffsetsInOtherUnits(t *testing.T) {
	const text = "aé日😀b" // bytes 1+2+3+4+1, UTF-16 1+1+1+2+1
	bytes := []Offset{{0, 0}, {0, 1}, {1, 3}, {3, 6}, {6, 10}, {10, 11}, {0, 11}, {8, 99}, {-3, 2}}
	for _, c := range []struct {
		name    string
		convert func(string, []Offset) []Offset
		want    []Offset
	}{
		{"UTF-16", UTF16Offsets, []Offset{{0, 0}, {0, 1}, {1, 2}, {2, 3}, {3, 5}, {5, 6}, {0, 6}, {3, 6}, {0, 1}}},
		{"code points", CodePointOffsets, []Offset{{0, 0}, {0, 1}, {1, 2}, {2, 3}, {3, 4}, {4, 5}, {0, 5}, {3, 5}, {0, 1}}},
	} {
		if got := c.convert(text, bytes); !slices.Equal(got, c.want) {
			t.Errorf("%s: %v, want %v", c.name, got, c.want)
		}
	}
	if got := UTF16Offsets("abc", []Offset{{1, 9}}); !slices.Equal(got, []Offset{{1, 3}}) {
		t.Errorf("ASCII: %v", got)
	}
}

func TestPad(t *testing.T) {
	rows := []Encoding{{IDs: []int32{5, 6, 7}}, {}, {IDs: []int32{8}}}
	for _, c := range []struct {
		p         Padding
		columns   int
		ids, mask []int32
	}{
		{Padding{ID: 1}, 3, []int32{5, 6, 7, 1, 1, 1, 8, 1, 1}, []int32{1, 1, 1, 0, 0, 0, 1, 0, 0}},
		{Padding{ID: 1, Left: true}, 3, []int32{5, 6, 7, 1, 1, 1, 1, 1, 8}, []int32{1, 1, 1, 0, 0, 0, 0, 0, 1}},
		{Padding{ID: 9, Length: 2, Multiple: 4}, 4, []int32{5, 6, 7, 9, 9, 9, 9, 9, 8, 9, 9, 9}, []int32{1, 1, 1, 0, 0, 0, 0, 0, 1, 0, 0, 0}},
	} {
		ids, mask, columns := Pad(rows, c.p)
		if columns != c.columns || !slices.Equal(ids, c.ids) || !slices.Equal(mask, c.mask) {
			t.Errorf("%+v: %v %v %d", c.p, ids, mask, columns)
		}
	}
	if ids, mask, columns := Pad(nil, Padding{}); len(ids) != 0 || len(mask) != 0 || columns != 0 {
		t.Errorf("nothing: %v %v %d", ids, mask, columns)
	}
}
