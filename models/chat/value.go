package chat

import (
	"math"
	"strconv"
	"strings"

	"github.com/lodestone-wasm/lodestone/kernels/lean"
	"github.com/lodestone-wasm/lodestone/weights/strictjson"
)

// A value of a template is nil (none), bool, int64, float64, string, []any, *dict,
// undefined or function.

// undefined is what a name or a member is that does not exist.
type undefined string

// function is one that templates may call, or a method of a value.
type function struct {
	name string
	of   any // nil unless a method
}

// dict is a mapping in the order of its keys.
type dict struct {
	keys      []string
	values    map[string]any
	namespace bool // its members may be set
}

func newDict() *dict { return &dict{values: map[string]any{}} }

func (d *dict) set(key string, v any) {
	if _, ok := d.values[key]; !ok {
		d.keys = append(d.keys, key)
	}
	d.values[key] = v
}

// truth is Python's bool(v).
func truth(v any) bool {
	switch v := v.(type) {
	case nil, undefined:
		return false
	case bool:
		return v
	case int64:
		return v != 0
	case float64:
		return v != 0
	case string:
		return v != ""
	case []any:
		return len(v) > 0
	case *dict:
		return v.namespace || len(v.keys) > 0
	}
	return true
}

// typeName names the type of a value for errors.
func typeName(v any) string {
	switch v := v.(type) {
	case nil:
		return "none"
	case undefined:
		return lean.Sprintf("%q, which is undefined", string(v))
	case bool:
		return "a boolean"
	case int64, float64:
		return "a number"
	case string:
		return "a text"
	case []any:
		return "a list"
	case *dict:
		return "a mapping"
	case *loopState:
		return "loop"
	}
	return "a function"
}

// equal is Python's a == b.
func (r *run) equal(a, b any) bool {
	defer r.leave()
	if !r.enter() {
		return false
	}
	if x, y, ok := numbers(a, b); ok {
		return x == y
	}
	switch a := a.(type) {
	case nil:
		return b == nil
	case string:
		s, ok := b.(string)
		return ok && s == a
	case undefined:
		_, ok := b.(undefined)
		return ok
	case []any:
		l, ok := b.([]any)
		if !ok || len(l) != len(a) {
			return false
		}
		for i := range a {
			if !r.equal(a[i], l[i]) {
				return false
			}
		}
		return true
	case *dict:
		d, ok := b.(*dict)
		if !ok || len(d.keys) != len(a.keys) {
			return false
		}
		for _, k := range a.keys {
			v, ok := d.values[k]
			if !ok || !r.equal(a.values[k], v) {
				return false
			}
		}
		return true
	}
	return false
}

// numbers are two values as numbers, if both are; booleans are 0 and 1, as in Python.
func numbers(a, b any) (x, y float64, ok bool) {
	x, ok1 := number(a)
	y, ok2 := number(b)
	return x, y, ok1 && ok2
}

func number(v any) (float64, bool) {
	switch v := v.(type) {
	case int64:
		return float64(v), true
	case float64:
		return v, true
	case bool:
		if v {
			return 1, true
		}
		return 0, true
	}
	return 0, false
}

// text is Python's str(v). Lists and mappings have none here: their Python notation is in no
// published template, and tojson writes them.
func (r *run) text(n *node, v any) string {
	switch v := v.(type) {
	case nil:
		return "None"
	case undefined:
		return ""
	case bool:
		if v {
			return "True"
		}
		return "False"
	case int64:
		return strconv.FormatInt(v, 10)
	case float64:
		return floatText(v)
	case string:
		return v
	}
	r.fail(n, ErrUnsupported, "printing %s is not supported; write it with |tojson", typeName(v))
	return ""
}

// floatText is Python's repr of a float.
func floatText(v float64) string {
	if size := math.Abs(v); v != 0 && (size < 1e-4 || size >= 1e16) {
		return strconv.FormatFloat(v, 'e', -1, 64)
	}
	s := strconv.FormatFloat(v, 'f', -1, 64)
	if strings.IndexByte(s, '.') < 0 {
		s += ".0"
	}
	return s
}

// readJSON reads the value at the cursor.
func readJSON(d *strictjson.Decoder) (any, error) {
	switch d.Peek() {
	case strictjson.Object:
		m := newDict()
		err := d.Object(func(key string) error {
			v, err := readJSON(d)
			m.set(key, v)
			return err
		})
		return m, err
	case strictjson.Array:
		list := []any{}
		err := d.Array(func(int) error {
			v, err := readJSON(d)
			list = append(list, v)
			return err
		})
		return list, err
	case strictjson.String:
		return d.String()
	case strictjson.Bool:
		return d.Bool()
	case strictjson.Null:
		return nil, d.Null()
	}
	raw, err := d.Raw()
	if err != nil {
		return nil, err
	}
	if v, err := strconv.ParseInt(string(raw), 10, 64); err == nil {
		return v, nil
	}
	return strconv.ParseFloat(string(raw), 64)
}

// appendJSON writes v as Python's json.dumps with ensure_ascii=False. indent < 0 is one line.
func (r *run) appendJSON(b []byte, n *node, v any, indent, depth int) []byte {
	defer r.leave()
	if !r.enter() {
		return b
	}
	newline := func(depth int) {
		if indent >= 0 {
			b = append(b, '\n')
			for range indent * depth {
				b = append(b, ' ')
			}
		}
	}
	comma := func(i int) {
		if i > 0 {
			b = append(b, ',')
			if indent < 0 {
				b = append(b, ' ')
			}
		}
		newline(depth + 1)
	}
	switch v := v.(type) {
	case nil:
		return append(b, "null"...)
	case bool:
		return strconv.AppendBool(b, v)
	case int64, float64:
		return append(b, r.text(n, v)...)
	case string:
		return appendString(b, v)
	case []any:
		b = append(b, '[')
		for i, one := range v {
			comma(i)
			if b = r.appendJSON(b, n, one, indent, depth+1); len(b) > MaxText {
				r.spend(0, len(b))
				return b
			}
		}
		if len(v) > 0 {
			newline(depth)
		}
		return append(b, ']')
	case *dict:
		b = append(b, '{')
		for i, key := range v.keys {
			comma(i)
			b = append(appendString(b, key), ": "...)
			if b = r.appendJSON(b, n, v.values[key], indent, depth+1); len(b) > MaxText {
				r.spend(0, len(b))
				return b
			}
		}
		if len(v.keys) > 0 {
			newline(depth)
		}
		return append(b, '}')
	}
	r.fail(n, ErrTemplate, "tojson of %s", typeName(v))
	return b
}

// appendString writes a JSON string with the escapes of Python's json.
func appendString(b []byte, s string) []byte {
	b = append(b, '"')
	for i := range len(s) {
		switch c := s[i]; {
		case c == '"' || c == '\\':
			b = append(b, '\\', c)
		case c == '\n':
			b = append(b, `\n`...)
		case c == '\r':
			b = append(b, `\r`...)
		case c == '\t':
			b = append(b, `\t`...)
		case c == '\b':
			b = append(b, `\b`...)
		case c == '\f':
			b = append(b, `\f`...)
		case c < 0x20:
			const hex = "0123456789abcdef"
			b = append(b, `\u00`...)
			b = append(b, hex[c>>4], hex[c&15])
		default:
			b = append(b, c)
		}
	}
	return append(b, '"')
}
