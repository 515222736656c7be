package siteindex

import (
	"github.com/blevesearch/snowballstem"
	"github.com/blevesearch/snowballstem/english"
	"github.com/blevesearch/snowballstem/french"
	"github.com/blevesearch/snowballstem/german"
)

// StemmedLanguages are the languages that have a stemmer.
var StemmedLanguages = []string{"de", "en", "fr"}

// stemmer is the stemmer of a language, or the identity.
func stemmer(language string) func(string) string {
	var run func(*snowballstem.Env) bool
	switch language {
	case "en":
		run = english.Stem
	case "de":
		run = german.Stem
	case "fr":
		run = french.Stem
	default:
		return func(s string) string { return s }
	}
	env := snowballstem.NewEnv("")
	known := map[string]string{}
	return func(s string) string {
		if t, ok := known[s]; ok {
			return t
		}
		env.SetCurrent(s)
		run(env)
		t := env.Current()
		if len(known) >= 1<<16 {
			clear(known)
		}
		known[s] = t
		return t
	}
}
