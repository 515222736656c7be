//go:build !js

package service_test

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/lodestone-wasm/lodestone/models/service"
)

type schema struct {
	Ref        string `json:"$ref"`
	Type       any
	Enum       []any
	Required   []string
	Properties map[string]*schema
	Items      *schema
	OneOf      []*schema
	Minimum    *float64
	MinLength  int
	MinItems   int
}

type operation struct {
	Parameters  []struct{ Name, Example string }
	RequestBody *struct {
		Content map[string]struct {
			Schema  *schema
			Example json.RawMessage
		}
	}
	Responses map[string]struct {
		Content map[string]struct{ Schema *schema }
	}
	Security *[]any
}

type openAPI struct {
	Paths      map[string]map[string]operation
	Components struct{ Schemas map[string]*schema }
}

// check is what a value has that its schema has not, and the other way round. Fields that
// the schema does not name are errors: the document is to say what answers hold.
func (d *openAPI) check(s *schema, v any, at string) error {
	if s.Ref != "" {
		target := d.Components.Schemas[strings.TrimPrefix(s.Ref, "#/components/schemas/")]
		if target == nil {
			return fmt.Errorf("%s: no schema %s", at, s.Ref)
		}
		return d.check(target, v, at)
	}
	if s.OneOf != nil {
		var errs []error
		for _, one := range s.OneOf {
			if err := d.check(one, v, at); err != nil {
				errs = append(errs, err)
			}
		}
		if len(errs) != len(s.OneOf)-1 {
			return fmt.Errorf("%s: %d of %d forms fit: %v", at, len(s.OneOf)-len(errs), len(s.OneOf), errs)
		}
		return nil
	}
	kind := map[bool]string{true: "integer", false: "number"}
	var is string
	switch v := v.(type) {
	case nil:
		is = "null"
	case bool:
		is = "boolean"
	case string:
		if is = "string"; len(v) < s.MinLength {
			return fmt.Errorf("%s is shorter than %d", at, s.MinLength)
		}
	case float64:
		if is = kind[v == float64(int64(v))]; s.Minimum != nil && v < *s.Minimum {
			return fmt.Errorf("%s is %v", at, v)
		}
	case []any:
		is = "array"
	case map[string]any:
		is = "object"
	}
	types, ok := s.Type.([]any)
	if !ok {
		types = []any{s.Type}
	}
	if !slices.Contains(types, any(is)) && !(is == "integer" && slices.Contains(types, any("number"))) {
		return fmt.Errorf("%s is %s, expected %v", at, is, types)
	}
	if s.Enum != nil && !slices.Contains(s.Enum, v) {
		return fmt.Errorf("%s is %v, expected one of %v", at, v, s.Enum)
	}
	if list, ok := v.([]any); ok {
		if len(list) < s.MinItems {
			return fmt.Errorf("%s has %d items", at, len(list))
		}
		for i, x := range list {
			if err := d.check(s.Items, x, fmt.Sprintf("%s[%d]", at, i)); err != nil {
				return err
			}
		}
	}
	if o, ok := v.(map[string]any); ok && s.Properties != nil {
		for _, name := range s.Required {
			if _, there := o[name]; !there {
				return fmt.Errorf("%s has no %s", at, name)
			}
		}
		for name, x := range o {
			if s.Properties[name] == nil {
				return fmt.Errorf("%s has %s, which the document does not name", at, name)
			}
			if err := d.check(s.Properties[name], x, at+"."+name); err != nil {
				return err
			}
		}
	}
	return nil
}

func document(t *testing.T) *openAPI {
	t.Helper()
	text, err := os.ReadFile("openapi.json")
	if err != nil {
		t.Fatal(err)
	}
	d := &openAPI{}
	if err := json.Unmarshal(text, d); err != nil {
		t.Fatal(err)
	}
	return d
}

// Each example of the document is sent, and the answer is as the document says.
func TestTheDocumentSaysWhatTheHandlersAnswer(t *testing.T) {
	d := document(t)
	s := open(t, func(c *service.Config) { c.Tokens, c.Limits.Budget = []string{token}, -1 })
	for _, path := range slices.Sorted(maps.Keys(d.Paths)) {
		for method, op := range d.Paths[path] {
			q := request{method: strings.ToUpper(method), path: path}
			for _, p := range op.Parameters {
				q.path = strings.ReplaceAll(q.path, "{"+p.Name+"}", p.Example)
			}
			if op.RequestBody != nil {
				in := op.RequestBody.Content["application/json"]
				q.body = string(in.Example)
				var v any
				if err := json.Unmarshal(in.Example, &v); err != nil {
					t.Fatalf("%s: the example: %v", path, err)
				}
				if err := d.check(in.Schema, v, "request"); err != nil {
					t.Errorf("%s: the example: %v", path, err)
				}
			}
			answer := func(q request) {
				t.Helper()
				r := q.send(s)
				body, err := io.ReadAll(r.Body)
				if err != nil {
					t.Fatal(err)
				}
				response, listed := op.Responses[fmt.Sprint(r.StatusCode)]
				if !listed {
					t.Errorf("%s: status %d is not in the document: %s", path, r.StatusCode, body)
					return
				}
				kind, _, _ := strings.Cut(r.Header.Get("Content-Type"), ";")
				content, listed := response.Content[kind]
				if !listed {
					t.Errorf("%s: status %d: type %s is not in the document", path, r.StatusCode, kind)
					return
				}
				if kind != "application/json" {
					return
				}
				var v any
				if err := json.Unmarshal(body, &v); err != nil {
					t.Fatal(err)
				}
				if err := d.check(content.Schema, v, fmt.Sprint(r.StatusCode)); err != nil {
					t.Errorf("%s: %v", path, err)
				}
			}
			if r := q.send(s); r.StatusCode != 200 {
				t.Errorf("%s: the example has status %d", path, r.StatusCode)
			}
			answer(q)
			bare := q
			bare.header = map[string]string{"Authorization": ""}
			if r, open := bare.send(s), op.Security != nil; (r.StatusCode == 200) != open {
				t.Errorf("%s: without a token status %d", path, r.StatusCode)
			}
			answer(bare)
			if op.RequestBody != nil {
				for _, body := range []string{"", "{}", `{"model":"none","input":"a","query":"a","documents":["a"]}`} {
					bad := q
					bad.body = body
					answer(bad)
				}
				bad := q
				bad.header = map[string]string{"Content-Type": "text/html"}
				answer(bad)
			}
		}
	}
}

// Every address is in the document, and no other.
func TestEveryAddressIsInTheDocument(t *testing.T) {
	d := document(t)
	var documented []string
	for path, methods := range d.Paths {
		for method := range methods {
			documented = append(documented, strings.ToUpper(method)+" "+strings.ReplaceAll(path, "{id}", ""))
		}
	}
	slices.Sort(documented)
	if served := service.Addresses(); !slices.Equal(served, documented) {
		t.Errorf("served %q, documented %q", served, documented)
	}
}
