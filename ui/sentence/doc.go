// Package sentence splits plain text into sentences and guesses the language of a short text, for English, German and French.
//
// Begin with [Split]. It knows abbreviations (Dr., z. B., p. ex.), ordinals (am 3. Mai), decimals, initials, ellipses and the
// quotation marks of the three languages. [Language] looks at function words and letters only. Neither needs a model, so a pasted
// text can be split before the engine is ready.
package sentence
