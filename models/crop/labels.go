package crop

import (
	"strings"

	"github.com/lodestone-wasm/lodestone/kernels/lean"
)

// Outside is the label of a word that belongs to no entity.
const Outside = "O"

// Sentence is words and one label a word. Labels is nil where nothing was labelled.
type Sentence struct {
	Words, Labels []string
}

// Entity is the words [Start, End) of a sentence.
type Entity struct {
	Type       string
	Start, End int
}

// RepairBIO makes well-formed BIO of what a tagger said: an I-X at the start, after O or
// after another type becomes B-X. A label without a prefix counts as I-X, since some
// models are trained without; so their neighbours of one type become one entity. The
// result is a new slice. The error is ErrLabel.
func RepairBIO(labels []string) ([]string, error) {
	fixed := make([]string, len(labels))
	previous := "" // the type of the word before, "" outside
	for i, label := range labels {
		begin, typ, ok := parseLabel(label)
		switch {
		case !ok:
			return nil, lean.Errorf("crop: %w: label %d is %q; want O, B-TYPE, I-TYPE or TYPE (turn BIOES and BILOU into BIO first)", ErrLabel, i, lean.Clip(label))
		case typ == "":
			fixed[i] = Outside
		case begin || typ != previous:
			fixed[i] = "B-" + typ
		default:
			fixed[i] = "I-" + typ
		}
		previous = typ
	}
	return fixed, nil
}

// Entities lists the entities of labels, left to right, after RepairBIO.
func Entities(labels []string) ([]Entity, error) {
	fixed, err := RepairBIO(labels)
	return entities(fixed), err
}

// entities is Entities of labels that RepairBIO has been over.
func entities(fixed []string) []Entity {
	var list []Entity
	for i, label := range fixed {
		switch label[0] {
		case 'B':
			list = append(list, Entity{Type: label[2:], Start: i, End: i + 1})
		case 'I':
			list[len(list)-1].End = i + 1
		}
	}
	return list
}

// parseLabel splits a label; typ is "" for O.
func parseLabel(label string) (begin bool, typ string, ok bool) {
	if label == Outside {
		return false, "", true
	}
	if len(label) < 2 || label[1] != '-' {
		return false, label, label != ""
	}
	typ = label[2:]
	return label[0] == 'B', typ, typ != "" && (label[0] == 'B' || label[0] == 'I')
}

// check verifies that s has a label for each word and returns it with repaired labels.
func (s Sentence) check(what string) (Sentence, error) {
	if len(s.Words) != len(s.Labels) {
		return s, lean.Errorf("crop: %w: %s has %d words and %d labels", ErrInput, what, len(s.Words), len(s.Labels))
	}
	fixed, err := RepairBIO(s.Labels)
	if err != nil {
		return s, lean.Errorf("%s: %w", what, err)
	}
	return Sentence{Words: s.Words, Labels: fixed}, nil
}

// all is n labels O.
func all(n int) []string {
	labels := make([]string, n)
	for i := range labels {
		labels[i] = Outside
	}
	return labels
}

// Join makes text of words: with spaces between them, without in Chinese, Japanese and Thai.
func Join(words []string, lang string) string {
	if byCharacter(lang) {
		return strings.Join(words, "")
	}
	return strings.Join(words, " ")
}

// byCharacter tells the languages whose words are single characters here: they are
// written without spaces.
func byCharacter(lang string) bool { return lang == "zh" || lang == "ja" || lang == "th" }
