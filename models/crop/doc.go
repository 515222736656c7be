// Package crop finds the entities of a sentence in a language for which nobody
// labelled any, the way of CROP (Yang et al. 2022, arXiv 2210.07022): translate it to
// English, tag the English, put markers around the entities, translate back with a
// model that carries the markers along, and project what they enclose onto the
// sentence.
//
// Begin with [Pipeline.Run], which does all that with three models and tells what went
// in and out of every step. The steps themselves are plain functions over words and
// labels: [RepairBIO], [Insert], [Decode], [Project], and [Filter.Select], which decides
// whether a labelled sentence is good enough to train on. Of a sentence that is only read
// Pipeline.Partial keeps the entities that have a place where others have none.
//
// The rules are those of the authors' code (github.com/YuweiYin/CROP), which differ in
// places from what one would expect; where this package does something else its
// comments say so. Labels are BIO: B-PER begins an entity of the type PER, I-PER
// continues it, O is outside.
package crop
