package chat

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/lodestone-wasm/lodestone/kernels/lean"
)

// The kinds of tokens.
const (
	endOfTemplate = iota
	literalText   // text between tags
	beginPrint    // {{
	endPrint      // }}
	beginTag      // {%
	endTag        // %}
	name
	stringToken
	intToken
	floatToken
	operator
)

// token is a piece of a template. text is the text, the name, the value of a string, the
// digits of a number, or the operator.
type token struct {
	kind byte
	text string
	line int
}

// lexer splits a template into tokens.
type lexer struct {
	rest   string
	line   int
	tokens []token
}

// lex splits a template as Jinja does with trim_blocks and lstrip_blocks.
func lex(text string) ([]token, error) {
	if strings.Contains(text, "\r") {
		text = strings.ReplaceAll(strings.ReplaceAll(text, "\r\n", "\n"), "\r", "\n")
	}
	l := &lexer{rest: strings.TrimSuffix(text, "\n"), line: 1}
	newLine := true // the text before ends with a newline, or there is none
	for {
		at := opening(l.rest)
		if at < 0 {
			l.add(literalText, l.rest)
			l.add(endOfTemplate, "")
			return l.tokens, nil
		}
		before, kind, after := l.rest[:at], l.rest[at+1], l.rest[at+2:]
		sign := byte(0)
		if after != "" && (after[0] == '-' || after[0] == '+' && kind != '{') {
			sign, after = after[0], after[1:]
		}
		kept := before
		switch {
		case sign == '-':
			kept = strings.TrimRightFunc(before, unicode.IsSpace)
		case sign != '+' && kind != '{':
			begin := strings.LastIndexByte(before, '\n') + 1
			if (begin > 0 || newLine) && strings.Trim(before[begin:], " \t") == "" {
				kept = before[:begin]
			}
		}
		l.add(literalText, kept)
		l.skip(len(l.rest) - len(after))
		var strip byte
		var err error
		switch kind {
		case '#':
			end := strings.Index(l.rest, "#}")
			if end < 0 {
				return nil, l.fail("a comment has no #}")
			}
			if end > 0 && (l.rest[end-1] == '-' || l.rest[end-1] == '+') {
				strip = l.rest[end-1]
			}
			l.skip(end + 2)
		case '{':
			strip, err = l.code(beginPrint, endPrint, "}}")
		default:
			strip, err = l.code(beginTag, endTag, "%}")
		}
		if err != nil {
			return nil, err
		}
		n := 0
		if strip == '-' {
			n = len(l.rest) - len(strings.TrimLeftFunc(l.rest, unicode.IsSpace))
		} else if strip == 0 && kind != '{' && strings.HasPrefix(l.rest, "\n") {
			n = 1
		}
		newLine = n > 0 && l.rest[n-1] == '\n'
		l.skip(n)
	}
}

// opening is where the next tag, print or comment begins, −1 if there is none.
func opening(s string) int {
	for from := 0; ; {
		at := strings.IndexByte(s[from:], '{')
		if at < 0 || from+at+1 >= len(s) {
			return -1
		}
		from += at
		switch s[from+1] {
		case '{', '%', '#':
			return from
		}
		from++
	}
}

func (l *lexer) add(kind byte, text string) {
	if kind != literalText || text != "" {
		l.tokens = append(l.tokens, token{kind, text, l.line})
	}
}

func (l *lexer) skip(n int) {
	l.line += strings.Count(l.rest[:n], "\n")
	l.rest = l.rest[n:]
}

func (l *lexer) fail(format string, args ...any) error {
	return lean.Errorf("chat: %w: line %d: %s", ErrTemplate, l.line, lean.Sprintf(format, args...))
}

// operators are the operators of more than one letter; all others have one.
var operators = []string{"**", "//", "==", "!=", ">=", "<="}

// code reads the tokens of a tag or a print to its end, and returns the sign before that.
func (l *lexer) code(begin, end byte, closing string) (sign byte, err error) {
	l.add(begin, "")
	var open []byte
	for {
		l.skip(len(l.rest) - len(strings.TrimLeftFunc(l.rest, unicode.IsSpace)))
		if l.rest == "" {
			return 0, l.fail("a tag has no %s", closing)
		}
		if len(open) == 0 {
			rest := l.rest
			if rest[0] == '-' || rest[0] == '+' {
				sign, rest = rest[0], rest[1:]
			}
			if strings.HasPrefix(rest, closing) {
				l.add(end, "")
				l.skip(len(l.rest) - len(rest) + 2)
				return sign, nil
			}
			sign = 0
		}
		switch c := l.rest[0]; {
		case c == '\'' || c == '"':
			if err := l.quoted(c); err != nil {
				return 0, err
			}
		case c >= '0' && c <= '9':
			l.number()
		case c == '_' || c >= utf8.RuneSelf || c|0x20 >= 'a' && c|0x20 <= 'z':
			n := strings.IndexFunc(l.rest, func(r rune) bool { return r != '_' && !unicode.IsLetter(r) && !unicode.IsDigit(r) })
			if n < 0 {
				n = len(l.rest)
			}
			if n == 0 {
				return 0, l.fail("unexpected character %q", string([]rune(l.rest)[:1]))
			}
			l.add(name, l.rest[:n])
			l.skip(n)
		default:
			n := 1
			for _, o := range operators {
				if strings.HasPrefix(l.rest, o) {
					n = 2
				}
			}
			if n == 1 && strings.IndexByte("+-*/%~<>=()[]{}.,:|", c) < 0 {
				return 0, l.fail("unexpected character %q", string(rune(c)))
			}
			switch c {
			case '(', '[', '{':
				open = append(open, c)
			case ')', ']', '}':
				if len(open) == 0 {
					return 0, l.fail("%q closes nothing", string(rune(c)))
				}
				open = open[:len(open)-1]
			}
			l.add(operator, l.rest[:n])
			l.skip(n)
		}
	}
}

// number reads digits with a fraction and an exponent.
func (l *lexer) number() {
	digits := func(i int) int {
		for i < len(l.rest) && l.rest[i] >= '0' && l.rest[i] <= '9' {
			i++
		}
		return i
	}
	n, kind := digits(0), byte(intToken)
	if n+1 < len(l.rest) && l.rest[n] == '.' && digits(n+1) > n+1 {
		n, kind = digits(n+1), floatToken
	}
	if n < len(l.rest) && l.rest[n]|0x20 == 'e' {
		begin := n + 1
		if begin < len(l.rest) && (l.rest[begin] == '-' || l.rest[begin] == '+') {
			begin++
		}
		if end := digits(begin); end > begin {
			n, kind = end, floatToken
		}
	}
	l.add(kind, l.rest[:n])
	l.skip(n)
}

// quoted reads a string with Python's escapes.
func (l *lexer) quoted(quote byte) error {
	var b []byte
	for i := 1; i < len(l.rest); i++ {
		switch c := l.rest[i]; {
		case c == quote:
			l.add(stringToken, string(b))
			l.skip(i + 1)
			return nil
		case c != '\\' || i+1 == len(l.rest):
			b = append(b, c)
		default:
			i++
			switch c := l.rest[i]; c {
			case 'n':
				b = append(b, '\n')
			case 't':
				b = append(b, '\t')
			case 'r':
				b = append(b, '\r')
			case '\\', '\'', '"':
				b = append(b, c)
			case '\n':
			case 'x', 'u':
				n := 2
				if c == 'u' {
					n = 4
				}
				var code [2]byte
				if i+n >= len(l.rest) || !lean.DecodeHex(code[2-n/2:], l.rest[i+1:i+1+n]) {
					return l.fail("a string has a malformed \\%s", string(rune(c)))
				}
				b = utf8.AppendRune(b, rune(code[0])<<8|rune(code[1]))
				i += n
			default:
				b = append(b, '\\', c)
			}
		}
	}
	return l.fail("a string has no %s at its end", string(rune(quote)))
}
