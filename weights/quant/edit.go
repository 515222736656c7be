package quant

import (
	"bytes"
	"strings"

	"github.com/lodestone-wasm/lodestone/weights/strictjson"
)

// WriteConfig returns config.json with quantization_config set to what [Folder] writes.
// Every other byte, the order of the members and the indentation stay as they are.
func WriteConfig(configJSON []byte, c Config) ([]byte, error) {
	o, err := scan(configJSON)
	if err != nil {
		return nil, err
	}
	value := render(c)
	if o.newline != "" {
		value = indent(value, o.newline, o.indent)
	}
	for _, m := range o.members {
		if m.key == member {
			return splice(configJSON, m.value, m.end, value), nil
		}
	}
	entry := `"` + member + `": ` + value
	if len(o.members) == 0 {
		return splice(configJSON, o.open+1, o.close, entry), nil
	}
	last := o.members[len(o.members)-1].end
	if o.newline == "" {
		return splice(configJSON, last, last, ", "+entry), nil
	}
	return splice(configJSON, last, last, ","+o.newline+o.indent+entry), nil
}

// RemoveConfig returns config.json without quantization_config, and otherwise unchanged.
func RemoveConfig(configJSON []byte) ([]byte, error) {
	o, err := scan(configJSON)
	if err != nil {
		return nil, err
	}
	for i, m := range o.members {
		switch {
		case m.key != member:
			continue
		case i > 0:
			return splice(configJSON, o.members[i-1].end, m.end, ""), nil
		case len(o.members) > 1:
			return splice(configJSON, m.start, o.members[1].start, ""), nil
		}
		return splice(configJSON, o.open+1, o.close, ""), nil
	}
	return bytes.Clone(configJSON), nil
}

func splice(text []byte, from, to int, with string) []byte {
	out := make([]byte, 0, len(text)+len(with))
	return append(append(append(out, text[:from]...), with...), text[to:]...)
}

// outline is where things are in the text of an object.
type outline struct {
	open, close     int // its braces
	members         []span
	newline, indent string // before each member; empty for an object on one line
}

type span struct {
	key               string
	start, value, end int // of the key, of the value, after the value
}

func scan(text []byte) (*outline, error) {
	o := &outline{}
	d := strictjson.NewDecoder(text)
	d.Peek()
	o.open = d.Offset()
	at := o.open + 1
	err := d.Object(func(key string) error {
		raw, err := d.Raw()
		for at < len(text) && strings.IndexByte(", \t\r\n", text[at]) >= 0 {
			at++
		}
		o.members = append(o.members, span{key, at, d.Offset() - len(raw), d.Offset()})
		at = d.Offset()
		return err
	})
	o.close = d.Offset() - 1
	if err == nil {
		err = d.End()
	}
	if err != nil {
		return nil, asConfig(err)
	}
	if len(o.members) > 0 {
		gap := string(text[o.open+1 : o.members[0].start])
		if i := strings.IndexByte(gap, '\n'); i >= 0 {
			o.newline = "\n"
			if strings.Contains(gap, "\r\n") {
				o.newline = "\r\n"
			}
			o.indent = gap[strings.LastIndexByte(gap, '\n')+1:]
		}
	}
	return o, nil
}

// render writes the scheme in the words of compressed-tensors, on one line.
func render(c Config) string {
	args := func(dynamic, observer, strategy, bits, group string) string {
		return `{"actorder":null,"block_structure":null,"dynamic":` + dynamic + `,"group_size":` + group + `,"num_bits":` + bits + `,"observer":` + observer +
			`,"observer_kwargs":{},"strategy":"` + strategy + `","symmetric":true,"type":"int"}`
	}
	format := eightBits
	four := `"input_activations":null,"output_activations":null,"targets":` + list(c.FourBit) + `,"weights":` + args("false", `"minmax"`, "group", "4", "32")
	eight := `"input_activations":` + args("true", "null", "token", "8", "null") + `,"output_activations":null,"targets":` + list(c.Targets) +
		`,"weights":` + args("false", `"minmax"`, "channel", "8", "null")
	groups := `"group_0":{` + eight + `}`
	switch {
	case len(c.FourBit) > 0 && len(c.Targets) > 0:
		format = mixed
		groups = `"group_0":{"format":"` + fourBits + `",` + four + `},"group_1":{"format":"` + eightBits + `",` + eight + `}`
	case len(c.FourBit) > 0:
		format, groups = fourBits, `"group_0":{`+four+`}`
	}
	return `{"config_groups":{` + groups + `},"format":"` + format + `","ignore":` + list(c.Ignore) +
		`,"kv_cache_scheme":null,"quant_method":"compressed-tensors","quantization_status":"compressed"}`
}

func list(items []string) string {
	b := []byte{'['}
	for i, s := range items {
		if i > 0 {
			b = append(b, ',')
		}
		b = strictjson.AppendString(b, s)
	}
	return string(append(b, ']'))
}

// indent spreads compact JSON over lines, one level deep in an object that is indented
// by unit.
func indent(compact, newline, unit string) string {
	var b strings.Builder
	level := 1
	line := func() {
		b.WriteString(newline)
		for range level {
			b.WriteString(unit)
		}
	}
	quoted := false
	for i := 0; i < len(compact); i++ {
		c := compact[i]
		switch {
		case quoted:
			if b.WriteByte(c); c == '\\' {
				i++
				b.WriteByte(compact[i])
			} else if c == '"' {
				quoted = false
			}
		case (c == '{' || c == '[') && (compact[i+1] == '}' || compact[i+1] == ']'):
			b.WriteString(compact[i : i+2])
			i++
		case c == '{' || c == '[':
			b.WriteByte(c)
			level++
			line()
		case c == '}' || c == ']':
			level--
			line()
			b.WriteByte(c)
		case c == ',':
			b.WriteByte(c)
			line()
		case c == ':':
			b.WriteString(": ")
		default:
			quoted = c == '"'
			b.WriteByte(c)
		}
	}
	return b.String()
}
