package service

import (
	"cmp"
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/lodestone-wasm/lodestone/models/pipeline"
	"github.com/lodestone-wasm/lodestone/models/tokenizer"
)

// How documents are ranked; answers of /v1/rerank say which.
const (
	byCosine       = "embedding-cosine"
	byCrossEncoder = "cross-encoder"
)

type rank struct {
	Index    int       `json:"index"`
	Score    float64   `json:"relevance_score"`
	Document *document `json:"document,omitempty"`
}

type document struct {
	Text string `json:"text"`
}

// rerank is POST /v1/rerank, with the fields of Cohere's and Jina's. The field model names a
// cross-encoder or an embedding model; without it the first cross-encoder ranks, or the
// first embedding model where there is none. The score of a document is the sigmoid of the
// cross-encoder's logit, or (1+cos)/2 of its vector and the query's.
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
	r, err := c.rank(ranking{model: id, query: query, texts: texts, param: "documents", most: most, truncate: true})
	if err != nil {
		return nil, err
	}
	if whole {
		for i := range r.ranks {
			r.ranks[i].Document = &document{texts[r.ranks[i].Index]}
		}
	}
	meta := map[string]any{
		"api_version":  map[string]any{"version": c.route.path[2:3]},
		"billed_units": map[string]any{"search_units": 1},
	}
	if r.cut > 0 {
		meta["warnings"] = []string{fmt.Sprintf("%d texts were longer than the model reads; their beginning was ranked", r.cut)}
	}
	return map[string]any{
		"id": c.id, "object": "list", "model": c.model, "method": r.method,
		"results": r.ranks[:min(top, len(r.ranks))], "meta": meta, "usage": c.usage(),
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

// ranking is a query with the texts that may answer it.
type ranking struct {
	model    string // "": the first that ranks
	query    string
	texts    []string
	param    string // the field of the texts
	most     int    // texts are cut after so many tokens; 0: where the model ends
	truncate bool   // texts that are longer than the model are cut; else they are refused
	raw      bool   // scores are logits or cosines
}

// ranked is the answer: the best first, of equal ones the first.
type ranked struct {
	ranks  []rank
	cut    int // how many texts were longer than the model
	method string
}

// rank ranks texts by a cross-encoder or an embedding model.
func (c *call) rank(q ranking) (*ranked, error) {
	l, e, err := c.use(q.model, pipeline.TextRanking.Name, pipeline.FeatureExtraction.Name)
	if err != nil {
		return nil, err
	}
	y := &ranked{method: byCosine}
	var scores []float64
	if l.rank != nil {
		y.method = byCrossEncoder
		scores, err = c.crossEncoder(l, e, q, y)
	} else {
		scores, err = c.cosines(l, e, q, y)
	}
	if err != nil {
		return nil, err
	}
	for i, s := range scores {
		y.ranks = append(y.ranks, rank{Index: i, Score: s})
	}
	slices.SortStableFunc(y.ranks, func(a, b rank) int { return cmp.Compare(b.Score, a.Score) })
	return y, nil
}

// crossEncoder is the score of each text, read as a pair with the query.
func (c *call) crossEncoder(l *loaded, e *entry, q ranking, y *ranked) ([]float64, error) {
	began := time.Now()
	pairs := make([]tokenizer.Encoding, len(q.texts))
	for i, text := range q.texts {
		if err := c.ctx.Err(); err != nil {
			return nil, err
		}
		if q.most > 0 {
			alone, err := l.Tokenizer.Encode(text, tokenizer.Options{MaxLength: q.most})
			if err != nil {
				return nil, problemOf(err, q.param)
			}
			if alone.Overflowed && len(alone.Offsets) > 0 {
				text = text[:alone.Offsets[len(alone.Offsets)-1].End]
			}
		}
		pair, err := l.rank.Encode(q.query, text)
		if err != nil {
			return nil, problemOf(err, q.param)
		}
		if pair.Overflowed {
			if !q.truncate {
				return nil, problem(overLimit, q.param, "context_length_exceeded", "%s[%d] with the query has more than %d tokens, the most that model %s reads; send shorter texts", q.param, i, len(pair.IDs), c.model)
			}
			y.cut++
		}
		if p := c.countTokens(q.param, len(pair.IDs)); p != nil {
			return nil, p
		}
		pairs[i] = pair
	}
	c.took("tokenize", time.Since(began))
	var logits []float32
	err := c.compute(e, func(l *loaded) (err error) {
		logits, err = l.rank.Run(c.ctx, pairs)
		return err
	})
	scores := make([]float64, len(logits))
	for i, v := range logits {
		if scores[i] = float64(v); !q.raw {
			scores[i] = 1 / (1 + math.Exp(-float64(v)))
		}
	}
	return scores, err
}

// cosines is the likeness of each text's vector and the query's.
func (c *call) cosines(l *loaded, e *entry, q ranking, y *ranked) ([]float64, error) {
	asked, over, p := c.tokenize(l, []input{{text: q.query}}, "query", q.truncate)
	if p != nil {
		return nil, p
	}
	in := make([]input, len(q.texts))
	for i, text := range q.texts {
		in[i].text = text
	}
	rows, overs, p := c.tokenize(l, in, q.param, q.truncate)
	if p != nil {
		return nil, p
	}
	for _, o := range append(over, overs...) {
		if o {
			y.cut++
		}
	}
	for i := range rows {
		if q.most > 0 && len(rows[i]) > q.most {
			rows[i] = rows[i][:q.most]
		}
	}
	vectors, err := c.vectors(e, append(asked, rows...), true)
	if err != nil {
		return nil, err
	}
	scores := make([]float64, len(q.texts))
	for i, v := range vectors[1:] {
		for k, x := range v {
			scores[i] += float64(x) * float64(vectors[0][k])
		}
		if !q.raw {
			scores[i] = min(1, max(0, (1+scores[i])/2))
		}
	}
	return scores, nil
}
