package thex

import (
	"math"
	"math/rand/v2"
)

// Simulated is a ciphertext of a [Simulator]: what it would decrypt to.
type Simulated struct {
	slots []complex128
	level int
	scale float64
}

// Slots are the values.
func (s *Simulated) Slots() []complex128 { return s.slots }

// Simulator is a [Machine] that computes in plain numbers what CKKS computes, and adds the
// noise that CKKS would add, drawn from a seeded generator: of encryption, of encoding
// weights, of rescaling and of key switching, each with the variance that its analysis
// gives (Cheon et al. 2017, section 3; Kim, Polyakov and Zucca 2021, "Revisiting
// homomorphic encryption schemes for finite fields and approximate numbers", for the RNS
// variants), on coefficients, so that a slot gets N times as much.
type Simulator struct {
	random *rand.Rand
	// Quiet leaves the noise out.
	Quiet  bool
	plains map[string][]complex128
	masks  [][]complex128
	err    error
}

// NewSimulator makes a simulator; equal seeds give equal noise.
func NewSimulator(seed uint64) *Simulator {
	return &Simulator{random: rand.New(rand.NewPCG(seed, 0x7468657873)), plains: map[string][]complex128{}}
}

// variances of a coefficient.
const (
	freshNoise    = Sigma * Sigma
	roundingNoise = 1.0 / 12                     // of an encoded plaintext
	rescaleNoise  = (1 + 2.0/3*N) / 12           // both halves rounded, the second times a ternary secret
	maskSlots     = float64(1<<MaskBits) * 36.95 // standard deviation of either part of a slot of a mask: 2^MaskBits/√3·√(N/2)
	scaleAtRest   = float64(uint64(1) << LogScale)
)

// switchNoise is that of a key switch of a ciphertext of a level.
func switchNoise(level int) float64 {
	sum := rescaleNoise
	for _, q := range moduli[:level+1] {
		x := float64(q) / float64(special)
		sum += x * x / 12 * N * Sigma * Sigma
	}
	return sum
}

// noisy adds noise of a variance of coefficients.
func (s *Simulator) noisy(c *Simulated, variance float64) *Simulated {
	if !s.Quiet {
		d := math.Sqrt(variance*N/2) / c.scale
		for i := range c.slots {
			c.slots[i] += complex(d*s.random.NormFloat64(), d*s.random.NormFloat64())
		}
	}
	return c
}

// Encrypt is what the client does with the slots of a part.
func (s *Simulator) Encrypt(v []complex128, level int) *Simulated {
	c := &Simulated{append([]complex128{}, v...), level, scaleAtRest}
	return s.noisy(c, freshNoise+roundingNoise)
}

// Refresh is what the client does with a part that is to be refreshed.
func (s *Simulator) Refresh(c *Simulated, level int) *Simulated {
	y := c.copy()
	y.level = level
	return s.noisy(y, freshNoise)
}

func (c *Simulated) copy() *Simulated {
	return &Simulated{append([]complex128{}, c.slots...), c.level, c.scale}
}

func (s *Simulator) fail(format string, args ...any) {
	if s.err == nil {
		s.err = wrong(format, args...)
	}
}

// Level implements [Machine].
func (s *Simulator) Level(c *Simulated) int { return c.level }

// Err implements [Machine].
func (s *Simulator) Err() error { return s.err }

// Drop implements [Machine].
func (s *Simulator) Drop(c *Simulated, level int) *Simulated {
	if level > c.level || level < 0 {
		s.fail("level %d cannot become %d", c.level, level)
		return c
	}
	return &Simulated{c.slots, level, c.scale}
}

// Rotate implements [Machine].
func (s *Simulator) Rotate(c *Simulated, k int) *Simulated {
	k = (k%Slots + Slots) % Slots
	y := &Simulated{append(append(make([]complex128, 0, Slots), c.slots[k:]...), c.slots[:k]...), c.level, c.scale}
	if k == 0 {
		return y
	}
	return s.noisy(y, switchNoise(c.level))
}

// RotateEach implements [Machine].
func (s *Simulator) RotateEach(c *Simulated, n int) []*Simulated {
	y := make([]*Simulated, n)
	for k := range y {
		y[k] = s.Rotate(c, k)
	}
	return y
}

// Conjugate implements [Machine].
func (s *Simulator) Conjugate(c *Simulated) *Simulated {
	y := c.copy()
	for i, v := range y.slots {
		y.slots[i] = complex(real(v), -imag(v))
	}
	return s.noisy(y, switchNoise(c.level))
}

// TimesI implements [Machine].
func (s *Simulator) TimesI(c *Simulated) *Simulated {
	y := c.copy()
	for i, v := range y.slots {
		y.slots[i] = complex(-imag(v), real(v))
	}
	return y
}

// Add implements [Machine].
func (s *Simulator) Add(a, b *Simulated) *Simulated { return s.sum(a, b, 1) }

// Sub implements [Machine].
func (s *Simulator) Sub(a, b *Simulated) *Simulated { return s.sum(a, b, -1) }

func (s *Simulator) sum(a, b *Simulated, by complex128) *Simulated {
	if math.Abs(a.scale/b.scale-1) > ScaleTolerance {
		s.fail("scales 2^%v and 2^%v cannot be added", math.Log2(a.scale), math.Log2(b.scale))
	}
	y := a.copy()
	y.level = min(a.level, b.level)
	for i, v := range b.slots {
		y.slots[i] += by * v
	}
	return y
}

// ScaleTolerance is how far the scales of two summands may be apart, relative to each
// other.
const ScaleTolerance = 1e-9

// plain is the values of p with the error of encoding them at a scale.
func (s *Simulator) plain(p Plain, scale float64) []complex128 {
	v, ok := s.plains[p.Name]
	if !ok {
		c := &Simulated{make([]complex128, Slots), 0, scale}
		p.Fill(c.slots)
		v = s.noisy(c, roundingNoise).slots
		s.plains[p.Name] = v
	}
	return v
}

// AddPlain implements [Machine].
func (s *Simulator) AddPlain(c *Simulated, p Plain) *Simulated {
	y := c.copy()
	for i, v := range s.plain(p, c.scale) {
		y.slots[i] += v
	}
	return y
}

// MulPlain implements [Machine].
func (s *Simulator) MulPlain(cs []*Simulated, ps []Plain) *Simulated {
	level := cs[0].level
	if level == 0 {
		s.fail("no level is left for a product")
		return cs[0]
	}
	scale := scaleAtRest * float64(moduli[level]) / cs[0].scale
	y := &Simulated{make([]complex128, Slots), level, scale * cs[0].scale}
	for n, c := range cs {
		if c.level != level || c.scale != cs[0].scale {
			s.fail("input %d has level %d, the first has %d", n, c.level, level)
		}
		for i, w := range s.plain(ps[n], scale) {
			y.slots[i] += w * c.slots[i]
		}
	}
	return y
}

// Rescale implements [Machine].
func (s *Simulator) Rescale(c *Simulated) *Simulated {
	if c.level == 0 {
		s.fail("no level is left to rescale")
		return c
	}
	y := c.copy()
	y.scale /= float64(moduli[c.level])
	y.level--
	return s.noisy(y, rescaleNoise)
}

// Mul implements [Machine].
func (s *Simulator) Mul(a, b []*Simulated) *Simulated {
	y := &Simulated{make([]complex128, Slots), min(a[0].level, b[0].level), a[0].scale * b[0].scale}
	for n := range a {
		for i, v := range a[n].slots {
			y.slots[i] += v * b[n].slots[i]
		}
	}
	return s.Rescale(s.noisy(y, switchNoise(y.level)))
}

// Hide implements [Machine].
func (s *Simulator) Hide(c *Simulated) *Simulated {
	y := c.copy()
	mask := make([]complex128, Slots)
	for i := range mask {
		mask[i] = complex(s.random.NormFloat64(), s.random.NormFloat64()) * complex(maskSlots/c.scale, 0)
		y.slots[i] += mask[i]
	}
	s.masks = append(s.masks, mask)
	return y
}

// Reveal implements [Machine].
func (s *Simulator) Reveal(c *Simulated) *Simulated {
	if len(s.masks) == 0 {
		s.fail("nothing is hidden")
		return c
	}
	y := c.copy()
	for i, v := range s.masks[0] {
		y.slots[i] -= v
	}
	s.masks = s.masks[1:]
	return y
}
