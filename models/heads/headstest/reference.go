package headstest

import (
	"fmt"
	"math"

	"github.com/lodestone-wasm/lodestone/models/heads"
)

// matrix is rows of numbers.
type matrix [][]float64

// States are the hidden states of a sequence, in float64. types may be nil.
func (m *Model) States(ids, types []int32) [][]float64 {
	l := m.layout
	x := make(matrix, len(ids))
	for t, id := range ids {
		x[t] = make([]float64, width)
		m.addRow(x[t], l.prefix+l.tokens, int(id))
		m.addRow(x[t], l.prefix+l.positions, t+l.offset)
		if l.types != "" {
			kind := 0
			if types != nil && m.Config["type_vocab_size"].(int) > 1 {
				kind = int(types[t])
			}
			m.addRow(x[t], l.prefix+l.types, kind)
		}
	}
	magneto := m.Family == "magneto"
	if l.embedNorm != "" {
		x = m.layerNorm(l.prefix+l.embedNorm, x)
	}
	for i := range layers {
		at := fmt.Sprintf("%s%s%d.", l.prefix, l.layer, i)
		in := x
		if magneto {
			in = m.layerNorm(at+l.attnNorm, x)
		}
		a := attend(m.apply(at+l.q, in), m.apply(at+l.k, in), m.apply(at+l.v, in))
		if magneto {
			a = m.layerNorm(at+l.innerAttn, a)
		}
		x = sum(x, m.apply(at+l.out, a))
		if !magneto {
			x = m.layerNorm(at+l.attnNorm, x)
		}
		in = x
		if magneto {
			in = m.layerNorm(at+l.ffnNorm, x)
		}
		h := each(m.apply(at+l.fc1, in), geluOf)
		if magneto {
			h = m.layerNorm(at+l.innerFFN, h)
		}
		x = sum(x, m.apply(at+l.fc2, h))
		if !magneto {
			x = m.layerNorm(at+l.ffnNorm, x)
		}
	}
	if l.finalNorm != "" {
		x = m.layerNorm(l.finalNorm, x)
	}
	return x
}

// Logits are the logits of a sequence, in float64: one row for each token, or a single
// one of a sequence classification or an answer to choose.
func (m *Model) Logits(ids, types []int32) [][]float64 {
	x := matrix(m.States(ids, types))
	switch m.Kind {
	case heads.MaskedLM:
		table := m.values[m.layout.prefix+m.layout.tokens+".weight"]
		switch m.Family {
		case "bert":
			x = m.layerNorm("cls.predictions.transform.LayerNorm", each(m.apply("cls.predictions.transform.dense", x), geluOf))
			return project(x, table, m.values["cls.predictions.bias"])
		case "roberta":
			x = m.layerNorm("lm_head.layer_norm", each(m.apply("lm_head.dense", x), geluOf))
			return project(x, table, m.values["lm_head.bias"])
		case "distilbert":
			x = m.layerNorm("vocab_layer_norm", each(m.apply("vocab_transform", x), geluOf))
			return project(x, table, m.values["vocab_projector.bias"])
		}
		return project(x, table, nil)
	case heads.TokenClassification:
		return m.apply("classifier", x)
	case heads.QuestionAnswering:
		return m.apply("qa_outputs", x)
	}
	first := x[:1]
	switch m.Family {
	case "bert":
		return m.apply("classifier", each(m.apply("bert.pooler.dense", first), math.Tanh))
	case "distilbert":
		return m.apply("classifier", each(m.apply("pre_classifier", first), func(v float64) float64 { return max(v, 0) }))
	}
	if m.Kind == heads.MultipleChoice && m.Family == "roberta" {
		return m.apply("classifier", each(m.apply("roberta.pooler.dense", first), math.Tanh))
	}
	return m.apply("classifier.out_proj", each(m.apply("classifier.dense", first), math.Tanh))
}

func (m *Model) addRow(to []float64, table string, row int) {
	v := m.values[table+".weight"]
	for i := range to {
		to[i] += float64(v[row*len(to)+i])
	}
}

// apply is a linear layer.
func (m *Model) apply(name string, x matrix) matrix {
	return project(x, m.values[name+".weight"], m.values[name+".bias"])
}

func project(x matrix, w, bias []float32) matrix {
	in := len(x[0])
	out := len(w) / in
	y := make(matrix, len(x))
	for t := range x {
		y[t] = make([]float64, out)
		for o := range out {
			if bias != nil {
				y[t][o] = float64(bias[o])
			}
			for i, v := range x[t] {
				y[t][o] += v * float64(w[o*in+i])
			}
		}
	}
	return y
}

func (m *Model) layerNorm(name string, x matrix) matrix {
	w, b := m.values[name+".weight"], m.values[name+".bias"]
	eps := 1e-5
	if m.Family == "distilbert" {
		eps = 1e-12
	}
	y := make(matrix, len(x))
	for t := range x {
		mean, variance := 0.0, 0.0
		for _, v := range x[t] {
			mean += v / float64(len(x[t]))
		}
		for _, v := range x[t] {
			variance += (v - mean) * (v - mean) / float64(len(x[t]))
		}
		for i, v := range x[t] {
			y[t] = append(y[t], (v-mean)/math.Sqrt(variance+eps)*float64(w[i])+float64(b[i]))
		}
	}
	return y
}

func attend(q, k, v matrix) matrix {
	y := make(matrix, len(q))
	size := width / attention
	for t := range q {
		y[t] = make([]float64, width)
		for h := range attention {
			scores, total := make([]float64, len(k)), 0.0
			for s := range k {
				dot := 0.0
				for i := h * size; i < (h+1)*size; i++ {
					dot += q[t][i] * k[s][i]
				}
				scores[s] = math.Exp(dot / math.Sqrt(float64(size)))
				total += scores[s]
			}
			for s := range k {
				for i := h * size; i < (h+1)*size; i++ {
					y[t][i] += scores[s] / total * v[s][i]
				}
			}
		}
	}
	return y
}

func sum(a, b matrix) matrix {
	y := make(matrix, len(a))
	for t := range a {
		y[t] = make([]float64, len(a[t]))
		for i := range a[t] {
			y[t][i] = a[t][i] + b[t][i]
		}
	}
	return y
}

func each(x matrix, f func(float64) float64) matrix {
	y := make(matrix, len(x))
	for t := range x {
		for _, v := range x[t] {
			y[t] = append(y[t], f(v))
		}
	}
	return y
}

func geluOf(v float64) float64 { return 0.5 * v * (1 + math.Erf(v/math.Sqrt2)) }
