//go:build !js

package service_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/lodestone-wasm/lodestone/models/service"
)

// secret is in every text of the requests below. It must not be in a log or an error.
const secret = "zirkonium"

// hostile are requests that are refused. In a body, S is a text with the secret; M is the
// field model and a comma.
var hostile = []struct {
	name   string
	q      request
	status int
	names  string // what the message or the field param names
}{
	{"no body", request{path: "/v1/embeddings"}, 400, "JSON"},
	{"not JSON", request{path: "/v1/embeddings", body: `S`}, 400, "JSON"},
	{"half a body", request{path: "/v1/embeddings", body: `{"model":"m","input":"zirkon`}, 400, "JSON"},
	{"two bodies", request{path: "/v1/embeddings", body: `{M"input":S}{}`}, 400, "JSON"},
	{"a string", request{path: "/v1/embeddings", body: `S`}, 400, "JSON"},
	{"an array", request{path: "/v1/embeddings", body: `[S]`}, 400, "JSON object"},
	{"null", request{path: "/v1/embeddings", body: `null`}, 400, "JSON object"},
	{"NaN", request{path: "/v1/embeddings", body: `{M"input":S,"dimensions":NaN}`}, 400, "JSON"},
	{"Infinity", request{path: "/v1/embeddings", body: `{M"input":[Infinity]}`}, 400, "JSON"},
	{"a comment", request{path: "/v1/embeddings", body: `{M"input":S/*x*/}`}, 400, "JSON"},
	{"a byte that is not UTF-8", request{path: "/v1/embeddings", body: "{M\"input\":\"\xff\"}"}, 400, "UTF-8"},
	{"half a surrogate pair", request{path: "/v1/embeddings", body: `{M"input":"zirkonium \ud83d"}`}, 400, "surrogate"},
	{"the other half", request{path: "/v1/embeddings", body: `{M"input":"zirkonium \udc00"}`}, 400, "surrogate"},
	{"deep arrays", request{path: "/v1/embeddings", body: `{M"input":` + strings.Repeat("[", 100000) + strings.Repeat("]", 100000) + `}`}, 400, "nested deeper than 32"},
	{"deep objects", request{path: "/v1/rerank", body: strings.Repeat(`{"a":`, 5000) + `1` + strings.Repeat("}", 5000)}, 400, "nested deeper than 32"},
	{"an open array for ever", request{path: "/embed", body: strings.Repeat("[", 1<<20)}, 400, "nested deeper than 32"},

	{"no model", request{path: "/v1/embeddings", body: `{"input":S}`}, 400, "model"},
	{"a number for model", request{path: "/v1/embeddings", body: `{"model":7,"input":S}`}, 400, "model"},
	{"an unknown model", request{path: "/v1/embeddings", body: `{"model":"zirkonium","input":S}`}, 404, "model"},
	{"a model of another task", request{path: "/v1/embeddings", body: `{"model":"thex-kinds-en","input":S}`}, 404, "model"},
	{"an unknown model by address", request{method: "GET", path: "/v1/models/zirkonium"}, 404, "model"},
	{"a way out of the folder", request{method: "GET", path: "/v1/models/..%2f..%2fetc%2fpasswd"}, 404, "model"},
	{"no input", request{path: "/v1/embeddings", body: `{"model":"m"}`}, 400, "input"},
	{"null for input", request{path: "/v1/embeddings", body: `{M"input":null}`}, 400, "input"},
	{"an empty string", request{path: "/v1/embeddings", body: `{M"input":""}`}, 400, "input"},
	{"an empty string among others", request{path: "/v1/embeddings", body: `{M"input":[S,""]}`}, 400, "input[1]"},
	{"an empty array", request{path: "/v1/embeddings", body: `{M"input":[]}`}, 400, "input"},
	{"an empty array of ids", request{path: "/v1/embeddings", body: `{M"input":[[]]}`}, 400, "input[0]"},
	{"an object", request{path: "/v1/embeddings", body: `{M"input":{"text":S}}`}, 400, "input"},
	{"a number", request{path: "/v1/embeddings", body: `{M"input":7}`}, 400, "input"},
	{"texts and numbers", request{path: "/v1/embeddings", body: `{M"input":[S,7]}`}, 400, "input[1]"},
	{"numbers and texts", request{path: "/v1/embeddings", body: `{M"input":[7,S]}`}, 400, "input[1]"},
	{"ids and texts", request{path: "/v1/embeddings", body: `{M"input":[[7],S]}`}, 400, "input[1]"},
	{"texts in arrays", request{path: "/v1/embeddings", body: `{M"input":[[S]]}`}, 400, "input[0]"},
	{"a negative id", request{path: "/v1/embeddings", body: `{M"input":[-1]}`}, 400, "input"},
	{"an id outside the vocabulary", request{path: "/v1/embeddings", body: `{M"input":[[5],[16384]]}`}, 400, "input[1][0]"},
	{"a huge id", request{path: "/v1/embeddings", body: `{M"input":[99999999999999999999999999]}`}, 400, "input[0]"},
	{"a fraction of an id", request{path: "/v1/embeddings", body: `{M"input":[1.5]}`}, 400, "input[0]"},
	{"an id with an exponent", request{path: "/v1/embeddings", body: `{M"input":[1e400]}`}, 400, "input[0]"},
	{"too many texts", request{path: "/v1/embeddings", body: `{M"input":[` + strings.Repeat(`"a",`, 2048) + `"a"]}`}, 400, "2048"},
	{"too long a text", request{path: "/v1/embeddings", body: `{M"input":["a","` + strings.Repeat("zirkonium ", 300) + `"]}`}, 400, "input[1]"},
	{"too many tokens", request{path: "/v1/embeddings", body: `{M"input":[` + strings.Repeat(`"`+strings.Repeat("a ", 50)+`",`, 40) + `"a"]}`}, 400, "1000 tokens"},
	{"too large a body", request{path: "/v1/embeddings", body: `{M"input":"` + strings.Repeat(secret, 200000) + `"}`}, 413, "1500000 bytes"},
	{"an unknown encoding_format", request{path: "/v1/embeddings", body: `{M"input":S,"encoding_format":"zirkonium"}`}, 400, "encoding_format"},
	{"dimensions that it was not trained for", request{path: "/v1/embeddings", body: `{M"input":S,"dimensions":128}`}, 400, "dimensions"},
	{"no dimensions", request{path: "/v1/embeddings", body: `{M"input":S,"dimensions":0}`}, 400, "dimensions"},
	{"huge dimensions", request{path: "/v1/embeddings", body: `{M"input":S,"dimensions":1e309}`}, 400, "dimensions"},
	{"dimensions in words", request{path: "/v1/embeddings", body: `{M"input":S,"dimensions":"all"}`}, 400, "dimensions"},

	{"no address", request{path: "/v1/zirkonium"}, 404, "address"},
	{"the root", request{method: "GET", path: "/"}, 404, "address"},
	{"another method", request{method: "GET", path: "/v1/embeddings"}, 405, "POST"},
	{"a method that deletes", request{method: "DELETE", path: "/v1/models/" + encoder}, 405, "GET"},
	{"a method that nobody knows", request{method: "ZIRKON", path: "/health"}, 405, "GET"},
	{"no token", request{path: "/v1/embeddings", body: `{M"input":S}`, header: map[string]string{"Authorization": ""}}, 401, "Authorization"},
	{"another token", request{path: "/v1/embeddings", body: `{M"input":S}`, header: map[string]string{"Authorization": "Bearer zirkonium"}}, 401, "Authorization"},
	{"a part of the token", request{path: "/v1/embeddings", body: `{M"input":S}`, header: map[string]string{"Authorization": "Bearer " + token[:10]}}, 401, "Authorization"},
	{"the token in another scheme", request{path: "/v1/embeddings", body: `{M"input":S}`, header: map[string]string{"Authorization": "Basic " + token}}, 401, "Authorization"},
	{"another type", request{path: "/v1/embeddings", body: `{M"input":S}`, header: map[string]string{"Content-Type": "text/plain"}}, 415, "Content-Type"},
	{"a form", request{path: "/v1/embeddings", body: `input=zirkonium`, header: map[string]string{"Content-Type": "application/x-www-form-urlencoded"}}, 415, "Content-Type"},
	{"no type", request{path: "/v1/embeddings", body: `{M"input":S}`, header: map[string]string{"Content-Type": ""}}, 415, "Content-Type"},
	{"another character set", request{path: "/v1/embeddings", body: `{M"input":S}`, header: map[string]string{"Content-Type": "application/json; charset=utf-16"}}, 415, "Content-Type"},
	{"a compressed body", request{path: "/v1/embeddings", body: "\x1f\x8b", header: map[string]string{"Content-Encoding": "gzip"}}, 415, "Content-Encoding"},

	{"no query", request{path: "/v1/rerank", body: `{"documents":[S]}`}, 400, "query"},
	{"an array of queries", request{path: "/v1/rerank", body: `{"query":[S],"documents":[S]}`}, 400, "query"},
	{"no documents", request{path: "/v1/rerank", body: `{"query":S}`}, 400, "documents"},
	{"no document", request{path: "/v1/rerank", body: `{"query":S,"documents":[]}`}, 400, "documents"},
	{"a document without text", request{path: "/v1/rerank", body: `{"query":S,"documents":[S,{"title":S}]}`}, 400, "documents[1]"},
	{"a document that is null", request{path: "/v1/rerank", body: `{"query":S,"documents":[null]}`}, 400, "documents[0]"},
	{"no place to return", request{path: "/v1/rerank", body: `{"query":S,"documents":[S],"top_n":0}`}, 400, "top_n"},
	{"a negative limit", request{path: "/v1/rerank", body: `{"query":S,"documents":[S],"max_tokens_per_doc":-5}`}, 400, "max_tokens_per_doc"},
	{"yes for true", request{path: "/v1/rerank", body: `{"query":S,"documents":[S],"return_documents":"yes"}`}, 400, "return_documents"},
	{"an unknown strategy", request{path: "/v1/entities", body: `{"input":S,"aggregation_strategy":"zirkonium"}`}, 400, "aggregation_strategy"},
	{"ids for entities", request{path: "/v1/entities", body: `{"input":[1,2]}`}, 400, "input"},
	{"too many labels", request{path: "/v1/classify", body: `{"input":S,"top_k":1001}`}, 400, "top_k"},
	{"an unknown function", request{path: "/v1/classify", body: `{"input":S,"function_to_apply":"tanh"}`}, 400, "function_to_apply"},
	{"an unknown language", request{path: "/v1/translate", body: `{"input":S,"tgt_lang":"zirkonium"}`}, 400, "tgt_lang"},
	{"too long to translate", request{path: "/v1/translate", body: `{"input":"` + strings.Repeat("zirkonium ", 100) + `","tgt_lang":"de"}`}, 400, "input"},

	{"nothing to embed", request{path: "/embed", body: `{}`}, 400, "inputs"},
	{"another type to embed", request{path: "/embed", body: `{"inputs":7}`}, 422, "inputs"},
	{"too long to embed", request{path: "/embed", body: `{"inputs":"` + strings.Repeat("zirkonium ", 300) + `"}`}, 413, "inputs"},
	{"the end of a text", request{path: "/embed", body: `{"inputs":S,"truncate":true,"truncation_direction":"Left"}`}, 422, "truncation_direction"},
	{"a named prompt", request{path: "/embed", body: `{"inputs":S,"prompt_name":"query"}`}, 422, "prompt_name"},
	{"a number for a text", request{path: "/rerank", body: `{"query":S,"texts":[7]}`}, 422, "texts[0]"},
	{"ids to tokenize", request{path: "/tokenize", body: `{"inputs":[[7]]}`}, 422, "inputs"},
	{"another method of TEI's", request{method: "PUT", path: "/embed"}, 405, "POST"},
}

func TestHostileRequestsAreRefusedByName(t *testing.T) {
	var log lines
	s := open(t, func(c *service.Config) {
		c.Tokens = []string{"an-older-token-of-it", token}
		c.Limits = service.Limits{Body: 1500000, Tokens: 1000, Budget: -1}
		c.Log = log.logger()
	})
	for _, h := range hostile {
		q := h.q
		q.body = strings.NewReplacer(`{M`, `{"model":"`+encoder+`",`, `S`, `"the `+secret+`"`).Replace(q.body)
		r := q.send(s)
		body := text(t, r)
		if r.StatusCode != h.status {
			t.Errorf("%s: status %d, expected %d: %s", h.name, r.StatusCode, h.status, body)
		}
		var openAI struct {
			Error struct {
				Message, Type string
				Param, Code   *string
			}
		}
		var tei struct {
			Error string
			Type  string `json:"error_type"`
		}
		says, typ := "", ""
		switch {
		case strings.HasPrefix(q.path, "/v") || q.path == "/":
			err := json.Unmarshal([]byte(body), &openAI)
			says, typ = openAI.Error.Message, openAI.Error.Type
			if err != nil || openAI.Error.Code == nil || !strings.Contains(body, `"param":`) {
				t.Errorf("%s: %s is not in OpenAI's form", h.name, body)
			}
			if p := openAI.Error.Param; p != nil && !strings.Contains(says, *p) {
				t.Errorf("%s: the message does not name the field: %s", h.name, body)
			}
		default:
			if err := json.Unmarshal([]byte(body), &tei); err != nil {
				t.Errorf("%s: %s is not in the form of Text Embeddings Inference", h.name, body)
			}
			says, typ = tei.Error, tei.Type
		}
		if typ == "" || !strings.Contains(says, h.names) {
			t.Errorf("%s: %s; expected it to name %s", h.name, body, h.names)
		}
		if strings.Contains(body, secret) || r.Header.Get("X-Request-Id") == "" || r.Header.Get("Content-Type") != "application/json" {
			t.Errorf("%s: header %v, body %s", h.name, r.Header, body)
		}
		if (r.StatusCode == 405) != (r.Header.Get("Allow") != "") || (r.StatusCode == 401) != (r.Header.Get("WWW-Authenticate") != "") {
			t.Errorf("%s: header %v", h.name, r.Header)
		}
	}
	// Fields that nobody knows are ignored, as OpenAI ignores them; and nothing above did harm.
	post[embeddings[[]float32]](t, s, "/v1/embeddings", `{"model":"`+encoder+`","input":"the `+secret+`","`+secret+`":[{}],"user":7}`)
	post[labelled](t, s, "/v1/entities", `{"input":"the `+secret+`"}`)
	if n := strings.Count(log.String(), "\n"); n != len(hostile)+2 {
		t.Errorf("%d lines of log for %d requests", n, len(hostile)+2)
	}
	for _, part := range []string{secret, token, "input\":"} {
		if strings.Contains(log.String(), part) {
			t.Errorf("%q is in the log", part)
		}
	}
}

// An exact limit: a body of as many bytes as are allowed is read.
func TestABodyOfTheLimitIsRead(t *testing.T) {
	body := `{"model":"tiny","input":"a"}`
	for _, c := range []struct {
		limit  int
		status int
	}{{len(body), http.StatusOK}, {len(body) - 1, http.StatusRequestEntityTooLarge}} {
		s := open(t, func(o *service.Config) { o.Models, o.Limits.Body = []service.Model{tiny(t, "tiny")}, int64(c.limit) })
		if r := (request{path: "/v1/embeddings", body: body}).send(s); r.StatusCode != c.status {
			t.Errorf("limit %d: status %d, expected %d", c.limit, r.StatusCode, c.status)
		}
	}
}
