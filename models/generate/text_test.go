package generate_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/lodestone-wasm/lodestone/models/generate"
	"github.com/lodestone-wasm/lodestone/models/tokenizer"
)

// parse makes a tokenizer of a model and a decoder in JSON, with </s> as a special token.
func parse(t *testing.T, model, preTokenizer, decoder string) *tokenizer.Tokenizer {
	t.Helper()
	tok, err := tokenizer.Parse(fmt.Appendf(nil, `{"version":"1.0","truncation":null,"padding":null,
		"added_tokens":[{"id":0,"content":"</s>","single_word":false,"lstrip":false,"rstrip":false,"normalized":false,"special":true}],
		"normalizer":null,"pre_tokenizer":%s,"post_processor":null,"decoder":%s,"model":%s}`, preTokenizer, decoder, model))
	if err != nil {
		t.Fatal(err)
	}
	return tok
}

// tokenizers are one of each kind, whose tokens are </s> and pieces.
func tokenizers(t *testing.T) map[string]*tokenizer.Tokenizer {
	vocab := func(pieces ...string) string {
		m := map[string]int{"</s>": 0}
		for _, p := range pieces {
			m[p] = len(m)
		}
		text, err := json.Marshal(m)
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
	metaspace := `{"type":"Metaspace","replacement":"▁","prepend_scheme":"always","split":true}`
	// Bytes 0xe2 0x82 0xac 0xf0 0x9f 0x99 0x82 0xff in the alphabet of GPT-2.
	bytes := []string{"a", "Ġ", "b", "Ġab", "â", "Ĥ", "¬", "ð", "Ł", "Ļ", "ÿ", "."}
	fallback := []string{"▁", "▁a", "a", "b", "€"}
	for b := range 256 {
		fallback = append(fallback, fmt.Sprintf("<0x%02X>", b))
	}
	return map[string]*tokenizer.Tokenizer{
		"unigram": parse(t, `{"type":"Unigram","unk_id":0,"vocab":[["</s>",0],["▁",-1],["▁a",-1],["a",-2],["b",-2],["▁ab",-3],["ü",-4],["▁.",-2],[".",-2],["c",-2],["▁b",-2]]}`, metaspace, metaspace),
		"wordpiece": parse(t, `{"type":"WordPiece","unk_token":"</s>","continuing_subword_prefix":"##","max_input_chars_per_word":9,"vocab":`+
			vocab("a", "##a", "b", "##b", ".", ",", "'", "##é", "é", "n't", "do not")+`}`, `{"type":"BertPreTokenizer"}`, `{"type":"WordPiece","prefix":"##","cleanup":true}`),
		"byte level": parse(t, `{"type":"BPE","dropout":null,"unk_token":null,"continuing_subword_prefix":null,"end_of_word_suffix":null,"fuse_unk":false,"byte_fallback":false,"merges":[],"vocab":`+
			vocab(bytes...)+`}`, `{"type":"ByteLevel","add_prefix_space":false,"trim_offsets":true,"use_regex":true}`, `{"type":"ByteLevel"}`),
		"byte fallback": parse(t, `{"type":"BPE","dropout":null,"unk_token":"</s>","continuing_subword_prefix":null,"end_of_word_suffix":null,"fuse_unk":true,"byte_fallback":true,"merges":[],"vocab":`+
			vocab(fallback...)+`}`, `null`, `{"type":"Sequence","decoders":[{"type":"Replace","pattern":{"String":"▁"},"content":" "},{"type":"ByteFallback"},{"type":"Fuse"},{"type":"Strip","content":" ","start":1,"stop":0}]}`),
	}
}

// Whatever the tokens are: the pieces together are what decoding prompt and tokens at
// once adds to the prompt's text, and each is whole characters.
func TestPiecesOfTextAreWholeCharactersAndMakeTheText(t *testing.T) {
	const trials, length = 400, 14
	for name, tok := range tokenizers(t) {
		var euro []int32
		for _, token := range []string{"<0xE2>", "<0x82>", "<0xAC>"} {
			id, _ := tok.TokenToID(token)
			euro = append(euro, id)
		}
		t.Run(name, func(t *testing.T) {
			seed := uint32(1)
			random := func(n int) int {
				seed = seed*1664525 + 1013904223
				return int(seed>>8) % n
			}
			compared := 0
			units := make([][]int32, 12)
			for id := range units {
				units[id] = []int32{int32(id)}
			}
			if name == "byte fallback" { // one wrong byte takes back the right ones before it, which were given already
				units = [][]int32{{0}, {1}, {2}, {3}, {5}, euro}
			}
			for range trials {
				var ids []int32
				for len(ids) < length {
					ids = append(ids, units[random(len(units))]...)
				}
				prompt := ids[:random(3)]
				s := generate.NewTextStream(tok, prompt)
				var got strings.Builder
				for _, id := range ids[len(prompt):] {
					piece := s.Add(id)
					if !utf8.Valid(piece) {
						t.Fatalf("%v: piece %q is not UTF-8", ids, piece)
					}
					got.Write(piece)
				}
				got.Write(s.End())
				whole := tok.Decode(ids, true)
				before := tok.Decode(prompt, true)
				if strings.Contains(before, "\uFFFD") {
					continue // half a character in the prompt
				}
				compared++
				if want := strings.TrimPrefix(whole, before); got.String() != want {
					t.Fatalf("%v after %d: %q, decoded at once %q", ids, len(prompt), got.String(), want)
				}
			}
			if compared < trials/10 {
				t.Errorf("only %d of %d were compared", compared, trials)
			}
		})
	}
}

func TestATokenThatEndsInsideACharacterWaits(t *testing.T) {
	tok := tokenizers(t)["byte level"]
	id := func(token string) int32 {
		n, ok := tok.TokenToID(token)
		if !ok {
			t.Fatalf("no token %q", token)
		}
		return n
	}
	s := generate.NewTextStream(tok, []int32{id("a")})
	for _, c := range []struct{ token, piece string }{
		{"Ġab", " ab"}, {"â", ""}, {"Ĥ", ""}, {"¬", "€"}, {"</s>", ""}, {"Ġ", " "}, {"ð", ""}, {"a", "\uFFFDa"}, {"ð", ""}, {"Ł", ""},
	} {
		if piece := string(s.Add(id(c.token))); piece != c.piece {
			t.Errorf("after %q: %q, expected %q", c.token, piece, c.piece)
		}
	}
	if rest := string(s.End()); rest != "\uFFFD" {
		t.Errorf("at the end %q, expected one replacement character", rest)
	}
	if rest := s.End(); len(rest) > 0 {
		t.Errorf("at the end again %q", rest)
	}
}

func TestStopStringsEndWhereTheirLastCharacterComes(t *testing.T) {
	tok := tokenizers(t)["byte level"]
	stop, err := generate.StopStrings(tok, []string{"b.", "€"})
	if err != nil {
		t.Fatal(err)
	}
	var ids []int32
	for _, c := range []struct {
		token string
		stops bool
	}{{"a", false}, {"b", false}, {".", true}, {"a", false}, {"â", false}, {"</s>", false}, {"Ĥ", false}, {"¬", true}, {"Ġab", false}, {".", true}} {
		id, _ := tok.TokenToID(c.token)
		ids = append(ids, id)
		if got := stop(ids); got != c.stops {
			t.Errorf("after %q: %v, expected %v", tok.Decode(ids, true), got, c.stops)
		}
	}
	for _, bad := range []string{"", strings.Repeat("x", 300)} {
		if _, err := generate.StopStrings(tok, []string{bad}); !errors.Is(err, generate.ErrOptions) {
			t.Errorf("a stop string of %d bytes: %v", len(bad), err)
		}
	}
}
