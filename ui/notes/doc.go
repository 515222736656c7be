// Package notes is the view "Notes": a question that a model answers with and without the reader's notes (Kformer, arXiv 2201.05742).
//
// Begin with [Notes], the state; [Notes.View] is an immutable copy of it for the component in package ui.
package notes
