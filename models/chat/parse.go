package chat

import (
	"github.com/lodestone-wasm/lodestone/kernels/lean"
)

// The kinds of nodes. Statements come first.
const (
	opText     = iota // text
	opPrint           // kids[0]
	opIf              // kids[0] is the condition; body, other
	opFor             // text, names: the variables; kids[0] the items, kids[1] the condition or nil; body, other
	opSet             // text and, for a namespace's member, names[0]; kids[0] the value, or body
	opBreak           //
	opContinue        //
	opBlock           // body: a generation block
	opConst           // value
	opName            // text
	opList            // kids
	opDict            // kids: keys and values in turn
	opMember          // kids[0].text
	opIndex           // kids[0][kids[1]]
	opSlice           // kids[0][kids[1]:kids[2]:kids[3]], each nil if left out
	opCall            // kids[0](kids[1:]); names are those of the last arguments
	opFilter          // kids[0]|text(kids[1:]); names as of opCall
	opTest            // kids[0] is text(kids[1:])
	opNot             // kids[0]
	opNegate          // kids[0]
	opAnd             // kids
	opOr              // kids
	opTernary         // kids[0] if kids[1] else kids[2], which may be nil
	opBinary          // kids[0] text kids[1]
)

// node is a statement or an expression.
type node struct {
	op          byte
	line        int
	text        string
	names       []string
	value       any
	kids        []*node
	body, other []*node
}

// Template is a parsed template.
type Template struct {
	body  []*node
	reads map[string]bool // the names of all variables that it reads
}

// Parse parses a template. Errors are of the kind ErrTemplate, ErrUnsupported or ErrLimit.
func Parse(text string) (*Template, error) {
	if len(text) > MaxTemplate {
		return nil, lean.Errorf("chat: %w: the template has %d bytes, at most %d are read", ErrLimit, len(text), MaxTemplate)
	}
	tokens, err := lex(text)
	if err != nil {
		return nil, err
	}
	p := &parser{tokens: tokens, reads: map[string]bool{}}
	body, _ := p.block()
	if p.err != nil {
		return nil, p.err
	}
	return &Template{body, p.reads}, nil
}

// parser reads tokens by recursive descent. After an error all of its tokens are at the end.
type parser struct {
	tokens []token
	depth  int
	loops  int
	reads  map[string]bool
	err    error
}

func (p *parser) fail(kind error, format string, args ...any) *node {
	if p.err == nil {
		p.err = lean.Errorf("chat: %w: line %d: %s", kind, p.tokens[0].line, lean.Sprintf(format, args...))
	}
	p.tokens = p.tokens[len(p.tokens)-1:]
	return &node{op: opConst}
}

// enter counts the depth of nesting; the caller decrements it.
func (p *parser) enter() {
	if p.depth++; p.depth > maxDepth {
		p.fail(ErrLimit, "nested deeper than %d", maxDepth)
	}
}

func (p *parser) next() token {
	t := p.tokens[0]
	if t.kind != endOfTemplate {
		p.tokens = p.tokens[1:]
	}
	return t
}

// is tells whether the next token is an operator or a name.
func (p *parser) is(text string) bool {
	t := p.tokens[0]
	return (t.kind == operator || t.kind == name) && t.text == text
}

// take takes the next token if it is an operator or a name.
func (p *parser) take(text string) bool {
	if p.is(text) {
		p.next()
		return true
	}
	return false
}

// want is an error unless the next token has a kind, and a text if text is not "".
func (p *parser) want(kind byte, text, expected string) string {
	t := p.next()
	if t.kind != kind || text != "" && t.text != text {
		p.fail(ErrTemplate, "found %s, expected %s", shown(t), expected)
	}
	return t.text
}

func shown(t token) string {
	switch t.kind {
	case endOfTemplate:
		return "the end of the template"
	case beginPrint, beginTag:
		return "a new tag"
	case endPrint, endTag:
		return "the end of the tag"
	}
	return lean.Sprintf("%q", lean.Clip(t.text))
}

// node makes a node at the next token.
func (p *parser) node(op byte, kids ...*node) *node {
	return &node{op: op, line: p.tokens[0].line, kids: kids}
}

// block parses statements up to a tag with one of the names, which it takes and returns.
// Without names it parses to the end of the template.
func (p *parser) block(ends ...string) (body []*node, end string) {
	p.enter()
	defer func() { p.depth-- }()
	for {
		switch t := p.next(); t.kind {
		case endOfTemplate:
			if len(ends) > 0 && p.err == nil {
				p.fail(ErrTemplate, "found the end of the template, expected %q", ends[len(ends)-1])
			}
			return body, ""
		case literalText:
			body = append(body, &node{op: opText, line: t.line, text: t.text})
		case beginPrint:
			n := p.node(opPrint)
			n.kids = []*node{p.tuple()}
			p.want(endPrint, "", "}}")
			body = append(body, n)
		default:
			tag := p.want(name, "", "the name of a tag")
			for _, e := range ends {
				if tag == e {
					return body, tag
				}
			}
			if n := p.statement(tag); n != nil {
				body = append(body, n)
			}
		}
	}
}

func (p *parser) statement(tag string) *node {
	n := p.node(opText)
	switch tag {
	case "if":
		return p.condition()
	case "for":
		return p.loop()
	case "set":
		n.op = opSet
		n.text = p.want(name, "", "a name")
		if p.take(".") {
			n.names = []string{p.want(name, "", "a name")}
		}
		switch {
		case p.is(","):
			return p.fail(ErrUnsupported, "set with several names is not supported; set them one by one")
		case p.take("="):
			n.kids = []*node{p.tuple()}
		case p.is("|"):
			return p.fail(ErrUnsupported, "set with a filter is not supported")
		default:
			p.end()
			n.body, _ = p.block("endset")
		}
	case "break", "continue":
		if p.loops == 0 {
			return p.fail(ErrTemplate, "%s outside a loop", tag)
		}
		n.op = opBreak
		if tag == "continue" {
			n.op = opContinue
		}
	case "generation":
		n.op = opBlock
		p.end()
		n.body, _ = p.block("endgeneration")
	case "macro", "call", "filter", "include", "import", "from", "extends", "block", "with", "autoescape", "do", "raw", "trans", "debug":
		return p.fail(ErrUnsupported, "the tag %q is not supported; supported: if, for, set, break, continue, generation", tag)
	default:
		return p.fail(ErrTemplate, "unknown or misplaced tag %q", lean.Clip(tag))
	}
	p.end()
	return n
}

// end takes the end of a tag.
func (p *parser) end() { p.want(endTag, "", "the end of the tag") }

// condition parses what follows if or elif.
func (p *parser) condition() *node {
	p.enter()
	defer func() { p.depth-- }()
	n := p.node(opIf, p.expression())
	p.end()
	var end string
	n.body, end = p.block("elif", "else", "endif")
	switch end {
	case "elif":
		n.other = []*node{p.condition()} // it takes the endif
		return n
	case "else":
		p.end()
		n.other, _ = p.block("endif")
	}
	p.end()
	return n
}

func (p *parser) loop() *node {
	n := p.node(opFor)
	for {
		n.names = append(n.names, p.want(name, "", "a name"))
		if !p.take(",") {
			break
		}
	}
	p.want(name, "in", "in")
	items := p.or() // an if here is the loop's
	var only *node
	if p.take("if") {
		only = p.expression()
	}
	if p.is("recursive") {
		return p.fail(ErrUnsupported, "recursive loops are not supported")
	}
	p.end()
	n.kids = []*node{items, only}
	p.loops++
	var end string
	n.body, end = p.block("else", "endfor")
	p.loops--
	if end == "else" {
		p.end()
		n.other, _ = p.block("endfor")
	}
	p.end()
	return n
}
