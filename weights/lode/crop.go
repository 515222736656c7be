package main

import (
	"fmt"

	"github.com/lodestone-wasm/lodestone/models/crop"
	"github.com/lodestone-wasm/lodestone/models/pipeline"
	"github.com/lodestone-wasm/lodestone/models/tasks"
)

// cropOptions are the flags of `lode run crop` and `lode eval crop`.
type cropOptions struct {
	translator, tagger, from, pivot string
	beams                           int
	search                          int // beams of the first translation
}

func (o *cropOptions) flags(f *flags) {
	f.StringVar(&o.translator, "translator", "", "a translator with markers")
	f.StringVar(&o.tagger, "tagger", "", "a tagger of --pivot-lang")
	f.StringVar(&o.from, "src-lang", "", "the language of the texts, as the translator names it: de")
	f.StringVar(&o.pivot, "pivot-lang", "en", "the language that the tagger knows")
	f.IntVar(&o.search, "beams", 1, "hypotheses that are followed at a time in the first translation")
	f.IntVar(&o.beams, "num-beams", 1, "translations of the marked sentence, of which one is taken whose entities can be placed")
}

// loadCrop loads both models of CROP.
func (f *flags) loadCrop(e *env, o cropOptions, dtype string) (*crop.Pipeline, *tasks.TokenClassification, error) {
	for _, given := range []struct{ flag, value string }{{"translator", o.translator}, {"tagger", o.tagger}, {"src-lang", o.from}, {"pivot-lang", o.pivot}} {
		if given.value == "" {
			return nil, nil, fmt.Errorf("%w: no --%s", errUsage, given.flag)
		}
	}
	if o.beams < 1 {
		return nil, nil, fmt.Errorf("%w: --num-beams %d, expected 1 or more", errUsage, o.beams)
	}
	if o.search < 1 {
		return nil, nil, fmt.Errorf("%w: --beams %d, expected 1 or more", errUsage, o.search)
	}
	g, err := openTask(f, e, o.translator, dtype, pipeline.Translation)
	if err != nil {
		return nil, nil, err
	}
	for _, language := range []string{o.from, o.pivot} {
		if _, err := g.Language(language); err != nil {
			return nil, nil, fmt.Errorf("%s: %w", o.translator, err)
		}
	}
	m, err := tasks.NewCROPTranslator(g)
	if err != nil {
		return nil, nil, fmt.Errorf("%s: %w", o.translator, err)
	}
	m.Beams = o.search
	tagger, err := openTask(f, e, o.tagger, dtype, pipeline.TokenClassification)
	if err != nil {
		return nil, nil, err
	}
	p := tasks.CROP(m, tasks.CROPTagger{TokenClassification: tagger}, o.from, o.pivot)
	p.Beams = o.beams
	return p, tagger, nil
}
