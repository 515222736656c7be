package chat

import (
	"strconv"

	"github.com/lodestone-wasm/lodestone/kernels/lean"
)

// tuple parses an expression, or several with commas between them, which make a list.
func (p *parser) tuple() *node {
	first := p.expression()
	if !p.is(",") {
		return first
	}
	n := p.node(opList, first)
	for p.take(",") && p.tokens[0].kind != endPrint && p.tokens[0].kind != endTag && !p.is(")") {
		n.kids = append(n.kids, p.expression())
	}
	return n
}

func (p *parser) expression() *node {
	p.enter()
	defer func() { p.depth-- }()
	n := p.or()
	for p.take("if") {
		n = p.node(opTernary, n, p.or(), nil)
		if p.take("else") {
			n.kids[2] = p.expression()
		}
	}
	return n
}

func (p *parser) or() *node {
	n := p.and()
	for p.take("or") {
		n = p.node(opOr, n, p.and())
	}
	return n
}

func (p *parser) and() *node {
	n := p.not()
	for p.take("and") {
		n = p.node(opAnd, n, p.not())
	}
	return n
}

func (p *parser) not() *node {
	if !p.take("not") {
		return p.compare()
	}
	p.enter()
	defer func() { p.depth-- }()
	return p.node(opNot, p.not())
}

// comparison takes an operator that compares; "" if there is none.
func (p *parser) comparison() string {
	for _, o := range []string{"==", "!=", "<=", ">=", "<", ">", "in"} {
		if p.take(o) {
			return o
		}
	}
	if p.is("not") && len(p.tokens) > 1 && p.tokens[1].kind == name && p.tokens[1].text == "in" {
		p.next()
		p.next()
		return "not in"
	}
	return ""
}

func (p *parser) compare() *node {
	n := p.sum()
	o := p.comparison()
	if o == "" {
		return n
	}
	n = p.binary(o, n, p.sum())
	if p.comparison() != "" {
		return p.fail(ErrUnsupported, "chained comparisons are not supported; join them by and")
	}
	return n
}

func (p *parser) binary(o string, a, b *node) *node {
	n := p.node(opBinary, a, b)
	n.text = o
	return n
}

// infix parses operands of the next level between operators.
func (p *parser) infix(operand func() *node, operators ...string) *node {
	n := operand()
again:
	for _, o := range operators {
		if p.tokens[0].kind == operator && p.take(o) {
			n = p.binary(o, n, operand())
			goto again
		}
	}
	return n
}

func (p *parser) sum() *node     { return p.infix(p.concat, "+", "-") }
func (p *parser) concat() *node  { return p.infix(p.product, "~") }
func (p *parser) product() *node { return p.infix(p.filtered, "*", "//", "/", "%") }

// filtered parses an operand with what is behind it: filters and tests.
func (p *parser) filtered() *node {
	n := p.unary()
	for {
		switch {
		case p.is("**"):
			return p.fail(ErrUnsupported, "the operator ** is not supported")
		case p.take("|"):
			f := p.node(opFilter, n)
			f.text = p.want(name, "", "the name of a filter")
			if !filters.has(f.text) {
				return p.fail(ErrUnsupported, "the filter %q is not supported; supported: %s", lean.Clip(f.text), filters.String())
			}
			if p.take("(") {
				p.arguments(f)
			}
			n = f
		case p.take("is"):
			n = p.test(n)
		default:
			return n
		}
	}
}

func (p *parser) test(n *node) *node {
	not := p.take("not")
	t := p.node(opTest, n)
	t.text = p.want(name, "", "the name of a test")
	if !tests.has(t.text) {
		return p.fail(ErrUnsupported, "the test %q is not supported; supported: %s", lean.Clip(t.text), tests.String())
	}
	switch next := p.tokens[0]; {
	case p.take("("):
		p.arguments(t)
	case next.kind == stringToken, next.kind == intToken, next.kind == floatToken, p.is("["), p.is("{"),
		next.kind == name && !p.is("and") && !p.is("or") && !p.is("else") && !p.is("is") && !p.is("in") && !p.is("not") && !p.is("if"):
		t.kids = append(t.kids, p.postfix())
	}
	if not {
		return p.node(opNot, t)
	}
	return t
}

func (p *parser) unary() *node {
	minus := p.is("-")
	if !minus && !p.is("+") {
		return p.postfix()
	}
	p.enter()
	defer func() { p.depth-- }()
	p.next()
	n := p.unary()
	if minus {
		n = p.node(opNegate, n)
	}
	return n
}

// postfix parses an operand with members, indices and calls.
func (p *parser) postfix() *node {
	n := p.primary()
	for {
		switch {
		case p.take("."):
			m := p.node(opMember, n)
			if p.tokens[0].kind == intToken {
				m = p.node(opIndex, n, p.primary())
			} else {
				m.text = p.want(name, "", "the name of a member")
			}
			n = m
		case p.take("["):
			n = p.subscript(n)
		case p.take("("):
			n = p.node(opCall, n)
			p.arguments(n)
		default:
			return n
		}
	}
}

func (p *parser) subscript(of *node) *node {
	var parts [3]*node
	colons := 0
	for i := 0; i < 3; i++ {
		if !p.is(":") && !p.is("]") {
			parts[i] = p.expression()
		}
		if i == 2 || !p.take(":") {
			break
		}
		colons++
	}
	p.want(operator, "]", "]")
	if colons == 0 {
		if parts[0] == nil {
			return p.fail(ErrTemplate, "an index is empty")
		}
		return p.node(opIndex, of, parts[0])
	}
	return p.node(opSlice, of, parts[0], parts[1], parts[2])
}

// arguments parses those of a call, up to the closing parenthesis.
func (p *parser) arguments(call *node) {
	for !p.take(")") {
		if p.is("*") || p.is("**") {
			p.fail(ErrUnsupported, "* and ** in calls are not supported")
		}
		named := p.tokens[0].kind == name && len(p.tokens) > 1 && p.tokens[1].kind == operator && p.tokens[1].text == "="
		if named {
			call.names = append(call.names, p.next().text)
			p.next()
		} else if call.names != nil {
			p.fail(ErrTemplate, "an argument without a name follows one with a name")
		}
		call.kids = append(call.kids, p.expression())
		if !p.is(")") {
			p.want(operator, ",", ", or )")
		}
		if p.err != nil {
			return
		}
	}
}

func (p *parser) primary() *node {
	n := p.node(opConst)
	switch t := p.next(); t.kind {
	case stringToken:
		text := t.text
		for p.tokens[0].kind == stringToken {
			text += p.next().text
		}
		n.value = text
	case intToken:
		v, err := strconv.ParseInt(t.text, 10, 64)
		if err != nil {
			return p.fail(ErrTemplate, "the number %s is too large", lean.Clip(t.text))
		}
		n.value = v
	case floatToken:
		n.value, _ = strconv.ParseFloat(t.text, 64)
	case name:
		switch t.text {
		case "true", "True":
			n.value = true
		case "false", "False":
			n.value = false
		case "none", "None":
		default:
			n.op, n.text = opName, t.text
			p.reads[t.text] = true
		}
	case operator:
		switch t.text {
		case "(":
			if p.take(")") {
				n.op = opList
				return n
			}
			n = p.tuple()
			p.want(operator, ")", ")")
		case "[":
			n.op = opList
			for !p.take("]") && p.err == nil {
				n.kids = append(n.kids, p.expression())
				if !p.is("]") {
					p.want(operator, ",", ", or ]")
				}
			}
		case "{":
			n.op = opDict
			for !p.take("}") && p.err == nil {
				key := p.expression()
				p.want(operator, ":", ":")
				n.kids = append(n.kids, key, p.expression())
				if !p.is("}") {
					p.want(operator, ",", ", or }")
				}
			}
		default:
			return p.fail(ErrTemplate, "found %q, expected a value", t.text)
		}
	default:
		return p.fail(ErrTemplate, "found %s, expected a value", shown(t))
	}
	return n
}
