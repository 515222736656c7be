// Package cropmodels gives the pipeline of package crop its models: a translator whose
// dictionary has the markers, and a tagger of the language that it translates to.
//
// Begin with [Pipeline], or make the parts: [NewTranslator] of a textgen.Generator is both
// the translator and the one that carries markers; [Tagger] is a tasks.Runner.
//
// Translations are as in the authors' code (crop.MaxTranslation and its neighbours), but
// for the number of tokens, which is bounded by that of the source besides: a small model
// may not find an end.
package cropmodels
