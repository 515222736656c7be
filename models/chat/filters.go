package chat

import (
	"math"
	"strconv"
	"strings"
	"unicode/utf8"
)

// names is a list of names, with spaces around each: a map would be built by every program
// that imports this package.
type names string

func (s names) has(name string) bool { return strings.Contains(string(s), " "+name+" ") }

func (s names) String() string { return strings.ReplaceAll(strings.Trim(string(s), " "), " ", ", ") }

const (
	functions names = " range namespace dict raise_exception "
	filters   names = " abs capitalize count d default first float indent int items join last length list lower map max min reject rejectattr replace reverse round safe select selectattr sort string sum title tojson trim unique upper "
	tests     names = " boolean defined divisibleby eq equalto even false float ge gt in integer iterable le lower lt mapping ne none number odd sequence string true undefined upper "
	ofText    names = " strip lstrip rstrip split startswith endswith replace upper lower title capitalize removeprefix removesuffix find count "
	ofDict    names = " get items keys values "
)

// isMethod tells whether v has a method.
func isMethod(v any, name string) bool {
	switch v.(type) {
	case string:
		return ofText.has(name)
	case *dict:
		return ofDict.has(name)
	}
	return false
}

// filter is v|name(a).
func (r *run) filter(n *node, v any, a arguments) any {
	switch n.text {
	case "trim", "upper", "lower", "capitalize", "title", "replace", "indent":
		s := r.text(n, v)
		r.spend(len(s)/64, 0)
		switch n.text {
		case "trim":
			return r.keep(strip(s, "strip", a.get(0, "chars", nil)))
		case "replace":
			return r.replace(s, r.text(n, a.get(0, "old", nil)), r.text(n, a.get(1, "new", nil)), a.get(2, "count", nil))
		case "indent":
			return r.indent(n, s, a)
		}
		return r.keep(cased(s, n.text))
	case "string", "safe":
		return r.keep(r.text(n, v))
	case "tojson":
		indent := -1
		if x, ok := a.get(0, "indent", nil).(int64); ok {
			indent = int(min(max(x, 0), 16))
		}
		for _, o := range a.named {
			if o.name != "indent" {
				return r.fail(n, ErrUnsupported, "the option %s of tojson is not supported", o.name)
			}
		}
		return r.keep(string(r.appendJSON(nil, n, v, indent, 0)))
	case "default", "d":
		_, missing := v.(undefined)
		if missing || truth(a.get(1, "boolean", false)) && !truth(v) {
			return a.get(0, "default_value", "")
		}
		return v
	case "int", "float":
		return r.parseNumber(v, n.text == "int", a)
	case "abs", "round":
		return r.rounded(n, v, a)
	case "length", "count":
		if s, ok := v.(string); ok {
			r.spend(len(s)/64, 0)
			return int64(utf8.RuneCountInString(s))
		}
		return int64(len(r.items(n, v)))
	case "items":
		if d, ok := v.(*dict); ok {
			return r.pairs(d, true)
		}
		if _, ok := v.(undefined); ok {
			return []any{}
		}
		return r.fail(n, ErrTemplate, "items of %s", typeName(v))
	}
	return r.listFilter(n, r.items(n, v), a)
}

// indent puts spaces, or a text, before every line but the first and empty ones.
func (r *run) indent(n *node, s string, a arguments) any {
	var by string
	switch width := a.get(0, "width", int64(4)).(type) {
	case int64:
		if width > 256 {
			return r.fail(n, ErrLimit, "indent by %d", width)
		}
		by = strings.Repeat(" ", int(max(width, 0)))
	case string:
		by = width
	}
	lines := strings.Split(s, "\n")
	if !r.spend(len(lines), len(lines)*len(by)) {
		return nil
	}
	for i := range lines {
		if i == 0 && !truth(a.get(1, "first", false)) || lines[i] == "" && !truth(a.get(2, "blank", false)) {
			continue
		}
		lines[i] = by + lines[i]
	}
	return r.keep(strings.Join(lines, "\n"))
}

// parseNumber is int or float, and the default, 0, of what is no number.
func (r *run) parseNumber(v any, whole bool, a arguments) any {
	x, ok := number(v)
	if s, text := v.(string); text {
		s = strings.TrimSpace(s)
		if i, err := strconv.ParseInt(s, 10, 64); err == nil && whole {
			return i
		}
		f, err := strconv.ParseFloat(s, 64)
		x, ok = f, err == nil
	}
	if i, is := v.(int64); is && whole {
		return i
	}
	switch {
	case !ok && whole:
		return a.get(0, "default", int64(0))
	case !ok:
		return a.get(0, "default", 0.0)
	case whole:
		return int64(x)
	}
	return x
}

// rounded is abs or round.
func (r *run) rounded(n *node, v any, a arguments) any {
	if n.text == "abs" {
		if x, ok := v.(int64); ok {
			return max(x, -x)
		}
		if x, ok := v.(float64); ok {
			return math.Abs(x)
		}
		return r.fail(n, ErrTemplate, "abs of %s", typeName(v))
	}
	x, ok := number(v)
	digits, whole := a.get(0, "precision", int64(0)).(int64)
	if !ok || !whole || digits < 0 || digits > 15 || len(a.places) > 1 {
		return r.fail(n, ErrUnsupported, "round of %s with these options is not supported", typeName(v))
	}
	by := math.Pow(10, float64(digits))
	return math.RoundToEven(x*by) / by
}

// test is v is name(a).
func (r *run) test(n *node, v any, a arguments) any {
	other := a.get(0, "other", nil)
	compare := map[string]string{"eq": "==", "equalto": "==", "ne": "!=", "lt": "<", "le": "<=", "gt": ">", "ge": ">=", "in": "in"}[n.text]
	if compare != "" {
		return r.binary(&node{line: n.line, text: compare}, v, other)
	}
	_, missing := v.(undefined)
	s, text := v.(string)
	i, integer := v.(int64)
	_, float := v.(float64)
	truthValue, boolean := v.(bool)
	_, isList := v.([]any)
	_, isDict := v.(*dict)
	switch n.text {
	case "defined":
		return !missing
	case "undefined":
		return missing
	case "none":
		return v == nil
	case "string":
		return text
	case "integer":
		return integer
	case "float":
		return float
	case "number":
		return integer || float || boolean
	case "boolean":
		return boolean
	case "true":
		return boolean && truthValue
	case "false":
		return boolean && !truthValue
	case "mapping":
		return isDict
	case "sequence", "iterable":
		return isList || isDict || text || missing
	case "lower":
		return strings.ToLower(s) == s && text
	case "upper":
		return strings.ToUpper(s) == s && text
	}
	by := int64(2)
	if n.text == "divisibleby" {
		by, _ = other.(int64)
	}
	if !integer || by == 0 {
		return r.fail(n, ErrTemplate, "%s is %s", typeName(v), n.text)
	}
	return (i%by == 0) != (n.text == "odd")
}
