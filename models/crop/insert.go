package crop

import (
	"strconv"
	"strings"

	"github.com/lodestone-wasm/lodestone/kernels/lean"
)

// Segmenter splits a text into SentencePiece pieces, the first of a word beginning with
// U+2581. It must not make one piece of a text's "__SLOT0__": text is not markup.
type Segmenter func(text string) ([]string, error)

// Marked is a sentence in pieces, with a slot before and after each entity.
type Marked struct {
	Pieces []string
	// Types holds the type of the entity in each slot: slot j is of Types[j].
	Types []string
	// Whole: one entity is the whole sentence. Decode it with DecodeWhole.
	Whole bool
}

// Insert puts slots around the entities of a sentence in the language lang. Entity j,
// counted from 0, left to right, gets slot j on both sides, between pieces and at the
// borders of words, never inside a word.
//
// Words are segmented one by one. That gives the pieces of the joined text, which
// SentencePiece cuts at spaces first, and keeps the borders known where its
// normalisation makes a space in a word or drops a word. In Chinese, Japanese and Thai
// the text is segmented as a whole, with U+2582 and the number in place of each slot.
// (There the authors' code confuses entity 10 with entity 1 and a "0" behind it. Here the
// order of the marks says which they are.)
//
// The errors are ErrInput, ErrLabel, ErrTooManyEntities, ErrReserved, ErrModel and those
// of segment.
func Insert(s Sentence, lang string, segment Segmenter) (Marked, error) {
	s, err := s.check("the sentence to mark")
	if err != nil {
		return Marked{}, err
	}
	list := entities(s.Labels)
	if len(list) > MaxSlots {
		return Marked{}, lean.Errorf("crop: %w: found %d, the models know %d slots; split the sentence", ErrTooManyEntities, len(list), MaxSlots)
	}
	m := Marked{Types: make([]string, len(list))}
	for j, e := range list {
		m.Types[j] = e.Type
	}
	m.Whole = len(list) == 1 && list[0].End-list[0].Start == len(s.Words)
	if byCharacter(lang) {
		m.Pieces, err = insertByCharacter(s.Words, list, segment)
	} else {
		m.Pieces, err = insertByWord(s.Words, list, segment)
	}
	if err != nil {
		return Marked{}, err
	}
	return m, nil
}

func insertByWord(words []string, list []Entity, segment Segmenter) ([]string, error) {
	var out []string
	next := 0 // the first entity that has not ended
	for i, word := range words {
		if next < len(list) && list[next].Start == i {
			out = append(out, Slot(next))
		}
		pieces, err := segmented(word, segment)
		if err != nil {
			return nil, err
		}
		out = append(out, pieces...)
		if next < len(list) && list[next].End == i+1 {
			out = append(out, Slot(next))
			next++
		}
	}
	return out, nil
}

func insertByCharacter(words []string, list []Entity, segment Segmenter) ([]string, error) {
	var text strings.Builder
	next := 0
	for i, word := range words {
		if strings.Contains(word, charMark) {
			return nil, lean.Errorf("crop: %w: word %d is %q; remove U+2582, which marks slots", ErrReserved, i, lean.Clip(word))
		}
		if next < len(list) && list[next].Start == i {
			text.WriteString(charMark + strconv.Itoa(next))
		}
		text.WriteString(strings.ReplaceAll(word, " ", ""))
		if next < len(list) && list[next].End == i+1 {
			text.WriteString(charMark + strconv.Itoa(next))
			next++
		}
	}
	pieces, err := segmented(text.String(), segment)
	if err != nil {
		return nil, err
	}
	// Rewrite "▂ j": the k-th mark belongs to entity k/2, so its number is known, and
	// digits of the text that follow it in the same piece are left alone.
	parts := strings.Split(strings.Join(pieces, " "), charMark)
	if len(parts) != 2*len(list)+1 {
		return nil, lean.Errorf("crop: %w: segmentation left %d of %d marks U+2582; the vocabulary must keep it", ErrModel, len(parts)-1, 2*len(list))
	}
	out := strings.Fields(parts[0])
	for k, part := range parts[1:] {
		j := k / 2
		for _, digit := range strconv.Itoa(j) {
			rest, ok := strings.CutPrefix(strings.TrimLeft(part, " "), string(digit))
			if !ok {
				return nil, lean.Errorf("crop: %w: segmentation put %q behind mark %d, want %d", ErrModel, lean.Clip(part), k, j)
			}
			part = rest
		}
		out = append(out, Slot(j))
		out = append(out, strings.Fields(part)...)
	}
	return out, nil
}

// segmented calls segment and refuses slots that come out of the text.
func segmented(text string, segment Segmenter) ([]string, error) {
	if segment == nil {
		return nil, lean.Errorf("crop: %w: the segmenter is nil", ErrInput)
	}
	pieces, err := segment(text)
	if err != nil {
		return nil, lean.Errorf("crop: segment %q: %w", lean.Clip(text), err)
	}
	for _, piece := range pieces {
		if _, is := parseSlot(piece); is {
			return nil, lean.Errorf("crop: %w: %q was segmented to the marker %q; segment without special symbols", ErrReserved, lean.Clip(text), piece)
		}
	}
	return pieces, nil
}
