package evaluator

import (
	"crypto/rand"
	"encoding/binary"
	"fmt"
	"math"

	"github.com/lodestone-wasm/lodestone/models/thex"
	"github.com/tuneinsight/lattigo/v6/core/rlwe"
	"github.com/tuneinsight/lattigo/v6/ring"
	"github.com/tuneinsight/lattigo/v6/schemes/ckks"
)

// cipher is a ciphertext and its exact scale.
type cipher struct {
	*rlwe.Ciphertext
	scale float64
}

// mask is the coefficients that hide a ciphertext, and the scale that it had.
type mask struct {
	coefficients []int64
	scale        float64
}

// machine is thex.Machine on CKKS.
type machine struct {
	params  ckks.Parameters
	eval    *ckks.Evaluator
	weights *encoded
	masks   []mask // of what was hidden and not revealed yet
	err     error
}

var _ thex.Machine[cipher] = (*machine)(nil)

func (m *machine) fail(err error) {
	if err != nil && m.err == nil {
		m.err = fmt.Errorf("evaluator: %w", err)
	}
}

func (m *machine) Err() error { return m.err }

func (m *machine) ring(level int) *ring.Ring { return m.params.RingQ().AtLevel(level) }

// blank is a new ciphertext of a degree and a level.
func (m *machine) blank(degree, level int, scale float64) cipher {
	return cipher{ckks.NewCiphertext(m.params, degree, level), scale}
}

func (m *machine) Level(c cipher) int {
	if m.err != nil {
		return 0
	}
	return c.Ciphertext.Level()
}

func (m *machine) Drop(c cipher, level int) cipher {
	if m.err != nil {
		return c
	}
	if level > c.Ciphertext.Level() || level < 0 {
		m.fail(fmt.Errorf("level %d cannot become %d", c.Ciphertext.Level(), level))
		return c
	}
	// The polynomials are shared: no method changes its operands.
	y := cipher{&rlwe.Ciphertext{}, c.scale}
	y.MetaData = c.MetaData.CopyNew()
	for _, p := range c.Value {
		y.Value = append(y.Value, ring.Poly{Coeffs: p.Coeffs[:level+1]})
	}
	return y
}

func (m *machine) Rotate(c cipher, k int) cipher {
	if m.err != nil {
		return c
	}
	y, err := m.eval.RotateNew(c.Ciphertext, k)
	m.fail(err)
	return cipher{y, c.scale}
}

func (m *machine) RotateEach(c cipher, n int) []cipher {
	ys := make([]cipher, n)
	ys[0] = c
	if m.err != nil || n < 2 {
		return ys
	}
	ks := make([]int, n-1)
	for i := range ks {
		ks[i] = i + 1
	}
	rotated, err := m.eval.RotateHoistedNew(c.Ciphertext, ks)
	m.fail(err)
	for _, k := range ks {
		ys[k] = cipher{rotated[k], c.scale}
	}
	return ys
}

func (m *machine) Conjugate(c cipher) cipher {
	if m.err != nil {
		return c
	}
	y, err := m.eval.ConjugateNew(c.Ciphertext)
	m.fail(err)
	return cipher{y, c.scale}
}

func (m *machine) TimesI(c cipher) cipher {
	if m.err != nil {
		return c
	}
	y, err := m.eval.MulNew(c.Ciphertext, 1i)
	m.fail(err)
	return cipher{y, c.scale}
}

func (m *machine) Add(a, b cipher) cipher {
	return m.each(a, b, func(r *ring.Ring, x, y, z ring.Poly) { r.Add(x, y, z) })
}

func (m *machine) Sub(a, b cipher) cipher {
	return m.each(a, b, func(r *ring.Ring, x, y, z ring.Poly) { r.Sub(x, y, z) })
}

func (m *machine) each(a, b cipher, f func(r *ring.Ring, x, y, z ring.Poly)) cipher {
	if m.err != nil {
		return a
	}
	if math.Abs(a.scale/b.scale-1) > thex.ScaleTolerance {
		m.fail(fmt.Errorf("scales 2^%v and 2^%v cannot be added", math.Log2(a.scale), math.Log2(b.scale)))
		return a
	}
	level := min(a.Ciphertext.Level(), b.Ciphertext.Level())
	y := m.blank(1, level, a.scale)
	for i := range y.Value {
		f(m.ring(level), a.Value[i], b.Value[i], y.Value[i])
	}
	return y
}

func (m *machine) AddPlain(c cipher, p thex.Plain) cipher {
	if m.err != nil {
		return c
	}
	level := c.Ciphertext.Level()
	w, err := m.weights.get(p, level, c.scale, false)
	if err != nil {
		m.fail(err)
		return c
	}
	y := m.blank(1, level, c.scale)
	m.ring(level).Add(c.Value[0], w, y.Value[0])
	y.Value[1] = c.Value[1]
	return y
}

func (m *machine) MulPlain(cs []cipher, ps []thex.Plain) cipher {
	if m.err != nil {
		return cs[0]
	}
	level, scale := cs[0].Ciphertext.Level(), cs[0].scale
	if level == 0 {
		m.fail(fmt.Errorf("no level is left for a product"))
		return cs[0]
	}
	factor := math.Exp2(thex.LogScale) * float64(m.params.Q()[level]) / scale
	y := m.blank(1, level, scale*factor)
	r := m.ring(level)
	for n, c := range cs {
		if c.Ciphertext.Level() != level || c.scale != scale {
			m.fail(fmt.Errorf("input %d has level %d, the first has %d", n, c.Ciphertext.Level(), level))
			return y
		}
		w, err := m.weights.get(ps[n], level, factor, true)
		if err != nil {
			m.fail(err)
			return y
		}
		for i := range y.Value {
			if n == 0 {
				r.MulCoeffsMontgomery(c.Value[i], w, y.Value[i])
			} else {
				r.MulCoeffsMontgomeryThenAdd(c.Value[i], w, y.Value[i])
			}
		}
	}
	return y
}

func (m *machine) Rescale(c cipher) cipher {
	if m.err != nil {
		return c
	}
	level := c.Ciphertext.Level()
	if level == 0 {
		m.fail(fmt.Errorf("no level is left to rescale"))
		return c
	}
	y := m.blank(1, level-1, c.scale/float64(m.params.Q()[level]))
	m.fail(m.eval.Rescale(c.Ciphertext, y.Ciphertext))
	return y
}

func (m *machine) Mul(a, b []cipher) cipher {
	if m.err != nil {
		return a[0]
	}
	level := min(a[0].Ciphertext.Level(), b[0].Ciphertext.Level())
	sum := m.blank(2, level, a[0].scale*b[0].scale)
	r := m.ring(level)
	x0, x1 := r.NewPoly(), r.NewPoly()
	for n := range a {
		// (a0, a1)·(b0, b1) = (a0·b0, a0·b1 + a1·b0, a1·b1)
		r.MForm(a[n].Value[0], x0)
		r.MForm(a[n].Value[1], x1)
		r.MulCoeffsMontgomeryThenAdd(x0, b[n].Value[0], sum.Value[0])
		r.MulCoeffsMontgomeryThenAdd(x0, b[n].Value[1], sum.Value[1])
		r.MulCoeffsMontgomeryThenAdd(x1, b[n].Value[0], sum.Value[1])
		r.MulCoeffsMontgomeryThenAdd(x1, b[n].Value[1], sum.Value[2])
	}
	y, err := m.eval.RelinearizeNew(sum.Ciphertext)
	m.fail(err)
	return m.Rescale(cipher{y, sum.scale})
}

// Hide adds a polynomial with coefficients that are uniform in [−2^MaskBits, 2^MaskBits).
func (m *machine) Hide(c cipher) cipher {
	if m.err != nil {
		return c
	}
	v := make([]int64, thex.N)
	random := make([]byte, 8*thex.N)
	if _, err := rand.Read(random); err != nil {
		m.fail(err)
		return c
	}
	for i := range v {
		v[i] = int64(binary.LittleEndian.Uint64(random[8*i:])>>(63-thex.MaskBits)) - 1<<thex.MaskBits
	}
	m.masks = append(m.masks, mask{v, c.scale})
	y := m.blank(1, 0, c.scale)
	m.ring(0).Add(c.Value[0], m.polynomial(v, 0), y.Value[0])
	y.Value[1] = c.Value[1]
	return y
}

// Reveal subtracts the polynomial.
func (m *machine) Reveal(c cipher) cipher {
	if m.err != nil {
		return c
	}
	if len(m.masks) == 0 {
		m.fail(fmt.Errorf("nothing is hidden"))
		return c
	}
	level := c.Ciphertext.Level()
	y := m.blank(1, level, m.masks[0].scale)
	m.ring(level).Sub(c.Value[0], m.polynomial(m.masks[0].coefficients, level), y.Value[0])
	y.Value[1] = c.Value[1]
	m.masks = m.masks[1:]
	return y
}

// polynomial is one of integer coefficients, in the NTT domain.
func (m *machine) polynomial(v []int64, level int) ring.Poly {
	r := m.ring(level)
	p := r.NewPoly()
	for i, q := range m.params.Q()[:level+1] {
		for j, x := range v {
			if x %= int64(q); x < 0 {
				x += int64(q)
			}
			p.Coeffs[i][j] = uint64(x)
		}
	}
	r.NTT(p, p)
	return p
}
