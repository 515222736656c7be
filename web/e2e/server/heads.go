package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"

	"github.com/lodestone-wasm/lodestone/kernels"
	"github.com/lodestone-wasm/lodestone/models/heads"
	"github.com/lodestone-wasm/lodestone/models/heads/headstest"
	"github.com/lodestone-wasm/lodestone/models/tasks"
	"github.com/lodestone-wasm/lodestone/models/tokenizer"
	"github.com/lodestone-wasm/lodestone/models/transformer"
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
	Model    string          `json:"model"`
	Texts    []string        `json:"texts"`
	Contexts []string        `json:"contexts"`
	Options  map[string]any  `json:"options"` // of the page's call
	IDs      []int32         `json:"ids"`
	Logits   [][]float64     `json:"logits"` // of IDs, in float64
	Found    [][]tasks.Found `json:"found"`  // positions in bytes; of masks, those of the first text
	run      tasks.Options
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
			request{Model: family + "-mask", Texts: []string{mask + " is the capital of " + mask + "."}, run: tasks.Options{TopK: 3}, Options: map[string]any{"top_k": 3}},
			request{Model: family + "-class", Texts: notes, run: tasks.Options{}, Options: map[string]any{"top_k": nil}},
			request{Model: family + "-answers", Texts: []string{"who?", "where?"}, Contexts: []string{"Ada Lovelace 🙂", long}, run: tasks.Options{TopK: 2, Impossible: true},
				Options: map[string]any{"top_k": 2, "handle_impossible_answer": true}})
		for _, strategy := range []string{"none", "simple", "first", "average", "max"} {
			requests = append(requests, request{Model: family + "-entities", Texts: notes, run: tasks.Options{Strategy: strategy, Ignore: []string{"O"}},
				Options: map[string]any{"aggregation_strategy": strategy}})
		}
	}
	requests = append(requests, request{Model: "toxic", Texts: notes[:2], run: tasks.Options{TopK: 1}, Options: map[string]any{"top_k": 1}})
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
	c, err := transformer.ParseConfig(files[configFile])
	if err != nil {
		return err
	}
	head, err := heads.New(tiny.Kind, c, files[configFile])
	if err != nil {
		return err
	}
	dev := kernels.NewDevice(kernels.NewReference(0))
	var o transformer.LoadOptions
	head.Load(&o)
	m, err := transformer.Load(dev, c, []transformer.Stream{&inMemory{bytes.NewReader(files[weightsFile]), dev, int64(len(files[weightsFile]))}}, o)
	if err != nil {
		return err
	}
	tok, err := tokenizer.Parse(files[tokenizerFile])
	if err != nil {
		return err
	}
	r, err := tasks.New(m, head, tok)
	if err != nil {
		return err
	}
	q.IDs = []int32{2, 5, 10, 7, 3}
	q.Logits = tiny.Logits(q.IDs, nil)
	switch tiny.Kind {
	case heads.MaskedLM:
		masks, err := r.FillMask(q.Texts, q.run)
		if err != nil {
			return err
		}
		q.Found = masks[0]
	case heads.SequenceClassification:
		q.Found, err = r.Classify(q.Texts, q.run)
	case heads.TokenClassification:
		q.Found, err = r.Entities(q.Texts, q.run)
	default:
		q.Found, err = r.Answers(q.Texts, q.Contexts, q.run)
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

// inMemory is a transformer.Stream of bytes.
type inMemory struct {
	*bytes.Reader
	dev  *kernels.Device
	size int64
}

func (m *inMemory) Name() string { return weightsFile }
func (m *inMemory) Size() int64  { return m.size }
func (m *inMemory) Fill(at uint32, n int) error {
	p := make([]byte, n)
	if _, err := io.ReadFull(m.Reader, p); err != nil {
		return err
	}
	m.dev.Write(at, p)
	return nil
}
