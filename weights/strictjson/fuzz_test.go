package strictjson

import (
	"encoding/json"
	"errors"
	"reflect"
	"strings"
	"testing"
)

// stricter lists what this package refuses although encoding/json takes it.
var stricter = []string{"occurs twice", "nested deeper", "not UTF-8", "lone surrogate"}

// FuzzDecoder compares with encoding/json: whatever is accepted here is accepted
// there with the same values, and whatever only encoding/json accepts is refused for
// one of the reasons of the package comment.
func FuzzDecoder(f *testing.F) {
	for _, doc := range []string{
		`{"__metadata__":{"format":"pt"},"w":{"dtype":"F32","shape":[2,3],"data_offsets":[0,24]}}`,
		`[1,-2.5e3,true,false,null,"\ud83d\ude00\n",{}]`,
		`{"a":1,"a":2}`, `"\ud800"`, "\"\xff\"", `1e400`, `[[[[]]]]`, ` {"k" : [ ] } `, `"\u0000"`, `-0`,
		strings.Repeat("[", MaxDepth+1) + strings.Repeat("]", MaxDepth+1),
	} {
		f.Add([]byte(doc))
	}
	f.Fuzz(func(t *testing.T, doc []byte) {
		d := NewDecoder(doc)
		got, err := tree(d)
		if err == nil {
			err = d.End()
		}
		if err != nil {
			if !errors.Is(err, ErrSyntax) {
				t.Fatalf("%q: %v is not ErrSyntax", doc, err)
			}
			if !json.Valid(doc) || strings.Contains(err.Error(), "out of range") {
				return
			}
			for _, why := range stricter {
				if strings.Contains(err.Error(), why) {
					return
				}
			}
			t.Fatalf("%q: refused with %q, but it is valid JSON", doc, err)
		}
		var want any
		if err := json.Unmarshal(doc, &want); err != nil {
			t.Fatalf("%q: accepted, but encoding/json says %v", doc, err)
		}
		if !reflect.DeepEqual(got, want) {
			t.Fatalf("%q: read %#v, encoding/json %#v", doc, got, want)
		}
		if err := NewDecoder(doc).Skip(); err != nil {
			t.Fatalf("%q: Skip refuses what the readers take: %v", doc, err)
		}
	})
}

// tree reads any value in the types that encoding/json gives an any.
func tree(d *Decoder) (v any, err error) {
	switch d.Peek() {
	case Object:
		m := map[string]any{}
		return m, d.Object(func(key string) (err error) { m[key], err = tree(d); return err })
	case Array:
		a := []any{}
		return a, d.Array(func(int) error {
			e, err := tree(d)
			a = append(a, e)
			return err
		})
	case String:
		return d.String()
	case Number:
		return d.Float()
	case Bool:
		return d.Bool()
	case Null:
		return nil, d.Null()
	}
	return nil, d.Skip()
}
