package thex

import "math"

// Client is the client's side of a sentence, in plain numbers: what it answers to what it
// decrypts. Encryption is the caller's.
type Client struct {
	plan  *Plan
	count int // tokens
	first []complex128
}

// NewClient begins a run with the token ids of a sentence, special tokens included.
func NewClient(p *Plan, e *Embeddings, ids []int32) (*Client, error) {
	rows, err := e.Rows(p.Shape, ids)
	if err != nil {
		return nil, err
	}
	c := &Client{plan: p, count: len(ids), first: make([]complex128, Slots)}
	each(c.first, p.Shape, func(t, _, j int) complex128 {
		if t >= len(ids) {
			return 0
		}
		return complex(rows[t*p.Width+j], 0)
	})
	return c, nil
}

// First is the slots of the only part of the first message.
func (c *Client) First() []complex128 { return c.first }

// Answer makes the parts of the message after exchange n, except those that are
// refreshed, of the slots of that exchange's answer, indexed as the plan lists them.
// Those of parts that are to be refreshed are not read. The result has an entry for every
// part of the message, nil for the refreshed.
func (c *Client) Answer(n int, slots [][]complex128) ([][]complex128, error) {
	p := c.plan
	if n < 0 || n >= len(p.Exchanges)-1 || len(slots) != len(p.Exchanges[n].Down) {
		return nil, wrong("exchange %d with %d parts", n, len(slots))
	}
	for i, part := range p.Exchanges[n].Down {
		if part.Role == Refresh {
			continue
		}
		if err := check(slots[i]); err != nil {
			return nil, err
		}
	}
	up := p.Exchanges[n+1].Up
	y := make([][]complex128, len(up))
	for i, part := range up {
		if part.Role == Refresh {
			continue
		}
		v := make([]complex128, Slots)
		switch part.Role {
		case Numerators:
			c.numerators(v, slots[0], part.Index)
		case Hidden1, Hidden2:
			c.hidden(v, slots[0], part.Role == Hidden2)
		case Feed:
			c.feed(v, slots, part.Index)
		}
		y[i] = v
	}
	return y, nil
}

// Largest is the largest absolute value that a slot may have at level 0: beyond it,
// values wrap around the modulus. A decrypted value near it means that the sentence is
// outside of what the model was trained for, or that the server computed something else.
const Largest = 1 << 11

func check(v []complex128) error {
	if len(v) != Slots {
		return wrong("%d slots, expected %d", len(v), Slots)
	}
	for i, x := range v {
		if !(math.Abs(real(x)) < Largest && math.Abs(imag(x)) < Largest) {
			return wrong("slot %d decrypts to %v%+vi, expected less than %d", i, real(x), imag(x), Largest)
		}
	}
	return nil
}

// numerators are r/8 of a step, real and minus imaginary, in every column of the head.
func (c *Client) numerators(v, scores []complex128, step int) {
	p := c.plan
	d := p.headDim()
	r := func(score float64, t, key int) float64 {
		if t >= c.count || key >= c.count {
			return 0
		}
		x := score + 1 // x/2 + 1
		return max(0, x*x*x) / numeratorScale
	}
	for t := range p.Tokens {
		for ch := range p.channels() {
			for h := range p.Heads {
				s := scores[(p.at(t, ch, h*d)-step+Slots)%Slots]
				y := complex(r(real(s), t, p.key(t, step, ch, 0)), -r(imag(s), t, p.key(t, step, ch, 1)))
				for j := range d {
					v[p.at(t, ch, h*d+j)] = y
				}
			}
		}
	}
}

// hidden is T's hidden columns rectified, in channel 0 or in all.
func (c *Client) hidden(v, from []complex128, all bool) {
	p := c.plan
	each(v, p.Shape, func(t, ch, j int) complex128 {
		if j%p.headDim() >= p.Reciprocal || t >= c.count || ch > 0 && !all {
			return 0
		}
		return complex(max(0, real(from[p.at(t, 0, j)])), 0)
	})
}

// feed is two blocks of the feed-forward rectified, one in the real parts and one in the
// imaginary ones, in every channel.
func (c *Client) feed(v []complex128, from [][]complex128, n int) {
	p := c.plan
	part, channel := n/p.channels(), n%p.channels()
	each(v, p.Shape, func(t, _, j int) complex128 {
		if t >= c.count {
			return 0
		}
		x := from[part][p.at(t, channel, j)]
		return complex(max(0, real(x)), max(0, imag(x)))
	})
}

// Logits are the model's outputs in the slots of the last answer.
func (c *Client) Logits(slots []complex128) ([]float64, error) {
	if err := check(slots); err != nil {
		return nil, err
	}
	y := make([]float64, c.plan.Labels)
	for i := range y {
		y[i] = real(slots[c.plan.at(0, 0, i)])
	}
	return y, nil
}
