package tokenizer

import "github.com/lodestone-wasm/lodestone/weights/strictjson"

// parsePostProcessor reads a post-processor; its ids must be at most maxID.
func parsePostProcessor(c *component, maxID int64) (postProcessor, error) {
	switch c.kind {
	case "TemplateProcessing":
		return parseTemplateProcessing(c, maxID)
	case "BertProcessing", "RobertaProcessing":
		return parseBertProcessing(c, maxID)
	case "ByteLevel":
		b, err := parseByteLevel(c)
		if err == nil && b.trim {
			return &trimmed{plain{}, []trim{{b.prefix}}}, nil
		}
		return plain{}, err
	case "Sequence":
		return parsePostSequence(c, maxID)
	}
	return nil, unsupported("post-processor", c.kind, "TemplateProcessing, BertProcessing, RobertaProcessing, ByteLevel, Sequence")
}

// parseBertProcessing reads BertProcessing, [CLS] A [SEP] B [SEP], and RobertaProcessing,
// <s> A </s></s> B </s>, as the templates they are.
func parseBertProcessing(c *component, maxID int64) (postProcessor, error) {
	var cls, sep []int32
	roberta := c.kind == "RobertaProcessing"
	trims, prefix := roberta, roberta
	err := c.fields(func(d *strictjson.Decoder, key string) (known bool, err error) {
		switch {
		case key == "cls":
			cls, err = parseTokenAndID(d, maxID)
		case key == "sep":
			sep, err = parseTokenAndID(d, maxID)
		case key == "trim_offsets" && roberta:
			trims, err = d.Bool()
		case key == "add_prefix_space" && roberta:
			prefix, err = d.Bool()
		default:
			return false, nil
		}
		return true, err
	})
	if err != nil {
		return nil, err
	}
	if cls == nil || sep == nil {
		return nil, invalid("tokenizer: %s: %s needs cls and sep", c.section, c.kind)
	}
	// Each piece is a letter and its type id.
	t := &template{single: layOut("c0A0s0", cls, sep)}
	if roberta {
		t.pair = layOut("c0A0s0s0B0s0", cls, sep)
	} else {
		t.pair = layOut("c0A0s0B1s1", cls, sep)
	}
	if trims {
		return &trimmed{t, []trim{{prefix}}}, nil
	}
	return t, nil
}

func layOut(pieces string, cls, sep []int32) (out []templatePiece) {
	for i := 0; i < len(pieces); i += 2 {
		p := templatePiece{sequence: -1, typeID: int32(pieces[i+1] - '0')}
		switch pieces[i] {
		case 'c':
			p.ids = cls
		case 's':
			p.ids = sep
		default:
			p.sequence = int(pieces[i] - 'A')
		}
		out = append(out, p)
	}
	return out
}

// parseTokenAndID reads ["[CLS]", 101].
func parseTokenAndID(d *strictjson.Decoder, maxID int64) (ids []int32, err error) {
	n := 0
	err = d.Array(func(i int) error {
		n++
		if i != 1 {
			_, err := d.String()
			return err
		}
		id, err := d.Int()
		if err == nil && (id < 0 || id > maxID) {
			err = invalid("tokenizer: post_processor: a special token has the id %d, the largest id is %d", id, maxID)
		}
		ids = []int32{int32(id)}
		return err
	})
	if err == nil && n != 2 {
		err = invalid("tokenizer: post_processor: a special token has %d fields, expected its text and id", n)
	}
	return ids, err
}

// parsePostSequence reads any number of ByteLevel and then at most one other: what trims
// offsets must come before special tokens are there.
func parsePostSequence(c *component, maxID int64) (postProcessor, error) {
	var all []postProcessor
	err := c.fields(func(d *strictjson.Decoder, key string) (bool, error) {
		if key != "processors" {
			return false, nil
		}
		var err error
		all, err = list(d, c.section, func(c *component) (postProcessor, error) { return parsePostProcessor(c, maxID) })
		return true, err
	})
	if err != nil {
		return nil, err
	}
	var last postProcessor = plain{}
	var trims []trim
	for _, p := range all {
		if last != (plain{}) {
			return nil, unsupported("post-processor Sequence", "with a template before its end", "ByteLevel, then one other")
		}
		if t, ok := p.(*trimmed); ok {
			trims = append(trims, t.trims...)
			p = t.postProcessor
		}
		last = p
	}
	if trims != nil {
		return &trimmed{last, trims}, nil
	}
	return last, nil
}
