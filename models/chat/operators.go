package chat

import (
	"math"
	"strings"
)

// binary is an operator of two values.
func (r *run) binary(n *node, a, b any) any {
	switch n.text {
	case "==":
		return r.equal(a, b)
	case "!=":
		return !r.equal(a, b)
	case "in":
		return r.contains(n, b, a)
	case "not in":
		return !r.contains(n, b, a)
	case "~":
		s, t := r.text(n, a), r.text(n, b)
		r.spend(0, len(s)+len(t))
		return s + t
	case "+":
		if s, ok := a.(string); ok {
			if t, ok := b.(string); ok {
				if !r.spend(0, len(s)+len(t)) {
					return nil
				}
				return s + t
			}
		}
		if s, ok := a.([]any); ok {
			if t, ok := b.([]any); ok {
				if !r.spend(len(s)+len(t), 0) {
					return nil
				}
				return append(append([]any{}, s...), t...)
			}
		}
	case "<", "<=", ">", ">=":
		order := 0
		if s, ok := a.(string); ok {
			t, ok := b.(string)
			if !ok {
				break
			}
			order = strings.Compare(s, t)
		} else if x, y, ok := numbers(a, b); ok {
			if x < y {
				order = -1
			} else if x > y {
				order = 1
			}
		} else {
			break
		}
		switch n.text {
		case "<":
			return order < 0
		case "<=":
			return order <= 0
		case ">":
			return order > 0
		}
		return order >= 0
	}
	x, y, ok := numbers(a, b)
	if !ok || strings.Contains("<=>=", n.text) {
		return r.fail(n, ErrTemplate, "%s %s %s", typeName(a), n.text, typeName(b))
	}
	i, whole := a.(int64)
	j, both := b.(int64)
	if (n.text == "/" || n.text == "//" || n.text == "%") && y == 0 {
		return r.fail(n, ErrTemplate, "a division by 0")
	}
	if whole && both {
		switch n.text {
		case "+":
			return i + j
		case "-":
			return i - j
		case "*":
			return i * j
		case "//":
			return int64(math.Floor(x / y))
		case "%":
			m := i % j
			if m != 0 && (m < 0) != (j < 0) {
				m += j
			}
			return m
		}
	}
	switch n.text {
	case "+":
		return x + y
	case "-":
		return x - y
	case "*":
		return x * y
	case "/":
		return x / y
	case "//":
		return math.Floor(x / y)
	}
	return x - y*math.Floor(x/y)
}

// contains is Python's item in v.
func (r *run) contains(n *node, v, item any) bool {
	switch v := v.(type) {
	case string:
		if s, ok := item.(string); ok {
			r.spend(len(v)/64, 0)
			return strings.Contains(v, s)
		}
	case []any:
		for _, x := range v {
			if r.equal(x, item) {
				return true
			}
		}
		return false
	case *dict:
		s, ok := item.(string)
		_, found := v.values[s]
		return ok && found
	case undefined:
		return false
	}
	r.fail(n, ErrTemplate, "%s in %s", typeName(item), typeName(v))
	return false
}
