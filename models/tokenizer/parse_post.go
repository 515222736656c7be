package tokenizer

import (
	"slices"

	"github.com/lodestone-wasm/lodestone/weights/strictjson"
)

// postParser reads a post-processor: any number of ByteLevel, and then at most one other,
// since what trims offsets must come before special tokens are there.
type postParser struct {
	maxID    int64 // the largest id that special tokens may have
	trims    []trim
	template *template // nil: sequences are only joined
}

func (p *postParser) parse(c *component) (err error) {
	if p.template != nil {
		return unsupported("post-processor Sequence", "with a template before its end", "ByteLevel, then one other")
	}
	switch c.kind {
	case "TemplateProcessing":
		p.template, err = parseTemplateProcessing(c, p.maxID)
		return err
	case "BertProcessing", "RobertaProcessing":
		return p.parseBert(c)
	case "ByteLevel":
		var b byteLevel
		if err = b.parse(c); b.trim {
			p.trims = append(p.trims, trim{b.prefix})
		}
		return err
	case "Sequence":
		return c.sequence("processors", p.parse)
	}
	return c.unsupported("TemplateProcessing, BertProcessing, RobertaProcessing, ByteLevel, Sequence")
}

// parseBert reads BertProcessing, [CLS] A [SEP] B [SEP], and RobertaProcessing,
// <s> A </s></s> B </s>, as the templates they are.
func (p *postParser) parseBert(c *component) error {
	var cls, sep []int32
	roberta := c.kind == "RobertaProcessing"
	trims, prefix := roberta, roberta
	fields := []field{{"cls", p.tokenAndID(&cls)}, {"sep", p.tokenAndID(&sep)}}
	// Each piece is a letter and its type id.
	pair := "c0A0s0B1s1"
	if roberta {
		fields = append(fields, field{"trim_offsets", &trims}, field{"add_prefix_space", &prefix})
		pair = "c0A0s0s0B0s0"
	}
	if err := c.fields(fields...); err != nil {
		return err
	}
	if cls == nil || sep == nil {
		return c.invalid("has not both", "cls and sep")
	}
	p.template = &template{layOut("c0A0s0", cls, sep), layOut(pair, cls, sep)}
	if trims {
		p.trims = append(p.trims, trim{prefix})
	}
	return nil
}

//go:noinline
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

// tokenAndID reads ["[CLS]", 101].
func (p *postParser) tokenAndID(ids *[]int32) func(d *strictjson.Decoder) error {
	return func(d *strictjson.Decoder) error {
		n := 0
		id := int64(-1)
		err := d.Array(func(i int) error {
			if n++; i != 1 {
				return d.Skip()
			}
			return readInto(d, &id)
		})
		if err == nil && n != 2 {
			err = invalid("tokenizer: post_processor: a special token has %d fields, expected its text and id", n)
		}
		*ids = slices.Repeat([]int32{int32(id)}, 1)
		return checkID(err, "a special token", id, p.maxID)
	}
}

// checkID is err, or the error of an id that no token has.
//
//go:noinline
func checkID(err error, what string, id, most int64) error {
	if err == nil && (id < 0 || id > most) {
		err = invalid("tokenizer: post_processor: %s has id %d, the largest id is %d", what, id, most)
	}
	return err
}
