package crop

import (
	"slices"
	"strings"
	"testing"
)

func TestDecode(t *testing.T) {
	for _, c := range []struct{ rule, line, types, lang, want string }{
		{"spaces are deleted, U+2581 is one", "▁Hei del berg ▁ist ▁sch ön", "", "de", "Heidelberg ist schön"},
		{"slots end a word", "▁in __SLOT0__ Rom __SLOT0__ ja", "LOC", "de", "in Rom/B-LOC ja"},
		{"the index tells the type", "__SLOT1__ ▁Rom __SLOT1__ __SLOT0__ ▁Max __SLOT0__", "PER LOC", "de", "Rom/B-LOC Max/B-PER"},
		{"any slot closes", "__SLOT0__ ▁Max __SLOT1__ ▁in ▁Rom __SLOT1__ ▁ja", "PER LOC", "de", "Max/B-PER in Rom ja/B-LOC"},
		{"an unknown slot closes too", "__SLOT0__ ▁Max __SLOT9__ ▁in", "PER", "de", "Max/B-PER in"},
		{"an unknown slot does not open", "__SLOT9__ ▁Max __SLOT0__ ▁Rom __SLOT0__", "LOC", "de", "Max Rom/B-LOC"},
		{"nor one behind the fourteenth", "__SLOT14__ ▁Max __SLOT14__", strings.Repeat("PER ", 20), "de", "Max"},
		{"the fourteenth does", "__SLOT13__ ▁Max __SLOT13__", strings.Repeat("PER ", 20), "de", "Max/B-PER"},
		{"nor one of a huge index", "__SLOT99999999999999999999__ ▁Max", "PER", "de", "Max"},
		{"without a closing slot to the end", "▁a __SLOT0__ ▁b ▁c", "PER", "de", "a b/B-PER c/I-PER"},
		{"a slot used twice is two entities", "__SLOT0__ ▁a __SLOT0__ __SLOT0__ ▁b __SLOT0__", "PER", "de", "a/B-PER b/B-PER"},
		{"an empty pair is nothing", "__SLOT0__ __SLOT0__ ▁a", "PER", "de", "a"},
		{"a slot with the mark of a word", "▁__SLOT0__ ▁a ▁__SLOT0__ ▁b", "PER", "de", "a/B-PER b"},
		{"a slot in several pieces is text", "▁__ SLOT 0 __ ▁a", "PER", "de", "__SLOT0__ a"},
		{"a slot without a number is text", "__SLOT__ ▁a", "PER", "de", "__SLOT__ a"},
		{"a slot with a sign is text", "__SLOT+0__ ▁a", "PER", "de", "__SLOT+0__ a"},
		{"characters are words in Chinese", "▁ __SLOT0__ 北京 __SLOT0__ 好 ▁了", "LOC", "zh", "北/B-LOC 京/I-LOC 好 了"},
		{"and in Thai", "__SLOT0__ กรุ __SLOT0__", "LOC", "th", "ก/B-LOC ร/I-LOC \u0e38/I-LOC"},
		{"but not elsewhere", "▁ __SLOT0__ 서울 __SLOT0__ 에", "LOC", "ko", "서울/B-LOC 에"},
		{"an entity over several runs of characters", "__SLOT0__ 北 ▁京 __SLOT0__", "LOC", "ja", "北/B-LOC 京/I-LOC"},
		{"nothing", "", "PER", "de", ""},
	} {
		got, want := Decode(fields(c.line), fields(c.types), c.lang), sentence(c.want)
		if !slices.Equal(got.Words, want.Words) || !slices.Equal(got.Labels, want.Labels) {
			t.Errorf("%s: %q: %q %q, want %q", c.rule, c.line, got.Words, got.Labels, c.want)
		}
	}
}

// In the official code (match_special_case): when the English sentence is one entity, so
// is its translation, whatever became of the slots.
func TestDecodeWhole(t *testing.T) {
	for _, c := range []struct{ line, lang, want string }{
		{"__SLOT0__ ▁Verein te __SLOT0__ ▁Nation en", "de", "Vereinte/B-ORG Nationen/I-ORG"},
		{"▁Verein te ▁Nation en", "de", "Vereinte/B-ORG Nationen/I-ORG"},
		{"联合 __SLOT3__ 国", "zh", "联/B-ORG 合/I-ORG 国/I-ORG"},
		{"__SLOT0__ __SLOT0__", "de", ""},
	} {
		got, want := DecodeWhole(fields(c.line), "ORG", c.lang), sentence(c.want)
		if !slices.Equal(got.Words, want.Words) || !slices.Equal(got.Labels, want.Labels) {
			t.Errorf("%q: %q %q, want %q", c.line, got.Words, got.Labels, c.want)
		}
	}
}
