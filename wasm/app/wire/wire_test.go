package wire

import (
	"errors"
	"math"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/lodestone-wasm/lodestone/ui/bench"
	"github.com/lodestone-wasm/lodestone/ui/crop"
	"github.com/lodestone-wasm/lodestone/ui/entities"
	"github.com/lodestone-wasm/lodestone/ui/explore"
	"github.com/lodestone-wasm/lodestone/ui/host"
	"github.com/lodestone-wasm/lodestone/ui/write"
)

// A vector is normalised once, by the engine: similar.Set refuses one that is not.
func TestTheEngineIsAskedToNormalise(t *testing.T) {
	if want := map[string]any{"pooling": "prompt", "normalize": true}; !reflect.DeepEqual(Embed(), want) {
		t.Errorf("%v, expected %v", Embed(), want)
	}
}

func TestOptionsAreThoseOfTheModule(t *testing.T) {
	for name, c := range map[string][2]map[string]any{
		"tag":       {Tag(), {"aggregation_strategy": "first"}},
		"translate": {Translate("de", "en"), {"src_lang": "de", "tgt_lang": "en"}},
		"crop":      {Crop(), {"src_lang": "de", "pivot_lang": "en"}},
		"draw": {Write(write.Draw{Tokens: 80, Least: 20, Temperature: 0.7, TopK: 40, Seed: 1<<53 - 1}),
			{"max_new_tokens": 80, "min_new_tokens": 20, "do_sample": true, "temperature": 0.7, "top_k": 40, "seed": 9007199254740991.0}},
		// The module refuses a temperature of 0: the likeliest tokens are not drawn.
		"likeliest": {Write(write.Draw{Tokens: 7, TopK: 40, Seed: 5}), {"max_new_tokens": 7, "min_new_tokens": 0, "do_sample": false}},
		"tokenize":  {Tokenize(), {"add_special_tokens": true, "split_special_tokens": true, "return_offsets_mapping": true}},
	} {
		if !reflect.DeepEqual(c[0], c[1]) {
			t.Errorf("%s: %v, expected %v", name, c[0], c[1])
		}
	}
}

func TestResultsAreRead(t *testing.T) {
	if got, err := Entities(`[[{"entity_group":"PER","score":0.97,"word":"Ada","start":0,"end":3}],[]]`, 2); err != nil || len(got) != 2 || len(got[1]) != 0 ||
		!slices.Equal(got[0], []entities.Entity{{Label: "PER", Start: 0, End: 3, Score: 0.97}}) {
		t.Errorf("entities %+v, %v", got, err)
	}

	step, err := Step(`{"name":"tag","input":[{"words":["a"],"labels":null,"note":""}],"output":[{"words":["Tom"],"labels":["B-PER"],"note":"n"}],"milliseconds":1.5}`)
	want := crop.Step{Name: "tag", In: []crop.Line{{Words: []string{"a"}}}, Out: []crop.Line{{Words: []string{"Tom"}, Labels: []string{"B-PER"}, Note: "n"}}, Took: 1500 * time.Microsecond}
	if err != nil || !reflect.DeepEqual(step, want) {
		t.Errorf("step %+v, %v; expected %+v", step, err, want)
	}

	m, err := Measured(`{"model":"x","dtype":"q8","load":5,"weight_bytes":8270000,"date":"2026-11-23T07:00:00Z","user_agent":"Mozilla",
		"capabilities":{"kernels":"fused8","threads":2,"reasons":{"kernels":"fast","threads":"isolated"}},
		"kernels":[{"dtype":"q8","shape":[64,384,1536],"gmacs":116.4}],
		"model_rates":[{"texts":1,"tokens":12,"median":4,"shortest":1.63,"calls":200}],
		"gpu":{"kernels":[{"dtype":"q4","shape":[1,384,1536],"gmacs":2}],"model_rates":[],"reason":"faster"}}`)
	measured := &bench.Measured{Kernels: "fused8", WhyKernels: "fast", Threads: 2, WhyThreads: "isolated", Bytes: 8_270_000, DType: "q8", Browser: "Mozilla", Date: "2026-11-23T07:00:00Z",
		WhyGPU: "faster", Rates: []bench.Rate{{DType: "q8", Rows: 64, In: 384, Out: 1536, PerSecond: 116.4e9}, {DType: "q4", Rows: 1, In: 384, Out: 1536, PerSecond: 2e9, GPU: true}}, Calls: []bench.Call{{Texts: 1, Tokens: 12, Median: 4, Shortest: 1.63, Count: 200}}}
	if err != nil || !reflect.DeepEqual(m, measured) {
		t.Errorf("measured %+v, %v", m, err)
	}

	if d, err := Description(`{"model_type":"bert","parameters":7,"stacks":[{"name":"encoder","layers":2}]}`); err != nil || d.ModelType != "bert" || d.Parameters != 7 || d.Stacks[0].Layers != 2 {
		t.Errorf("description %+v, %v", d, err)
	}

	const inspected = `{"tokens":["<s>","▁Hi"],"offsets":[[0,0],[0,2]],"truncated":true,"attentions":[{"dims":[1,4,2,2]},{"dims":[1,4,2,2]}],
		"routing":[{"layer":3,"experts":{"dims":[1,2,1]},"gates":{"dims":[1,2,8]},"load":[2,0],"dropped":1,"entropy":0.5}]}`
	x, err := Inspection(inspected, "Hi", nil)
	inspection := &explore.Inspection{Labels: []string{"<s>", "Hi"}, Truncated: true, Heads: 4, Attentions: make([][]float32, 2),
		Routing: []explore.Routing{{Layer: 3, Experts: 8, K: 1, Load: []int32{2, 0}, Dropped: 1, Entropy: 0.5}}}
	if err != nil || !reflect.DeepEqual(x, inspection) {
		t.Errorf("inspection %+v, %v; expected %+v", x, err, inspection)
	}
	// A model without a tokenizer has no tokens: the ids are the labels.
	if x, err := Inspection(`{"attentions":[]}`, "", []string{"7"}); err != nil || !slices.Equal(x.Labels, []string{"7"}) || x.Heads != 0 {
		t.Errorf("inspection of ids %+v, %v", x, err)
	}
}

func TestResultsOfAnotherFormAreRefused(t *testing.T) {
	entitiesOf := func(text string) error { _, err := Entities(text, 1); return err }
	stepOf := func(text string) error { _, err := Step(text); return err }
	measuredOf := func(text string) error { _, err := Measured(text); return err }
	described := func(text string) error { _, err := Description(text); return err }
	inspected := func(text string) error { _, err := Inspection(text, "Hi", nil); return err }
	for _, c := range []struct {
		name string
		err  error
		says string
	}{
		{"no JSON", entitiesOf(""), "token-classification"},
		{"another number of texts", entitiesOf("[[],[]]"), "got 2 lists for 1 texts"},
		{"a place that is no whole number", entitiesOf(`[[{"start":1.5}]]`), "start"},
		{"a number for words", stepOf(`{"output":[{"words":7}]}`), "words"},
		{"a shape of strings", measuredOf(`{"kernels":[{"shape":["a"]}]}`), "shape"},
		{"a list for a description", described("[]"), "describe"},
		{"routing without experts", inspected(`{"tokens":["a"],"offsets":[[0,1]],"routing":[{"gates":{"dims":[1,2,8]}}]}`), "expected [1, tokens, k]"},
		{"an offset of three", inspected(`{"tokens":["a"],"offsets":7}`), "offsets"},
	} {
		if !errors.Is(c.err, ErrResult) || !strings.Contains(c.err.Error(), c.says) {
			t.Errorf("%s: %v, expected %q", c.name, c.err, c.says)
		}
	}
	if err := inspected(`{"tokens":["a"],"offsets":[]}`); err == nil || !strings.Contains(err.Error(), "1 tokens and 0 offsets") {
		t.Errorf("tokens without offsets: %v", err)
	}
	if err := inspected(`{}`); err == nil || err.Error() != "the text has no token; type a word" {
		t.Errorf("no token: %v", err)
	}
}

func TestTheTokensOfAPromptAreThoseThatTheModelReads(t *testing.T) {
	for text, want := range map[string]int{
		`{"offset_mapping":[[[0,0],[0,4],[4,9],[0,0]]]}`: 3, // <s>, two pieces, </s>
		`{"offset_mapping":[[[0,4],[4,9]]]}`:             2, // no template
		`{"offset_mapping":[[[0,0],[0,0]]]}`:             1, // no text: the model reads <s>
	} {
		if n, err := Tokens(text); err != nil || n != want {
			t.Errorf("%s: %d, %v; expected %d", text, n, err, want)
		}
	}
	for _, text := range []string{"", "{}", `{"offset_mapping":[]}`, `{"offset_mapping":[[]]}`, `{"offset_mapping":[[[0,1]],[[0,1]]]}`, `{"offset_mapping":[0]}`} {
		if n, err := Tokens(text); !errors.Is(err, ErrResult) {
			t.Errorf("%s: %d, %v", text, n, err)
		}
	}
}

func TestVectorsAreOneRowForEachText(t *testing.T) {
	if n, err := Dim([]int{3, 256}, 3); err != nil || n != 256 {
		t.Errorf("%d, %v", n, err)
	}
	for _, dims := range [][]int{nil, {3}, {2, 256}, {3, 0}, {3, 5, 256}} {
		if _, err := Dim(dims, 3); !errors.Is(err, ErrResult) || !strings.Contains(err.Error(), "expected [3, width]") {
			t.Errorf("%v: %v", dims, err)
		}
	}
}

func TestErrorsOfJavaScriptKeepTheirCode(t *testing.T) {
	for _, c := range []struct{ code, message, wantCode, wantMessage string }{
		{"http_status", "got 404", "http_status", "got 404"},
		{"", "x is not a function", "internal", "x is not a function"},
		{"", "", "internal", "the engine failed without a reason"},
		{"aborted", "", "aborted", "the engine failed without a reason"},
	} {
		if e := Error(c.code, c.message); e.Code != c.wantCode || e.Message != c.wantMessage {
			t.Errorf("%q, %q: %+v", c.code, c.message, e)
		}
	}
}

func TestTimesAreFinite(t *testing.T) {
	for ms, want := range map[float64]time.Duration{1.5: 1500 * time.Microsecond, 0: 0, -1: 0, math.Inf(1): 0} {
		if got := Duration(ms); got != want {
			t.Errorf("%v ms: %v, expected %v", ms, got, want)
		}
	}
	if got := Duration(math.NaN()); got != 0 {
		t.Errorf("NaN ms: %v", got)
	}
}

func TestAnswersOfAServer(t *testing.T) {
	for _, status := range []int{200, 206} {
		if err := Status(status, "./x"); err != nil {
			t.Errorf("%d: %v", status, err)
		}
	}
	for _, status := range []int{0, 304, 404, 503} {
		var e *host.EngineError
		if err := Status(status, "./models/x/MODEL_CARD.md"); !errors.As(err, &e) || e.Code != "http_status" || !strings.Contains(e.Message, "for MODEL_CARD.md, expected 200") {
			t.Errorf("%d: %v", status, err)
		}
	}
	var e *host.EngineError
	if err := Network("./collection.tsv", errors.New("failed")); !errors.As(err, &e) || e.Code != "network" || e.Message != "collection.tsv could not be fetched (failed); check the connection and try again" {
		t.Errorf("%v", err)
	}
}

func TestTheSizeOfAFolder(t *testing.T) {
	const files = `{"files":[{"path":"config.json","size":1},{"path":"tokenizer.json","size":20},{"path":"a.safetensors","size":300},{"path":"model.safetensors.index.json","size":4000},
		{"path":"MODEL_CARD.md","size":50000},{"path":"x/config.json","size":600000}]}`
	if n, err := ManifestBytes(files); err != nil || n != 4321 {
		t.Errorf("%d, %v; expected 4321", n, err)
	}
	for _, text := range []string{"", "<html>", "{}", `{"files":[{"path":"LICENSE","size":7}]}`, `{"files":[{"path":"config.json","size":-7}]}`, `{"files":[{"path":"config.json","size":9e18}]}`} {
		if n, err := ManifestBytes(text); !errors.Is(err, ErrResult) {
			t.Errorf("%s: %d, %v", text, n, err)
		}
	}
	for _, c := range []struct {
		sizes []int64
		want  int64
	}{{[]int64{1, 20, 300}, 321}, {[]int64{1, 20, 0}, 21}, {[]int64{1, 20}, 21}, {[]int64{0, 20, 300}, -1}, {[]int64{1, 0, 300}, -1}, {nil, -1}} {
		if got := FolderBytes(c.sizes); got != c.want {
			t.Errorf("%v: %d, expected %d", c.sizes, got, c.want)
		}
	}
}

func FuzzResults(f *testing.F) {
	f.Add(`[[{"entity_group":"PER","score":0.97,"start":0,"end":3}]]`)
	f.Add(`{"name":"tag","output":[{"words":["Tom"],"labels":["B-PER"]}]}`)
	f.Add(`{"kernels":[{"dtype":"q8","shape":[64,384,1536],"gmacs":116.4}],"model_rates":[{"texts":0,"tokens":12}]}`)
	f.Add(`{"tokens":["a"],"offsets":[[0,1]],"attentions":[{"dims":[1,4,2,2]}],"routing":[{"experts":{"dims":[1,2,1]},"gates":{"dims":[1,2,8]}}]}`)
	f.Add(`{"files":[{"path":"config.json","size":1}]}`)
	f.Fuzz(func(t *testing.T, text string) {
		if all, err := Entities(text, 1); err == nil && len(all) != 1 {
			t.Errorf("%d lists for one text", len(all))
		}
		Step(text)
		if m, err := Measured(text); err == nil {
			m.Text()
			m.CallBars()
			m.RateBars()
		}
		Description(text)
		if x, err := Inspection(text, text, nil); err == nil && len(x.Labels) == 0 {
			t.Error("an inspection without a token")
		}
		if n, err := Tokens(text); err == nil && n < 1 {
			t.Errorf("a prompt of %d tokens", n)
		}
		if n, err := ManifestBytes(text); err == nil && n <= 0 {
			t.Errorf("a folder of %d bytes", n)
		}
	})
}
