// Package write is the view "Write": a text that the reader and a model write in turns.
//
// Begin with [Writing], the state; [Writing.View] is an immutable copy of it for the component in package ui.
package write
