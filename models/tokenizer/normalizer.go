package tokenizer

import "bytes"

// normalizer rewrites a section of text in place; tmp is scratch.
type normalizer interface {
	normalize(a, tmp *aligned)
}

// normalizers apply one after the other.
type normalizers []normalizer

func (ns normalizers) normalize(a, tmp *aligned) {
	for _, n := range ns {
		n.normalize(a, tmp)
	}
}

// replace puts content for each occurrence of pattern, which is not empty.
type replace struct{ pattern, content string }

func (r replace) normalize(a, tmp *aligned) {
	pattern := []byte(r.pattern)
	e := edit(a, tmp)
	for {
		at := bytes.Index(a.text[e.pos:], pattern)
		if at < 0 {
			break
		}
		e.keep(at)
		e.drop(len(pattern))
		for _, c := range r.content {
			e.put(c, 1)
		}
	}
	e.keep(len(a.text) - e.pos)
	*a, *tmp = *tmp, *a
}

// prepend puts a text before every section that is not empty.
type prepend string

func (p prepend) normalize(a, tmp *aligned) {
	if len(a.text) == 0 || p == "" {
		return
	}
	e := edit(a, tmp)
	e.prepend(string(p))
	e.keep(len(a.text) - e.pos)
	*a, *tmp = *tmp, *a
}

// prepend writes s with the range of the first character of the input, which must
// not be empty.
func (e *editor) prepend(s string) {
	start := len(e.out.text)
	e.out.text = append(e.out.text, s...)
	for range len(e.out.text) - start {
		e.out.align = append(e.out.align, e.in.align[0])
	}
}
