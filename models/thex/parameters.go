package thex

import "math"

// The parameters of CKKS (Cheon, Kim, Kim and Song 2017, "Homomorphic Encryption for
// Arithmetic of Approximate Numbers"), the only ones that the plan has.
//
// Security: N = 2^13 and log2(QP) < 218 with a uniform ternary secret and errors of
// standard deviation 3.2. Table 1 of the Homomorphic Encryption Standard (Albrecht et al.
// 2018, distribution (−1, 1), classical) allows 218 bits at N = 8192 for 128 bits of
// security. A test sums the moduli up.
const (
	LogN  = 13
	N     = 1 << LogN
	Slots = N / 2
	// LogScale is the scale of every value at rest, 2^32.
	LogScale = 32
	// TopLevel is the level of a fresh ciphertext that is used up the most.
	TopLevel = len(moduli) - 1
	// Sigma is the standard deviation of the error.
	Sigma = 3.2
	// StandardLogQP is the bound of the table.
	StandardLogQP = 218
)

// The primes are the largest below 2^45 and 2^32 that are 1 modulo 2N, so that rescaling
// divides by the scale up to four parts in ten thousand; exact scales are kept besides.
var moduli = [...]uint64{0x1ffffff8c001, 0xfff88001, 0xfff00001, 0xffeec001, 0xffe58001}

const special = 0x1ffffff5c001

// Q returns the moduli of levels 0 to TopLevel.
func Q() []uint64 { return append([]uint64{}, moduli[:]...) }

// P is the modulus that key switching works above.
func P() uint64 { return special }

// LogQP is the logarithm of the product of all moduli.
func LogQP() float64 {
	sum := math.Log2(special)
	for _, q := range moduli {
		sum += math.Log2(float64(q))
	}
	return sum
}
