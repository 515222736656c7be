package strictjson

import (
	"errors"
	"math"
	"strconv"
	"strings"
	"testing"
)

// Each refusal once, by what the message must say. The documents are written from
// RFC 8259's grammar and the package comment; none is taken from a run.
func TestRefuses(t *testing.T) {
	deep := strings.Repeat("[", MaxDepth+1) + strings.Repeat("]", MaxDepth+1)
	deepObject := strings.Repeat(`{"a":`, MaxDepth+1) + "1" + strings.Repeat("}", MaxDepth+1)
	tests := []struct {
		name, doc, says string
	}{
		{"empty document", "", "byte 0: found the end of the text, expected a value"},
		{"white space only", " \t\r\n", "found the end of the text"},
		{"byte order mark", "\ufeff{}", "byte 0: found a byte order mark"},
		{"not a value", "@", "no value"},
		{"single quotes", "'a'", "no value"},
		{"comment", "// x\n1", "no value"},
		{"text after the document", "{} {}", "text after the document"},
		{"NUL after the document", "1\x00", "text after the document"},
		{"array too deep", deep, "nested deeper than 64"},
		{"object too deep", deepObject, "nested deeper than 64"},
		{"key twice", `{"a":1,"b":2,"a":3}`, `key "a" occurs twice`},
		{"key twice, once escaped", `{"a":1,"\u0061":2}`, `key "a" occurs twice`},
		{"key twice among many", manyKeys(40, 3), `key "k3" occurs twice`},
		{"key twice beyond the scan", manyKeys(40, 30), `key "k30" occurs twice`},
		{"nested key twice", `[{"x":{"a":1,"a":2}}]`, `key "a" occurs twice`},
		{"key that is no string", `{1:2}`, "found a number, expected a string"},
		{"no colon", `{"a" 1}`, `no colon after key "a"`},
		{"no colon at the end", `{"a"`, `no colon after key "a"`},
		{"no member value", `{"a":}`, `found no value at key "a"`},
		{"trailing comma in an object", `{"a":1,}`, "expected a string"},
		{"comma first in an object", `{,"a":1}`, "expected a string"},
		{"open object", `{"a":1`, "expected ',' or '}'"},
		{"object closed by a bracket", `{"a":1]`, "expected ',' or '}'"},
		{"lone brace", `{`, "expected a string"},
		{"trailing comma in an array", `[1,]`, "no value"},
		{"open array", `[1`, "expected ',' or ']'"},
		{"lone bracket", `[`, "found the end of the text"},
		{"no comma", `[1 2]`, "expected ',' or ']'"},
		{"unterminated string", `"abc`, "unterminated string"},
		{"unterminated string after an escape", `"a\n`, "unterminated string"},
		{"string ends in a backslash", `"a\`, "unterminated string"},
		{"control character", "\"a\x01\"", "control character 0x01"},
		{"newline in a string", "\"a\nb\"", "control character 0x0a"},
		{"control character after an escape", "\"\\n\x1f\"", "control character 0x1f"},
		{"string is not UTF-8", "\"\xff\"", "not UTF-8"},
		{"string is not UTF-8 after an escape", "\"\\n\xc0\x80\"", "not UTF-8"},
		{"encoded surrogate", "\"\xed\xa0\x80\"", "not UTF-8"},
		{"unknown escape", `"\x41"`, `unknown escape \x`},
		{"short \\u", `"\u12`, "unterminated escape"},
		{"bad \\u", `"\u12g4"`, `bad \u escape`},
		{"lone high surrogate", `"\ud800"`, "lone surrogate"},
		{"high surrogate, then text", `"\ud800abcdef"`, "lone surrogate"},
		{"lone low surrogate", `"\udc00"`, "lone surrogate"},
		{"two high surrogates", `"\ud800\ud800"`, "lone surrogate"},
		{"surrogate and a bad escape", `"\ud800\uzzzz"`, `bad \u escape`},
		{"leading zero", "01", "malformed number"},
		{"minus only", "-", "malformed number"},
		{"plus", "+1", "no value"},
		{"no integer digits", ".5", "no value"},
		{"no digits after the point", "1.", "malformed number"},
		{"no digits in the exponent", "1e+", "malformed number"},
		{"hexadecimal", "0x10", "text after the document"},
		{"NaN", "NaN", "byte 0: found NaN, which is not JSON; expected a value"},
		{"Infinity", `{"layer_norm_eps": Infinity}`, `byte 19: found Infinity at key "layer_norm_eps", which is not JSON; expected a value`},
		{"negative Infinity", "-Infinity", "byte 0: found -Infinity, which is not JSON; expected a number"},
		{"nul", "nul", "malformed literal"},
		{"tru", "tru", "malformed literal"},
		{"True", "True", "no value"},
		{"literal runs on", "truely", "text after the document"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			d := NewDecoder([]byte(tt.doc))
			err := d.Skip()
			if err == nil {
				err = d.End()
			}
			if !errors.Is(err, ErrSyntax) {
				t.Fatalf("%q: error %v, want ErrSyntax", tt.doc, err)
			}
			if !strings.Contains(err.Error(), tt.says) {
				t.Errorf("%q: error %q does not say %q", tt.doc, err, tt.says)
			}
			if dup := strings.Contains(tt.name, "twice"); errors.Is(err, ErrDuplicateKey) != dup {
				t.Errorf("%q: errors.Is(ErrDuplicateKey) is %v", tt.doc, !dup)
			}
			if again := d.Skip(); again != err {
				t.Errorf("%q: the error does not stick: %v", tt.doc, again)
			}
		})
	}
}

// manyKeys is an object with n keys k0, k1, … and then k<again> once more.
func manyKeys(n, again int) string {
	var b strings.Builder
	b.WriteByte('{')
	for i := range n {
		b.WriteString(`"k` + strconv.Itoa(i) + `":0,`)
	}
	return b.String() + `"k` + strconv.Itoa(again) + `":0}`
}

// The typed readers refuse the other kinds and values beyond their range.
func TestTypedReadersRefuse(t *testing.T) {
	read := map[string]func(d *Decoder) error{
		"string": func(d *Decoder) error { _, err := d.String(); return err },
		"int":    func(d *Decoder) error { _, err := d.Int(); return err },
		"float":  func(d *Decoder) error { _, err := d.Float(); return err },
		"bool":   func(d *Decoder) error { _, err := d.Bool(); return err },
		"null":   func(d *Decoder) error { return d.Null() },
		"object": func(d *Decoder) error { return d.Object(func(string) error { return d.Skip() }) },
		"array":  func(d *Decoder) error { return d.Array(func(int) error { return d.Skip() }) },
		"raw":    func(d *Decoder) error { _, err := d.Raw(); return err },
	}
	tests := []struct{ reader, doc, says string }{
		{"string", "1", "found a number, expected a string"},
		{"string", "", "found the end of the text, expected a string"},
		{"int", `"1"`, "found a string, expected a number"},
		{"int", "1.0", "1.0 is not an integer of 64 bits"},
		{"int", "1e3", "1e3 is not an integer of 64 bits"},
		{"int", "9223372036854775808", "is not an integer of 64 bits"},
		{"int", "-9223372036854775809", "is not an integer of 64 bits"},
		{"int", strings.Repeat("9", 400), "…"},
		{"float", "true", "found a boolean, expected a number"},
		{"float", "1e400", "out of range"},
		{"float", "-1e400", "out of range"},
		{"bool", "null", "found null, expected a boolean"},
		{"bool", "fals", "malformed literal"},
		{"null", "false", "found a boolean, expected null"},
		{"null", "nil", "malformed literal"},
		{"object", "[]", "found an array, expected an object"},
		{"array", "{}", "found an object, expected an array"},
		{"raw", "", "found the end of the text"},
		{"raw", "[1,", "found the end of the text"},
	}
	for _, tt := range tests {
		err := read[tt.reader](NewDecoder([]byte(tt.doc)))
		if !errors.Is(err, ErrSyntax) || !strings.Contains(err.Error(), tt.says) {
			t.Errorf("%s of %q: error %v, want one that says %q", tt.reader, tt.doc, err, tt.says)
		}
	}
}

// Expected values follow from RFC 8259 and, for the doubles, from IEEE 754.
func TestReadsValues(t *testing.T) {
	t.Run("strings", func(t *testing.T) {
		for doc, want := range map[string]string{
			`""`:                     "",
			`"a/b"`:                  "a/b",
			`"\"\\\/\b\f\n\r\t"`:     "\"\\/\b\f\n\r\t",
			`"\u00e9\u00E9é"`:        "ééé",
			`"\ud83d\ude00😀"`:        "😀😀",
			`"\u0000"`:               "\x00",
			`"\ufffd"`:               "\ufffd",
			"\"\u2028\x7f\"":         "\u2028\x7f",
			` "space before"`:        "space before",
			`"` + "▁a" + `\u2581"`:   "▁a▁",
			`"tail after \u0041 bc"`: "tail after A bc",
		} {
			if got, err := NewDecoder([]byte(doc)).String(); err != nil || got != want {
				t.Errorf("%s: %q, %v, want %q", doc, got, err, want)
			}
		}
	})
	t.Run("integers", func(t *testing.T) {
		for doc, want := range map[string]int64{
			"0": 0, "-0": 0, "7": 7, "-12": -12,
			"9223372036854775807": math.MaxInt64, "-9223372036854775808": math.MinInt64,
		} {
			if got, err := NewDecoder([]byte(doc)).Int(); err != nil || got != want {
				t.Errorf("%s: %d, %v, want %d", doc, got, err, want)
			}
		}
	})
	t.Run("floats", func(t *testing.T) {
		for doc, want := range map[string]float64{
			"0": 0, "1e3": 1000, "1E-2": 0.01, "-0.5": -0.5, "2.5e+1": 25,
			"1.7976931348623157e308": math.MaxFloat64, "4.9e-324": math.SmallestNonzeroFloat64, "1e-400": 0,
		} {
			if got, err := NewDecoder([]byte(doc)).Float(); err != nil || got != want {
				t.Errorf("%s: %g, %v, want %g", doc, got, err, want)
			}
		}
	})
	t.Run("nesting at the limit", func(t *testing.T) {
		doc := strings.Repeat("[", MaxDepth) + strings.Repeat("]", MaxDepth)
		d := NewDecoder([]byte(doc))
		if err := d.Skip(); err != nil {
			t.Fatal(err)
		}
		if err := d.End(); err != nil {
			t.Fatal(err)
		}
	})
	t.Run("many shallow containers are not deep", func(t *testing.T) {
		doc := "[" + strings.Repeat(`{},[],{"a":[1]},[{}],`, 200) + "0]"
		if err := NewDecoder([]byte(doc)).Skip(); err != nil {
			t.Fatal(err)
		}
	})
}

func TestRawReturnsTheBytesOfOneValue(t *testing.T) {
	d := NewDecoder([]byte(`{"a": {"x" : [1, 2]} , "b":-1.5e3}`))
	got := map[string]string{}
	err := d.Object(func(key string) error {
		raw, err := d.Raw()
		got[key] = string(raw)
		return err
	})
	if err != nil || got["a"] != `{"x" : [1, 2]}` || got["b"] != "-1.5e3" {
		t.Fatalf("%q, %v", got, err)
	}
}

// A caller's own error stops the document and stays what it was.
func TestCallersErrorSticks(t *testing.T) {
	mine := errors.New("mine")
	d := NewDecoder([]byte(`[{"a":1},{"b":2}]`))
	err := d.Array(func(int) error {
		return d.Object(func(string) error { return mine })
	})
	if err != mine || d.Skip() != mine || d.End() != mine || d.Peek() != Invalid {
		t.Fatalf("error %v, then %v", err, d.Skip())
	}
}

// A callback that forgets its value must not make the decoder go on as if nothing were wrong.
func TestUnconsumedValueIsAnError(t *testing.T) {
	if err := NewDecoder([]byte(`{"a":1}`)).Object(func(string) error { return nil }); !errors.Is(err, ErrSyntax) {
		t.Fatalf("object: %v", err)
	}
	if err := NewDecoder([]byte(`[1]`)).Array(func(int) error { return nil }); !errors.Is(err, ErrSyntax) {
		t.Fatalf("array: %v", err)
	}
}
