package crop

import (
	"slices"

	"github.com/lodestone-wasm/lodestone/kernels/lean"
)

// MaxEntityWords is the length of the longest entity that Project places, in words of the
// translation.
const MaxEntityWords = 6

// Project carries the labels of a translation over to the words of the sentence that it
// translates, entity by entity, left to right. Words are compared as they are: case and
// inflection count.
//
//	places = of each word of the entity, where it is in target, if it is there once
//	fail unless |places| >= 80 % of the entity's words, the entity has at most 6,
//	            and nothing in places is labelled yet
//	label target[min(places)..max(places)] as one entity
//
// Words in a gap become part of the entity, and an earlier entity that lies in the gap
// is swallowed; it lies there wholly, since no place of the new one is labelled. A word
// that the translation repeats counts as often as it does.
//
// The result is one label for each word of target; on failure it is nil, and the error
// is ErrProjection and names the entity. Other errors are ErrInput and ErrLabel.
func Project(target []string, translated Sentence) ([]string, error) {
	labels, lost, err := project(target, translated, true)
	if err == nil {
		err = lost
	}
	if err != nil {
		return nil, err
	}
	return labels, nil
}

// ProjectSome is Project, but an entity that cannot be placed is left out and the others
// are labelled. lost is an ErrProjection that says of each one left out why, nil if there
// is none. That is for somebody who reads the sentence; to train on it would teach that
// what was left out is no entity.
func ProjectSome(target []string, translated Sentence) (labels []string, lost, err error) {
	return project(target, translated, false)
}

// project is ProjectSome, which ends at an entity that cannot be placed if strict is set.
func project(target []string, translated Sentence, strict bool) (labels []string, lost, err error) {
	translated, err = translated.check("the translation")
	if err != nil {
		return nil, nil, err
	}
	const repeated = -1
	place := make(map[string]int, len(target)) // of each word, or repeated
	for i, word := range target {
		if _, found := place[word]; found {
			i = repeated
		}
		place[word] = i
	}
	labels = all(len(target))
	for n, e := range entities(translated.Labels) {
		words := translated.Words[e.Start:e.End]
		var places []int
		for _, word := range words {
			if at, found := place[word]; found && at != repeated {
				places = append(places, at)
			}
		}
		if why := unplaced(target, labels, words, places); why != "" {
			why = lean.Sprintf("entity %d, %s %q: %s", n, e.Type, lean.Clip(Join(words, "")), why)
			if lost == nil {
				lost = lean.Errorf("crop: %w: %s", ErrProjection, why)
			} else {
				lost = lean.Errorf("%w; %s", lost, why)
			}
			if strict {
				break
			}
			continue
		}
		first, last := slices.Min(places), slices.Max(places)
		for i := first; i <= last; i++ {
			labels[i] = bio(i == first, e.Type)
		}
	}
	return labels, lost, nil
}

// unplaced says why words, some of which are at places of target, cannot be labelled
// there; "" if they can.
func unplaced(target, labels, words []string, places []int) string {
	if 10*len(places) < 8*len(words) {
		return lean.Sprintf("%d of %d words occur exactly once in the sentence, want 80 %%", len(places), len(words))
	}
	if len(words) > MaxEntityWords {
		return lean.Sprintf("it has %d words, at most %d can be placed", len(words), MaxEntityWords)
	}
	for _, at := range places {
		if labels[at] != Outside {
			return lean.Sprintf("word %d, %q, is %s already", at, lean.Clip(target[at]), labels[at])
		}
	}
	return ""
}
