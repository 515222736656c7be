package transformer

import (
	"errors"
	"strings"
	"testing"
)

func TestTheConfigOfATHEXIsABERTsWithTwoMembersMore(t *testing.T) {
	const bert = `{"model_type":"thex","vocab_size":9,"hidden_size":8,"num_hidden_layers":2,"num_attention_heads":2,"intermediate_size":16,"max_position_embeddings":12,"hidden_act":"relu"`
	c, err := ParseConfig([]byte(bert + `,"reciprocal_hidden":5,"mask_value":-7.5}`))
	if err != nil || c.Family != "thex" || c.Approx == nil || *c.Approx != (ApproxConfig{Hidden: 5, MaskValue: -7.5}) || c.MaxPositions != 12 {
		t.Fatalf("%+v, %v", c, err)
	}
	if c, err := ParseConfig([]byte(bert + `,"reciprocal_hidden":5}`)); err != nil || c.Approx.MaskValue != -4 {
		t.Errorf("%+v, %v", c, err)
	}
	for _, bad := range []struct{ members, says string }{
		{"", "reciprocal_hidden"}, {`,"reciprocal_hidden":0`, "reciprocal_hidden"}, {`,"reciprocal_hidden":2000`, "1 to 1024"}, {`,"reciprocal_hidden":2.5`, "integer"},
	} {
		if _, err := ParseConfig([]byte(bert + bad.members + "}")); !errors.Is(err, ErrConfig) || !strings.Contains(err.Error(), bad.says) {
			t.Errorf("%s: error %v", bad.members, err)
		}
	}
}
