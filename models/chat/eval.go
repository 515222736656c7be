package chat

func (r *run) eval(n *node) any {
	if !r.spend(1, 0) {
		return nil
	}
	kid := func(i int) any { return r.eval(n.kids[i]) }
	switch n.op {
	case opConst:
		return n.value
	case opName:
		return r.lookup(n.text)
	case opList:
		list := make([]any, len(n.kids))
		for i := range list {
			list[i] = kid(i)
		}
		return list
	case opDict:
		d := newDict()
		for i := 0; i < len(n.kids); i += 2 {
			key, ok := kid(i).(string)
			if !ok {
				return r.fail(n, ErrUnsupported, "a key of a mapping is no text")
			}
			d.set(key, kid(i+1))
		}
		return d
	case opMember:
		return r.member(n, kid(0), n.text)
	case opIndex:
		return r.index(n, kid(0), kid(1))
	case opSlice:
		return r.slice(n)
	case opCall:
		f, ok := kid(0).(function)
		if !ok {
			return r.fail(n, ErrTemplate, "a call of %s", typeName(kid(0)))
		}
		return r.call(n, f, r.arguments(n))
	case opFilter:
		return r.filter(n, kid(0), r.arguments(n))
	case opTest:
		return r.test(n, kid(0), r.arguments(n))
	case opNot:
		return !truth(kid(0))
	case opNegate:
		switch v := kid(0).(type) {
		case int64:
			return -v
		case float64:
			return -v
		default:
			return r.fail(n, ErrTemplate, "- of %s", typeName(v))
		}
	case opAnd, opOr:
		a := kid(0)
		if truth(a) == (n.op == opOr) {
			return a
		}
		return kid(1)
	case opTernary:
		switch {
		case truth(kid(1)):
			return kid(0)
		case n.kids[2] != nil:
			return kid(2)
		}
		return undefined("if without else")
	}
	return r.binary(n, kid(0), kid(1))
}

// arguments are those of a call, a filter or a test.
type arguments struct {
	places []any
	named  []variable
}

func (r *run) arguments(n *node) arguments {
	var a arguments
	unnamed := len(n.kids) - len(n.names)
	for i, k := range n.kids[1:] {
		v := r.eval(k)
		if i+1 < unnamed {
			a.places = append(a.places, v)
		} else {
			a.named = append(a.named, variable{n.names[i+1-unnamed], v})
		}
	}
	return a
}

// get is an argument by its place or its name; otherwise if it was not given.
func (a arguments) get(i int, name string, otherwise any) any {
	if i < len(a.places) {
		return a.places[i]
	}
	for _, v := range a.named {
		if v.name == name {
			return v.value
		}
	}
	return otherwise
}

// member is v.name: a member of a mapping, or a method.
func (r *run) member(n *node, v any, name string) any {
	switch v := v.(type) {
	case *loopState:
		return v.member(name)
	case *dict:
		if x, ok := v.values[name]; ok {
			return x
		}
	}
	if isMethod(v, name) {
		return function{name, v}
	}
	if u, ok := v.(undefined); ok {
		return r.fail(n, ErrTemplate, "%q of %q, which is undefined", name, string(u))
	}
	return undefined(name)
}

// index is v[at].
func (r *run) index(n *node, v, at any) any {
	switch at := at.(type) {
	case string:
		if d, ok := v.(*dict); ok {
			if x, ok := d.values[at]; ok {
				return x
			}
		}
		if u, ok := v.(undefined); ok {
			return r.fail(n, ErrTemplate, "%q of %q, which is undefined", at, string(u))
		}
		return undefined(at)
	case int64:
		switch v := v.(type) {
		case []any:
			if at < 0 {
				at += int64(len(v))
			}
			if at >= 0 && at < int64(len(v)) {
				return v[at]
			}
			return undefined("index")
		case string:
			r.spend(len(v)/16, 0)
			runes := []rune(v)
			if at < 0 {
				at += int64(len(runes))
			}
			if at >= 0 && at < int64(len(runes)) {
				return string(runes[at])
			}
			return undefined("index")
		}
	}
	return r.fail(n, ErrTemplate, "%s as index of %s", typeName(at), typeName(v))
}

// slice is v[from:to:by].
func (r *run) slice(n *node) any {
	v := r.eval(n.kids[0])
	var bounds [3]*int64
	for i, k := range n.kids[1:] {
		if k == nil {
			continue
		}
		x := r.eval(k)
		if at, ok := x.(int64); ok {
			bounds[i] = &at
		} else if x != nil {
			return r.fail(n, ErrTemplate, "%s as bound of a slice", typeName(x))
		}
	}
	by := int64(1)
	if bounds[2] != nil {
		by = *bounds[2]
	}
	if by == 0 || by < -1 {
		return r.fail(n, ErrUnsupported, "a slice with a step of %d; supported: 1 and more, and -1", by)
	}
	var list []any
	var runes []rune
	s, isText := v.(string)
	if isText {
		runes = []rune(s)
	} else if l, ok := v.([]any); ok {
		list = l
	} else {
		return r.fail(n, ErrTemplate, "a slice of %s", typeName(v))
	}
	size := int64(len(list) + len(runes))
	from, to := int64(0), size
	if by < 0 {
		from, to = size-1, -1
	}
	clip := func(at *int64, otherwise int64) int64 {
		if at == nil {
			return otherwise
		}
		x := *at
		if x < 0 {
			x += size
		}
		if by < 0 {
			return min(max(x, -1), size-1)
		}
		return min(max(x, 0), size)
	}
	from, to = clip(bounds[0], from), clip(bounds[1], to)
	picked, text := []any{}, []rune{}
	for i := from; by > 0 && i < to || by < 0 && i > to; i += by {
		if isText {
			text = append(text, runes[i])
		} else {
			picked = append(picked, list[i])
		}
		if by > size {
			break // i must not wrap around
		}
	}
	if isText {
		made := string(text)
		r.spend(len(text)/16, len(made))
		return made
	}
	r.spend(len(picked), 0)
	return picked
}
