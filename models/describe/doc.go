// Package describe says what a model is, in words and numbers: the architecture as read
// from config.json, and from the headers of the weights how many parameters each part
// has and how many bytes they take in each type.
//
// Begin with [Model]. A [Description] writes itself as JSON ([Description.AppendJSON],
// which encoding/json reads back) and as a picture ([Description.SVG]). It is part of
// the engine, so it imports nothing large.
package describe
