package chat

import (
	"math"
	"strings"
	"unicode"
	"unicode/utf8"
)

// call runs a function or a method.
func (r *run) call(n *node, f function, a arguments) any {
	switch v := f.of.(type) {
	case string:
		return r.textMethod(n, f.name, v, a)
	case *dict:
		switch f.name {
		case "get":
			key, _ := a.get(0, "key", nil).(string)
			if x, ok := v.values[key]; ok {
				return x
			}
			return a.get(1, "default", nil)
		case "keys":
			return r.items(n, v)
		}
		return r.pairs(v, f.name == "items")
	}
	switch f.name {
	case "namespace", "dict":
		d := newDict()
		d.namespace = f.name == "namespace"
		for _, v := range a.named {
			d.set(v.name, v.value)
		}
		return d
	case "raise_exception":
		return r.fail(n, ErrMessages, "%s", r.text(n, a.get(0, "message", "")))
	}
	return r.integers(n, a)
}

// pairs are the values of a mapping, or its keys with their values.
func (r *run) pairs(d *dict, keys bool) any {
	out := []any{}
	for _, k := range d.keys {
		if keys {
			out = append(out, []any{k, d.values[k]})
		} else {
			out = append(out, d.values[k])
		}
	}
	r.spend(len(out), 0)
	return out
}

// integers is range().
func (r *run) integers(n *node, a arguments) any {
	bounds := [3]int64{0, 0, 1}
	for i, v := range a.places {
		x, ok := v.(int64)
		if !ok || i > 2 {
			return r.fail(n, ErrTemplate, "range of %s", typeName(v))
		}
		bounds[i] = x
	}
	if len(a.places) == 1 {
		bounds[0], bounds[1] = 0, bounds[0]
	}
	from, to, by := bounds[0], bounds[1], bounds[2]
	if by == 0 {
		return r.fail(n, ErrTemplate, "range with a step of 0")
	}
	out := []any{}
	for i := from; by > 0 && i < to || by < 0 && i > to; i += by {
		if !r.spend(1, 0) {
			return nil
		}
		out = append(out, i)
		if by > 0 && i > math.MaxInt64-by || by < 0 && i < math.MinInt64-by {
			break
		}
	}
	return out
}

// keep counts the bytes of a text that was made.
func (r *run) keep(s string) any {
	r.spend(len(s)/64, len(s))
	return s
}

func (r *run) textMethod(n *node, name, s string, a arguments) any {
	r.spend(len(s)/64, 0)
	arg := func(i int, word string) string {
		v := a.get(i, word, nil)
		t, ok := v.(string)
		if !ok {
			r.fail(n, ErrTemplate, "%s(%s), expected a text", name, typeName(v))
		}
		return t
	}
	switch name {
	case "strip", "lstrip", "rstrip":
		return r.keep(strip(s, name, a.get(0, "chars", nil)))
	case "split":
		return r.split(n, s, a)
	case "startswith":
		return strings.HasPrefix(s, arg(0, "prefix"))
	case "endswith":
		return strings.HasSuffix(s, arg(0, "suffix"))
	case "removeprefix":
		return r.keep(strings.TrimPrefix(s, arg(0, "prefix")))
	case "removesuffix":
		return r.keep(strings.TrimSuffix(s, arg(0, "suffix")))
	case "count":
		return int64(strings.Count(s, arg(0, "sub")))
	case "find":
		at := strings.Index(s, arg(0, "sub"))
		if at > 0 {
			at = utf8.RuneCountInString(s[:at])
		}
		return int64(at)
	case "replace":
		return r.replace(s, arg(0, "old"), arg(1, "new"), a.get(2, "count", nil))
	}
	return r.keep(cased(s, name))
}

// strip is Python's strip, lstrip and rstrip.
func strip(s, how string, chars any) string {
	cut := unicode.IsSpace
	if set, ok := chars.(string); ok {
		cut = func(c rune) bool { return strings.ContainsRune(set, c) }
	}
	if how != "rstrip" {
		s = strings.TrimLeftFunc(s, cut)
	}
	if how != "lstrip" {
		s = strings.TrimRightFunc(s, cut)
	}
	return s
}

// cased is upper, lower, capitalize or title.
func cased(s, how string) string {
	switch how {
	case "upper":
		return strings.ToUpper(s)
	case "lower":
		return strings.ToLower(s)
	}
	begin := true
	return strings.Map(func(c rune) rune {
		first := begin
		begin = how == "title" && !unicode.IsLetter(c)
		if first {
			return unicode.ToUpper(c)
		}
		return unicode.ToLower(c)
	}, s)
}

func (r *run) split(n *node, s string, a arguments) any {
	most := -1
	if v, ok := a.get(1, "maxsplit", int64(-1)).(int64); ok && v >= 0 {
		most = int(min(v, 1<<30)) + 1
	}
	var parts []string
	switch by := a.get(0, "sep", nil).(type) {
	case nil:
		if most >= 0 {
			return r.fail(n, ErrUnsupported, "split by white space with maxsplit is not supported")
		}
		parts = strings.Fields(s)
	case string:
		if by == "" {
			return r.fail(n, ErrTemplate, "split by an empty text")
		}
		parts = strings.SplitN(s, by, most)
	default:
		return r.fail(n, ErrTemplate, "split by %s", typeName(by))
	}
	out := make([]any, len(parts))
	for i, p := range parts {
		out[i] = p
	}
	r.spend(len(out), 0)
	return out
}

func (r *run) replace(s, from, to string, count any) any {
	most := -1
	if v, ok := count.(int64); ok {
		most = int(min(v, 1<<30))
	}
	times := strings.Count(s, from)
	if most >= 0 {
		times = min(times, most)
	}
	if grows := len(to) - len(from); grows > 0 && !r.spend(0, times*grows) {
		return nil
	}
	return r.keep(strings.Replace(s, from, to, most))
}
