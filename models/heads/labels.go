package heads

import (
	"strconv"
	"strings"

	"github.com/lodestone-wasm/lodestone/kernels/lean"
	"github.com/lodestone-wasm/lodestone/models/transformer"
	"github.com/lodestone-wasm/lodestone/weights/strictjson"
)

// maxLabels bounds the classes of a head.
const maxLabels = 1 << 16

// Labels is what config.json says about the classes of a head.
type Labels struct {
	// Names are the labels by class (id2label); nil if config.json has none.
	Names []string
	// Problem is problem_type: "single_label_classification",
	// "multi_label_classification", "regression", or "" if nothing is said.
	Problem string
	// Architectures are the classes that the checkpoint was written by.
	Architectures []string
	// MaskID is mask_token_id, −1 if nothing is said.
	MaskID int32
	// Untied: tie_word_embeddings is false.
	Untied bool
}

// LabelsOf reads the members of a config.json that concern a head. Errors wrap
// transformer.ErrConfig.
func LabelsOf(config *strictjson.Document) (Labels, error) {
	l := Labels{MaskID: -1}
	byID := map[int]string{}
	err := config.Members(func(key string, d *strictjson.Decoder) (err error) {
		kind := d.Peek()
		switch {
		case key == "id2label" && kind == strictjson.Object:
			return d.Object(func(id string) error {
				n, err := strconv.Atoi(id)
				if err != nil || n < 0 || n >= maxLabels {
					return lean.Errorf("id2label: key %q, expected a number from 0 to %d", id, maxLabels-1)
				}
				byID[n], err = d.String()
				return err
			})
		case key == "mask_token_id" && kind == strictjson.Number:
			n, err := d.Int()
			if err == nil && (n < 0 || n > 1<<30) {
				err = lean.Errorf("mask_token_id is %d", n)
			}
			l.MaskID = int32(n)
			return err
		case key == "problem_type" && kind == strictjson.String:
			l.Problem, err = d.String()
			return err
		case key == "tie_word_embeddings" && kind == strictjson.Bool:
			tied, err := d.Bool()
			l.Untied = !tied
			return err
		case key == "architectures" && kind == strictjson.Array:
			return d.Array(func(int) error {
				name, err := d.String()
				l.Architectures = append(l.Architectures, name)
				return err
			})
		}
		return nil
	})
	switch l.Problem {
	case "", "single_label_classification", "multi_label_classification", "regression":
	default:
		err = lean.Errorf("problem_type %q; known: single_label_classification, multi_label_classification, regression", l.Problem)
	}
	for i := range len(byID) {
		name, ok := byID[i]
		if !ok {
			err = lean.Errorf("%d labels, but none for class %d", len(byID), i)
		}
		l.Names = append(l.Names, name)
	}
	if err != nil {
		return Labels{}, lean.Errorf("heads: %w: %w", transformer.ErrConfig, err)
	}
	return l, nil
}

// otherHead is the architecture that names a head of another kind, "" if none does or
// one names this kind.
func (l *Labels) otherHead(k Kind) string {
	other := ""
	for _, a := range l.Architectures {
		for _, kind := range [...]Kind{MaskedLM, TokenClassification, SequenceClassification, QuestionAnswering, MultipleChoice} {
			if strings.HasSuffix(a, kind.suffix()) {
				if kind == k {
					return ""
				}
				other = a
			}
		}
	}
	return other
}
