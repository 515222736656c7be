package crop

import (
	"math/rand/v2"
	"slices"
	"strings"
)

// Reason is why a sentence is dropped, "" if it is kept.
type Reason string

const (
	Unplaced     Reason = "no beam's entities could all be placed"
	Partly       Reason = "not all entities could be placed"
	TooLong      Reason = "too many words"
	NoEntity     Reason = "no entity"
	ManyEntities Reason = "too many entities"
	Boilerplate  Reason = "boilerplate"
	RepeatedWord Reason = "a word occurs twice in the entities"
	WrongLang    Reason = "translated into another language"
	Disagreement Reason = "the previous tagger found other entities"
)

// Filter tells which labelled sentences are good enough to train on. CoNLL and XTREME
// are the official ones; the zero Filter drops only what every filter drops.
type Filter struct {
	// MaxLength is the greatest number of words of the sentence, 0 for any.
	MaxLength int
	// MaxEntities is the greatest number of entities of the translation, 0 for any.
	MaxEntities int
	// Language, if set, tells the language of a text, as its code. A translation into a
	// language of LangidLanguages has to be in it.
	Language func(text string) string
	// Agreement: where there are labels of a previous tagger, keep only the sentences
	// on which it agrees.
	Agreement bool
	// SampleSize is the number of sentences that Sample leaves of the languages in
	// SampleLangs.
	SampleSize  int
	SampleLangs []string
}

// CoNLL is the filter for the four languages of CoNLL. language may be nil; the official
// one is langid.py.
func CoNLL(language func(text string) string) Filter {
	return Filter{MaxLength: 128, MaxEntities: 5, Language: language, Agreement: true}
}

// XTREME is the filter for the forty languages of XTREME. Its script has neither the
// language test nor the agreement with the previous tagger.
func XTREME() Filter {
	return Filter{MaxLength: 32, MaxEntities: 6, SampleSize: 250, SampleLangs: []string{"ar", "id", "it", "jv", "th"}}
}

// LangidLanguages are those that langid.py tells apart.
const LangidLanguages = "af am an ar as az be bg bn br bs ca cs cy da de dz el en eo es et eu fa fi fo fr ga gl gu he hi hr ht hu hy id is it ja jv ka kk km kn ko ku ky la lb lo lt lv mg mk ml mn mr ms mt nb ne nl nn no oc or pa pl ps pt qu ro ru rw se si sk sl sq sr sv sw ta te th tl tr ug uk ur vi vo wa xh zh zu"

// boilerplate ("about us") is what the translator makes of Chinese that it cannot read.
const boilerplate = "关于我们"

// Drop tells whether a sentence with these labels, which come from this translation, is
// dropped. The tests are a chain, as in the official code: Chinese is tested for its
// boilerplate in place of the tests behind it. A word that occurs twice in one entity
// counts like one in two entities, also as in that code.
//
// A translation whose labels are malformed counts as one without entities.
func (f Filter) Drop(lang string, labels []string, translated Sentence) Reason {
	list := wellFormed(translated)
	switch {
	case f.MaxLength > 0 && len(labels) > f.MaxLength:
		return TooLong
	case !slices.ContainsFunc(labels, func(l string) bool { return l != Outside }):
		return NoEntity
	case f.MaxEntities > 0 && len(list) > f.MaxEntities:
		return ManyEntities
	case lang == "zh":
		if strings.ReplaceAll(Join(translated.Words, lang), " ", "") == boilerplate {
			return Boilerplate
		}
		return ""
	case repeats(translated.Words, list):
		return RepeatedWord
	case f.Language != nil && slices.Contains(strings.Fields(LangidLanguages), lang) &&
		f.Language(Join(translated.Words, lang)) != lang:
		return WrongLang
	}
	return ""
}

// wellFormed lists the entities of s, none if its labels are malformed.
func wellFormed(s Sentence) []Entity {
	s, err := s.check("")
	if err != nil {
		return nil
	}
	return entities(s.Labels)
}

// repeats tells whether a word occurs twice in entities.
func repeats(words []string, list []Entity) bool {
	seen := map[string]bool{}
	for _, e := range list {
		for _, word := range words[e.Start:e.End] {
			if seen[word] {
				return true
			}
			seen[word] = true
		}
	}
	return false
}

// Sample chooses which of n kept sentences of a language to train on: SampleSize of them
// without replacement if the language is one of SampleLangs, else all. The indices are
// ascending.
func (f Filter) Sample(lang string, n int, r *rand.Rand) []int {
	if n <= 0 {
		return nil
	}
	if f.SampleSize >= n || !slices.Contains(f.SampleLangs, lang) {
		chosen := make([]int, n)
		for i := range chosen {
			chosen[i] = i
		}
		return chosen
	}
	chosen := r.Perm(n)[:max(f.SampleSize, 0)]
	slices.Sort(chosen)
	return chosen
}
