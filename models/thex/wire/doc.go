// Package wire is the format of the messages of the encrypted run (package thex), and the
// parameters of CKKS as github.com/tuneinsight/lattigo/v6 takes them. Client and server
// share it; it knows no secret.
//
// A message is a header of [HeaderBytes] and parts, all numbers little-endian:
//
//	4   magic "THEX"
//	2   version, 1
//	1   kind: 1 keys, 2 up (client to server), 3 down
//	1   0
//	32  hash of parameters and shape ([Hash])
//	32  fingerprint of the evaluation keys
//	16  run, chosen at random by the client; zeros in keys
//	4   exchange
//	4   number of parts
//	8   bytes of all parts
//
//	up:   level (1 byte), seed (32 bytes), c0
//	down: level (1 byte), c0, c1
//	keys: Galois element (8 bytes, 0: relinearisation), seed (32 bytes), and for each prime
//	      of Q a polynomial modulo Q·P
//
// A polynomial is its residues in the NTT domain, N of them modulo each prime: 6 bytes each
// if the prime has more than 32 bits, else 4. c1 of a fresh ciphertext is uniform and comes
// out of the seed (BLAKE2b XOF, as lattigo samples it), which halves what is sent.
//
// Everything has the one size that the plan gives it. A reader knows it before it reads,
// so a length in a message is compared and never trusted. Residues that are not below
// their prime are refused.
package wire
