package promptbert

import (
	"errors"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/lodestone-wasm/lodestone/models/tokenizer"
	"github.com/lodestone-wasm/lodestone/weights/strictjson"
)

func TestTheFullStopRule(t *testing.T) {
	// The rule of PromptBERT's evaluation: if the sentence is not empty and does not end
	// in one of . ? " ' it gets a full stop.
	for _, c := range []struct{ in, want string }{
		{"A dog runs", "A dog runs."},
		{"A dog runs.", "A dog runs."},
		{"Does a dog run?", "Does a dog run?"},
		{`He said "yes"`, `He said "yes"`},
		{"the dogs'", "the dogs'"},
		{"Stop!", "Stop!."},
		{"ein Café", "ein Café."},
		{"  padded  ", "padded."},
		{"", ""},
		{"   ", ""},
	} {
		if got := (&Prompt{AppendPeriod: true}).clean(c.in); got != c.want {
			t.Errorf("%q becomes %q, expected %q", c.in, got, c.want)
		}
		if got := (&Prompt{}).clean(c.in); got != strings.TrimSpace(c.in) {
			t.Errorf("without the rule %q becomes %q", c.in, got)
		}
	}
}

// The ids in the model's config.json were made by SentencePiece from these templates.
func TestATemplateInWordsBecomesTheIdsOfTheConfiguration(t *testing.T) {
	const dir = "../../weights/prompt-magneto-en-de-fr/"
	text, err := os.ReadFile(dir + "tokenizer.json")
	if err != nil {
		t.Fatal(err)
	}
	tok, err := tokenizer.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	config, err := os.ReadFile(dir + "config.json")
	if err != nil {
		t.Fatal(err)
	}
	p, err := PromptOf(document(t, string(config)), 128, 16384)
	if err != nil {
		t.Fatal(err)
	}
	for i, template := range []string{BERT, BERTSecond} {
		got, err := ParseTemplate(tok, template, 0, 16383, 2)
		if err != nil {
			t.Fatal(err)
		}
		want := p.Templates[i]
		if !slices.Equal(got.Prefix, want.Prefix) || !slices.Equal(got.Suffix, want.Suffix) || got.Mask != want.Mask {
			t.Errorf("%q is %v, config.json says %v", template, got, want)
		}
	}
	for _, bad := range []string{"", "no place for a sentence [MASK]", "X without a mask"} {
		if _, err := ParseTemplate(tok, bad, 0, 16383, 2); !errors.Is(err, ErrPrompt) {
			t.Errorf("%q: error %v, expected %v", bad, err, ErrPrompt)
		}
	}
}

func TestAPromptBlockIsReadAndBounded(t *testing.T) {
	p, err := PromptOf(document(t, `{"mask_token_id":9,"prompt":{"prefix_ids":[0,1],"suffix_ids":[2,9,3],"max_sentence_tokens":50,"append_period":true}}`), 20, 10)
	if err != nil {
		t.Fatal(err)
	}
	// 20 positions less 5 ids of the template leave 15, whatever the block says.
	if p.MaxSentence != 15 || !p.AppendPeriod || len(p.Templates) != 1 || p.Templates[0].Mask != 1 {
		t.Errorf("read as %+v", p)
	}
	if _, err := PromptOf(document(t, `{"mask_token_id":9}`), 20, 10); !errors.Is(err, ErrNoPrompt) {
		t.Errorf("no block: error %v, expected %v", err, ErrNoPrompt)
	}
	for _, c := range []struct{ name, config, names string }{
		{"no mask in the suffix", `{"mask_token_id":9,"prompt":{"prefix_ids":[0],"suffix_ids":[2]}}`, "mask_token_id 9"},
		{"no mask id", `{"prompt":{"prefix_ids":[0],"suffix_ids":[2]}}`, "mask_token_id -1"},
		{"an id beyond the vocabulary", `{"mask_token_id":9,"prompt":{"prefix_ids":[10],"suffix_ids":[9]}}`, "id 10"},
		{"a negative id", `{"mask_token_id":9,"prompt":{"prefix_ids":[-1],"suffix_ids":[9]}}`, "id -1"},
		{"no room for a sentence", `{"mask_token_id":9,"prompt":{"prefix_ids":[0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0],"suffix_ids":[9]}}`, "no room"},
		{"an absurd length", `{"mask_token_id":9,"prompt":{"prefix_ids":[0],"suffix_ids":[9],"max_sentence_tokens":-1}}`, "-1"},
		{"ids that are no array", `{"mask_token_id":9,"prompt":{"prefix_ids":7}}`, "an array"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if _, err := PromptOf(document(t, c.config), 20, 10); !errors.Is(err, ErrPrompt) || !strings.Contains(err.Error(), c.names) {
				t.Errorf("error %v, expected %v naming %s", err, ErrPrompt, c.names)
			}
		})
	}
}

// document reads a config.json.
func document(t *testing.T, text string) *strictjson.Document {
	t.Helper()
	doc, err := strictjson.ReadDocument([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return doc
}
