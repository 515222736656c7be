// Package features turns texts into vectors: tokenise, run the encoder, pool.
//
// Begin with [New] and [Extractor.Extract]. The poolings have the names of
// transformers.js' 'feature-extraction' pipeline, and "prompt" for models that were
// trained with one (package promptbert).
package features
