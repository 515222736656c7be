package service

import "slices"

// Addresses are the methods and paths of all routes.
func Addresses() []string {
	var all []string
	for _, r := range routes {
		all = append(all, r.method+" "+r.path)
	}
	slices.Sort(all)
	return all
}

// Parse reads a body, for the fuzz test: it tells whether it is one, and reads every kind of field of it.
func Parse(body []byte) bool {
	f, p := parse(body)
	if p != nil {
		return false
	}
	for name := range f {
		f.inputs(name, 8)
		f.texts(name, 8)
		f.documents(name, 8)
		f.integer(name, 0, 1)
		f.bool(name, false)
		f.oneOf(name, "a", "b")
	}
	return true
}
