// Package entities is the view "Entities": a text, and the persons, places and organisations that are marked in it.
//
// Begin with [Entities], the state; [Entities.View] is an immutable copy of it for the component in package ui.
package entities
