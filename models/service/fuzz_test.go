package service_test

import (
	"encoding/json"
	"testing"

	"github.com/lodestone-wasm/lodestone/models/service"
)

// A body is taken if and only if encoding/json takes it as an object, but for what scan
// refuses; nothing panics.
func FuzzParse(f *testing.F) {
	for _, s := range []string{`{"input":"a"}`, `{"input":["a","😀"]}`, `{"input":[[1,2],[3]]}`, `{"documents":[{"text":"a"},"b"]}`, `{"n":1e400}`, `[`, `{"a":null}`, `null`, `"\ud800`, `{"a":"\ud83d\ude00"}`, `{"a":"\ud83d\u0041"}`} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		var object map[string]json.RawMessage
		valid := json.Unmarshal(body, &object) == nil && object != nil
		if service.Parse(body) && !valid {
			t.Errorf("%q was taken", body)
		}
	})
}
