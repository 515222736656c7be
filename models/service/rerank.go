package service

import (
	"encoding/json"
	"fmt"
	"slices"

	"github.com/lodestone-wasm/lodestone/models/pipeline"
)

// method is how documents are ranked; answers of /v1/rerank say so.
const method = "embedding-cosine"

type rank struct {
	Index    int       `json:"index"`
	Score    float64   `json:"relevance_score"`
	Document *document `json:"document,omitempty"`
}

type document struct {
	Text string `json:"text"`
}

// rerank is POST /v1/rerank, with the fields of Cohere's and Jina's. The score of a
// document is (1+cos)/2 of its vector and the query's.
func (c *call) rerank() (any, error) {
	f, p := c.body()
	if p != nil {
		return nil, p
	}
	id, p := f.text("model", "")
	if p != nil {
		return nil, p
	}
	query, p := f.query()
	if p != nil {
		return nil, p
	}
	texts, p := f.documents("documents", c.config.Limits.Items-1)
	if p != nil {
		return nil, p
	}
	top, p := f.integer("top_n", len(texts), 1)
	if p != nil {
		return nil, p
	}
	most, p := f.integer("max_tokens_per_doc", 0, 1)
	if p != nil {
		return nil, p
	}
	whole, p := f.bool("return_documents", false)
	if p != nil {
		return nil, p
	}
	c.items = len(texts)
	ranks, cut, err := c.rank(id, query, texts, "documents", most, true, false)
	if err != nil {
		return nil, err
	}
	if whole {
		for i := range ranks {
			ranks[i].Document = &document{texts[ranks[i].Index]}
		}
	}
	meta := map[string]any{
		"api_version":  map[string]any{"version": c.route.path[2:3]},
		"billed_units": map[string]any{"search_units": 1},
	}
	if cut > 0 {
		meta["warnings"] = []string{fmt.Sprintf("%d texts were longer than the model reads; their beginning was ranked", cut)}
	}
	return map[string]any{
		"id": c.id, "object": "list", "model": c.model, "method": method,
		"results": ranks[:min(top, len(ranks))], "meta": meta, "usage": c.usage(),
	}, nil
}

// query is the field of that name.
func (f fields) query() (string, *Problem) {
	query, p := f.text("query", "")
	if p == nil && query == "" {
		p = problem(missing, "query", "missing_field", "the field query is missing or empty")
	}
	return query, p
}

// documents is a field that is an array of strings or of objects with a text.
func (f fields) documents(name string, most int) ([]string, *Problem) {
	v, there := f[name]
	if !there {
		return nil, problem(missing, name, "missing_field", "the field %s is missing", name)
	}
	var all []json.RawMessage
	if json.Unmarshal(v, &all) != nil {
		return nil, wrongType(name, v, "an array of strings or of objects with a text")
	}
	switch {
	case len(all) == 0:
		return nil, problem(missing, name, "empty_input", "%s is an empty array; expected at least one document", name)
	case len(all) > most:
		return nil, problem(overLimit, name, "too_many_inputs", "%s has %d documents; the limit is %d", name, len(all), most)
	}
	texts := make([]string, len(all))
	for i, v := range all {
		at := fmt.Sprintf("%s[%d]", name, i)
		d := struct{ Text *string }{new(string)}
		err := json.Unmarshal(v, d.Text)
		if kindOf(v) == "an object" {
			d.Text = nil
			err = json.Unmarshal(v, &d)
		}
		if err != nil || d.Text == nil || kindOf(v) == "null" {
			return nil, problem(invalid, name, "invalid_type", "%s is %s; expected a string or an object with a string text", at, kindOf(v))
		}
		if *d.Text == "" {
			return nil, problem(missing, name, "empty_input", "%s is empty", at)
		}
		texts[i] = *d.Text
	}
	return texts, nil
}

// rank ranks texts by their likeness to a query, the likeliest first and of equal ones the
// first. most cuts texts after so many tokens, 0 nowhere but where the model ends. cut is
// how many were longer than the model.
func (c *call) rank(id, query string, texts []string, param string, most int, truncate, cosine bool) (ranks []rank, cut int, err error) {
	l, _, err := c.use(pipeline.FeatureExtraction.Name, id)
	if err != nil {
		return nil, 0, err
	}
	asked, over, p := c.tokenize(l, []input{{text: query}}, "query", truncate)
	if p != nil {
		return nil, 0, p
	}
	in := make([]input, len(texts))
	for i, text := range texts {
		in[i].text = text
	}
	rows, overs, p := c.tokenize(l, in, param, truncate)
	if p != nil {
		return nil, 0, p
	}
	for _, o := range append(over, overs...) {
		if o {
			cut++
		}
	}
	for i := range rows {
		if most > 0 && len(rows[i]) > most {
			rows[i] = rows[i][:most]
		}
	}
	vectors, err := c.vectors(l, append(asked, rows...), true)
	if err != nil {
		return nil, 0, err
	}
	for i, v := range vectors[1:] {
		score := 0.0
		for k, x := range v {
			score += float64(x) * float64(vectors[0][k])
		}
		if !cosine {
			score = min(1, max(0, (1+score)/2))
		}
		ranks = append(ranks, rank{Index: i, Score: score})
	}
	slices.SortStableFunc(ranks, func(a, b rank) int {
		switch {
		case a.Score > b.Score:
			return -1
		case a.Score < b.Score:
			return 1
		}
		return 0
	})
	return ranks, cut, nil
}
