package service

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/lodestone-wasm/lodestone/models/pipeline"
	"github.com/lodestone-wasm/lodestone/models/tasks"
	"github.com/lodestone-wasm/lodestone/models/tokenizer"
)

// entity is a group of tokens with a label. Its text is bytes ByteStart to ByteEnd of the
// input, and UTF-16 units UTF16Start to UTF16End, the positions of JavaScript.
type entity struct {
	Label      string  `json:"label"`
	Text       string  `json:"text"`
	Score      float64 `json:"score"`
	ByteStart  int     `json:"byte_start"`
	ByteEnd    int     `json:"byte_end"`
	UTF16Start int     `json:"utf16_start"`
	UTF16End   int     `json:"utf16_end"`
}

type label struct {
	Label string  `json:"label"`
	Score float64 `json:"score"`
}

// result is what was found in a text, number Index.
type result struct {
	Index     int      `json:"index"`
	Entities  []entity `json:"entities,omitzero"`
	Labels    []label  `json:"labels,omitzero"`
	Truncated *bool    `json:"truncated,omitempty"`
	Text      *string  `json:"text,omitempty"`
}

type resultList struct {
	Object string   `json:"object"`
	Data   []result `json:"data"`
	Model  string   `json:"model"`
	Usage  usage    `json:"usage"`
}

// read reads what /v1/entities, /v1/classify and /v1/translate have in common: the texts
// and the model.
func (c *call) read(f fields, task string) (*loaded, *entry, []string, error) {
	id, p := f.text("model", "")
	if p != nil {
		return nil, nil, nil, p
	}
	texts, _, p := f.texts("input", c.config.Limits.Items)
	if p != nil {
		return nil, nil, nil, p
	}
	c.items = len(texts)
	l, e, err := c.use(id, task)
	if err != nil {
		return nil, nil, nil, err
	}
	began := time.Now()
	for _, text := range texts {
		if err := c.ctx.Err(); err != nil {
			return nil, nil, nil, err
		}
		// One token more than a request may have tells that there are too many.
		tokens, err := l.Tokenizer.Encode(text, tokenizer.Options{MaxLength: c.config.Limits.Tokens + 1})
		if err != nil {
			return nil, nil, nil, err
		}
		if p := c.countTokens("input", len(tokens.IDs)); p != nil {
			return nil, nil, nil, p
		}
	}
	c.took("tokenize", time.Since(began))
	return l, e, texts, nil
}

// list is the answer of results.
func (c *call) list(data []result) resultList {
	return resultList{Object: "list", Data: data, Model: c.model, Usage: c.usage()}
}

// entities is POST /v1/entities.
func (c *call) entities() (any, error) {
	f, p := c.body()
	if p != nil {
		return nil, p
	}
	strategy, p := f.oneOf("aggregation_strategy", "average", "none", "simple", "first", "average", "max")
	if p != nil {
		return nil, p
	}
	_, e, texts, err := c.read(f, pipeline.TokenClassification.Name)
	if err != nil {
		return nil, err
	}
	var found [][]tasks.Entity
	err = c.compute(e, func(l *loaded) (err error) {
		found, err = l.tag.Run(c.ctx, texts, tasks.TokenClassificationOptions{AggregationStrategy: strategy, IgnoreLabels: []string{"O"}})
		return err
	})
	if err != nil {
		return nil, err
	}
	data := make([]result, len(texts))
	for i, text := range texts {
		offsets := make([]tokenizer.Offset, len(found[i]))
		for k, e := range found[i] {
			offsets[k] = tokenizer.Offset{Start: e.Start, End: e.End}
		}
		data[i] = result{Index: i, Entities: []entity{}}
		for k, units := range tokenizer.UTF16Offsets(text, offsets) {
			e := found[i][k]
			data[i].Entities = append(data[i].Entities, entity{e.Label, text[e.Start:e.End], e.Score, e.Start, e.End, units.Start, units.End})
		}
	}
	return c.list(data), nil
}

// classify is POST /v1/classify.
func (c *call) classify() (any, error) {
	f, p := c.body()
	if p != nil {
		return nil, p
	}
	top, p := f.integer("top_k", 0, 1)
	if p != nil {
		return nil, p
	}
	if top > 1000 {
		return nil, problem(invalid, "top_k", "invalid_value", "top_k is %d; expected 1 to 1000", top)
	}
	function, p := f.oneOf("function_to_apply", "", "softmax", "sigmoid", "none")
	if p != nil {
		return nil, p
	}
	_, e, texts, err := c.read(f, pipeline.TextClassification.Name)
	if err != nil {
		return nil, err
	}
	var found [][]tasks.Label
	err = c.compute(e, func(l *loaded) (err error) {
		found, err = l.classify.Run(c.ctx, texts, tasks.TextClassificationOptions{TopK: top, FunctionToApply: function})
		return err
	})
	if err != nil {
		return nil, err
	}
	data := make([]result, len(texts))
	for i := range texts {
		truncated := len(found[i]) > 0 && found[i][0].Truncated
		data[i] = result{Index: i, Labels: []label{}, Truncated: &truncated}
		for _, y := range found[i] {
			data[i].Labels = append(data[i].Labels, label{y.Label, y.Score})
		}
	}
	return c.list(data), nil
}

// translate is POST /v1/translate.
func (c *call) translate() (any, error) {
	f, p := c.body()
	if p != nil {
		return nil, p
	}
	from, p := f.text("src_lang", "")
	if p != nil {
		return nil, p
	}
	to, p := f.text("tgt_lang", "")
	if p != nil {
		return nil, p
	}
	most, p := f.integer("max_new_tokens", 0, 1)
	if p != nil {
		return nil, p
	}
	options := map[string]int{}
	if most > 0 {
		options["max_new_tokens"] = most
	}
	settings, err := json.Marshal(options)
	if err != nil {
		return nil, err
	}
	l, e, texts, err := c.read(f, pipeline.Translation.Name)
	if err != nil {
		return nil, err
	}
	for _, lang := range []struct{ name, code string }{{"src_lang", from}, {"tgt_lang", to}} {
		if lang.code == "" {
			continue
		}
		if _, err := l.translate.Language(lang.code); err != nil {
			return nil, problem(invalid, lang.name, "invalid_value", "%s is not a language of model %s", lang.name, c.model)
		}
	}
	if limit := l.Config.MaxPositions; limit > 0 {
		for i, text := range texts {
			e, err := l.Tokenizer.Encode(text, tokenizer.Options{AddSpecialTokens: true, MaxLength: limit})
			if err != nil {
				return nil, err
			}
			if e.Overflowed {
				return nil, problem(overLimit, "input", "context_length_exceeded", "%s has more than %d tokens, the most that model %s reads; send shorter texts", fmt.Sprintf("input[%d]", i), limit, c.model)
			}
		}
	}
	data := make([]result, len(texts))
	err = c.compute(e, func(l *loaded) error {
		found, err := l.translate.Run(c.ctx, texts, tasks.TranslationOptions{GenerationOptions: tasks.GenerationOptions{JSON: settings}, SrcLang: from, TgtLang: to})
		for i := range found {
			data[i] = result{Index: i, Text: &found[i].Text}
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	return c.list(data), nil
}
