// Package headstest makes tiny models with heads for tests: random weights in the real
// layouts of BERT, RoBERTa, DistilBERT and Magneto, with a tokenizer, and an independent
// computation of their logits in float64.
//
// Begin with [New]; [Model.Files] is the folder, [Model.Logits] what it computes.
package headstest
