// Package thex is the encrypted run of THE-X (Chen et al. 2022, arXiv 2206.00216): a
// server classifies a sentence that it cannot read. This package has all of it except
// cryptography: how states and weights lie in the slots of ciphertexts, which rotations
// and products the server computes at which level, what the client answers, and a
// simulator that computes the same in plain numbers with CKKS's noise.
//
// Begin at [Plan] and [Run]. [Run] is the server's side, written once for every [Machine];
// [Client] is the client's side, on decrypted slots. [Simulate] runs both without
// encryption, [Plaintext] is the model without any of it.
//
// # The course
//
// The client embeds the sentence and encrypts the states. The server computes what is
// linear and what multiplies two ciphertexts; the client answers the ReLUs, as in the
// paper. A layer takes four exchanges:
//
//	client sends          level  server computes              answers (level 0)
//	x                     3      Q, K, V; scores Q·Kᵀ         scores
//	numerators r          2      Σ r → T, layer 1; Σ r·V      hidden 1, Σ r·V hidden
//	ReLU; Σ r·V refreshed 1, 3   T, layer 2                   hidden 2
//	ReLU                  4      T, layer 3; the product;     columns of the feed-forward,
//	                             projection, affine; W1       states, hidden
//	ReLU; states          4      W2, affine: the next x
//
// The client cubes the scores besides rectifying them. A cube is one-to-one, so the client
// sees nothing more, and two levels are saved.
//
// Where the server needs a state at a higher level again, it adds a random polynomial,
// the client encrypts what it decrypts afresh, and the server subtracts the polynomial.
// The client need not and does not decode it.
//
// # Packing
//
// A ciphertext has [Slots] complex slots. Column j of token t in channel c is slot
// t·C·D + c·D + j, D being the width and C = Slots/(T·D) the channels, so that rotating by
// C·D turns the sentence by a token. States are real and equal in all channels. The rest
// uses channels and imaginary parts:
//
//   - Attention pairs query t with key t+s for s = 0 … T−1. A product holds 2·C of them:
//     channel c is S·c tokens ahead (S = T/(2·C)), the imaginary part T/2.
//   - K and V are the real and the imaginary part of one matrix product.
//   - The feed-forward's columns lie in blocks of D, one for each channel and part.
//
// # Padding
//
// Every message of a plan has the same size whatever the sentence is; the server knows
// [Shape].Tokens, the padded length, and nothing else of the text's length.
package thex
