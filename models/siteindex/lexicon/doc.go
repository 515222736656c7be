// Package lexicon translates single words: it has the English terms that a German term stands
// for in parallel texts. Package siteindex writes the entries that a site needs into its index,
// so that a German query finds English pages by keywords.
//
// Begin with [German]. The file de-en.txt.gz is made by the command in the folder train, which
// estimates the probabilities by IBM Model 1 (Brown, Della Pietra, Della Pietra, Mercer,
// Computational Linguistics 19(2), 1993); SOURCES.md names the texts and their licences.
package lexicon
