// Package textgen continues texts and translates them: models/generate with a tokenizer
// on both sides.
//
// Begin with [New], make inputs with [Generator.Prompts] or [Generator.Sources], and
// hand them to [Generator.Run]. Text arrives in pieces of whole characters while it is
// made.
package textgen
