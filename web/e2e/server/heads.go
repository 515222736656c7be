package main

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"net/http"
	"strings"
	"sync"
	"testing/fstest"

	"github.com/lodestone-wasm/lodestone/kernels"
	"github.com/lodestone-wasm/lodestone/models/heads"
	"github.com/lodestone-wasm/lodestone/models/heads/headstest"
	"github.com/lodestone-wasm/lodestone/models/pipeline"
	"github.com/lodestone-wasm/lodestone/models/tasks"
	"github.com/lodestone-wasm/lodestone/web/serve/static"
)

// headed serves random models with heads, and expected.json: what the reference kernels
// make natively of the texts of requests.
type headed struct {
	once     sync.Once
	models   map[string]*headstest.Model
	expected []byte
	err      error
}

// request is one of a page, with results as the engine has them.
type request struct {
	Model    string         `json:"model"`
	Texts    []string       `json:"texts"`
	Contexts []string       `json:"contexts"`
	Options  map[string]any `json:"options"` // of the page's call
	IDs      []int32        `json:"ids"`
	Logits   [][]float64    `json:"logits"` // of IDs, in float64
	Found    [][]found      `json:"found"`  // positions in bytes; of masks, those of the first text

	topK       int
	strategy   string
	impossible bool
}

// found is a result of any task.
type found struct {
	Label, Text, Sequence    string
	Score                    float64
	Token, Index, Start, End int
	Truncated                bool
}

var entityLabels = []string{"O", "B-PER", "I-PER", "B-LOC", "I-LOC"}

func (h *headed) prepare() {
	long := strings.Repeat("ada lives in paris, the capital of france. ", 8)
	notes := []string{"Ada  Lovelaces 🙂 Zürich, 日本!", "who was born in London?", "", long}
	h.models = map[string]*headstest.Model{}
	for _, family := range headstest.Families {
		h.models[family+"-mask"] = headstest.New(family, heads.MaskedLM)
		h.models[family+"-class"] = headstest.New(family, heads.SequenceClassification, "bad", "fair", "good")
		h.models[family+"-entities"] = headstest.New(family, heads.TokenClassification, entityLabels...)
		h.models[family+"-answers"] = headstest.New(family, heads.QuestionAnswering)
	}
	h.models["sentiment"] = headstest.New("distilbert", heads.SequenceClassification, "NEGATIVE", "POSITIVE")
	h.models["nli"] = headstest.New("bert", heads.SequenceClassification, "CONTRADICTION", "NEUTRAL", "ENTAILMENT")
	h.models["ranker"] = headstest.New("bert", heads.SequenceClassification, "LABEL_0")
	h.models["choices"] = headstest.New("bert", heads.MultipleChoice)
	h.models["toxic"] = headstest.New("bert", heads.SequenceClassification, "toxic", "rude", "kind").With("problem_type", "multi_label_classification")
	h.models["headless"] = headstest.New("bert", heads.TokenClassification, "O", "X").With("architectures", []string{"BertModel"})
	h.models["headless"].Rename("classifier.weight", "")
	var requests []request
	for _, family := range headstest.Families {
		mask := "[MASK]"
		if family == "roberta" {
			mask = "<mask>"
		}
		requests = append(requests,
			request{Model: family + "-mask", Texts: []string{mask + " is the capital of " + mask + "."}, topK: 3, Options: map[string]any{"top_k": 3}},
			request{Model: family + "-class", Texts: notes, Options: map[string]any{"top_k": nil}},
			request{Model: family + "-answers", Texts: []string{"who?", "where?"}, Contexts: []string{"Ada Lovelace 🙂", long}, topK: 2, impossible: true,
				Options: map[string]any{"top_k": 2, "handle_impossible_answer": true}})
		for _, strategy := range []string{"none", "simple", "first", "average", "max"} {
			requests = append(requests, request{Model: family + "-entities", Texts: notes, strategy: strategy,
				Options: map[string]any{"aggregation_strategy": strategy}})
		}
	}
	for _, model := range []string{"nli", "ranker", "choices"} {
		requests = append(requests, request{Model: model, Texts: []string{"ada lives in paris"}, Contexts: []string{"ada", "paris is in france", "the capital of london"}})
	}
	requests = append(requests, request{Model: "toxic", Texts: notes[:2], topK: 1, Options: map[string]any{"top_k": 1}})
	for i := range requests {
		if h.err = h.answer(&requests[i]); h.err != nil {
			return
		}
	}
	h.expected, h.err = json.Marshal(requests)
}

// answer runs a request natively.
func (h *headed) answer(q *request) error {
	tiny := h.models[q.Model]
	files, err := tiny.Files()
	if err != nil {
		return err
	}
	folder := fstest.MapFS{}
	for name, text := range files {
		folder[name] = &fstest.MapFile{Data: text}
	}
	q.IDs = []int32{2, 5, 10, 7, 3}
	q.Logits = tiny.Logits(q.IDs, nil)
	switch q.Model {
	case "nli", "ranker", "choices":
		return q.pairs(folder)
	}
	switch tiny.Kind {
	case heads.MaskedLM:
		return q.fillMask(folder)
	case heads.SequenceClassification:
		return q.classify(folder)
	case heads.TokenClassification:
		return q.entities(folder)
	}
	return q.answers(folder)
}

// open opens a model on the reference kernels.
func open[T any](folder fs.FS, task pipeline.Task[T]) (T, error) {
	return pipeline.Open(kernels.NewDevice(kernels.NewReference(0)), pipeline.FS(folder), task, pipeline.Options{})
}

func (q *request) fillMask(folder fs.FS) error {
	t, err := open(folder, pipeline.FillMask)
	if err != nil {
		return err
	}
	masks, err := t.Run(nil, q.Texts, tasks.FillMaskOptions{TopK: q.topK})
	if err != nil {
		return err
	}
	for _, list := range masks[0] {
		var all []found
		for _, y := range list {
			all = append(all, found{Text: y.TokenStr, Sequence: y.Sequence, Score: y.Score, Token: int(y.Token)})
		}
		q.Found = append(q.Found, all)
	}
	return nil
}

func (q *request) classify(folder fs.FS) error {
	t, err := open(folder, pipeline.TextClassification)
	if err != nil {
		return err
	}
	lists, err := t.Run(nil, q.Texts, tasks.TextClassificationOptions{TopK: q.topK})
	for _, list := range lists {
		var all []found
		for _, y := range list {
			all = append(all, found{Label: y.Label, Score: y.Score, Truncated: y.Truncated})
		}
		q.Found = append(q.Found, all)
	}
	return err
}

func (q *request) entities(folder fs.FS) error {
	t, err := open(folder, pipeline.TokenClassification)
	if err != nil {
		return err
	}
	lists, err := t.Run(nil, q.Texts, tasks.TokenClassificationOptions{AggregationStrategy: q.strategy, IgnoreLabels: []string{"O"}})
	for _, list := range lists {
		var all []found
		for _, y := range list {
			all = append(all, found{Label: y.Label, Text: y.Word, Score: y.Score, Index: y.Index, Start: y.Start, End: y.End})
		}
		q.Found = append(q.Found, all)
	}
	return err
}

func (q *request) answers(folder fs.FS) error {
	t, err := open(folder, pipeline.QuestionAnswering)
	if err != nil {
		return err
	}
	lists, err := t.Run(nil, q.Texts, q.Contexts, tasks.QuestionAnsweringOptions{TopK: q.topK, HandleImpossibleAnswer: q.impossible})
	for _, list := range lists {
		var all []found
		for _, y := range list {
			all = append(all, found{Text: y.Answer, Score: y.Score, Start: y.Start, End: y.End})
		}
		q.Found = append(q.Found, all)
	}
	return err
}

func (h *headed) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h.once.Do(h.prepare)
	static.Headers(w.Header())
	if h.err != nil {
		http.Error(w, fmt.Sprintf("e2e: %v", h.err), http.StatusInternalServerError)
		return
	}
	if r.URL.Path == "expected.json" {
		(&answer{body: h.expected}).send(w, r.URL.Path)
		return
	}
	name, file, _ := strings.Cut(r.URL.Path, "/")
	tiny := h.models[name]
	if tiny == nil {
		http.NotFound(w, r)
		return
	}
	files, err := tiny.Files()
	must(err)
	body, ok := files[file]
	if !ok {
		http.NotFound(w, r)
		return
	}
	(&answer{body: body}).send(w, file)
}
