package main

import "syscall/js"

// table is results as columns: the names of their fields, the fields of one result after
// the other, and how many results each list has.
type table struct {
	names   []string
	cells   []any
	lengths []any
	ended   int // results of the lists before
}

// add appends a result.
func (t *table) add(cells ...any) { t.cells = append(t.cells, cells...) }

// end ends a list.
func (t *table) end() {
	results := len(t.cells) / len(t.names)
	t.lengths, t.ended = append(t.lengths, results-t.ended), results
}

// object is the columns by their names, and lengths.
func (t *table) object() js.Value {
	v := object("lengths", t.lengths)
	for i, name := range t.names {
		column := []any{}
		for ; i < len(t.cells); i += len(t.names) {
			column = append(column, t.cells[i])
		}
		v.Set(name, column)
	}
	return v
}

// fields reads the fields of a request; err says what went wrong.
type fields struct {
	v   js.Value
	err error
}

func (f *fields) texts(name string) []string {
	list, err := stringsOf(f.v.Get(name))
	if err != nil {
		f.err = err
	}
	return list
}

func (f *fields) text(name string) string { return f.v.Get(name).String() }

func (f *fields) flag(name string) bool { return f.v.Get(name).Truthy() }

func (f *fields) integer(name string) int { return f.v.Get(name).Int() }

// object makes an object of names with their values.
func object(pairs ...any) js.Value {
	v := js.ValueOf(map[string]any{})
	for i := 0; i < len(pairs); i += 2 {
		v.Set(pairs[i].(string), pairs[i+1])
	}
	return v
}
