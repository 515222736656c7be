package heads_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/lodestone-wasm/lodestone/kernels"
	"github.com/lodestone-wasm/lodestone/models/heads"
	"github.com/lodestone-wasm/lodestone/models/heads/headstest"
	"github.com/lodestone-wasm/lodestone/models/transformer"
	"github.com/lodestone-wasm/lodestone/weights/strictjson"
)

// document reads a config.json.
func document(t testing.TB, text string) *strictjson.Document {
	t.Helper()
	doc, err := strictjson.ReadDocument([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return doc
}

// open loads a model with its head on the reference kernels.
func open(tiny *headstest.Model, kind heads.Kind, dtype string) (*transformer.Model, *heads.Head, error) {
	files, err := tiny.Files()
	if err != nil {
		return nil, nil, err
	}
	config, err := strictjson.ReadDocument(files["config.json"])
	if err != nil {
		return nil, nil, err
	}
	c, err := transformer.ConfigOf(config)
	if err != nil {
		return nil, nil, err
	}
	h, err := heads.New(kind, c, config)
	if err != nil {
		return nil, nil, err
	}
	dev := kernels.NewDevice(kernels.NewReference(0))
	o := transformer.LoadOptions{DType: dtype}
	h.Load(&o)
	weights := files["model.safetensors"]
	m, err := transformer.Load(dev, c, []transformer.Stream{transformer.NewStream(dev, "model.safetensors", int64(len(weights)), bytes.NewReader(weights))}, o)
	return m, h, err
}

var kinds = []heads.Kind{heads.MaskedLM, heads.TokenClassification, heads.SequenceClassification, heads.QuestionAnswering, heads.MultipleChoice}

// classes are labels for the kinds that have them.
func classes(k heads.Kind) []string {
	if k == heads.TokenClassification || k == heads.SequenceClassification {
		return []string{"O", "B-PER", "I-PER"}
	}
	return nil
}

// logits runs rows of ids, padded on the right to the longest.
func logits(t *testing.T, m *transformer.Model, h *heads.Head, types bool, rows ...[]int32) []float32 {
	t.Helper()
	p := transformer.Padded{Rows: len(rows)}
	for _, r := range rows {
		p.Cols = max(p.Cols, len(r))
	}
	for _, r := range rows {
		for j := range p.Cols {
			id, mask, kind := int32(0), int32(0), int32(0)
			if j < len(r) {
				id, mask = r[j], 1
				if j >= len(r)/2 && types {
					kind = 1
				}
			}
			p.IDs, p.Mask, p.Types = append(p.IDs, id), append(p.Mask, mask), append(p.Types, kind)
		}
	}
	y, release, err := h.Padded(m, p)
	if err != nil {
		t.Fatal(err)
	}
	defer release()
	v := make([]float32, y.Rows*y.Cols)
	m.Device().Get(v, y)
	return v
}

func secondHalf(n int) []int32 {
	types := make([]int32, n)
	for i := n / 2; i < n; i++ {
		types[i] = 1
	}
	return types
}

func TestEveryHeadOfEveryFamilyEqualsItsComputationInFloat64(t *testing.T) {
	rows := [][]int32{{2, 5, 10, 4, 7, 3}, {2}, {2, 9, 3}}
	for _, family := range headstest.Families {
		for _, kind := range kinds {
			t.Run(family+" "+string(kind), func(t *testing.T) {
				tiny := headstest.New(family, kind, classes(kind)...)
				m, h, err := open(tiny, kind, "")
				if err != nil {
					t.Fatal(err)
				}
				typed := family == "bert"
				got := logits(t, m, h, typed, rows...)
				at := 0
				for _, ids := range rows {
					types := make([]int32, len(ids))
					if typed {
						types = secondHalf(len(ids))
					}
					want := tiny.Logits(ids, types)
					if !h.First() {
						for len(want) < 6 {
							want = append(want, make([]float64, h.Outputs)) // padding is zeros
						}
					}
					for _, row := range want {
						for _, v := range row {
							if d := math.Abs(float64(got[at]) - v); !(d < 1e-4) {
								t.Fatalf("logit %d of ids %v: %g, want %g", at, ids, got[at], v)
							}
							at++
						}
					}
				}
				if at != len(got) {
					t.Errorf("%d logits, expected %d", len(got), at)
				}
			})
		}
	}
}

func TestQuantisedHeadsAreNearTheirFloats(t *testing.T) {
	for _, dtype := range []string{"q8", "q4"} {
		for _, kind := range kinds {
			tiny := headstest.New("bert", kind, classes(kind)...)
			m, h, err := open(tiny, kind, dtype)
			if err != nil {
				t.Fatal(err)
			}
			ids := []int32{2, 5, 10, 4, 7, 3}
			got := logits(t, m, h, false, ids)
			dot, a, b := 0.0, 0.0, 0.0
			for i, v := range slices.Concat(tiny.Logits(ids, nil)...) {
				dot, a, b = dot+v*float64(got[i]), a+v*v, b+float64(got[i])*float64(got[i])
			}
			if cosine := dot / math.Sqrt(a*b); cosine < map[string]float64{"q8": 0.999, "q4": 0.8}[dtype] {
				t.Errorf("%s %s: cosine %g", dtype, kind, cosine)
			}
		}
	}
}

func TestAFolderWithoutTheHeadIsRefusedByName(t *testing.T) {
	encoder := headstest.New("bert", heads.TokenClassification, "O", "X")
	encoder.Rename("classifier.weight", "")
	encoder.Config["architectures"] = []string{"BertModel"}
	silent := headstest.New("roberta", heads.SequenceClassification, "O", "X")
	silent.Rename("classifier.dense.weight", "")
	delete(silent.Config, "architectures")
	for _, c := range []struct {
		name  string
		model *headstest.Model
		kind  heads.Kind
		err   error
		says  string
	}{
		{"no classifier", encoder, heads.TokenClassification, heads.ErrNoHead,
			`no tensor "classifier.weight": this folder has no token-classification head; architectures says BertModel`},
		{"no architectures", silent, heads.SequenceClassification, heads.ErrNoHead,
			`no tensor "classifier.dense.weight": this folder has no sequence-classification head; architectures says nothing`},
		{"entities asked for a mask", headstest.New("bert", heads.TokenClassification, "O", "X"), heads.MaskedLM, heads.ErrNoHead,
			"masked-lm was asked for, architectures says BertForTokenClassification"},
		{"one classifier for another", headstest.New("distilbert", heads.SequenceClassification, "O", "X"), heads.TokenClassification, heads.ErrNoHead,
			"architectures says DistilBertForSequenceClassification"},
		{"a mask asked for answers", headstest.New("distilbert", heads.MaskedLM), heads.QuestionAnswering, heads.ErrNoHead, "DistilBertForMaskedLM"},
		{"labels that do not fit", headstest.New("bert", heads.TokenClassification, "O", "X").With("id2label", map[string]string{"0": "O"}), heads.TokenClassification,
			transformer.ErrShape, `"classifier.weight" is [2 16], expected [1 16]`},
		{"labels with a gap", headstest.New("bert", heads.TokenClassification, "O", "X").With("id2label", map[string]string{"0": "O", "2": "X"}), heads.TokenClassification,
			transformer.ErrConfig, "2 labels, but none for class 1"},
		{"an odd problem", headstest.New("bert", heads.TokenClassification, "O", "X").With("problem_type", "guess"), heads.TokenClassification, transformer.ErrConfig, `"guess"`},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, _, err := open(c.model, c.kind, "")
			if !errors.Is(err, c.err) || !strings.Contains(err.Error(), c.says) {
				t.Errorf("error %v, expected %v saying %q", err, c.err, c.says)
			}
		})
	}
}

func TestWithoutLabelsTheyAreCountedFromTheCheckpoint(t *testing.T) {
	tiny := headstest.New("bert", heads.TokenClassification, "a", "b", "c")
	delete(tiny.Config, "id2label")
	_, h, err := open(tiny, heads.TokenClassification, "")
	if err != nil {
		t.Fatal(err)
	}
	if want := []string{"LABEL_0", "LABEL_1", "LABEL_2"}; !slices.Equal(h.Labels.Names, want) || h.Outputs != 3 {
		t.Errorf("labels %q, %d outputs", h.Labels.Names, h.Outputs)
	}
}

func TestLabelsAreInTheOrderOfTheirClasses(t *testing.T) {
	l, err := heads.LabelsOf(document(t, `{"id2label":{"1":"b","0":"a"},"problem_type":null,"architectures":null}`))
	if err != nil || !slices.Equal(l.Names, []string{"a", "b"}) {
		t.Errorf("%q, %v", l.Names, err)
	}
	for _, bad := range []string{`{"id2label":{"x":"a"}}`, `{"id2label":{"-1":"a"}}`, `{"id2label":{"0":1}}`, `{"id2label":{"99999999":"a"}}`, `{"mask_token_id":-1}`, `{"architectures":[1]}`} {
		if _, err := heads.LabelsOf(document(t, bad)); !errors.Is(err, transformer.ErrConfig) {
			t.Errorf("%s: error %v, expected %v", bad, err, transformer.ErrConfig)
		}
	}
}

// Where tie_word_embeddings is false, the decoder's own weights count; else they do not.
func TestAnOutputThatIsNotTheTableOfTokens(t *testing.T) {
	for _, untied := range []bool{false, true} {
		tiny := headstest.New("roberta", heads.MaskedLM).With("tie_word_embeddings", !untied)
		tiny.Add("lm_head.decoder.weight", tiny.Vocab, 16)
		m, h, err := open(tiny, heads.MaskedLM, "")
		if err != nil {
			t.Fatal(err)
		}
		got, tied := logits(t, m, h, false, []int32{0, 50, 2}), slices.Concat(tiny.Logits([]int32{0, 50, 2}, nil)...)
		same := true
		for i, v := range tied {
			same = same && math.Abs(v-float64(got[i])) < 1e-4
		}
		if same == untied {
			t.Errorf("untied %t: equal to the table of tokens: %t", untied, same)
		}
	}
}

func TestOtherNamesOfABiasAreFound(t *testing.T) {
	tiny := headstest.New("bert", heads.MaskedLM)
	want := tiny.Logits([]int32{2, 4, 3}, nil)
	tiny.Rename("cls.predictions.bias", "cls.predictions.decoder.bias")
	m, h, err := open(tiny, heads.MaskedLM, "")
	if err != nil {
		t.Fatal(err)
	}
	got := logits(t, m, h, false, []int32{2, 4, 3})
	for i, v := range slices.Concat(want...) {
		if math.Abs(v-float64(got[i])) > 1e-4 {
			t.Fatalf("logit %d: %g, want %g", i, got[i], v)
		}
	}
}

func TestAFamilyWithoutHeadsIsRefused(t *testing.T) {
	c, err := transformer.ParseConfig([]byte(`{"model_type":"gpt2","vocab_size":29,"n_embd":18,"n_layer":3,"n_head":3,"n_positions":16}`))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := heads.New(heads.MaskedLM, c, document(t, "{}")); !errors.Is(err, transformer.ErrUnsupported) {
		t.Errorf("error %v", err)
	}
	if _, err := heads.ParseKind("summarization"); !errors.Is(err, heads.ErrKind) {
		t.Errorf("error %v", err)
	}
}

// An encoder's folder with a head on it is still an encoder.
func TestAHeadDoesNotKeepTheEncoderFromLoading(t *testing.T) {
	for _, family := range headstest.Families {
		for _, kind := range kinds {
			files, err := headstest.New(family, kind, classes(kind)...).Files()
			if err != nil {
				t.Fatal(err)
			}
			c, err := transformer.ParseConfig(files["config.json"])
			if err != nil {
				t.Fatal(err)
			}
			dev := kernels.NewDevice(kernels.NewReference(0))
			weights := files["model.safetensors"]
			if _, err := transformer.Load(dev, c, []transformer.Stream{transformer.NewStream(dev, "model.safetensors", int64(len(weights)), bytes.NewReader(weights))}, transformer.LoadOptions{}); err != nil {
				t.Errorf("%s %s: %v", family, kind, err)
			}
		}
	}
}

func FuzzLabelsOf(f *testing.F) {
	for _, family := range headstest.Families {
		text, _ := json.Marshal(headstest.New(family, heads.TokenClassification, "a", "b").Config)
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, config []byte) {
		doc, err := strictjson.ReadDocument(config)
		if err != nil {
			return
		}
		if l, err := heads.LabelsOf(doc); err != nil && !errors.Is(err, transformer.ErrConfig) || err == nil && len(l.Names) > 1<<16 {
			t.Errorf("%d labels, error %v", len(l.Names), err)
		}
	})
}

func ExampleHead_Logits() {
	m, h, err := open(headstest.New("bert", heads.QuestionAnswering), heads.QuestionAnswering, "q8")
	if err != nil {
		fmt.Println(err)
		return
	}
	x, err := m.Forward(transformer.Batch{IDs: []int32{2, 5, 3}, Lengths: []int{3}})
	if err != nil {
		fmt.Println(err)
		return
	}
	y, err := h.Logits(m.Device(), x)
	fmt.Println(y.Rows, y.Cols, err)
	// Output: 3 2 <nil>
}
