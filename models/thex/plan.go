package thex

import (
	"errors"

	"github.com/lodestone-wasm/lodestone/kernels/lean"
)

// ErrInput: what a caller passes to a run is not what the plan expects.
var ErrInput = errors.New("invalid input of the encrypted run")

// Baby is how many rotations of an input a matrix product makes first; they share one
// decomposition (hoisting, Halevi and Shoup 2018, "Faster homomorphic linear
// transformations in HElib"). Every further block of Baby diagonals takes one rotation.
const Baby = 16

// Role says what the client does with a part of a message.
type Role uint8

const (
	// Embedded: the client's first states.
	Embedded Role = iota
	// Scores: attention scores, halved and scaled; the client answers with their cubes,
	// rectified, as Numerators.
	Scores
	// Numerators: r/8 of one step of attention, once for every column of its head.
	Numerators
	// Hidden1 and Hidden2 are the hidden columns of T before (from the server) and after
	// ReLU (from the client).
	Hidden1
	Hidden2
	// Feed: the columns of the feed-forward before and after ReLU.
	Feed
	// Refresh: a ciphertext that the server has added a random polynomial to. The client
	// encrypts what it decrypts again, at a higher level, coefficient by coefficient. It
	// does not decode it.
	Refresh
	// Logits are the result, at the first columns of token 0.
	Logits
)

func (r Role) String() string {
	return [...]string{"embedded", "scores", "numerators", "hidden 1", "hidden 2", "feed", "refresh", "logits"}[r]
}

// Part is a ciphertext of a message.
type Part struct {
	Role  Role
	Level int
	Index int // among the parts of its role in the message
}

// Exchange is a message of the client, and the server's answer.
type Exchange struct {
	Layer int // −1 of the last answer
	Up    []Part
	Down  []Part
}

// Plan is the course of an encrypted run of a shape.
type Plan struct {
	Shape
	Exchanges []Exchange
}

// The levels at which states rest.
const (
	levelState = TopLevel - 1 // of x at the beginning of a layer
	levelRatio = levelState - 1
)

// NewPlan makes the plan of a shape.
func NewPlan(s Shape) (*Plan, error) {
	if err := s.Check(); err != nil {
		return nil, err
	}
	p := &Plan{Shape: s}
	parts := func(role Role, level, n int) []Part {
		y := make([]Part, n)
		for i := range y {
			y[i] = Part{role, level, i}
		}
		return y
	}
	up := parts(Embedded, levelState, 1)
	for l := range s.Layers {
		p.add(l, up, parts(Scores, 0, 1))
		p.add(l, parts(Numerators, levelRatio, s.steps()), append(parts(Hidden1, 0, 1), Part{Refresh, 0, 0}))
		p.add(l, append(parts(Hidden1, 1, 1), Part{Refresh, levelState, 0}), parts(Hidden2, 0, 1))
		p.add(l, parts(Hidden2, TopLevel, 1), append(parts(Feed, 0, s.asked()), Part{Refresh, 0, 0}))
		up = append(parts(Feed, TopLevel, s.answered()), Part{Refresh, TopLevel, 0})
	}
	p.add(-1, up, parts(Logits, 0, 1))
	return p, nil
}

func (p *Plan) add(layer int, up, down []Part) {
	p.Exchanges = append(p.Exchanges, Exchange{layer, up, down})
}

// Rotations are the rotations that the server needs keys for, besides the key of complex
// conjugation and the one that relinearises. A rotation by k moves slot i+k to slot i.
func (p *Plan) Rotations() []int {
	var y []int
	seen := map[int]bool{0: true}
	add := func(k int) {
		k = (k%Slots + Slots) % Slots
		if !seen[k] {
			seen[k] = true
			y = append(y, k)
		}
	}
	for k := 1; k <= Baby; k++ {
		add(k)
	}
	add(-Baby)
	for k := 1; k < p.headDim(); k *= 2 {
		add(k)
	}
	add(p.stride())
	add(p.stride() * p.Tokens / 2)
	for c := range p.channels() {
		add(p.stride() * p.steps() * c)
	}
	for c := 1; c < p.channels(); c *= 2 {
		add(p.Width * c)
		add(-p.Width * c)
	}
	return y
}

// MaskBits is the size of the coefficients of the random polynomial that hides what is
// refreshed: they are uniform below 2^MaskBits in absolute value. With the values' own it
// stays below half of the modulus of level 0.
const MaskBits = 43

func wrong(format string, args ...any) error {
	return lean.Errorf("thex: %w: %s", ErrInput, lean.Sprintf(format, args...))
}

// PolynomialBytes is the size of a polynomial of a level in a message: 6 bytes for every
// coefficient modulo the first prime, 4 for each of the others.
func PolynomialBytes(level int) int { return N * (6 + 4*level) }

// SeedBytes is the size of the seed that stands for half of a fresh ciphertext.
const SeedBytes = 32

// UpBytes is the size of a part that the client sends: a polynomial and a seed.
func (p Part) UpBytes() int { return SeedBytes + PolynomialBytes(p.Level) }

// DownBytes is the size of a part that the server sends: two polynomials.
func (p Part) DownBytes() int { return 2 * PolynomialBytes(p.Level) }

// Traffic is the size of all parts of a run, both ways.
func (p *Plan) Traffic() (up, down int) {
	for _, x := range p.Exchanges {
		for _, part := range x.Up {
			up += part.UpBytes()
		}
		for _, part := range x.Down {
			down += part.DownBytes()
		}
	}
	return up, down
}
