package service

import (
	"fmt"

	"github.com/lodestone-wasm/lodestone/models/pipeline"
	"github.com/lodestone-wasm/lodestone/models/tokenizer"
)

// The addresses of Text Embeddings Inference. They take no field "model": the first model
// for embeddings answers.

// teiInputs reads the fields that /embed and /tokenize have in common.
func (c *call) teiInputs() (f fields, in []input, p *Problem) {
	if f, p = c.body(); p != nil {
		return nil, nil, p
	}
	if in, _, p = f.inputs("inputs", c.config.Limits.Items); p != nil {
		return nil, nil, p
	}
	c.items = len(in)
	return f, in, f.noPrompt()
}

// noPrompt refuses prompt_name: a model has its template, or none.
func (f fields) noPrompt() *Problem {
	name, p := f.text("prompt_name", "")
	if p == nil && name != "" {
		p = problem(invalid, "prompt_name", "invalid_value", "prompt_name is set; no model here has named prompts")
	}
	return p
}

// truncation reads truncate and truncation_direction.
func (c *call) truncation(f fields) (bool, *Problem) {
	truncate, p := f.bool("truncate", c.config.AutoTruncate)
	if p != nil {
		return false, p
	}
	direction, p := f.oneOf("truncation_direction", "Right", "Left", "Right")
	if p == nil && direction == "Left" && truncate {
		p = problem(invalid, "truncation_direction", "invalid_value", "truncation_direction is Left; this service keeps the beginning of a text: Right")
	}
	return truncate, p
}

// teiEmbed is POST /embed.
func (c *call) teiEmbed() (any, error) {
	f, in, p := c.teiInputs()
	if p != nil {
		return nil, p
	}
	normalize, p := f.bool("normalize", true)
	if p != nil {
		return nil, p
	}
	truncate, p := c.truncation(f)
	if p != nil {
		return nil, p
	}
	l, e, err := c.use("", pipeline.FeatureExtraction.Name)
	if err != nil {
		return nil, err
	}
	rows, _, p := c.tokenize(l, in, "inputs", truncate)
	if p != nil {
		return nil, p
	}
	return or(c.vectors(e, rows, normalize))
}

// or makes an answer of a value and its error.
func or[T any](y T, err error) (any, error) {
	if err != nil {
		return nil, err
	}
	return y, nil
}

type teiRank struct {
	Index int     `json:"index"`
	Text  *string `json:"text,omitempty"`
	Score float64 `json:"score"`
}

// teiRerank is POST /rerank. With raw_scores the score is the logit
// of the cross-encoder, or the cosine.
func (c *call) teiRerank() (any, error) {
	f, p := c.body()
	if p != nil {
		return nil, p
	}
	query, p := f.query()
	if p != nil {
		return nil, p
	}
	texts, p := f.documents("texts", c.config.Limits.Items-1)
	if p != nil {
		return nil, p
	}
	raw, p := f.bool("raw_scores", false)
	if p != nil {
		return nil, p
	}
	whole, p := f.bool("return_text", false)
	if p != nil {
		return nil, p
	}
	truncate, p := c.truncation(f)
	if p != nil {
		return nil, p
	}
	c.items = len(texts)
	r, err := c.rank(ranking{query: query, texts: texts, param: "texts", truncate: truncate, raw: raw})
	if err != nil {
		return nil, err
	}
	all := make([]teiRank, len(r.ranks))
	for i, r := range r.ranks {
		all[i] = teiRank{Index: r.Index, Score: r.Score}
		if whole {
			all[i].Text = &texts[r.Index]
		}
	}
	return all, nil
}

// teiToken is a token. Start and Stop are in code points, and null of a special token.
type teiToken struct {
	ID      int32  `json:"id"`
	Text    string `json:"text"`
	Special bool   `json:"special"`
	Start   *int   `json:"start"`
	Stop    *int   `json:"stop"`
}

// teiTokenize is POST /tokenize.
func (c *call) teiTokenize() (any, error) {
	f, in, p := c.teiInputs()
	if p != nil {
		return nil, p
	}
	special, p := f.bool("add_special_tokens", true)
	if p != nil {
		return nil, p
	}
	l, _, err := c.use("", pipeline.FeatureExtraction.Name)
	if err != nil {
		return nil, err
	}
	all := make([][]teiToken, len(in))
	for i, one := range in {
		if one.ids != nil {
			return nil, problem(invalid, "inputs", "invalid_type", "inputs[%d] has token ids; expected a string", i)
		}
		e, err := l.Tokenizer.Encode(one.text, tokenizer.Options{AddSpecialTokens: special, MaxLength: c.config.Limits.Tokens + 1})
		if err != nil {
			return nil, problemOf(err, "inputs")
		}
		if p := c.countTokens("inputs", len(e.IDs)); p != nil {
			return nil, p
		}
		points := tokenizer.CodePointOffsets(one.text, e.Offsets)
		all[i] = make([]teiToken, len(e.IDs))
		for k, id := range e.IDs {
			t := teiToken{ID: id, Special: e.SpecialTokensMask[k] != 0}
			if t.Special {
				t.Text, _ = l.Tokenizer.IDToToken(id)
			} else {
				t.Text = one.text[e.Offsets[k].Start:e.Offsets[k].End]
				t.Start, t.Stop = &points[k].Start, &points[k].End
			}
			all[i][k] = t
		}
	}
	return all, nil
}

// teiInfo is GET /info.
func (c *call) teiInfo() (any, error) {
	l, e, err := c.use("", pipeline.FeatureExtraction.Name)
	if err != nil {
		return nil, err
	}
	pooling := "mean"
	if l.embed.Prompt() != nil {
		pooling = "prompt"
	}
	sha := any(nil)
	if l.Manifest != nil {
		if f, err := l.Manifest.Lookup(pipeline.WeightsFile); err == nil {
			sha = f.SHA256
		}
	}
	limits := c.config.Limits
	return map[string]any{
		"model_id":                e.ID,
		"model_sha":               sha,
		"model_dtype":             l.Stack.DType(),
		"model_type":              map[string]any{"embedding": map[string]any{"pooling": pooling}},
		"max_concurrent_requests": limits.Queue + 1,
		"max_input_length":        l.embed.MaxTokens(),
		"max_batch_tokens":        limits.Tokens,
		"max_client_batch_size":   limits.Items,
		"auto_truncate":           c.config.AutoTruncate,
		"tokenization_workers":    1,
		"version":                 fmt.Sprintf("lodestone %s", l.Stack.Device().Backend().Name()),
	}, nil
}
