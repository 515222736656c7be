//go:build !js

package service_test

import (
	"fmt"
	"math"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/lodestone-wasm/lodestone/models/heads"
	"github.com/lodestone-wasm/lodestone/models/heads/headstest"
	"github.com/lodestone-wasm/lodestone/models/pipeline"
	"github.com/lodestone-wasm/lodestone/models/service"
	"github.com/lodestone-wasm/lodestone/models/tokenizer"
)

// crossEncoder is a random BERT with one output, and what computes its logits in float64.
func crossEncoder(t *testing.T) (service.Model, func(query, text string) float64) {
	t.Helper()
	m := headstest.New("bert", heads.SequenceClassification, "relevant")
	texts, err := m.Files()
	if err != nil {
		t.Fatal(err)
	}
	tok, err := tokenizer.Parse(texts["tokenizer.json"])
	if err != nil {
		t.Fatal(err)
	}
	files := fstest.MapFS{}
	for name, text := range texts {
		files[name] = &fstest.MapFile{Data: text}
	}
	return service.Model{ID: "cross", Task: pipeline.TextRanking.Name, Files: pipeline.FS(files)}, func(query, text string) float64 {
		e, err := tok.EncodePair(query, text, tokenizer.Options{AddSpecialTokens: true, MaxLength: headstest.Positions})
		if err != nil {
			t.Fatal(err)
		}
		return m.Logits(e.IDs, e.TypeIDs)[0][0]
	}
}

func TestACrossEncoderRanksWhereOneIsConfigured(t *testing.T) {
	model, logit := crossEncoder(t)
	s := open(t, func(c *service.Config) { c.Models = append(shipped(), model) })
	documents := []string{"ada", "paris", "was it ada", "it"}
	list := `["` + strings.Join(documents, `","`) + `"]`
	body := `{"query":"was it","documents":` + list + `}`
	y := post[ranking](t, s, "/v2/rerank", body)
	if y.Method != "cross-encoder" || y.Model != "cross" || len(y.Results) != len(documents) {
		t.Fatalf("%+v", y)
	}
	for i, r := range y.Results {
		want := 1 / (1 + math.Exp(-logit("was it", documents[r.Index])))
		if math.Abs(r.Score-want) > 1e-4 || i > 0 && r.Score > y.Results[i-1].Score {
			t.Errorf("place %d: %+v, expected %v", i, r, want)
		}
	}
	type tei struct {
		Index int
		Score float64
	}
	for i, r := range post[[]tei](t, s, "/rerank", `{"query":"was it","texts":`+list+`,"raw_scores":true}`) {
		if want := logit("was it", documents[r.Index]); math.Abs(r.Score-want) > 1e-4 || r.Index != y.Results[i].Index {
			t.Errorf("place %d: %+v, expected the logit %v", i, r, want)
		}
	}
	// The embedding model still ranks for whoever names it.
	if y := post[ranking](t, s, "/v1/rerank", `{"model":"`+encoder+`",`+body[1:]); y.Method != "embedding-cosine" || y.Model != encoder {
		t.Errorf("the embedding model by name: %+v", y)
	}
}

func TestACrossEncoderCutsWhatIsTooLong(t *testing.T) {
	model, logit := crossEncoder(t)
	s := open(t, func(c *service.Config) { c.Models = []service.Model{model} })
	long := strings.Repeat("ada ", headstest.Positions)
	y := post[ranking](t, s, "/v1/rerank", `{"query":"was it","documents":["`+long+`"]}`)
	if want := 1 / (1 + math.Exp(-logit("was it", long))); len(y.Meta.Warnings) != 1 || math.Abs(y.Results[0].Score-want) > 1e-4 {
		t.Errorf("%+v, expected %v", y, want)
	}
	y = post[ranking](t, s, "/v1/rerank", `{"query":"was it","documents":["ada paris"],"max_tokens_per_doc":1}`)
	if want := 1 / (1 + math.Exp(-logit("was it", "ada"))); math.Abs(y.Results[0].Score-want) > 1e-4 {
		t.Errorf("cut after a token: %+v, expected %v", y, want)
	}
	for _, c := range []struct {
		path, body string
		status     int
	}{
		{"/rerank", `{"query":"was it","texts":["` + long + `"]}`, 413},
		{"/v1/embeddings", `{"model":"cross","input":"a"}`, 404},
		{"/v1/rerank", `{"model":"none","query":"was it","documents":["a"]}`, 404},
	} {
		if r := (request{path: c.path, body: c.body}).send(s); r.StatusCode != c.status {
			t.Errorf("%s: status %d, expected %d: %s", c.path, r.StatusCode, c.status, fmt.Sprint(text(t, r)))
		}
	}
}
