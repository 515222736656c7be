package chat

import (
	"strings"

	"github.com/lodestone-wasm/lodestone/kernels/lean"
	"github.com/lodestone-wasm/lodestone/weights/strictjson"
)

// Config is what a model's folder says of chats.
type Config struct {
	templates []namedTemplate
	tokens    []variable
}

type namedTemplate struct {
	name, text string
	parsed     *Template // nil before it is used
}

// specialTokens are the members of tokenizer_config.json that templates may read.
const specialTokens names = " bos_token eos_token unk_token sep_token pad_token cls_token mask_token "

// ReadConfig reads tokenizer_config.json and chat_template.jinja, each nil if the folder has
// none. The second counts for the template "default". Templates are parsed when they are used.
func ReadConfig(tokenizerConfig, jinja []byte) (*Config, error) {
	c := &Config{}
	if tokenizerConfig != nil {
		doc, err := strictjson.ReadDocument(tokenizerConfig)
		if err == nil {
			err = doc.Members(c.member)
		}
		if err != nil {
			return nil, lean.Errorf("chat: %w: tokenizer_config.json: %w", ErrTemplate, err)
		}
	}
	if jinja != nil {
		c.add("default", string(jinja))
	}
	return c, nil
}

func (c *Config) add(name, text string) {
	for i := range c.templates {
		if c.templates[i].name == name {
			c.templates[i] = namedTemplate{name: name, text: text}
			return
		}
	}
	c.templates = append(c.templates, namedTemplate{name: name, text: text})
}

func (c *Config) member(key string, d *strictjson.Decoder) error {
	switch {
	case key == "chat_template" && d.Peek() == strictjson.String:
		text, err := d.String()
		c.add("default", text)
		return err
	case key == "chat_template" && d.Peek() == strictjson.Array:
		return d.Array(func(int) error {
			var one namedTemplate
			err := d.Object(func(key string) (err error) {
				switch key {
				case "name":
					one.name, err = d.String()
				case "template":
					one.text, err = d.String()
				default:
					err = d.Skip()
				}
				return err
			})
			c.add(one.name, one.text)
			return err
		})
	case specialTokens.has(key) && d.Peek() == strictjson.String:
		text, err := d.String()
		c.tokens = append(c.tokens, variable{key, text})
		return err
	case specialTokens.has(key) && d.Peek() == strictjson.Object:
		return d.Object(func(member string) error {
			if member != "content" || d.Peek() != strictjson.String {
				return d.Skip()
			}
			text, err := d.String()
			c.tokens = append(c.tokens, variable{key, text})
			return err
		})
	}
	return d.Skip()
}

// Render makes the text of a chat. template is the name of one of the folder's templates or
// a template itself; "" is "tool_use" if there are tools and such a template, or "default".
// variables is a JSON object: messages, and what else the template reads, such as tools,
// documents, add_generation_prompt. A variable that the template does not read is refused,
// but for those four.
func (c *Config) Render(template string, variables []byte) (string, error) {
	doc, err := strictjson.ReadDocument(variables)
	if err != nil {
		return "", lean.Errorf("chat: %w: %w", ErrMessages, err)
	}
	t, err := c.template(template, doc)
	if err != nil {
		return "", err
	}
	r := &run{}
	for _, token := range c.tokens {
		r.assign(token.name, token.value)
	}
	err = doc.Members(func(key string, d *strictjson.Decoder) error {
		if !t.reads[key] && !standard.has(key) {
			return lean.Errorf("the template does not read %q", lean.Clip(key))
		}
		v, err := readJSON(d)
		r.assign(key, v)
		return err
	})
	if err != nil {
		return "", lean.Errorf("chat: %w: %w", ErrMessages, err)
	}
	return t.render(r)
}

const standard names = " messages tools documents add_generation_prompt "

// template is the one that is asked for, parsed.
func (c *Config) template(asked string, doc *strictjson.Document) (*Template, error) {
	wanted := asked
	if asked == "" {
		wanted = "default"
		if tools, ok := doc.Member("tools"); ok && tools.Peek() != strictjson.Null && c.find("tool_use") != nil {
			wanted = "tool_use"
		}
	}
	found := c.find(wanted)
	switch {
	case found == nil && strings.IndexByte(asked, '{') >= 0:
		return Parse(asked)
	case found == nil && len(c.templates) == 0:
		return nil, lean.Errorf("chat: %w: the folder has neither chat_template.jinja nor a chat_template in tokenizer_config.json; pass one as chat_template", ErrNone)
	case found == nil:
		var names []string
		for _, t := range c.templates {
			names = append(names, t.name)
		}
		return nil, lean.Errorf("chat: %w %q; there are %s", ErrNone, lean.Clip(wanted), lean.Clip(strings.Join(names, ", ")))
	case found.parsed == nil:
		var err error
		if found.parsed, err = Parse(found.text); err != nil {
			return nil, err
		}
	}
	return found.parsed, nil
}

func (c *Config) find(name string) *namedTemplate {
	for i := range c.templates {
		if c.templates[i].name == name {
			return &c.templates[i]
		}
	}
	return nil
}
