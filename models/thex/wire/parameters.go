package wire

import (
	"crypto/sha256"
	"fmt"
	"sync"

	"github.com/lodestone-wasm/lodestone/models/thex"
	"github.com/tuneinsight/lattigo/v6/core/rlwe"
	"github.com/tuneinsight/lattigo/v6/ring"
	"github.com/tuneinsight/lattigo/v6/schemes/ckks"
)

// Parameters are those of package thex.
var Parameters = sync.OnceValue(func() ckks.Parameters {
	p, err := ckks.NewParametersFromLiteral(ckks.ParametersLiteral{
		LogN: thex.LogN, Q: thex.Q(), P: []uint64{thex.P()}, LogDefaultScale: thex.LogScale,
		Xs: ring.Ternary{P: 2.0 / 3},                                                 // uniform over −1, 0, 1
		Xe: ring.DiscreteGaussian{Sigma: thex.Sigma, Bound: 6 * float64(thex.Sigma)}, // cut off at six standard deviations
	})
	if err != nil {
		panic(err) // constants
	}
	return p
})

// Hash identifies what both sides must agree on: the parameters and the plan's shape.
func Hash(p *thex.Plan) [32]byte {
	return sha256.Sum256(fmt.Appendf(nil, "lodestone thex %d; N %d; Q %v; P %d; scale 2^%d; ternary 2/3; sigma %v; baby %d; mask %d; shape %+v",
		Version, thex.N, thex.Q(), thex.P(), thex.LogScale, thex.Sigma, thex.Baby, thex.MaskBits, p.Shape))
}

// Galois lists the Galois elements that the server needs keys for, in the order in which
// they are sent.
func Galois(p *thex.Plan) []uint64 {
	params := Parameters()
	y := []uint64{params.GaloisElementForComplexConjugation()}
	for _, k := range p.Rotations() {
		y = append(y, params.GaloisElement(k))
	}
	return y
}

// Compressed are evaluation keys of which half is a seed.
var Compressed = rlwe.EvaluationKeyParameters{Compressed: true}
