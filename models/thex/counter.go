package thex

// Counter is a [Machine] on levels alone. It counts what a run costs.
type Counter struct {
	// Rotations is how many rotations and conjugations decompose a ciphertext of their own,
	// Hoisted how many share a decomposition, Relinearizations how many products of
	// ciphertexts end in a key switch.
	Rotations, Hoisted, Relinearizations int
	// CiphertextProducts and PlainProducts count single products.
	CiphertextProducts, PlainProducts int
	names                             map[string]int
	err                               error
}

// NewCounter makes a counter.
func NewCounter() *Counter { return &Counter{names: map[string]int{}} }

// Plains is how many vectors of weights the run multiplied or added, and how many bytes
// they have when they are encoded, one residue of 8 bytes for each level and coefficient.
func (c *Counter) Plains() (n, bytes int) {
	for _, level := range c.names {
		bytes += 8 * N * (level + 1)
	}
	return len(c.names), bytes
}

func (c *Counter) take(level int) int {
	if level < 1 && c.err == nil {
		c.err = wrong("no level is left for a product")
	}
	return level - 1
}

// Level implements [Machine].
func (c *Counter) Level(level int) int { return level }

// Drop implements [Machine].
func (c *Counter) Drop(from, to int) int {
	if (to > from || to < 0) && c.err == nil {
		c.err = wrong("level %d cannot become %d", from, to)
	}
	return to
}

// Rotate implements [Machine].
func (c *Counter) Rotate(level, _ int) int {
	c.Rotations++
	return level
}

// RotateEach implements [Machine].
func (c *Counter) RotateEach(level, n int) []int {
	c.Hoisted += n - 1
	y := make([]int, n)
	for i := range y {
		y[i] = level
	}
	return y
}

// Conjugate implements [Machine].
func (c *Counter) Conjugate(level int) int { return c.Rotate(level, 0) }

// TimesI implements [Machine].
func (c *Counter) TimesI(level int) int { return level }

// Add implements [Machine].
func (c *Counter) Add(a, b int) int { return min(a, b) }

// Sub implements [Machine].
func (c *Counter) Sub(a, b int) int { return min(a, b) }

// AddPlain implements [Machine].
func (c *Counter) AddPlain(level int, p Plain) int {
	c.names[p.Name] = level
	return level
}

// MulPlain implements [Machine].
func (c *Counter) MulPlain(cs []int, ps []Plain) int {
	c.PlainProducts += len(cs)
	for i, p := range ps {
		c.names[p.Name] = cs[i]
	}
	return cs[0]
}

// Rescale implements [Machine].
func (c *Counter) Rescale(level int) int { return c.take(level) }

// Mul implements [Machine].
func (c *Counter) Mul(a, b []int) int {
	c.CiphertextProducts += len(a)
	c.Relinearizations++
	return c.take(min(a[0], b[0]))
}

// Hide implements [Machine].
func (c *Counter) Hide(level int) int { return level }

// Reveal implements [Machine].
func (c *Counter) Reveal(level int) int { return level }

// Err implements [Machine].
func (c *Counter) Err() error { return c.err }

// Count runs a plan on a counter.
func Count(p *Plan) (*Counter, error) {
	c := NewCounter()
	w := &Weights{Layers: make([]Layer, p.Layers)} // no weight is read: nothing is filled
	run := NewRun[int](c, p, w)
	for _, x := range p.Exchanges {
		up := make([]int, len(x.Up))
		for i, part := range x.Up {
			up[i] = part.Level
		}
		down, err := run.Step(up)
		if err != nil {
			return nil, err
		}
		for i, part := range x.Down {
			if down[i] != part.Level {
				return nil, wrong("a part of the answer has level %d, the plan says %d", down[i], part.Level)
			}
		}
	}
	return c, nil
}
