// Package private is the state of the demo's view "Private": a sentence is classified under encryption by THE-X's protocol.
//
// Begin with [Private]. [Client] is the side with the key, [Evaluator] the side that computes on what it cannot read.
package private
