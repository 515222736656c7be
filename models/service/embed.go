package service

import (
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"math"
	"time"

	"github.com/lodestone-wasm/lodestone/models/pipeline"
	"github.com/lodestone-wasm/lodestone/models/tasks"
)

// usage is what OpenAI's answers say of tokens.
type usage struct {
	PromptTokens int `json:"prompt_tokens"`
	TotalTokens  int `json:"total_tokens"`
}

func (c *call) usage() usage { return usage{c.tokens, c.tokens} }

type embedding struct {
	Object    string `json:"object"`
	Index     int    `json:"index"`
	Embedding any    `json:"embedding"`
}

type embeddingList struct {
	Object string      `json:"object"`
	Data   []embedding `json:"data"`
	Model  string      `json:"model"`
	Usage  usage       `json:"usage"`
}

// embeddings is POST /v1/embeddings, OpenAI's. Vectors have unit length.
func (c *call) embeddings() (any, error) {
	f, p := c.body()
	if p != nil {
		return nil, p
	}
	id, p := f.text("model", "")
	if p != nil {
		return nil, p
	}
	if id == "" {
		return nil, problem(missing, "model", "missing_field", "the field model is missing")
	}
	format, p := f.oneOf("encoding_format", "float", "float", "base64")
	if p != nil {
		return nil, p
	}
	dimensions, p := f.integer("dimensions", 0, 1)
	if p != nil {
		return nil, p
	}
	in, _, p := f.inputs("input", c.config.Limits.Items)
	if p != nil {
		return nil, p
	}
	c.items = len(in)
	l, e, err := c.use(id, pipeline.FeatureExtraction.Name)
	if err != nil {
		return nil, err
	}
	if dim := l.Stack.Dim(); dimensions != 0 && dimensions != dim {
		return nil, problem(invalid, "dimensions", "unsupported_dimensions", "dimensions is %d; model %s was trained for %d only", dimensions, e.ID, dim)
	}
	rows, _, p := c.tokenize(l, in, "input", c.config.AutoTruncate)
	if p != nil {
		return nil, p
	}
	vectors, err := c.vectors(e, rows, true)
	if err != nil {
		return nil, err
	}
	y := embeddingList{Object: "list", Model: e.ID, Usage: c.usage()}
	for i, v := range vectors {
		one := embedding{Object: "embedding", Index: i, Embedding: v}
		if format == "base64" {
			one.Embedding = littleEndian(v)
		}
		y.Data = append(y.Data, one)
	}
	return y, nil
}

// littleEndian is float32 numbers as base64, the form that OpenAI's clients ask for.
func littleEndian(v []float32) string {
	b := make([]byte, 0, 4*len(v))
	for _, x := range v {
		b = binary.LittleEndian.AppendUint32(b, math.Float32bits(x))
	}
	return base64.StdEncoding.EncodeToString(b)
}

// tokenize makes ids of texts and counts them. A text that is longer than the model is
// refused or, with truncate, cut; cut tells which were.
func (c *call) tokenize(l *loaded, in []input, param string, truncate bool) (rows [][]int32, cut []bool, p *Problem) {
	defer func(began time.Time) { c.took("tokenize", time.Since(began)) }(time.Now())
	rows, cut = make([][]int32, len(in)), make([]bool, len(in))
	most := l.embed.MaxTokens()
	for i, one := range in {
		at := param
		if len(in) > 1 {
			at = fmt.Sprintf("%s[%d]", param, i)
		}
		if err := c.ctx.Err(); err != nil {
			return nil, nil, problemOf(err, param)
		}
		if one.ids == nil {
			var err error
			if rows[i], cut[i], err = l.embed.Encode(one.text); err != nil {
				return nil, nil, problemOf(err, param)
			}
		} else if p := checkIDs(one.ids, l.Config.VocabSize, param, at); p != nil {
			return nil, nil, p
		} else if rows[i] = one.ids; most > 0 && len(one.ids) > most {
			rows[i], cut[i] = one.ids[:most], true
		}
		if cut[i] && !truncate {
			return nil, nil, problem(overLimit, param, "context_length_exceeded", "%s has more than %d tokens, the most that model %s reads; send shorter texts", at, most, c.model)
		}
		if p := c.countTokens(param, len(rows[i])); p != nil {
			return nil, nil, p
		}
	}
	return rows, cut, nil
}

// checkIDs refuses ids outside the vocabulary.
func checkIDs(ids []int32, vocab int, param, at string) *Problem {
	for i, id := range ids {
		if int(id) >= vocab {
			return problem(invalid, param, "invalid_value", "%s[%d] is %d; the vocabulary has %d tokens", at, i, id, vocab)
		}
	}
	return nil
}

// vectors makes a vector of each row of ids.
func (c *call) vectors(e *entry, rows [][]int32, normalize bool) ([][]float32, error) {
	var r tasks.Vectors
	err := c.compute(e, func(l *loaded) (err error) {
		r, err = l.embed.RunIDs(c.ctx, rows, tasks.FeatureExtractionOptions{Normalize: normalize})
		return err
	})
	if err != nil {
		return nil, err
	}
	dim := r.Dims[1]
	vectors := make([][]float32, len(rows))
	for i := range rows {
		vectors[i] = r.Data[i*dim : (i+1)*dim]
	}
	return vectors, nil
}
