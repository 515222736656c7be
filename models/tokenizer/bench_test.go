package tokenizer

import (
	"strings"
	"testing"
)

func BenchmarkParse(b *testing.B) {
	data := readFile(b, defaultModel)
	b.SetBytes(int64(len(data)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Parse(data); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkEncode(b *testing.B) {
	tok := loadDefault(b)
	sentences := strings.Split(strings.TrimSpace(string(readFile(b, "testdata/tatoeba.txt"))), "\n")
	for _, c := range []struct {
		name  string
		texts []string
		o     Options
	}{
		{"sentences", sentences, Options{AddSpecialTokens: true}},
		{"1MB", []string{strings.Repeat(strings.Join(sentences, " "), 10)}, Options{}},
		{"1MB to 128 tokens", []string{strings.Repeat(strings.Join(sentences, " "), 10)}, Options{MaxLength: 128}},
		{"1MB without a space", []string{strings.ReplaceAll(strings.Repeat(strings.Join(sentences, ""), 10), " ", "")}, Options{}},
	} {
		b.Run(c.name, func(b *testing.B) {
			n := 0
			for _, text := range c.texts {
				n += len(text)
			}
			b.SetBytes(int64(n))
			b.ReportAllocs()
			tokens := 0
			for b.Loop() {
				for _, text := range c.texts {
					e, err := tok.Encode(text, c.o)
					if err != nil {
						b.Fatal(err)
					}
					tokens += len(e.IDs)
				}
			}
			b.ReportMetric(float64(tokens)/b.Elapsed().Seconds(), "tokens/s")
		})
	}
}

func BenchmarkBuildTrie(b *testing.B) {
	pieces := loadDefault(b).model.(*unigram).pieces
	b.ReportAllocs()
	for b.Loop() {
		if t, _ := buildTrie(pieces); len(t.label) < len(pieces) {
			b.Fatal("too few nodes")
		}
	}
}

func BenchmarkUnicodeTables(b *testing.B) {
	for b.Loop() {
		if t := unfoldUnicode(); len(t.pairs) == 0 {
			b.Fatal("no compositions")
		}
	}
}

func BenchmarkEncodeOthers(b *testing.B) {
	sentences := strings.Split(strings.TrimSpace(string(readFile(b, "testdata/tatoeba.txt"))), "\n")
	n := 0
	for _, text := range sentences {
		n += len(text)
	}
	for _, name := range []string{"bert", "gpt2", "roberta"} {
		tok := loadDefinition(b, name)
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(n))
			b.ReportAllocs()
			for b.Loop() {
				for _, text := range sentences {
					if _, err := tok.Encode(text, Options{AddSpecialTokens: true}); err != nil {
						b.Fatal(err)
					}
				}
			}
		})
	}
}

func BenchmarkCharacterTables(b *testing.B) {
	for b.Loop() {
		if t := unfoldChars(); len(t.blocks) == 0 {
			b.Fatal("no blocks")
		}
	}
}
