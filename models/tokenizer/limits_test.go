package tokenizer

import (
	"errors"
	"strings"
	"testing"
)

// Files that make a long text of a short one, or much work of it.
func TestHostileFilesCannotMakeTextsGrow(t *testing.T) {
	levels := strings.Repeat(`{"type":"ByteLevel","add_prefix_space":false},`, 40)
	for _, c := range []struct{ name, section, value, text string }{
		{"nine times Replace", "normalizer", growing(9), "s"},
		{"chained ByteLevel of the pre-tokenizer", "pre_tokenizer", `{"type":"Sequence","pretokenizers":[` + levels[:len(levels)-1] + `]}`, "é"},
		{"chained ByteLevel of the normaliser", "normalizer", `{"type":"Sequence","normalizers":[` + strings.ReplaceAll(levels[:len(levels)-1], `,"add_prefix_space":false`, "") + `]}`, "é"},
		{"Prepend of a megabyte", "normalizer", `{"type":"Prepend","prepend":"` + strings.Repeat("a", 1<<20) + `"}`, "x"},
	} {
		tok, err := Parse(file(c.section, c.value))
		if err != nil {
			t.Fatalf("%s: %v", c.name, err)
		}
		if e, err := tok.Encode(c.text, Options{}); !errors.Is(err, ErrInvalidText) || !strings.Contains(err.Error(), "16 times") {
			t.Errorf("%s: %d ids, error %v", c.name, len(e.IDs), err)
		}
	}
}

func TestARegularExpressionThatTakesTooLongEndsTheCall(t *testing.T) {
	for _, section := range []string{"normalizer", "pre_tokenizer"} {
		value := `{"type":"Replace","pattern":{"Regex":"\\s+$"},"content":" "}`
		if section == "pre_tokenizer" {
			value = `{"type":"Split","pattern":{"Regex":"\\s+$"},"behavior":"Isolated","invert":false}`
		}
		tok, err := Parse(file(section, value))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := tok.Encode(strings.Repeat(" ", 1000)+"a", Options{}); err != nil {
			t.Errorf("%s: a thousand spaces: %v", section, err)
		}
		if _, err := tok.Encode(strings.Repeat(" ", 100000)+"a", Options{}); !errors.Is(err, ErrInvalidText) {
			t.Errorf("%s: a hundred thousand spaces: %v", section, err)
		}
	}
}

// A vocabulary of n pieces "ab" and n pieces "a" once took the square of n steps.
func TestEqualPiecesAreFoundInLinearTime(t *testing.T) {
	const n = 100000
	pieces := `["<unk>",0],["<s>",0]` + strings.Repeat(`,["ab",-1]`, n) + strings.Repeat(`,["a",-1]`, n)
	_, err := Parse(file("model", `{"type":"Unigram","unk_id":0,"vocab":[`+pieces+`]}`))
	if !errors.Is(err, ErrInvalid) || !strings.Contains(err.Error(), "occurs twice") {
		t.Errorf("error %v", err)
	}
}

func TestUnigramRefusesPiecesThatMakeMuchWork(t *testing.T) {
	long := strings.Repeat("a", maxUnigramPiece)
	model := func(piece string) []byte {
		return file("model", `{"type":"Unigram","unk_id":0,"vocab":[["<unk>",0],["<s>",0],["`+piece+`",-1]]}`)
	}
	if _, err := Parse(model(long)); err != nil {
		t.Error(err)
	}
	if _, err := Parse(model(long + "a")); !errors.Is(err, ErrInvalid) || !strings.Contains(err.Error(), "129 bytes") {
		t.Errorf("error %v", err)
	}
}

// Poll is asked so often that a call ends soon, whatever takes its time.
func TestPollEndsACall(t *testing.T) {
	enough := errors.New("enough")
	wordLevel := `{"type":"WordLevel","unk_token":"<unk>","vocab":{"<unk>":0,"<s>":1}}`
	text := strings.Repeat("a b ", 1<<18)
	for _, c := range []struct{ name, section, value, text string }{
		{"many words", "", "", text},
		{"one word of Unigram", "pre_tokenizer", "null", strings.ReplaceAll(text, " ", "a")},
		{"matches of Split", "pre_tokenizer", `{"type":"Split","pattern":{"String":"a"},"behavior":"Removed","invert":true}`, text},
		{"words of WordLevel", "model", wordLevel, text},
		{"added tokens", "", "", strings.Repeat("<s>", 1<<18)},
	} {
		tok, err := Parse(file(c.section, c.value))
		if err != nil {
			t.Fatal(err)
		}
		asked := 0
		o := Options{ParseSpecial: true, Poll: func() error {
			if asked++; asked == 3 {
				return enough
			}
			return nil
		}}
		if _, err := tok.Encode(c.text, o); !errors.Is(err, enough) || asked != 3 {
			t.Errorf("%s: error %v, asked %d times, want 3", c.name, err, asked)
		}
		asked = -1 << 30
		if _, err := tok.Encode(c.text, o); err != nil {
			t.Errorf("%s: %v", c.name, err)
		}
		if n := asked + 1<<30; n < 10 {
			t.Errorf("%s: asked %d times for %d bytes", c.name, n, len(c.text))
		}
	}
	asked := 0
	if _, err := loadDefault(t).EncodeBatch(make([]string, 100), Options{Poll: func() error {
		asked++
		return nil
	}}); err != nil || asked < 100 {
		t.Errorf("a batch of 100 texts asked %d times (%v)", asked, err)
	}
}
