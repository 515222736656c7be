package transformer

import (
	"errors"
	"strings"
	"testing"
)

// A member that is read and has another type is refused: its default would be another model.
func TestMembersOfAnotherTypeAreRefused(t *testing.T) {
	const bert = `{"model_type":"bert","vocab_size":9,"hidden_size":8,"num_hidden_layers":1,"num_attention_heads":2,"intermediate_size":8,"max_position_embeddings":4,"type_vocab_size":2`
	for _, c := range []struct{ member, says string }{
		{`"layer_norm_eps":"1e-5"`, `"layer_norm_eps" is a string, expected a number`},
		{`"layer_norm_eps":[1e-5]`, `"layer_norm_eps" is an array, expected a number`},
		{`"hidden_act":1`, `"hidden_act" is a number, expected a string`},
		{`"hidden_act":{}`, `"hidden_act" is an object, expected a string`},
		{`"pad_token_id":"0"`, `"pad_token_id" is a string, expected an integer`},
		{`"layer_norm_eps":null`, ""}, // as if it were not there
		{`"layer_norm_eps":1e-5`, ""},
	} {
		_, err := ParseConfig([]byte(bert + "," + c.member + "}"))
		if c.says == "" {
			if err != nil {
				t.Errorf("%s: %v", c.member, err)
			}
		} else if !errors.Is(err, ErrConfig) || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: got %v, expected %q", c.member, err, c.says)
		}
	}
}

// torchscale has "positions": true or false; the decoder of a MetaLM has "sinusoidal".
func TestPositionsAreTrueFalseOrSinusoidal(t *testing.T) {
	const decoder = `{"kind":"decoder","vocab_size":9,"decoder_embed_dim":8,"decoder_layers":1,"decoder_attention_heads":2,"decoder_ffn_embed_dim":8,"max_target_positions":8,"subln":true,"positions":`
	for value, want := range map[string][2]bool{"true": {true, false}, "false": {false, false}, `"sinusoidal"`: {false, true}} {
		c, err := ParseConfig([]byte(decoder + value + "}"))
		if err != nil {
			t.Errorf("%s: %v", value, err)
		} else if got := [2]bool{c.LearnedPositions, c.Sinusoidal}; got != want {
			t.Errorf("%s: learned and sinusoidal are %v", value, got)
		}
	}
	for _, value := range []string{"1", `"learned"`, "[true]"} {
		if _, err := ParseConfig([]byte(decoder + value + "}")); !errors.Is(err, ErrConfig) {
			t.Errorf("%s: got %v", value, err)
		}
	}
}
