package wire

import (
	"encoding/binary"
	"fmt"
	"io"

	"github.com/lodestone-wasm/lodestone/models/thex"
	"github.com/tuneinsight/lattigo/v6/ring"
	"github.com/tuneinsight/lattigo/v6/utils/sampling"
)

// residueBytes is the size of a residue modulo q.
func residueBytes(q uint64) int {
	if q >= 1<<32 {
		return 6
	}
	return 4
}

// appendResidues appends a polynomial modulo a prime.
func appendResidues(b []byte, v []uint64, q uint64) []byte {
	if residueBytes(q) == 4 {
		for _, x := range v {
			b = binary.LittleEndian.AppendUint32(b, uint32(x))
		}
		return b
	}
	for _, x := range v {
		b = binary.LittleEndian.AppendUint32(b, uint32(x))
		b = binary.LittleEndian.AppendUint16(b, uint16(x>>32))
	}
	return b
}

// readResidues reads len(v) residues modulo q.
func readResidues(r io.Reader, v []uint64, q uint64, buffer []byte) error {
	size := residueBytes(q)
	b := buffer[:len(v)*size]
	if n, err := io.ReadFull(r, b); err != nil {
		return short(err, "%d bytes of a polynomial modulo %d, expected %d", n, q, len(b))
	}
	for i := range v {
		x := uint64(binary.LittleEndian.Uint32(b[i*size:]))
		if size == 6 {
			x |= uint64(binary.LittleEndian.Uint16(b[i*size+4:])) << 32
		}
		if x >= q {
			return fmt.Errorf("wire: %w: residue %d is %d, expected less than %d", ErrFormat, i, x, q)
		}
		v[i] = x
	}
	return nil
}

// newBuffer is room for the residues modulo any prime.
func newBuffer() []byte { return make([]byte, thex.N*6) }

// appendPolynomial appends the residues of a polynomial of a level.
func appendPolynomial(b []byte, p ring.Poly, level int) []byte {
	for i, q := range thex.Q()[:level+1] {
		b = appendResidues(b, p.Coeffs[i], q)
	}
	return b
}

func readPolynomial(r io.Reader, p ring.Poly, level int, buffer []byte) error {
	for i, q := range thex.Q()[:level+1] {
		if err := readResidues(r, p.Coeffs[i], q, buffer); err != nil {
			return err
		}
	}
	return nil
}

// Uniform fills a polynomial of a level with what a seed stands for.
func Uniform(p ring.Poly, seed *[thex.SeedBytes]byte, level int) error {
	prng, err := sampling.NewKeyedPRNG(seed[:])
	if err != nil {
		return fmt.Errorf("wire: %w", err)
	}
	ring.NewUniformSampler(prng, Parameters().RingQ()).AtLevel(level).Read(p)
	return nil
}
