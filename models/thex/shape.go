package thex

import (
	"errors"

	"github.com/lodestone-wasm/lodestone/kernels/lean"
)

// ErrShape: a model does not fit the plan.
var ErrShape = errors.New("the model does not fit the encrypted run")

// Shape is what the plan depends on. It holds no weight.
type Shape struct {
	// Tokens is how many tokens a sentence is padded to, a power of two. It is the only
	// thing about the length of a text that the server knows.
	Tokens int
	// Width is the hidden size D, Heads the number of heads, FFN the hidden size of the
	// feed-forward, Layers the number of layers, Reciprocal the hidden size of T and
	// Labels the number of outputs.
	Width, Heads, FFN, Layers, Reciprocal, Labels int
}

// DefaultTokens is the padded length that [ShapeOf] callers use unless they have a
// reason: most sentences fit, and a ciphertext has room for two copies of the states.
const DefaultTokens = 32

// The largest values of a shape. A plan of them has some thousand messages.
const (
	maxLayers = 64
	maxLabels = 1 << 10
)

func powerOfTwo(n int) bool { return n > 0 && n&(n-1) == 0 }

// Check is an error if no plan exists for the shape.
func (s Shape) Check() error {
	fail := func(format string, args ...any) error {
		return lean.Errorf("thex: %w: %s", ErrShape, lean.Sprintf(format, args...))
	}
	switch {
	case !powerOfTwo(s.Tokens) || !powerOfTwo(s.Width):
		return fail("%d tokens of width %d, both must be powers of two", s.Tokens, s.Width)
	case s.Tokens < 2 || s.Tokens > Slots || s.Width > Slots || s.Tokens*s.Width > Slots:
		return fail("%d tokens of width %d, a ciphertext has %d slots; use fewer tokens", s.Tokens, s.Width, Slots)
	case !powerOfTwo(s.Heads) || s.Heads > s.Width:
		return fail("%d heads for a width of %d, expected a power of two that divides it", s.Heads, s.Width)
	case s.Layers < 1 || s.Layers > maxLayers:
		return fail("%d layers, expected 1 to %d", s.Layers, maxLayers)
	case s.Labels < 1 || s.Labels > s.Width || s.Labels > maxLabels:
		return fail("%d labels, expected 1 to the width, %d", s.Labels, s.Width)
	case s.Reciprocal < 1 || s.Reciprocal > s.headDim():
		return fail("%d hidden columns in T, expected 1 to the width of a head, %d", s.Reciprocal, s.headDim())
	case s.channels() > s.Tokens/2:
		return fail("%d tokens of width %d leave most of a ciphertext empty; use at least %d tokens", s.Tokens, s.Width, s.Tokens*2)
	case s.steps() > s.headDim():
		return fail("%d scores for each pair of query and head, a head has %d slots", s.steps(), s.headDim())
	case s.FFN < 1 || s.FFN > 1<<16 || s.FFN%(2*s.channels()*s.Width) != 0:
		return fail("a feed-forward of %d, expected a multiple of %d", s.FFN, 2*s.channels()*s.Width)
	}
	return nil
}

// headDim is the width of a head.
func (s Shape) headDim() int { return s.Width / s.Heads }

// channels is C, how many copies of the states lie side by side in a ciphertext.
func (s Shape) channels() int { return Slots / (s.Tokens * s.Width) }

// stride is the distance of two tokens in slots.
func (s Shape) stride() int { return s.channels() * s.Width }

// steps is S: the products of attention, each of which holds 2·C keys of every query.
func (s Shape) steps() int { return s.Tokens / (2 * s.channels()) }

// at is the slot of column j of token t in channel c.
func (s Shape) at(t, c, j int) int { return t*s.stride() + c*s.Width + j }

// asked is how many ciphertexts hold the feed-forward's columns when the server sends
// them, answered how many when the client does.
func (s Shape) asked() int    { return s.FFN / (2 * s.channels() * s.Width) }
func (s Shape) answered() int { return s.FFN / (2 * s.Width) }

// key is the token that step step of channel c and part p (0 real, 1 imaginary) pairs
// with query t.
func (s Shape) key(t, step, c, p int) int {
	return (t + step + s.steps()*(c+s.channels()*p)) % s.Tokens
}
