package wire

import (
	"fmt"
	"io"

	"github.com/lodestone-wasm/lodestone/models/thex"
	"github.com/tuneinsight/lattigo/v6/core/rlwe"
	"github.com/tuneinsight/lattigo/v6/ring"
	"github.com/tuneinsight/lattigo/v6/schemes/ckks"
)

// Fresh is a ciphertext that the client has just encrypted: c0, and the seed of c1.
type Fresh struct {
	Level int
	Seed  [thex.SeedBytes]byte
	C0    ring.Poly
}

// AppendUp appends a part of a message of the client.
func AppendUp(b []byte, f *Fresh) []byte {
	b = append(b, byte(f.Level))
	b = append(b, f.Seed[:]...)
	return appendPolynomial(b, f.C0, f.Level)
}

// AppendDown appends a part of an answer.
func AppendDown(b []byte, c *rlwe.Ciphertext) []byte {
	b = append(b, byte(c.Level()))
	for _, p := range c.Value {
		b = appendPolynomial(b, p, c.Level())
	}
	return b
}

// ReadUp reads the parts of a message of the client, behind a header that was checked.
func ReadUp(r io.Reader, p *thex.Plan, exchange int) ([]*rlwe.Ciphertext, error) {
	return read(r, p.Exchanges[exchange].Up, func(c *rlwe.Ciphertext, level int, buffer []byte) error {
		var seed [thex.SeedBytes]byte
		if n, err := io.ReadFull(r, seed[:]); err != nil {
			return short(err, "%d bytes of a seed, expected %d", n, len(seed))
		}
		if err := readPolynomial(r, c.Value[0], level, buffer); err != nil {
			return err
		}
		return Uniform(c.Value[1], &seed, level)
	})
}

// ReadDown reads the parts of an answer, behind a header that was checked.
func ReadDown(r io.Reader, p *thex.Plan, exchange int) ([]*rlwe.Ciphertext, error) {
	return read(r, p.Exchanges[exchange].Down, func(c *rlwe.Ciphertext, level int, buffer []byte) error {
		err := readPolynomial(r, c.Value[0], level, buffer)
		if err == nil {
			err = readPolynomial(r, c.Value[1], level, buffer)
		}
		return err
	})
}

func read(r io.Reader, parts []thex.Part, one func(c *rlwe.Ciphertext, level int, buffer []byte) error) ([]*rlwe.Ciphertext, error) {
	buffer := newBuffer()
	y := make([]*rlwe.Ciphertext, len(parts))
	for i, part := range parts {
		var level [1]byte
		if _, err := io.ReadFull(r, level[:]); err != nil {
			return nil, short(err, "it ends before part %d of %d", i, len(parts))
		}
		if int(level[0]) != part.Level {
			return nil, fmt.Errorf("wire: %w: part %d (%v) has level %d, expected %d", ErrLevel, i, part.Role, level[0], part.Level)
		}
		y[i] = ckks.NewCiphertext(Parameters(), 1, part.Level)
		if err := one(y[i], part.Level, buffer); err != nil {
			return nil, fmt.Errorf("part %d (%v): %w", i, part.Role, err)
		}
	}
	return y, end(r)
}

// end is an error if r has more bytes.
func end(r io.Reader) error {
	var b [1]byte
	switch n, err := io.ReadFull(r, b[:]); {
	case n > 0:
		return fmt.Errorf("wire: %w: bytes follow the last part", ErrSize)
	case err != io.EOF:
		return fmt.Errorf("wire: reading a message: %w", err)
	}
	return nil
}
