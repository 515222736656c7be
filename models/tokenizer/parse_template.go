package tokenizer

import (
	"strings"

	"github.com/lodestone-wasm/lodestone/weights/strictjson"
)

// parseTemplateProcessing reads a template; its ids must be at most maxID.
func parseTemplateProcessing(c *component, maxID int64) (*template, error) {
	var single, pair []namedPiece
	special := map[string][]int32{}
	err := c.fields(func(d *strictjson.Decoder, key string) (known bool, err error) {
		switch key {
		case "single":
			single, err = parseTemplate(d)
		case "pair":
			pair, err = parseTemplate(d)
		case "special_tokens":
			err = d.Object(func(name string) (err error) {
				special[name], err = parseSpecialToken(d, name, maxID)
				return err
			})
		default:
			return false, nil
		}
		return true, err
	})
	if err != nil {
		return nil, err
	}
	t := new(template)
	if t.single, err = resolveTemplate("single", single, special, 1); err != nil {
		return nil, err
	}
	t.pair, err = resolveTemplate("pair", pair, special, 2)
	return t, err
}

// namedPiece is a templatePiece whose ids are not yet looked up: a special token or
// sequence "A" or "B".
type namedPiece struct {
	name     string
	sequence bool
	typeID   int32
}

//go:noinline
func parseTemplate(d *strictjson.Decoder) (pieces []namedPiece, err error) {
	err = d.Array(func(i int) error {
		if i >= 64 {
			return invalid("tokenizer: TemplateProcessing: a template has more than 64 pieces")
		}
		var p namedPiece
		members := 0
		err := d.Object(func(kind string) error {
			members++
			if kind != "Sequence" && kind != "SpecialToken" {
				return unsupported("TemplateProcessing piece", kind, "Sequence, SpecialToken")
			}
			p.sequence = kind == "Sequence"
			return d.Object(func(key string) (err error) {
				switch key {
				case "id":
					p.name, err = d.String()
				case "type_id":
					var n int64
					if n, err = d.Int(); err == nil && (n < 0 || n > 255) {
						err = invalid("tokenizer: TemplateProcessing: type_id %d is outside 0 to 255", n)
					}
					p.typeID = int32(n)
				default:
					err = unsupported("TemplateProcessing field", key, "id, type_id")
				}
				return err
			})
		})
		if err == nil && members != 1 {
			err = invalid("tokenizer: TemplateProcessing: piece %d has %d members, expected Sequence or SpecialToken", i, members)
		}
		pieces = append(pieces, p)
		return err
	})
	return pieces, err
}

func parseSpecialToken(d *strictjson.Decoder, name string, maxID int64) (ids []int32, err error) {
	err = d.Object(func(key string) error {
		if key != "ids" {
			return d.Skip() // id repeats the name, tokens are the texts of the ids
		}
		return d.Array(func(i int) error {
			id, err := d.Int()
			if err == nil && (id < 0 || id > maxID) {
				err = invalid("tokenizer: TemplateProcessing: special token %q has id %d, the largest id is %d", clip(name), id, maxID)
			}
			if err == nil && i >= 64 {
				err = invalid("tokenizer: TemplateProcessing: special token %q has more than 64 ids", clip(name))
			}
			ids = append(ids, int32(id))
			return err
		})
	})
	if err == nil && len(ids) == 0 {
		err = invalid("tokenizer: TemplateProcessing: special token %q has no ids", clip(name))
	}
	return ids, err
}

// resolveTemplate looks special tokens up; each of the first sequences of A, B must
// occur exactly once.
func resolveTemplate(which string, named []namedPiece, special map[string][]int32, sequences int) ([]templatePiece, error) {
	var out []templatePiece
	var seen [2]int
	for _, p := range named {
		piece := templatePiece{sequence: -1, typeID: p.typeID}
		if p.sequence {
			piece.sequence = strings.Index("AB", p.name)
			if len(p.name) != 1 || piece.sequence < 0 || piece.sequence >= sequences {
				return nil, invalid("tokenizer: TemplateProcessing: %s names sequence %q", which, clip(p.name))
			}
			seen[piece.sequence]++
		} else {
			ids, ok := special[p.name]
			if !ok {
				return nil, invalid("tokenizer: TemplateProcessing: %s names %q, which is not among special_tokens", which, clip(p.name))
			}
			piece.ids = ids
		}
		out = append(out, piece)
	}
	for i := range sequences {
		if seen[i] != 1 {
			return nil, invalid("tokenizer: TemplateProcessing: %s has sequence %c %d times, expected once", which, "AB"[i], seen[i])
		}
	}
	return out, nil
}
