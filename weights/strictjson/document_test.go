package strictjson_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/lodestone-wasm/lodestone/weights/strictjson"
)

func TestADocumentHandsOutItsMembers(t *testing.T) {
	doc, err := strictjson.ReadDocument([]byte(` {"a": 1, "b": [true, {"c": "d"}] ,"e":null} `))
	if err != nil {
		t.Fatal(err)
	}
	var keys []string
	err = doc.Members(func(key string, v *strictjson.Decoder) error {
		raw, err := v.Raw()
		keys = append(keys, key+"="+string(raw))
		return err
	})
	want := []string{"a=1", `b=[true, {"c": "d"}]`, "e=null"}
	if err != nil || !slices.Equal(keys, want) {
		t.Fatalf("members are %q (%v), want %q", keys, err, want)
	}
	// A member may be left unread, and read as often as there are readers.
	for range 2 {
		v, ok := doc.Member("a")
		if !ok {
			t.Fatal("no member a")
		}
		if n, err := v.Int(); n != 1 || err != nil {
			t.Errorf("a is %d, %v", n, err)
		}
	}
	if _, ok := doc.Member("c"); ok {
		t.Error("c is a member of a member")
	}
}

func TestTheFirstErrorOfAReaderIsReturned(t *testing.T) {
	doc, err := strictjson.ReadDocument([]byte(`{"a":1,"b":"x","c":2}`))
	if err != nil {
		t.Fatal(err)
	}
	read := 0
	err = doc.Members(func(_ string, v *strictjson.Decoder) error {
		read++
		_, err := v.Int()
		return err
	})
	// "b" stands at byte 7, its value at byte 11.
	if !errors.Is(err, strictjson.ErrSyntax) || !strings.Contains(err.Error(), "byte 11") || read != 2 {
		t.Errorf("after %d members: %v; want ErrSyntax at byte 11 after 2", read, err)
	}
}

func TestAByteOrderMarkBeforeADocumentIsSkipped(t *testing.T) {
	doc, err := strictjson.ReadDocument([]byte("\ufeff{\"a\":1}"))
	if err != nil {
		t.Fatal(err)
	}
	if d, ok := doc.Member("a"); !ok || d.Peek() != strictjson.Number {
		t.Error("the member after the mark is not read")
	}
}

func TestAReaderOfAMemberNamesItsKey(t *testing.T) {
	_, err := strictjson.ReadDocument([]byte(`{"a": {"b": NaN}}`))
	if err == nil || !strings.Contains(err.Error(), `found NaN at key "b"`) {
		t.Errorf("%v, expected the key b", err)
	}
}

func TestADocumentIsCheckedWhole(t *testing.T) {
	for _, text := range []string{
		"", "[]", "1", `{"a":1`, `{"a":1}{}`, `{"a":1,"a":2}`, `{"a":{"b":1,"b":2}}`, `{"a":01}`, `{"a":[1,]}`, `{"a":"\x"}`,
		`{"a":` + strings.Repeat("[", 200) + strings.Repeat("]", 200) + `}`,
	} {
		if doc, err := strictjson.ReadDocument([]byte(text)); !errors.Is(err, strictjson.ErrSyntax) {
			t.Errorf("%q: %v, %v; want ErrSyntax", text, doc, err)
		}
	}
}
