package chat

import (
	"encoding/json"
	"errors"
	"os"
	"strings"
	"testing"
)

// goldens are chats that Jinja rendered: testdata/golden.py.
type goldens struct {
	Cases []struct {
		Name, Template string
		Variables      json.RawMessage
		Text           *string
		Raises         *string
	}
}

func readGoldens(t testing.TB) goldens {
	var g goldens
	text, err := os.ReadFile("testdata/golden.json")
	if err == nil {
		err = json.Unmarshal(text, &g)
	}
	if err != nil {
		t.Fatal(err)
	}
	return g
}

func TestRenderWritesWhatJinjaWrites(t *testing.T) {
	for i, c := range readGoldens(t).Cases {
		parsed, err := Parse(c.Template)
		if err != nil {
			t.Errorf("%s %d: %v", c.Name, i, err)
			continue
		}
		got, err := parsed.Render(c.Variables)
		switch {
		case c.Raises != nil:
			if err == nil || !strings.Contains(err.Error(), *c.Raises) {
				t.Errorf("%s %d: error %v, expected %q", c.Name, i, err, *c.Raises)
			}
		case err != nil:
			t.Errorf("%s %d: %v", c.Name, i, err)
		case got != *c.Text:
			t.Errorf("%s %d:\n got %q\nwant %q", c.Name, i, got, *c.Text)
		}
	}
}

func TestPartsOfJinjaOutsideTheSubsetAreRefusedByName(t *testing.T) {
	for _, c := range []struct {
		template, names string
	}{
		{"{% macro f() %}{% endmacro %}", `"macro"`},
		{"{% include 'x' %}", `"include"`},
		{"{% import 'x' as y %}", `"import"`},
		{"{% extends 'x' %}", `"extends"`},
		{"{% raw %}{% endraw %}", `"raw"`},
		{"{% filter upper %}x{% endfilter %}", `"filter"`},
		{"{% for x in y recursive %}{% endfor %}", "recursive"},
		{"{% set a, b = 1, 2 %}", "set with several names"},
		{"{{ 2 ** 3 }}", "**"},
		{"{{ 1 < 2 < 3 }}", "chained"},
		{"{{ x|urlize }}", `"urlize"`},
		{"{{ x is callable }}", `"callable"`},
		{"{{ f(*x) }}", "* and **"},
	} {
		_, err := Parse(c.template)
		if !errors.Is(err, ErrUnsupported) || !strings.Contains(err.Error(), c.names) {
			t.Errorf("%s: %v, expected ErrUnsupported with %s", c.template, err, c.names)
		}
	}
	for template, names := range map[string]string{
		"{{ [1] }}":                       "tojson",
		"{{ {}|tojson(sort_keys=true) }}": "sort_keys",
		"{{ {1: 2} }}":                    "key of a mapping",
		"{{ [2]|sort(reverse=true) }}":    "options of sort",
		"{{ 'abc'[::2] }}{{ 'a'[::-2] }}": "step of -2",
	} {
		if _, err := render(template, `{}`); !errors.Is(err, ErrUnsupported) || !strings.Contains(err.Error(), names) {
			t.Errorf("%s: %v, expected ErrUnsupported with %s", template, err, names)
		}
	}
}

func TestMalformedTemplatesSayWhereAndWhat(t *testing.T) {
	for template, says := range map[string]string{
		"a\n{{ x":                     "line 2: a tag has no }}",
		"{% if x %}":                  `expected "endif"`,
		"{% for x in %}{% endfor %}":  "found the end of the tag, expected a value",
		"{% endif %}":                 `unknown or misplaced tag "endif"`,
		"{{ 'x }}":                    "no ' at its end",
		"{# x":                        "a comment has no #}",
		"{{ x) }}":                    `")" closes nothing`,
		"{{ 'a'.b.c }}":               `"c" of "b", which is undefined`,
		"{{ 1 + 'a' }}":               "a number + a text",
		"{{ 1 / 0 }}":                 "division by 0",
		"{% break %}":                 "break outside a loop",
		"{{ messages[0].content() }}": "a call of a text",
		"{{ nowhere() }}":             `a call of "nowhere", which is undefined`,
		"{% set x.y = 1 %}":           "x is no namespace",
		"{{ f(a=1, 2) }}":             "without a name follows one with a name",
		"{{ strftime_now('%d') }}":    `"strftime_now", which is undefined`,
	} {
		_, err := render(template, `{"messages":[{"role":"user","content":"a"}]}`)
		if !errors.Is(err, ErrTemplate) || !strings.Contains(err.Error(), says) {
			t.Errorf("%q: %v, expected ErrTemplate with %q", template, err, says)
		}
	}
}

func render(template, variables string) (string, error) {
	t, err := Parse(template)
	if err != nil {
		return "", err
	}
	return t.Render([]byte(variables))
}

func TestHostileTemplatesEnd(t *testing.T) {
	for name, template := range map[string]string{
		"steps":         "{% for a in range(99999) %}{% for b in range(99999) %}{% endfor %}{% endfor %}",
		"a long range":  "{{ range(9999999999)|length }}",
		"doubled text":  "{% set n = namespace(s='aaaaaaaaaaaaaaaa') %}{% for i in range(99) %}{% set n.s = n.s + n.s %}{% endfor %}",
		"joined text":   "{% set n = namespace(s='aaaaaaaaaaaaaaaa') %}{% for i in range(99) %}{% set n.s = n.s ~ n.s %}{% endfor %}",
		"replaced text": "{% set n = namespace(s='aaaaaaaaaaaaaaaa') %}{% for i in range(99) %}{% set n.s = n.s|replace('a', 'aaaaaaaaaaaaaaaa') %}{% endfor %}",
		"doubled list":  "{% set n = namespace(l=[1, 2, 3]) %}{% for i in range(99) %}{% set n.l = n.l + n.l %}{% endfor %}",
		"a deep list":   "{% set n = namespace(l=[]) %}{% for i in range(99999) %}{% set n.l = [n.l] %}{% endfor %}{{ n.l|tojson }}",
		"a wide JSON":   "{% set n = namespace(l=[1]) %}{% for i in range(40) %}{% set n.l = [n.l, n.l] %}{% endfor %}{{ n.l|tojson }}",
		"equal lists":   "{% set n = namespace(l=[1], m=[1]) %}{% for i in range(40) %}{% set n.l = [n.l, n.l] %}{% set n.m = [n.m, n.m] %}{% endfor %}{{ n.l == n.m }}",
		"parentheses":   "{{ " + strings.Repeat("(", 100_000) + "1" + strings.Repeat(")", 100_000) + " }}",
		"nots":          "{{ " + strings.Repeat("not ", 60_000) + "1 }}",
		"signs":         "{{ " + strings.Repeat("-", 200_000) + "1 }}",
		"tags":          strings.Repeat("{% if 1 %}", 20_000),
		"elifs":         "{% if 1 %}" + strings.Repeat("{% elif 1 %}", 20_000) + "{% endif %}",
		"length":        strings.Repeat("a", MaxTemplate+1),
		"many writes":   "{% for a in range(99999) %}" + strings.Repeat("text ", 100) + "{% endfor %}",
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := render(template, `{}`); !errors.Is(err, ErrLimit) {
				t.Errorf("%v, expected ErrLimit", err)
			}
		})
	}
}

func TestConfigFindsTheTemplate(t *testing.T) {
	one := `{"chat_template": "{{ bos_token }}{{ messages[0].content }}", "bos_token": {"content": "<s>", "lstrip": false}, "eos_token": "</s>", "model_max_length": 1e30}`
	several := `{"chat_template": [{"name": "default", "template": "plain"}, {"name": "tool_use", "template": "tools"}]}`
	const hi = `{"messages": [{"role": "user", "content": "Hi"}]`
	for _, c := range []struct {
		name, config, jinja, template, variables, text string
		kind                                           error
		says                                           string
	}{
		{name: "its text and tokens", config: one, variables: hi + "}", text: "<s>Hi"},
		{name: "chat_template.jinja counts", config: one, jinja: "{{ eos_token }}", variables: hi + "}", text: "</s>"},
		{name: "the default of several", config: several, variables: hi + "}", text: "plain"},
		{name: "the one for tools", config: several, variables: hi + `,"tools":[{}]}`, text: "tools"},
		{name: "no tools", config: several, variables: hi + `,"tools":null}`, text: "plain"},
		{name: "by its name", config: several, template: "tool_use", variables: hi + "}", text: "tools"},
		{name: "the caller's own", config: several, template: "{{ messages|length }}", variables: hi + "}", text: "1"},
		{name: "none", config: `{}`, variables: hi + "}", kind: ErrNone, says: "neither chat_template.jinja nor a chat_template"},
		{name: "no such name", config: several, template: "rag", variables: hi + "}", kind: ErrNone, says: `"rag"; there are default, tool_use`},
		{name: "a variable that is not read", config: one, variables: hi + `,"enable_thinking":false}`, kind: ErrMessages, says: `does not read "enable_thinking"`},
		{name: "no JSON", config: one, variables: "x", kind: ErrMessages, says: "expected an object"},
		{name: "a bad template", config: one, jinja: "{{", variables: hi + "}", kind: ErrTemplate, says: "line 1"},
	} {
		var jinja []byte
		if c.jinja != "" {
			jinja = []byte(c.jinja)
		}
		config, err := ReadConfig([]byte(c.config), jinja)
		if err != nil {
			t.Fatal(err)
		}
		got, err := config.Render(c.template, []byte(c.variables))
		if got != c.text || !errors.Is(err, c.kind) || err != nil && !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %q, %v, expected %q, %q", c.name, got, err, c.text, c.says)
		}
	}
	if _, err := ReadConfig([]byte(`{"chat_template": [1]}`), nil); !errors.Is(err, ErrTemplate) {
		t.Errorf("a list of numbers: %v, expected ErrTemplate", err)
	}
}
