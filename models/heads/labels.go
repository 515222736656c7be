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
	// Names are the labels by class; nil if config.json has neither id2label nor
	// label2id nor num_labels.
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

// ParseLabels reads the members of a config.json that concern a head. Errors wrap
// transformer.ErrConfig.
func ParseLabels(config []byte) (Labels, error) {
	l := Labels{MaskID: -1}
	var byID, byLabel map[int]string
	count := 0
	d := strictjson.NewDecoder(config)
	err := d.Object(func(key string) (err error) {
		kind := d.Peek()
		switch {
		case key == "id2label" && kind == strictjson.Object:
			byID = map[int]string{}
			return d.Object(func(id string) error {
				n, err := strconv.Atoi(id)
				if err != nil || n < 0 || n >= maxLabels {
					return lean.Errorf("id2label: key %q, expected a number from 0 to %d", id, maxLabels-1)
				}
				byID[n], err = d.String()
				return err
			})
		case key == "label2id" && kind == strictjson.Object:
			byLabel = map[int]string{}
			return d.Object(func(label string) error {
				n, err := d.Int()
				if err == nil && (n < 0 || n >= maxLabels) {
					err = lean.Errorf("label2id: %d, expected 0 to %d", n, maxLabels-1)
				}
				byLabel[int(n)] = label
				return err
			})
		case (key == "num_labels" || key == "_num_labels") && kind == strictjson.Number:
			n, err := d.Int()
			if err == nil && (n < 1 || n > maxLabels) {
				err = lean.Errorf("%s is %d, expected 1 to %d", key, n, maxLabels)
			}
			count = int(n)
			return err
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
		return d.Skip()
	})
	if err != nil {
		return Labels{}, lean.Errorf("heads: %w: %w", transformer.ErrConfig, err)
	}
	switch l.Problem {
	case "", "single_label_classification", "multi_label_classification", "regression":
	default:
		return Labels{}, lean.Errorf("heads: %w: problem_type %q; known: single_label_classification, multi_label_classification, regression", transformer.ErrConfig, l.Problem)
	}
	if byID == nil {
		byID = byLabel
	}
	if byID != nil {
		count = len(byID)
	}
	for i := range count {
		name := "LABEL_" + strconv.Itoa(i)
		if byID != nil {
			var ok bool
			if name, ok = byID[i]; !ok {
				return Labels{}, lean.Errorf("heads: %w: %d labels, but none for class %d", transformer.ErrConfig, count, i)
			}
		}
		l.Names = append(l.Names, name)
	}
	return l, nil
}

// otherHead is the architecture that names a head of another kind, "" if none does or
// one names this kind.
func (l *Labels) otherHead(k Kind) string {
	other := ""
	for _, a := range l.Architectures {
		for kind, suffix := range suffixes {
			if strings.HasSuffix(a, suffix) {
				if kind == k {
					return ""
				}
				other = a
			}
		}
	}
	return other
}
