//go:build !js

package tasks_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/lodestone-wasm/lodestone/kernels"
	"github.com/lodestone-wasm/lodestone/models/generate"
	"github.com/lodestone-wasm/lodestone/models/tasks"
	"github.com/lodestone-wasm/lodestone/models/tokenizer"
	"github.com/lodestone-wasm/lodestone/models/transformer"
	"github.com/lodestone-wasm/lodestone/weights/strictjson"
)

// openVectors loads a model of the golden vectors, which has 29 tokens, and gives it a tokenizer
// of words: <s> 0, <pad> 1, </s> 2, <unk> 3, ▁a to ▁r, then languages.
func openVectors(t testing.TB, name, config string) (*tasks.Generator, *transformer.Model) {
	t.Helper()
	return openOn(t, kernels.NewReference(0), name, config)
}

func openOn(t testing.TB, b kernels.Backend, name, config string) (*tasks.Generator, *transformer.Model) {
	t.Helper()
	dir := filepath.Join("../golden/testdata", name)
	text, err := os.ReadFile(filepath.Join(dir, "config.json"))
	if err != nil {
		t.Fatal(err)
	}
	c, err := transformer.ParseConfig(text)
	if err != nil {
		t.Fatal(err)
	}
	dev := kernels.NewDevice(b)
	s, closer, err := transformer.OpenFile(dev, filepath.Join(dir, "weights.safetensors"))
	if err != nil {
		t.Fatal(err)
	}
	defer closer.Close()
	m, err := transformer.Load(dev, c, []transformer.Stream{s}, transformer.LoadOptions{Head: true})
	if err != nil {
		t.Fatal(err)
	}
	g, err := tasks.NewGenerator(m, words(t, "__en__"), document(t, config), nil)
	if err != nil {
		t.Fatal(err)
	}
	return g, m
}

// document reads a config.json.
func document(t testing.TB, text string) *strictjson.Document {
	t.Helper()
	doc, err := strictjson.ReadDocument([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return doc
}

// words is the tokenizer; template is what it puts before a text, "" for nothing at all.
func words(t testing.TB, template string) *tokenizer.Tokenizer {
	t.Helper()
	pieces := []any{}
	for _, p := range []string{"<s>", "<pad>", "</s>", "<unk>"} {
		pieces = append(pieces, []any{p, 0})
	}
	for r := 'a'; r <= 'r'; r++ {
		pieces = append(pieces, []any{"▁" + string(r), -1})
	}
	vocab, err := json.Marshal(pieces)
	if err != nil {
		t.Fatal(err)
	}
	special := map[string]int{"<s>": 0, "<pad>": 1, "</s>": 2, "__de__": 22, "__en__": 23, "fra_Latn": 24}
	var added []string
	for _, name := range []string{"<s>", "<pad>", "</s>", "__de__", "__en__", "fra_Latn"} {
		added = append(added, fmt.Sprintf(`{"id":%d,"content":%q,"single_word":false,"lstrip":false,"rstrip":false,"normalized":false,"special":true}`, special[name], name))
	}
	metaspace := `{"type":"Metaspace","replacement":"▁","prepend_scheme":"always","split":true}`
	post := "null"
	if template != "" {
		post = fmt.Sprintf(`{"type":"TemplateProcessing","single":[{"SpecialToken":{"id":%[1]q,"type_id":0}},{"Sequence":{"id":"A","type_id":0}},{"SpecialToken":{"id":"</s>","type_id":0}}],
			"pair":[{"Sequence":{"id":"A","type_id":0}},{"Sequence":{"id":"B","type_id":0}}],
			"special_tokens":{%[1]q:{"id":%[1]q,"ids":[%[2]d],"tokens":[%[1]q]},"</s>":{"id":"</s>","ids":[2],"tokens":["</s>"]}}}`, template, special[template])
	}
	tok, err := tokenizer.Parse(fmt.Appendf(nil, `{"version":"1.0","truncation":null,"padding":null,"added_tokens":[%s],"normalizer":null,"pre_tokenizer":%s,"post_processor":%s,"decoder":%s,
		"model":{"type":"Unigram","unk_id":3,"vocab":%s}}`, strings.Join(added, ","), metaspace, post, metaspace, vocab))
	if err != nil {
		t.Fatal(err)
	}
	return tok
}

const start = `{"decoder_start_token_id":2,"eos_token_id":2,"bos_token_id":0}`

func TestAPromptIsNotClosed(t *testing.T) {
	g, _ := openVectors(t, "dec_subln", start)
	for _, c := range []struct {
		text    string
		special bool
		want    []int32
	}{
		{"a c", true, []int32{23, 4, 6}},
		{"a c", false, []int32{4, 6}},
		{"", true, []int32{23, 2}[:1]},
		{"", false, []int32{0}},
	} {
		in, err := g.Prompts([]string{c.text}, c.special)
		if err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(in[0].Prompt, c.want) {
			t.Errorf("%q with special tokens %v: %v, expected %v", c.text, c.special, in[0].Prompt, c.want)
		}
	}
}

func TestASourceHasItsLanguageAndTheDecoderBeginsWithAnother(t *testing.T) {
	g, m := openVectors(t, "encdec_subln", start)
	for _, c := range []struct {
		from, to string
		source   []int32
		forced   int32
	}{
		{"de", "en", []int32{22, 4, 6, 2}, 23},
		{"__de__", "fra_Latn", []int32{22, 4, 6, 2}, 24},
		{"", "de", []int32{23, 4, 6, 2}, 22},
	} {
		in, forced, err := g.Sources([]string{"a c"}, c.from, c.to, g.Settings)
		if err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(in[0].Source, c.source) || !slices.Equal(in[0].Prompt, []int32{2}) || forced == nil || *forced != c.forced {
			t.Errorf("%q to %q: %+v, forced %v", c.from, c.to, in[0], forced)
		}
		o := g.Settings.Options
		o.ForcedBOS, o.MaxNewTokens = forced, 5
		r, err := g.Generate(in, o, nil)
		if err != nil {
			t.Fatal(err)
		}
		if r[0].IDs[0] != c.forced {
			t.Errorf("begins with %d, expected %d", r[0].IDs[0], c.forced)
		}
	}
	for _, c := range []struct{ from, to, names string }{
		{"", "", "say tgt_lang; there are de, en, fra_Latn"}, {"xx", "de", `"xx"`}, {"", "<s>", `"<s>"`},
	} {
		if _, _, err := g.Sources([]string{"a"}, c.from, c.to, g.Settings); !errors.Is(err, tasks.ErrLanguage) || !strings.Contains(err.Error(), c.names) {
			t.Errorf("%q to %q: %v", c.from, c.to, err)
		}
	}
	// Without a place in the template, the language goes to the front.
	plain, err := tasks.NewGenerator(m, words(t, ""), document(t, start), nil)
	if err != nil {
		t.Fatal(err)
	}
	in, _, err := plain.Sources([]string{"a"}, "de", "en", plain.Settings)
	if err != nil || !slices.Equal(in[0].Source, []int32{22, 4}) {
		t.Errorf("%v, %v", in, err)
	}
}

func TestTextIsStreamedAsItIsMade(t *testing.T) {
	g, _ := openVectors(t, "dec_subln", start)
	in, err := g.Prompts([]string{"a c", "b"}, true)
	if err != nil {
		t.Fatal(err)
	}
	o := g.Settings.Options
	o.MaxNewTokens, o.Sample, o.Returns, o.EOS = 9, true, 2, nil
	streamed, ids := make([]string, 4), make([][]int32, 4)
	live, err := g.Generate(in, o, func(i int, id int32, piece []byte) error {
		streamed[i] += string(piece)
		if id >= 0 {
			ids[i] = append(ids[i], id)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	quiet, err := g.Generate(in, o, nil)
	if err != nil {
		t.Fatal(err)
	}
	text := ""
	for i := range live {
		if streamed[i] != live[i].Text || live[i].Text != quiet[i].Text || !slices.Equal(ids[i], live[i].IDs) {
			t.Errorf("result %d: streamed %q %v, result %q %v, without a callback %q", i, streamed[i], ids[i], live[i].Text, live[i].IDs, quiet[i].Text)
		}
		text += live[i].Text
	}
	if text == "" || strings.Contains(text, "__") {
		t.Errorf("texts %q", text)
	}
	stop := errors.New("stop")
	if _, err := g.Generate(in, o, func(int, int32, []byte) error { return stop }); err != stop {
		t.Errorf("error %v", err)
	}
}

// The logits of a padded batch are those of its rows alone, and zeros where padding is.
func TestLogitsOfPaddedRows(t *testing.T) {
	for _, name := range []string{"dec_subln", "encdec_subln_relpos_shared"} {
		g, m := openVectors(t, name, start)
		d := m.Device()
		get := func(in transformer.Padded, source *transformer.Padded) []float32 {
			t.Helper()
			used := d.Used()
			x, release, err := g.Logits(in, source)
			if err != nil {
				t.Fatal(err)
			}
			v := make([]float32, x.Rows*x.Cols)
			d.Get(v, x)
			release()
			if d.Used() != used {
				t.Errorf("%d bytes in use, %d before", d.Used(), used)
			}
			return v
		}
		both := transformer.Padded{IDs: []int32{2, 5, 7, 2, 9, 0, 0, 0, 0}, Mask: []int32{1, 1, 1, 1, 1, 0, 0, 0, 0}, Rows: 3, Cols: 3}
		var source *transformer.Padded
		if g.Translates() {
			source = &transformer.Padded{IDs: []int32{3, 7, 11, 4, 0, 0, 5, 5, 5}, Mask: []int32{1, 1, 1, 1, 0, 0, 0, 0, 0}, Rows: 3, Cols: 3}
		}
		got := get(both, source)
		for row, ids := range [][]int32{{2, 5, 7}, {2, 9}} {
			var s *transformer.Padded
			if source != nil {
				s = &transformer.Padded{IDs: [][]int32{{3, 7, 11}, {4}}[row], Rows: 1, Cols: []int{3, 1}[row]}
			}
			want := get(transformer.Padded{IDs: ids, Rows: 1, Cols: len(ids)}, s)
			for i, x := range want {
				if diff := got[row*3*29+i] - x; diff > 1e-5 || diff < -1e-5 {
					t.Fatalf("%s: row %d differs from itself alone at %d: %v, %v", name, row, i, got[row*3*29+i], x)
				}
			}
		}
		for i, x := range got[5*29:] {
			if x != 0 {
				t.Fatalf("%s: %v at padding, number %d", name, x, i)
			}
		}
		for _, bad := range []transformer.Padded{{IDs: []int32{1}, Rows: 1, Cols: 2}, {IDs: []int32{99}, Rows: 1, Cols: 1}, {Rows: -1, Cols: 1}} {
			var s *transformer.Padded
			if source != nil {
				s = &transformer.Padded{IDs: []int32{4}, Rows: 1, Cols: 1}
			}
			if _, _, err := g.Logits(bad, s); err == nil {
				t.Errorf("%s: %+v was taken", name, bad)
			}
		}
	}
}

func TestWhatAModelCannotDoIsRefused(t *testing.T) {
	g, m := openVectors(t, "dec_subln", `{}`)
	if _, err := g.Prompts([]string{""}, false); !errors.Is(err, generate.ErrOptions) || !strings.Contains(err.Error(), "bos_token_id") {
		t.Errorf("nothing to begin with: %v", err)
	}
	if _, _, err := g.Sources([]string{"a"}, "", "de", g.Settings); !errors.Is(err, tasks.ErrModel) {
		t.Errorf("translation by a decoder alone: %v", err)
	}
	if _, _, err := g.Logits(transformer.Padded{}, &transformer.Padded{}); !errors.Is(err, tasks.ErrModel) {
		t.Errorf("a source for a decoder alone: %v", err)
	}
	if _, err := g.Rows([]int32{1, 2}, []int32{1, 2}, g.Settings); !errors.Is(err, transformer.ErrInput) {
		t.Errorf("rows beyond the ids: %v", err)
	}
	ids, err := tasks.NewGenerator(m, nil, document(t, `{}`), nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := ids.Prompts([]string{"a"}, true); !errors.Is(err, tasks.ErrModel) {
		t.Errorf("a text without a tokenizer: %v", err)
	}
	both, _ := openVectors(t, "encdec_subln", `{}`)
	if _, _, err := both.Sources([]string{"a"}, "", "de", both.Settings); !errors.Is(err, generate.ErrOptions) || !strings.Contains(err.Error(), "decoder_start_token_id") {
		t.Errorf("no start: %v", err)
	}
	for encoder, c := range map[bool]*transformer.Config{false: {ModelType: "bert"}, true: {ModelType: "gpt2", Causal: true}} {
		if err := tasks.CheckGenerates(c, encoder); !errors.Is(err, tasks.ErrModel) || !strings.Contains(err.Error(), c.ModelType) {
			t.Errorf("%s with encoder %v: %v", c.ModelType, encoder, err)
		}
	}
}

// A text is continued, piece by piece.
func ExampleGenerator_Generate() {
	g, _ := openVectors(&testing.T{}, "dec_subln", `{"eos_token_id":2}`)
	in, err := g.Prompts([]string{"a b c"}, false)
	if err != nil {
		fmt.Println(err)
		return
	}
	o := g.Settings.Options
	o.MaxNewTokens = 4
	text := ""
	r, err := g.Generate(in, o, func(_ int, _ int32, piece []byte) error {
		text += string(piece)
		return nil
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(len(r[0].IDs), text == r[0].Text)
	// Output: 4 true
}
