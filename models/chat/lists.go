package chat

import (
	"github.com/lodestone-wasm/lodestone/kernels/lean"
)

// listFilter is a filter of the items of a value.
func (r *run) listFilter(n *node, items []any, a arguments) any {
	r.spend(len(items), 0)
	switch n.text {
	case "list":
		return items
	case "first":
		if len(items) > 0 {
			return items[0]
		}
		return undefined("first")
	case "last":
		if len(items) > 0 {
			return items[len(items)-1]
		}
		return undefined("last")
	case "reverse":
		out := make([]any, len(items))
		for i, v := range items {
			out[len(items)-1-i] = v
		}
		return out
	case "join":
		by := r.text(n, a.get(0, "d", ""))
		var b []byte
		for i, v := range items {
			if key, ok := a.get(1, "attribute", nil).(string); ok {
				v = r.member(n, v, key)
			}
			s := r.text(n, v)
			if i > 0 {
				s = by + s
			}
			if !r.spend(1, len(s)) {
				return nil
			}
			b = append(b, s...)
		}
		return string(b)
	case "map", "select", "selectattr", "reject", "rejectattr":
		return r.pick(n, items, a)
	case "unique":
		out := []any{}
		for _, v := range items {
			if !r.contains(n, out, v) {
				out = append(out, v)
			}
		}
		return out
	case "sum":
		total := any(int64(0))
		for _, v := range items {
			total = r.binary(&node{line: n.line, text: "+"}, total, v)
		}
		return total
	}
	return r.sorted(n, items, a)
}

// sorted is sort, min or max, in the order of Python's <.
func (r *run) sorted(n *node, items []any, a arguments) any {
	if len(a.places)+len(a.named) > 0 {
		return r.fail(n, ErrUnsupported, "options of %s are not supported", n.text)
	}
	before := func(x, y any) bool { return truth(r.binary(&node{line: n.line, text: "<"}, x, y)) }
	if n.text == "sort" {
		out := append([]any{}, items...)
		lean.Sort(len(out), func(i, j int) bool { return r.spend(1, 0) && before(out[i], out[j]) }, func(i, j int) { out[i], out[j] = out[j], out[i] })
		return out
	}
	if len(items) == 0 {
		return undefined(n.text)
	}
	best := items[0]
	for _, v := range items[1:] {
		if n.text == "min" && before(v, best) || n.text == "max" && before(best, v) {
			best = v
		}
	}
	return best
}

// pick is map, select, selectattr, reject or rejectattr.
func (r *run) pick(n *node, items []any, a arguments) any {
	out := []any{}
	byMember := n.text == "selectattr" || n.text == "rejectattr"
	rest := a.places
	word := func() string {
		if len(rest) == 0 {
			return ""
		}
		s, _ := rest[0].(string)
		rest = rest[1:]
		return s
	}
	key := ""
	if byMember {
		key = word()
	}
	if n.text == "map" {
		var apply func(v any) any
		if attribute, ok := a.get(len(a.places), "attribute", nil).(string); ok && len(a.places) == 0 {
			missing := a.get(0, "default", nil)
			apply = func(v any) any {
				x := r.member(n, v, attribute)
				if _, none := x.(undefined); none && missing != nil {
					return missing
				}
				return x
			}
		} else {
			f := &node{op: opFilter, line: n.line, text: word()}
			if !filters.has(f.text) {
				return r.fail(n, ErrUnsupported, "map with the filter %q is not supported", lean.Clip(f.text))
			}
			apply = func(v any) any { return r.filter(f, v, arguments{rest, a.named}) }
		}
		for _, v := range items {
			if !r.spend(1, 0) {
				return nil
			}
			out = append(out, apply(v))
		}
		return out
	}
	t := &node{op: opTest, line: n.line, text: word()}
	if t.text != "" && !tests.has(t.text) {
		return r.fail(n, ErrUnsupported, "%s with the test %q is not supported", n.text, lean.Clip(t.text))
	}
	keep := n.text == "select" || n.text == "selectattr"
	for _, v := range items {
		if !r.spend(1, 0) {
			return nil
		}
		x := v
		if byMember {
			x = r.member(n, v, key)
		}
		holds := truth(x)
		if t.text != "" {
			holds = truth(r.test(t, x, arguments{places: rest}))
		}
		if holds == keep {
			out = append(out, v)
		}
	}
	return out
}
