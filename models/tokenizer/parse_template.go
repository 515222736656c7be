package tokenizer

import (
	"strings"

	"github.com/lodestone-wasm/lodestone/kernels/lean"
	"github.com/lodestone-wasm/lodestone/weights/strictjson"
)

// parseTemplateProcessing reads a template; its ids must be at most maxID.
func parseTemplateProcessing(c *component, maxID int64) (*template, error) {
	var single, pair []namedPiece
	special := map[string][]int32{}
	err := c.fields(field{"single", parseTemplate(&single)}, field{"pair", parseTemplate(&pair)}, field{"special_tokens", func(d *strictjson.Decoder) error {
		return d.Object(func(name string) (err error) {
			special[name], err = parseSpecialToken(d, name, maxID)
			return err
		})
	}})
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

func parseTemplate(pieces *[]namedPiece) func(*strictjson.Decoder) error {
	return func(d *strictjson.Decoder) error {
		return d.Array(func(i int) error {
			if i >= 64 {
				return invalid("tokenizer: TemplateProcessing: a template has more than 64 pieces")
			}
			var p namedPiece
			var typeID int64
			members := 0
			piece := func(sequence bool) func(*strictjson.Decoder) error {
				return func(d *strictjson.Decoder) error {
					members++
					p.sequence = sequence
					return readFields(d, "TemplateProcessing", []field{{"id", &p.name}, {"type_id", &typeID}})
				}
			}
			err := readFields(d, "TemplateProcessing", []field{{"Sequence", piece(true)}, {"SpecialToken", piece(false)}})
			if err == nil && (typeID < 0 || typeID > 255) {
				err = invalid("tokenizer: TemplateProcessing: type_id %d is outside 0 to 255", typeID)
			}
			if err == nil && members != 1 {
				err = invalid("tokenizer: TemplateProcessing: piece %d has %d members, expected Sequence or SpecialToken", i, members)
			}
			p.typeID = int32(typeID)
			*pieces = append(*pieces, p)
			return err
		})
	}
}

func parseSpecialToken(d *strictjson.Decoder, name string, maxID int64) (ids []int32, err error) {
	err = d.Object(func(key string) error {
		if key != "ids" {
			return d.Skip() // id repeats the name, tokens are the texts of the ids
		}
		return d.Array(func(i int) error {
			id, err := d.Int()
			if err == nil && i >= 64 {
				err = invalid("tokenizer: TemplateProcessing: special token %q has more than 64 ids", lean.Clip(name))
			}
			ids = append(ids, int32(id))
			return checkID(err, "a special token of TemplateProcessing", id, maxID)
		})
	})
	if err == nil && len(ids) == 0 {
		err = invalid("tokenizer: TemplateProcessing: special token %q has no ids", lean.Clip(name))
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
				return nil, invalid("tokenizer: TemplateProcessing: %s names sequence %q", which, lean.Clip(p.name))
			}
			seen[piece.sequence]++
		} else {
			ids, ok := special[p.name]
			if !ok {
				return nil, invalid("tokenizer: TemplateProcessing: %s names %q, which is not among special_tokens", which, lean.Clip(p.name))
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
