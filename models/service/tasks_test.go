//go:build !js

package service_test

import (
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"io"
	"math"
	"slices"
	"strings"
	"testing"
	"unicode/utf16"

	"github.com/lodestone-wasm/lodestone/models/pipeline"
	"github.com/lodestone-wasm/lodestone/models/service"
	"github.com/lodestone-wasm/lodestone/models/tasks"
)

type embeddings[T any] struct {
	Object string
	Model  string
	Data   []struct {
		Object    string
		Index     int
		Embedding T
	}
	Usage struct {
		PromptTokens int `json:"prompt_tokens"`
		TotalTokens  int `json:"total_tokens"`
	}
}

// The reference is package tasks, on a device of its own.
func TestEmbeddingsAreTheModelsToTheBit(t *testing.T) {
	s := open(t, nil)
	x, err := pipeline.Open(device(t), pipeline.Dir("../../weights/"+encoder), pipeline.FeatureExtraction, pipeline.Options{})
	if err != nil {
		t.Fatal(err)
	}
	texts := []string{"Guten Morgen", "good morning", "Die Katze 🙂 schläft.", " "}
	want, err := x.Run(nil, texts, tasks.FeatureExtractionOptions{Normalize: true})
	if err != nil {
		t.Fatal(err)
	}
	row := func(i int) []float32 { return want.Data[i*256 : (i+1)*256] }
	input, _ := json.Marshal(texts)
	tokens, ids := 0, make([][]int32, len(texts))
	for i, text := range texts {
		if ids[i], _, err = x.Encode(text); err != nil {
			t.Fatal(err)
		}
		tokens += len(ids[i])
	}

	y := post[embeddings[[]float32]](t, s, "/v1/embeddings", `{"model":"`+encoder+`","input":`+string(input)+`,"user":"u","encoding_format":"float","dimensions":256}`)
	if y.Object != "list" || y.Model != encoder || len(y.Data) != 4 || y.Usage.PromptTokens != tokens || y.Usage.TotalTokens != tokens {
		t.Errorf("%q, %q, %d vectors, usage %+v; expected %d tokens", y.Object, y.Model, len(y.Data), y.Usage, tokens)
	}
	for i, d := range y.Data {
		if d.Object != "embedding" || d.Index != i || !slices.Equal(d.Embedding, row(i)) {
			t.Errorf("vector %d differs", i)
		}
	}
	b := post[embeddings[string]](t, s, "/v1/embeddings", `{"model":"`+encoder+`","input":`+string(input)+`,"encoding_format":"base64"}`)
	for i, d := range b.Data {
		raw, err := base64.StdEncoding.DecodeString(d.Embedding)
		if err != nil || len(raw) != 1024 {
			t.Fatalf("%d bytes, %v", len(raw), err)
		}
		for k, v := range row(i) {
			if math.Float32frombits(binary.LittleEndian.Uint32(raw[4*k:])) != v {
				t.Fatalf("base64 vector %d: number %d differs", i, k)
			}
		}
	}
	if tei := post[[][]float32](t, s, "/embed", `{"inputs":`+string(input)+`}`); len(tei) != 4 || !slices.Equal(tei[2], row(2)) {
		t.Error("/embed: the vectors differ")
	}

	// A vector differs in its last bits with what is computed beside it: one text is compared with one text.
	alone, err := x.Run(nil, texts[2:3], tasks.FeatureExtractionOptions{Normalize: true})
	if err != nil {
		t.Fatal(err)
	}
	row2, _ := json.Marshal(ids[2])
	for _, input := range []string{`"Die Katze 🙂 schläft."`, `["Die Katze 🙂 schläft."]`, string(row2), "[" + string(row2) + "]"} {
		y := post[embeddings[[]float32]](t, s, "/v1/embeddings", `{"model":"`+encoder+`","input":`+input+`}`)
		if len(y.Data) != 1 || !slices.Equal(y.Data[0].Embedding, alone.Data) || y.Usage.PromptTokens != len(ids[2]) {
			t.Errorf("input %s: another vector, or %d tokens", input, y.Usage.PromptTokens)
		}
	}
	raw, err := x.Run(nil, texts[2:3], tasks.FeatureExtractionOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if tei := post[[][]float32](t, s, "/embed", `{"inputs":"Die Katze 🙂 schläft.","normalize":false,"prompt_name":null}`); !slices.Equal(tei[0], raw.Data) {
		t.Error("/embed without normalize: the vector differs")
	}
}

func TestAsManyTextsAsOpenAITakes(t *testing.T) {
	s := open(t, func(c *service.Config) { c.Models, c.Limits.Budget = []service.Model{tiny(t, "tiny")}, -1 })
	y := post[embeddings[string]](t, s, "/v1/embeddings", `{"model":"tiny","input":[`+strings.Repeat(`"a",`, 2047)+`"a"],"encoding_format":"base64"}`)
	if len(y.Data) != 2048 || y.Data[2047].Index != 2047 {
		t.Errorf("%d vectors", len(y.Data))
	}
	// Of a text that is ids already there may be more numbers than texts.
	if r := (request{path: "/v1/embeddings", body: `{"model":"tiny","input":[` + strings.Repeat(`5,`, 2048) + `5]}`}).send(s); r.StatusCode != 400 || !strings.Contains(text(t, r), "context_length_exceeded") {
		t.Errorf("2049 ids: status %d", r.StatusCode)
	}
}

func TestLongTextsAreCutOnlyWhereAsked(t *testing.T) {
	long := `"` + strings.Repeat("word ", 200) + `"`
	s, cuts := open(t, nil), open(t, func(c *service.Config) { c.AutoTruncate = true })
	if r := (request{path: "/v1/embeddings", body: `{"model":"` + encoder + `","input":` + long + `}`}).send(s); r.StatusCode != 400 {
		t.Errorf("status %d", r.StatusCode)
	}
	y := post[embeddings[[]float32]](t, cuts, "/v1/embeddings", `{"model":"`+encoder+`","input":`+long+`}`)
	if y.Usage.PromptTokens != 117 { // max_sentence_tokens of config.json
		t.Errorf("%d tokens", y.Usage.PromptTokens)
	}
	if tei := post[[][]float32](t, s, "/embed", `{"inputs":`+long+`,"truncate":true}`); !slices.Equal(tei[0], y.Data[0].Embedding) {
		t.Error("/embed with truncate: another vector")
	}
	if r := (request{path: "/embed", body: `{"inputs":` + long + `,"truncate":false}`}).send(cuts); r.StatusCode != 413 {
		t.Errorf("/embed without truncate: status %d", r.StatusCode)
	}
}

type ranking struct {
	Method  string
	Model   string
	Results []struct {
		Index    int
		Score    float64 `json:"relevance_score"`
		Document *struct{ Text string }
	}
	Meta struct{ Warnings []string }
}

func TestRerankPutsTheLikeliestFirst(t *testing.T) {
	s := open(t, nil)
	body := `{"model":"` + encoder + `","query":"Guten Morgen","documents":["The stock market fell.",{"text":"good morning","title":"ignored"},"A cat sleeps."],"top_n":2,"return_documents":true,"rank_fields":["text"]}`
	for _, path := range []string{"/v1/rerank", "/v2/rerank"} {
		y := post[ranking](t, s, path, body)
		if y.Method != "embedding-cosine" || y.Model != encoder || len(y.Results) != 2 {
			t.Fatalf("%s: %+v", path, y)
		}
		first := y.Results[0]
		if first.Index != 1 || first.Document == nil || first.Document.Text != "good morning" || first.Score <= y.Results[1].Score || first.Score > 1 {
			t.Errorf("%s: %+v", path, y.Results)
		}
	}
	all := post[ranking](t, s, "/v1/rerank", `{"query":"Guten Morgen","documents":["The stock market fell.","good morning","A cat sleeps."]}`)
	type tei struct {
		Index int
		Score float64
		Text  *string
	}
	cosines := post[[]tei](t, s, "/rerank", `{"query":"Guten Morgen","texts":["The stock market fell.","good morning","A cat sleeps."],"raw_scores":true,"return_text":true}`)
	for i, r := range all.Results {
		if c := cosines[i]; c.Index != r.Index || math.Abs((1+c.Score)/2-r.Score) > 1e-12 || c.Text == nil || r.Document != nil {
			t.Errorf("place %d: %+v and %+v", i, r, cosines[i])
		}
	}
	// Documents that are cut after their first token are alike.
	long := strings.Repeat("morning ", 300)
	y := post[ranking](t, s, "/v1/rerank", `{"query":"Guten Morgen","documents":["morning","morning is `+long+`"],"max_tokens_per_doc":1}`)
	if len(y.Meta.Warnings) != 1 || math.Abs(y.Results[0].Score-y.Results[1].Score) > 1e-6 {
		t.Errorf("cut after a token: %+v", y)
	}
}

type labelled struct {
	Model string
	Data  []struct {
		Index    int
		Entities []struct {
			Label, Text string
			Score       float64
			ByteStart   int `json:"byte_start"`
			ByteEnd     int `json:"byte_end"`
			UTF16Start  int `json:"utf16_start"`
			UTF16End    int `json:"utf16_end"`
		}
		Labels []struct {
			Label string
			Score float64
		}
		Truncated *bool
		Text      *string
	}
	Usage struct {
		TotalTokens int `json:"total_tokens"`
	}
}

func TestEntitiesStandWhereTheirPositionsSay(t *testing.T) {
	s := open(t, nil)
	texts := []string{"🙂 Ada Lovelace lived in London.", "x", "Angela Merkel wohnt in Berlin – glaubt Müller."}
	input, _ := json.Marshal(texts)
	y := post[labelled](t, s, "/v1/entities", `{"input":`+string(input)+`,"aggregation_strategy":"simple"}`)
	if len(y.Data) != 3 || y.Model != "tagger-magneto-en-de" || y.Usage.TotalTokens == 0 {
		t.Fatalf("%+v", y)
	}
	found := map[string]string{}
	for i, d := range y.Data {
		units := utf16.Encode([]rune(texts[i]))
		if d.Entities == nil {
			t.Errorf("text %d: no array of entities", i)
		}
		for _, e := range d.Entities {
			if texts[i][e.ByteStart:e.ByteEnd] != e.Text || string(utf16.Decode(units[e.UTF16Start:e.UTF16End])) != e.Text || e.Score <= 0 || e.Score > 1 {
				t.Errorf("text %d: %+v", i, e)
			}
			found[e.Text] = e.Label
		}
	}
	if found["Ada Lovelace"] != "PER" || found["London"] != "LOC" || found["Berlin"] != "LOC" {
		t.Errorf("found %v", found)
	}
}

func TestClassifyAndTranslateAreTheTasks(t *testing.T) {
	s := open(t, nil)
	c, err := pipeline.Open(device(t), pipeline.Dir("../../weights/thex-kinds-en"), pipeline.TextClassification, pipeline.Options{})
	if err != nil {
		t.Fatal(err)
	}
	want, err := c.Run(nil, []string{"Who wrote Hamlet?"}, tasks.TextClassificationOptions{TopK: 2})
	if err != nil {
		t.Fatal(err)
	}
	y := post[labelled](t, s, "/v1/classify", `{"input":"Who wrote Hamlet?","top_k":2}`)
	for i, l := range y.Data[0].Labels {
		if len(y.Data[0].Labels) != 2 || l.Label != want[0][i].Label || l.Score != want[0][i].Score || y.Data[0].Truncated == nil {
			t.Errorf("%+v, expected %+v", y.Data[0], want[0])
		}
	}
	tr, err := pipeline.Open(device(t), pipeline.Dir("../../weights/translator-magneto-en-de"), pipeline.Translation, pipeline.Options{})
	if err != nil {
		t.Fatal(err)
	}
	texts, err := tr.Run(nil, []string{"Good morning.", "The house is old."}, tasks.TranslationOptions{TgtLang: "de"})
	if err != nil {
		t.Fatal(err)
	}
	y = post[labelled](t, s, "/v1/translate", `{"input":["Good morning.","The house is old."],"tgt_lang":"de"}`)
	for i, d := range y.Data {
		if d.Text == nil || *d.Text != texts[i].Text || d.Index != i {
			t.Errorf("text %d: %+v, expected %q", i, d, texts[i].Text)
		}
	}
}

func TestTokenizeCountsCodePoints(t *testing.T) {
	type piece struct {
		ID          int32
		Text        string
		Special     bool
		Start, Stop *int
	}
	y := post[[][]piece](t, open(t, nil), "/tokenize", `{"inputs":["🙂 Morgen"]}`)
	if len(y) != 1 || len(y[0]) < 3 {
		t.Fatalf("%+v", y)
	}
	first, last := y[0][0], y[0][len(y[0])-2]
	if !first.Special || first.ID != 0 || first.Text != "<s>" || first.Start != nil {
		t.Errorf("first %+v", first)
	}
	if last.Special || last.Stop == nil || *last.Stop != 8 || !strings.HasSuffix("🙂 Morgen", last.Text) {
		t.Errorf("last %+v", last)
	}
	if bare := post[[][]piece](t, open(t, nil), "/tokenize", `{"inputs":"🙂 Morgen","add_special_tokens":false}`); len(bare[0]) != len(y[0])-2 {
		t.Errorf("%d tokens without special ones, %d with", len(bare[0]), len(y[0]))
	}
}

func TestModelsAndHealthAreListed(t *testing.T) {
	s := open(t, nil)
	for path, want := range map[string]string{
		"/v1/models":            `"id":"thex-kinds-en","object":"model"`,
		"/v1/models/" + encoder: `"task":"feature-extraction"`,
		"/info":                 `"model_sha":"e5236f1ab178591fec74b953998d0776f663768fa5deea08cb1ff44347d13d35"`, // manifest.json
		"/health":               "",
		"/metrics":              `lodestone_model_loads_total{model="` + encoder + `",outcome="success"}`,
	} {
		r := request{method: "GET", path: path}.send(s)
		text, _ := io.ReadAll(r.Body)
		if r.StatusCode != 200 || !strings.Contains(string(text), want) || r.Header.Get("X-Request-Id") == "" || !strings.Contains(r.Header.Get("Server-Timing"), "total;dur=") {
			t.Errorf("%s: status %d, %v, %s", path, r.StatusCode, r.Header, text)
		}
		if r := (request{method: "HEAD", path: path}).send(s); r.StatusCode != 200 {
			t.Errorf("HEAD %s: status %d", path, r.StatusCode)
		}
	}
}
