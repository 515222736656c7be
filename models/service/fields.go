package service

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"strconv"
	"unicode/utf8"
)

// maxDepth is how deep arrays and objects of a request may be nested. Requests need four.
const maxDepth = 32

// fields is a request's body, a JSON object. Unknown fields are ignored, as OpenAI does;
// null is a field that is not there.
type fields map[string]json.RawMessage

// parse reads a body.
func parse(body []byte) (fields, *Problem) {
	if err := scan(body); err != nil {
		return nil, problem(malformed, "", "invalid_json", "the body is not valid JSON: %s", err)
	}
	var f fields
	if err := json.Unmarshal(body, &f); err != nil {
		if kindOf(body) != "an object" && json.Valid(body) {
			return nil, problem(malformed, "", "invalid_json", "the body is %s; expected a JSON object", kindOf(body))
		}
		return nil, problem(malformed, "", "invalid_json", "the body is not valid JSON: %s", where(err))
	}
	if f == nil {
		return nil, problem(malformed, "", "invalid_json", "the body is null; expected a JSON object")
	}
	for name, v := range f {
		if bytes.Equal(v, []byte("null")) {
			delete(f, name)
		}
	}
	return f, nil
}

// where is where a syntax error stands. Its own text may quote the body.
func where(err error) string {
	if s, ok := err.(*json.SyntaxError); ok {
		return fmt.Sprintf("syntax error at byte %d", s.Offset)
	}
	return "it cannot be decoded"
}

// scan refuses what encoding/json would take or would take long over: invalid UTF-8 and
// halves of surrogate pairs, which it replaces, and deep nesting.
func scan(body []byte) error {
	if !utf8.Valid(body) {
		return fmt.Errorf("it is not UTF-8")
	}
	depth, quoted := 0, false
	for i := 0; i < len(body); i++ {
		switch c := body[i]; {
		case quoted && c == '\\':
			i++
			if i < len(body) && body[i] == 'u' {
				unit, ok := unitAt(body, i+1)
				if !ok {
					continue // a syntax error, which encoding/json places
				}
				if unit >= 0xdc00 && unit < 0xe000 {
					return fmt.Errorf("half of a surrogate pair at byte %d", i)
				}
				if unit >= 0xd800 && unit < 0xdc00 {
					second, ok := uint64(0), false
					if i+6 < len(body) && body[i+5] == '\\' && body[i+6] == 'u' {
						second, ok = unitAt(body, i+7)
					}
					if !ok || second < 0xdc00 || second >= 0xe000 {
						return fmt.Errorf("half of a surrogate pair at byte %d", i)
					}
					i += 6
				}
				i += 4
			}
		case c == '"':
			quoted = !quoted
		case quoted:
		case c == '[' || c == '{':
			if depth++; depth > maxDepth {
				return fmt.Errorf("it is nested deeper than %d at byte %d", maxDepth, i)
			}
		case c == ']' || c == '}':
			depth--
		}
	}
	return nil
}

// unitAt reads four hexadecimal digits.
func unitAt(body []byte, at int) (uint64, bool) {
	if at+4 > len(body) {
		return 0, false
	}
	v, err := strconv.ParseUint(string(body[at:at+4]), 16, 16)
	return v, err == nil
}

// kindOf names what a JSON value is.
func kindOf(v []byte) string {
	v = bytes.TrimLeft(v, " \t\r\n")
	if len(v) == 0 {
		return "nothing"
	}
	switch v[0] {
	case '"':
		return "a string"
	case '[':
		return "an array"
	case '{':
		return "an object"
	case 't', 'f':
		return "a boolean"
	case 'n':
		return "null"
	}
	return "a number"
}

// wrongType is the problem of a field of another type than expected.
func wrongType(param string, v []byte, expected string) *Problem {
	return problem(invalid, param, "invalid_type", "%s is %s; expected %s", param, kindOf(v), expected)
}

// text is a string field, or otherwise if it is not there.
func (f fields) text(name, otherwise string) (string, *Problem) {
	v, there := f[name]
	if !there {
		return otherwise, nil
	}
	var s string
	if json.Unmarshal(v, &s) != nil {
		return "", wrongType(name, v, "a string")
	}
	return s, nil
}

// oneOf is a string field with few values.
func (f fields) oneOf(name, otherwise string, values ...string) (string, *Problem) {
	s, p := f.text(name, otherwise)
	if p != nil {
		return "", p
	}
	for _, v := range append(values, otherwise) {
		if s == v {
			return s, nil
		}
	}
	return "", problem(invalid, name, "invalid_value", "%s has an unknown value; expected one of %q", name, values)
}

func (f fields) bool(name string, otherwise bool) (bool, *Problem) {
	v, there := f[name]
	if !there {
		return otherwise, nil
	}
	var b bool
	if json.Unmarshal(v, &b) != nil {
		return false, wrongType(name, v, "a boolean")
	}
	return b, nil
}

// integer is a whole number from low on.
func (f fields) integer(name string, otherwise, low int) (int, *Problem) {
	v, there := f[name]
	if !there {
		return otherwise, nil
	}
	if kindOf(v) != "a number" {
		return 0, wrongType(name, v, "an integer")
	}
	n, err := strconv.ParseInt(string(v), 10, 32)
	if err != nil || int(n) < low {
		return 0, problem(invalid, name, "invalid_value", "%s is not an integer from %d to %d", name, low, math.MaxInt32)
	}
	return int(n), nil
}

// input is a text, or its ids.
type input struct {
	text string
	ids  []int32 // nil: a text
}

// inputs is a field that is a string, an array of strings, an array of ids or an array of
// arrays of ids. single tells that it was one text alone.
func (f fields) inputs(name string, most int) (list []input, single bool, p *Problem) {
	v, there := f[name]
	if !there {
		return nil, false, problem(missing, name, "missing_field", "the field %s is missing", name)
	}
	const expected = "a string, an array of strings, an array of token ids or an array of arrays of token ids"
	switch kindOf(v) {
	case "a string":
		one, p := inputOf(name, v)
		return []input{one}, true, p
	case "an array":
	default:
		return nil, false, wrongType(name, v, expected)
	}
	var all []json.RawMessage
	if json.Unmarshal(v, &all) != nil {
		return nil, false, wrongType(name, v, expected)
	}
	if len(all) == 0 {
		return nil, false, problem(missing, name, "empty_input", "%s is an empty array; expected at least one text", name)
	}
	first := kindOf(all[0])
	if first == "a number" {
		one, p := inputOf(name, v)
		return []input{one}, true, p
	}
	if len(all) > most {
		return nil, false, problem(overLimit, name, "too_many_inputs", "%s has %d texts; the limit is %d", name, len(all), most)
	}
	for i, v := range all {
		at := fmt.Sprintf("%s[%d]", name, i)
		if k := kindOf(v); k != first || k != "a string" && k != "an array" {
			return nil, false, problem(invalid, name, "invalid_type", "%s is %s; expected %s", at, k, expected)
		}
		one, p := inputOf(at, v)
		if p != nil {
			p.param = name
			return nil, false, p
		}
		list = append(list, one)
	}
	return list, false, nil
}

// inputOf is a text or its ids; at is where it stands.
func inputOf(at string, v json.RawMessage) (input, *Problem) {
	if kindOf(v) == "a string" {
		var s string
		if json.Unmarshal(v, &s) != nil {
			return input{}, wrongType(at, v, "a string")
		}
		if s == "" {
			return input{}, problem(missing, at, "empty_input", "%s is an empty string", at)
		}
		return input{text: s}, nil
	}
	var ids []json.RawMessage
	if json.Unmarshal(v, &ids) != nil {
		return input{}, wrongType(at, v, "an array of token ids")
	}
	if len(ids) == 0 {
		return input{}, problem(missing, at, "empty_input", "%s has no token ids", at)
	}
	y := input{ids: make([]int32, len(ids))}
	for i, v := range ids {
		n, err := strconv.ParseInt(string(v), 10, 32)
		if err != nil || n < 0 {
			return input{}, problem(invalid, at, "invalid_value", "%s[%d] is not a token id", at, i)
		}
		y.ids[i] = int32(n)
	}
	return y, nil
}

// texts is a field that is a string or an array of strings.
func (f fields) texts(name string, most int) (list []string, single bool, p *Problem) {
	in, single, p := f.inputs(name, most)
	if p != nil {
		return nil, false, p
	}
	for i := range in {
		if in[i].ids != nil {
			return nil, false, problem(invalid, name, "invalid_type", "%s has token ids; expected a string or an array of strings", name)
		}
		list = append(list, in[i].text)
	}
	return list, single, nil
}
