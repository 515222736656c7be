package golden

import (
	"fmt"
	"math"

	"github.com/lodestone-wasm/lodestone/kernels"
	"github.com/lodestone-wasm/lodestone/models/promptbert"
	"github.com/lodestone-wasm/lodestone/models/transformer"
)

// bertLike is the configuration of directories that name Hugging Face's sizes.
func bertLike(f *fields, family string) *transformer.Config {
	c := &transformer.Config{
		Family: family, VocabSize: f.int("vocab_size"), HiddenSize: f.int("hidden_size"), NumLayers: f.int("num_hidden_layers"),
		NumHeads: f.int("num_attention_heads"), IntermediateSize: f.int("intermediate_size"), MaxPositions: f.int("max_position_embeddings"),
		LearnedPositions: true, TypeVocabSize: f.int("type_vocab_size"), Norm: transformer.PostLN, Alpha: 1, Eps: 1e-12,
		Activation: kernels.GELU, EmbedScale: 1, EmbedNorm: true, PadTokenID: f.int("pad"),
	}
	if eps, ok := f.numbers["layer_norm_eps"]; ok {
		c.Eps = float32(eps)
	}
	return c
}

// runPromptBERT computes what the prompt encoders make of input_ids and attention_mask
// [B,T] (sentences in their template): h_mask, sentence_len, delta_table for as many
// lengths as template_position_ids has rows, the embeddings of all models, cosines.
// delta_table of RoBERTa counts positions from 0, delta_table_offset_fixed from pad+1.
func runPromptBERT(dev *kernels.Device, config []byte, v *Vectors, weights transformer.Stream, dtype string) (*outputs, error) {
	f, err := readFields(config)
	if err != nil {
		return nil, err
	}
	c := bertLike(f, "bert")
	if f.bools["roberta"] {
		c.Family, c.PositionOffset = "roberta", c.PadTokenID+1
		c.MaxPositions -= c.PositionOffset
	}
	bert, roberta := &promptbert.Head{Kind: promptbert.TransformHead, Eps: c.Eps}, &promptbert.Head{Kind: promptbert.TanhHead}
	extra := append(bert.Extra("cls.predictions.transform", c.HiddenSize), roberta.Extra("pooler", c.HiddenSize)...)
	m, err := transformer.Load(dev, c, []transformer.Stream{weights}, transformer.LoadOptions{DType: dtype, Extra: extra})
	if err != nil {
		return nil, err
	}
	t := promptbert.Template{Prefix: []int32{int32(f.int("cls"))}, Mask: -1}
	for _, id := range f.ints("bs") {
		t.Prefix = append(t.Prefix, int32(id))
	}
	for i, id := range append(f.ints("es"), f.int("sep")) {
		t.Suffix = append(t.Suffix, int32(id))
		if id == f.int("mask") {
			t.Mask = i
		}
	}
	table, err := v.input("template_position_ids", 2)
	if err != nil {
		return nil, err
	}
	if t.Mask < 0 || t.Len() != f.int("template_len") || table.Shape[1] != t.Len() {
		return nil, fmt.Errorf("golden: %w: template %v %v without its mask, or not of %d tokens", ErrVectors, t.Prefix, t.Suffix, f.int("template_len"))
	}
	o := collect(dev)
	states, lengths, err := promptStates(m, v, t)
	if err != nil {
		return nil, err
	}
	o.add("h_mask", states)
	for _, n := range lengths {
		o.got["sentence_len"] = append(o.got["sentence_len"], float32(n))
		if n < 0 || n >= table.Shape[0] {
			return nil, fmt.Errorf("golden: %w: a sentence of %d tokens, the table has %d rows", ErrVectors, n, table.Shape[0])
		}
	}
	all := make([]int, table.Shape[0])
	for i := range all {
		all[i] = i
	}
	for _, form := range []struct {
		suffix string
		raw    bool
	}{{"", true}, {"_offset_fixed", false}} {
		deltas, err := t.Delta(m, all, form.raw, nil)
		if err != nil {
			return nil, err
		}
		o.add("delta_table"+form.suffix, deltas)
		mine := dev.NewTensor(states.Rows, states.Cols)
		rows := make([]int32, len(lengths))
		for i, n := range lengths {
			rows[i] = int32(n)
		}
		dev.Gather(mine, deltas, rows)
		denoised := dev.NewTensor(states.Rows, states.Cols)
		dev.Add(denoised, mine, states, -1)
		o.add("denoised"+form.suffix, denoised)
		if form.suffix != "" {
			continue
		}
		if o.got["sup_bert_mlp_minus_mlp"], err = bert.Apply(dev, states, mine); err != nil {
			return nil, err
		}
		if o.got["sup_roberta_tanh_pooler"], err = roberta.Apply(dev, states, mine); err != nil {
			return nil, err
		}
	}
	o.got["cosine_unsup"] = cosines(o.got["h_mask"], c.HiddenSize)
	o.got["cosine_denoised"] = cosines(o.got["denoised"], c.HiddenSize)
	o.undetermined = map[string][]bool{"cosine_denoised": ofNothing(v.Outputs["denoised"].Data, c.HiddenSize)}
	return o, dev.Err()
}

// promptStates runs the sentences and returns the states at their masks, and how many
// tokens each sentence has in its template.
func promptStates(m *transformer.Model, v *Vectors, t promptbert.Template) (kernels.Tensor, []int, error) {
	ids, err := v.input("input_ids", 2)
	if err != nil {
		return kernels.Tensor{}, nil, err
	}
	mask, err := v.input("attention_mask", 2)
	if err != nil {
		return kernels.Tensor{}, nil, err
	}
	if len(mask.Data) != len(ids.Data) {
		return kernels.Tensor{}, nil, fmt.Errorf("golden: %w: input_ids are %v, attention_mask %v", ErrVectors, ids.Shape, mask.Shape)
	}
	var b transformer.Batch
	var lengths []int
	columns := ids.Shape[1]
	for i := range ids.Shape[0] {
		n := 0
		for j := range columns {
			if mask.Data[i*columns+j] != 0 {
				b.IDs = append(b.IDs, int32(ids.Data[i*columns+j]))
				n++
			}
		}
		if n < t.Len() {
			return kernels.Tensor{}, nil, fmt.Errorf("golden: %w: row %d has %d tokens, its template %d", ErrVectors, i, n, t.Len())
		}
		b.Lengths = append(b.Lengths, n)
		b.Select = append(b.Select, int32(len(b.IDs)-len(t.Suffix)+t.Mask))
		lengths = append(lengths, n-t.Len())
	}
	x, err := m.Forward(b)
	return x, lengths, err
}

// ofNothing marks the pairs of rows of v (n, d) of which one is 0 but for rounding: an
// empty sentence minus its template is. Their cosine is a matter of the last bits.
func ofNothing(v []float64, d int) []bool {
	n := len(v) / d
	y := make([]bool, n*n)
	for i := range n {
		worst := 0.0
		for _, x := range v[i*d : (i+1)*d] {
			worst = max(worst, math.Abs(x))
		}
		for j := range n {
			y[i*n+j] = y[i*n+j] || worst < 1e-6
			y[j*n+i] = y[i*n+j] || y[j*n+i]
		}
	}
	return y
}

// cosines are those of every pair of rows of v (n, d): (n, n).
func cosines(v []float32, d int) []float32 {
	n := len(v) / d
	dot := func(a, b int) (s float64) {
		for i := range d {
			s += float64(v[a*d+i]) * float64(v[b*d+i])
		}
		return s
	}
	y := make([]float32, n*n)
	for i := range n {
		for j := range n {
			y[i*n+j] = float32(dot(i, j) / math.Sqrt(dot(i, i)*dot(j, j)))
		}
	}
	return y
}
