package chat

import (
	"github.com/lodestone-wasm/lodestone/kernels/lean"
	"github.com/lodestone-wasm/lodestone/weights/strictjson"
)

// Render runs a template. variables is a JSON object with what the template may read, such as
// messages and add_generation_prompt. Errors are of a kind of this package.
func (t *Template) Render(variables []byte) (string, error) {
	doc, err := strictjson.ReadDocument(variables)
	r := &run{}
	if err == nil {
		err = doc.Members(func(key string, d *strictjson.Decoder) error {
			v, err := readJSON(d)
			r.assign(key, v)
			return err
		})
	}
	if err != nil {
		return "", lean.Errorf("chat: %w: %w", ErrMessages, err)
	}
	return t.render(r)
}

func (t *Template) render(r *run) (string, error) {
	r.block(t.body)
	if r.err != nil {
		return "", r.err
	}
	return string(r.out), nil
}

// variable is a name with its value. The last one of a name counts.
type variable struct {
	name  string
	value any
}

// run is a template while it runs. After an error every expression is none and nothing is
// written.
type run struct {
	variables   []variable
	scope       int // the first variable of the innermost loop
	out         []byte
	steps, made int
	depth       int
	flow        byte // opBreak or opContinue while a loop is left, else 0
	err         error
}

func (r *run) fail(n *node, kind error, format string, args ...any) any {
	if r.err == nil {
		r.err = lean.Errorf("chat: %w: line %d: %s", kind, n.line, lean.Sprintf(format, args...))
	}
	return nil
}

// spend counts steps and bytes of text; false ends the run.
func (r *run) spend(steps, text int) bool {
	r.steps += steps
	r.made += text
	switch {
	case r.err != nil:
	case r.steps > MaxSteps:
		r.err = lean.Errorf("chat: %w: more than %d steps", ErrLimit, MaxSteps)
	case r.made > MaxText:
		r.err = lean.Errorf("chat: %w: more than %d bytes of text", ErrLimit, MaxText)
	}
	return r.err == nil
}

// enter counts a step and the depth of a value; leave undoes the depth.
func (r *run) enter() bool {
	if r.depth++; r.depth > 10*maxDepth && r.err == nil {
		r.err = lean.Errorf("chat: %w: a value is nested deeper than %d", ErrLimit, 10*maxDepth)
	}
	return r.spend(1, 0)
}

func (r *run) leave() { r.depth-- }

// assign sets a variable of the innermost loop.
func (r *run) assign(name string, v any) {
	for i := len(r.variables) - 1; i >= r.scope; i-- {
		if r.variables[i].name == name {
			r.variables[i].value = v
			return
		}
	}
	r.variables = append(r.variables, variable{name, v})
}

func (r *run) lookup(name string) any {
	for i := len(r.variables) - 1; i >= 0; i-- {
		if r.variables[i].name == name {
			return r.variables[i].value
		}
	}
	if functions.has(name) {
		return function{name: name}
	}
	return undefined(name)
}

func (r *run) block(body []*node) {
	for _, n := range body {
		if !r.spend(1, 0) || r.flow != 0 {
			return
		}
		r.statement(n)
	}
}

func (r *run) statement(n *node) {
	switch n.op {
	case opText:
		r.write(n.text)
	case opPrint:
		r.write(r.text(n, r.eval(n.kids[0])))
	case opIf:
		if truth(r.eval(n.kids[0])) {
			r.block(n.body)
		} else {
			r.block(n.other)
		}
	case opFor:
		r.loop(n)
	case opSet:
		r.set(n)
	case opBlock:
		r.block(n.body)
	case opBreak, opContinue:
		r.flow = n.op
	}
}

func (r *run) write(s string) {
	if r.spend(0, len(s)) {
		r.out = append(r.out, s...)
	}
}

func (r *run) set(n *node) {
	var v any
	if n.kids != nil {
		v = r.eval(n.kids[0])
	} else {
		before := len(r.out)
		r.block(n.body)
		v = string(r.out[before:])
		r.out = r.out[:before]
	}
	if n.names == nil {
		r.assign(n.text, v)
		return
	}
	space, ok := r.lookup(n.text).(*dict)
	if !ok || !space.namespace {
		r.fail(n, ErrTemplate, "set %s.%s: %s is no namespace", n.text, n.names[0], n.text)
		return
	}
	space.set(n.names[0], v)
}

func (r *run) loop(n *node) {
	items := r.items(n, r.eval(n.kids[0]))
	outer, before := r.scope, len(r.variables)
	// begin starts an iteration with variables of its own.
	begin := func(item any, more ...variable) bool {
		r.variables = append(r.variables[:before], more...)
		r.scope = before
		if len(n.names) == 1 {
			r.assign(n.names[0], item)
			return r.err == nil
		}
		parts := r.items(n, item)
		if len(parts) != len(n.names) {
			r.fail(n, ErrTemplate, "an item of the loop has %d parts, expected %d", len(parts), len(n.names))
			return false
		}
		for i, name := range n.names {
			r.assign(name, parts[i])
		}
		return r.err == nil
	}
	end := func() { r.scope, r.variables = outer, r.variables[:before] }
	defer end()
	if only := n.kids[1]; only != nil {
		kept := []any{}
		for _, item := range items {
			if !begin(item) {
				return
			}
			if truth(r.eval(only)) {
				kept = append(kept, item)
			}
		}
		items = kept
	}
	if len(items) == 0 {
		end()
		r.block(n.other)
		return
	}
	for i, item := range items {
		if !begin(item, variable{"loop", &loopState{items, i}}) {
			return
		}
		r.block(n.body)
		flow := r.flow
		r.flow = 0
		if flow == opBreak || r.err != nil {
			return
		}
	}
}

// loopState is what a loop's body reads as loop.
type loopState struct {
	items []any
	i     int
}

func (l *loopState) member(name string) any {
	n := len(l.items)
	switch name {
	case "index":
		return int64(l.i + 1)
	case "index0":
		return int64(l.i)
	case "revindex":
		return int64(n - l.i)
	case "revindex0":
		return int64(n - l.i - 1)
	case "first":
		return l.i == 0
	case "last":
		return l.i == n-1
	case "length":
		return int64(n)
	case "previtem":
		if l.i > 0 {
			return l.items[l.i-1]
		}
	case "nextitem":
		if l.i < n-1 {
			return l.items[l.i+1]
		}
	}
	return undefined(name)
}

// items are what a loop over v runs over.
func (r *run) items(n *node, v any) []any {
	var list []any
	switch v := v.(type) {
	case []any:
		return v
	case *dict:
		for _, k := range v.keys {
			list = append(list, k)
		}
	case string:
		for _, c := range v {
			list = append(list, string(c))
		}
	case undefined:
	default:
		r.fail(n, ErrTemplate, "a loop over %s", typeName(v))
	}
	r.spend(len(list), 0)
	return list
}
