// Package client is the side of the encrypted run (package thex) that holds the secret
// key: it makes keys, encrypts, decrypts, rectifies and encrypts again.
//
// Begin at [NewKeys], which takes a second or so and can be kept for any number of
// sentences; send what [Keys.WriteMessage] writes to the server once. Then, for each
// sentence, [Keys.Begin] gives the first message, and [Run.Next] the message that follows
// each answer, until [Run.Logits] is not nil.
//
// Secrets come out of crypto/rand through lattigo's samplers. What is decrypted is never
// sent: every message holds fresh encryptions. CKKS decryptions carry noise that depends on
// the secret key, so publishing them would leak it (Li and Micciancio 2021, "On the
// security of homomorphic encryption on approximate numbers", IND-CPA-D). The logits must
// therefore not be sent back to the server either. Whoever needs to publish them must
// first add noise that floods CKKS's; this package does not offer that.
package client
