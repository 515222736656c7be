package generate_test

import (
	"errors"
	"reflect"
	"strings"
	"testing"

	"github.com/lodestone-wasm/lodestone/models/generate"
	"github.com/lodestone-wasm/lodestone/models/transformer"
	"github.com/lodestone-wasm/lodestone/weights/strictjson"
)

func TestAFolderSaysHowItsModelGenerates(t *testing.T) {
	seven := int32(7)
	for _, c := range []struct {
		name, config, generation string
		want                     generate.Settings
	}{
		{"nothing", `{}`, "", generate.Settings{BOS: -1, DecoderStart: -1, Pad: -1, Options: generate.Options{TopK: 50, LengthPenalty: 1}}},
		{"GPT-2", `{"bos_token_id":50256,"eos_token_id":50256,"task_specific_params":{"text-generation":{"max_length":50}}}`, `{"_from_model_config":true,"transformers_version":"4"}`,
			generate.Settings{BOS: 50256, DecoderStart: -1, Pad: -1, Options: generate.Options{TopK: 50, LengthPenalty: 1, EOS: []int32{50256}}}},
		{"a translator", `{"max_length":10,"eos_token_id":null}`, `{"bos_token_id":0,"decoder_start_token_id":2,"early_stopping":true,"eos_token_id":[2,3],"pad_token_id":1,
			"max_length":200,"num_beams":5,"forced_bos_token_id":7,"no_repeat_ngram_size":3,"bad_words_ids":[[1,2],[]],"suppress_tokens":[4,-1]}`,
			generate.Settings{BOS: 0, DecoderStart: 2, Pad: 1, Options: generate.Options{TopK: 50, LengthPenalty: 1, EOS: []int32{2, 3}, EarlyStopping: true, MaxLength: 200,
				ForcedBOS: &seven, NoRepeatNGram: 3, BadWords: [][]int32{{1, 2}}, Suppress: []int32{4}}}},
		{"a chat", `{}`, `{"do_sample":true,"temperature":0.6,"top_p":0.9,"top_k":null,"repetition_penalty":1.5,"early_stopping":"never","typical_p":1.0,"num_beam_groups":1,"max_new_tokens":5,"min_new_tokens":2,"min_length":3,"length_penalty":-2}`,
			generate.Settings{BOS: -1, DecoderStart: -1, Pad: -1, Options: generate.Options{Sample: true, Temperature: 0.6, TopP: 0.9, TopK: 50, RepetitionPenalty: 1.5,
				Exhaustive: true, MaxNewTokens: 5, MinNewTokens: 2, MinLength: 3, LengthPenalty: -2}}},
	} {
		var generation *strictjson.Document
		if c.generation != "" {
			generation = document(t, c.generation)
		}
		got, err := generate.SettingsOf(document(t, c.config), generation)
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
		} else if !reflect.DeepEqual(*got, c.want) {
			t.Errorf("%s: %+v, expected %+v", c.name, *got, c.want)
		}
	}
	for text, want := range map[string]error{
		`{"eos_token_id":"two"}`: transformer.ErrConfig,
		`{"eos_token_id":1.5}`:   transformer.ErrConfig,
		`{"max_length":-3}`:      transformer.ErrConfig,
		`{"typical_p":0.5}`:      transformer.ErrUnsupported,
		`{"num_beam_groups":3}`:  transformer.ErrUnsupported,
		`{"do_sample":1}`:        transformer.ErrConfig,
	} {
		if _, err := generate.SettingsOf(document(t, `{}`), document(t, text)); !errors.Is(err, want) || !strings.Contains(err.Error(), "generation_config.json") {
			t.Errorf("%s: %v, expected %v", text, err, want)
		}
	}
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

// Whatever the bytes are, reading them ends.
func FuzzSettingsOf(f *testing.F) {
	f.Add([]byte(`{"eos_token_id":[1,2],"max_length":20,"early_stopping":"never","bad_words_ids":[[1]],"top_p":0.5}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		doc, err := strictjson.ReadDocument(text)
		if err != nil {
			return
		}
		if d, err := generate.SettingsOf(doc, doc); (d == nil) == (err == nil) {
			t.Errorf("%v and %v", d, err)
		}
	})
}

func TestACallersOptionsAreRefusedByName(t *testing.T) {
	f, err := generate.SettingsOf(document(t, `{"eos_token_id":2,"vocab_size":29}`), nil)
	if err != nil {
		t.Fatal(err)
	}
	for text, says := range map[string]string{
		`{"max_tokens":5}`:           `there is no option "max_tokens"; did you mean "max_new_tokens"?`,
		`{"numbeams":2}`:             `did you mean "num_beams"?`,
		`{"vocab_size":29}`:          `there is no option "vocab_size"`,
		`{"max_new_tokens":0}`:       `"max_new_tokens" is 0, expected at least 1`,
		`{"temperature":0}`:          `"temperature" is 0, expected a number above 0`,
		`{"top_p":0}`:                `"top_p" is 0, expected a number above 0`,
		`{"num_beams":0}`:            `"num_beams" is 0, expected at least 1`,
		`{"max_new_tokens":1.5}`:     `"max_new_tokens" is 1.5, expected a whole number`,
		`{"max_length":0}`:           `"max_length" is 0, expected at least 1`,
		`{"num_return_sequences":0}`: `"num_return_sequences" is 0, expected at least 1`,
		`{"repetition_penalty":0}`:   `"repetition_penalty" is 0, expected a number above 0`,
		`{"seed":-1}`:                `"seed" is -1, expected at least 0`,
		`{"seed":0.5}`:               `"seed" is 0.5, expected a whole number`,
		`{"bad_words_ids":[[]]}`:     `"bad_words_ids" has a list without a token`,
		`{"stop_strings":""}`:        `"stop_strings" has an empty text`,
		`{"stop_strings":["a",""]}`:  `"stop_strings" has an empty text`,
		`{"typical_p":0.5}`:          `"typical_p"`,
		`not json`:                   `expected an object`,
		`{"max_new_tokens":1} again`: `text after the document`,
	} {
		if _, err := f.With([]byte(text)); !errors.Is(err, generate.ErrOptions) || !strings.Contains(err.Error(), says) {
			t.Errorf("%s: %v; expected it to say %s", text, err, says)
		}
	}
	g, err := f.With([]byte(`{"stop_strings":".","typical_p":1,"length_penalty":-1,"top_k":0}`))
	if err != nil || len(g.StopStrings) != 1 || g.StopStrings[0] != "." {
		t.Errorf("%+v, %v", g, err)
	}
}
