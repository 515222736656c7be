// Package translate is the view "Translate": a text and the translation of each of its sentences.
//
// Begin with [Translation], the state; [Translation.View] is an immutable copy of it for the component in package ui.
package translate
