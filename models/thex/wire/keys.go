package wire

import (
	"bufio"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"io"

	"github.com/lodestone-wasm/lodestone/models/thex"
	"github.com/tuneinsight/lattigo/v6/core/rlwe"
)

// keyBytes is the size of a part with a key: for each prime of Q a polynomial modulo all
// primes.
var keyBytes = func() int {
	all := residueBytes(thex.P())
	for _, q := range thex.Q() {
		all += residueBytes(q)
	}
	return 8 + thex.SeedBytes + len(thex.Q())*thex.N*all
}()

// WriteKeys writes the parts of a message with evaluation keys, which are compressed:
// the key that relinearises and those of [Galois], in this order.
func WriteKeys(w io.Writer, relin *rlwe.RelinearizationKey, galois []*rlwe.GaloisKey) error {
	if err := writeKey(w, 0, &relin.EvaluationKey); err != nil {
		return err
	}
	for _, k := range galois {
		if err := writeKey(w, k.GaloisElement, &k.EvaluationKey); err != nil {
			return err
		}
	}
	return nil
}

func writeKey(w io.Writer, element uint64, k *rlwe.EvaluationKey) error {
	if !k.IsCompressed() || k.Seed == nil {
		return fmt.Errorf("wire: %w: the key of element %d has no seed", ErrKeys, element)
	}
	b := binary.LittleEndian.AppendUint64(make([]byte, 0, keyBytes), element)
	b = append(b, k.Seed[:]...)
	for _, digit := range k.Value {
		for i, q := range thex.Q() {
			b = appendResidues(b, digit[0][0].Q.Coeffs[i], q)
		}
		b = appendResidues(b, digit[0][0].P.Coeffs[0], thex.P())
	}
	_, err := w.Write(b)
	return err
}

// ReadKeys reads the parts of a message with evaluation keys, behind a header that was
// checked, and expands them. The keys must be those of the plan, in its order, and have
// the header's fingerprint. It holds no more than they take.
func ReadKeys(r io.Reader, p *thex.Plan, want Fingerprint) (rlwe.EvaluationKeySet, error) {
	sum := sha256.New()
	tee := io.TeeReader(bufio.NewReaderSize(r, 1<<16), sum)
	buffer := newBuffer()
	relin := rlwe.NewRelinearizationKey(Parameters(), Compressed)
	if err := readKey(tee, 0, &relin.EvaluationKey, buffer); err != nil {
		return nil, err
	}
	var galois []*rlwe.GaloisKey
	for _, element := range Galois(p) {
		k := rlwe.NewGaloisKey(Parameters(), Compressed)
		k.GaloisElement, k.NthRoot = element, Parameters().RingQ().NthRoot()
		if err := readKey(tee, element, &k.EvaluationKey, buffer); err != nil {
			return nil, err
		}
		galois = append(galois, k)
	}
	if err := end(tee); err != nil {
		return nil, err
	}
	if got := Fingerprint(sum.Sum(nil)); got != want {
		return nil, fmt.Errorf("wire: %w: the keys have the fingerprint %x…, the header states %x…; send them again", ErrKeys, got[:6], want[:6])
	}
	return rlwe.NewMemEvaluationKeySet(relin, galois...), nil
}

func readKey(r io.Reader, element uint64, k *rlwe.EvaluationKey, buffer []byte) error {
	var head [8 + thex.SeedBytes]byte
	if n, err := io.ReadFull(r, head[:]); err != nil {
		return short(err, "%d bytes of the key of element %d", n, element)
	}
	if got := binary.LittleEndian.Uint64(head[:]); got != element {
		return fmt.Errorf("wire: %w: a key of element %d, expected %d", ErrKeys, got, element)
	}
	k.Seed = (*[thex.SeedBytes]byte)(head[8:])
	for _, digit := range k.Value {
		for i, q := range thex.Q() {
			if err := readResidues(r, digit[0][0].Q.Coeffs[i], q, buffer); err != nil {
				return fmt.Errorf("the key of element %d: %w", element, err)
			}
		}
		if err := readResidues(r, digit[0][0].P.Coeffs[0], thex.P(), buffer); err != nil {
			return fmt.Errorf("the key of element %d: %w", element, err)
		}
	}
	if err := k.Expand(Parameters(), nil); err != nil {
		return fmt.Errorf("wire: %w: the key of element %d: %w", ErrKeys, element, err)
	}
	return nil
}
