package main

import (
	"github.com/lodestone-wasm/lodestone/kernels/lean"
	"github.com/lodestone-wasm/lodestone/models/pipeline"
	"github.com/lodestone-wasm/lodestone/models/tasks"
)

// The tasks of web/src/protocol/tasks.ts whose models read texts in pairs.

func (e *engine) zeroShot(in *fields, texts []string, j *job) (any, error) {
	t, err := ofModel(e, pipeline.ZeroShot)
	if err != nil {
		return nil, err
	}
	o := tasks.ZeroShotClassificationOptions{HypothesisTemplate: in.text("hypothesisTemplate"), MultiLabel: in.flag("multiLabel")}
	labels := in.texts("candidateLabels")
	if in.err != nil {
		return nil, in.err
	}
	lists, err := t.Run(j, texts, labels, o)
	if err != nil {
		return nil, err
	}
	out := table{names: []string{"score", "index", "truncated"}}
	for _, list := range lists {
		for _, y := range list {
			out.add(y.Score, y.Index, y.Truncated)
		}
		out.end()
	}
	return out.object(), nil
}

// rank ranks contexts, the documents, for the query that is the one text.
func (e *engine) rank(in *fields, texts, documents []string, j *job) (any, error) {
	t, err := ofModel(e, pipeline.TextRanking)
	if err != nil {
		return nil, err
	}
	query, err := one(texts)
	if err != nil {
		return nil, err
	}
	ranked, err := t.Rank(j, query, documents, tasks.RankOptions{TopK: in.integer("topK"), FunctionToApply: in.text("functionToApply")})
	if err != nil {
		return nil, err
	}
	out := table{names: []string{"score", "index", "truncated"}}
	for _, y := range ranked {
		out.add(y.Score, y.Index, y.Truncated)
	}
	out.end()
	return out.object(), nil
}

func one(texts []string) (string, error) {
	if len(texts) != 1 {
		return "", lean.Errorf("engine: %w: %d texts, expected one", pipeline.ErrRequest, len(texts))
	}
	return texts[0], nil
}
