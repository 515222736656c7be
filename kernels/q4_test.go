package kernels

import (
	"encoding/binary"
	"errors"
	"math"
	"math/rand/v2"
	"testing"
)

// quantQ4 quantises rows of k numbers to 4-bit weights and their scales.
func quantQ4(t *testing.T, d *Device, k int, v ...float32) (q []byte, scale []float32) {
	t.Helper()
	n, blocks := len(v)/k, int(blocksQ4(k))
	src := tensor(d, k, v...)
	at, s := d.Alloc(uint64(n)*Q4.RowSize(k)), d.NewTensor(n, blocks)
	d.QuantizeQ4(at, s.At, src.At, n, k)
	q = make([]byte, uint64(n)*Q4.RowSize(k))
	d.Read(at, q)
	return q, get(t, d, s)
}

// By hand: the largest magnitude, −4, becomes −8, so the scale is 0.5. 1 becomes 2; 4 would
// be 8 and is clamped to 7; 0.75 is 1.5 and rounds to the even 2; 0.25 is 0.5 and rounds to
// 0. Plus 8: 0, 10, 15, 10, 8, and 8 for padding. A block whose largest number is positive
// has a negative scale.
func TestQuantizeQ4ByHand(t *testing.T) {
	q, s := quantQ4(t, newDevice(), 5, -4, 1, 4, 0.75, 0.25, 8, -1, 0, 3.5, -8)
	if w := binary.LittleEndian.Uint32(q); w != 0x8888_afa0 {
		t.Errorf("row 0 is %#x, want 0x8888afa0", w)
	}
	if s[0] != 0.5 || s[1] != 1 {
		t.Errorf("scales %v, want 0.5 and 1", s)
	}
	// Row 1: −8 ties with 8 and wins. 8 is clamped to 7: f; −1: 7; 0: 8; 3.5 rounds to 4 (even): c; −8: 0.
	if w := binary.LittleEndian.Uint32(q[4:]); w != 0x8880_c87f {
		t.Errorf("row 1 is %#x, want 0x8880c87f", w)
	}
	if _, s := quantQ4(t, newDevice(), 2, 8, -2); s[0] != -1 {
		t.Errorf("scale %v, want -1", s)
	}
	q, s = quantQ4(t, newDevice(), 3, 0, 0, 0, 1, float32(math.Inf(1)), 2)
	if s[0] != 0 || s[1] == s[1] || binary.LittleEndian.Uint32(q) != 0x88888888 || binary.LittleEndian.Uint32(q[4:]) != 0x88888888 {
		t.Errorf("zeros and an infinity: %v %x", s, q)
	}
}

// By hand: x = [32767 −32767] quantises to itself, w = [3 −8] with scale 0.5, and in the
// second block x is 1, w is 7 with scale 2: 0.5·(3+8)·32767 + 2·7.
func TestLinearQ4ByHand(t *testing.T) {
	d := newDevice()
	const k = 33
	x := make([]float32, k)
	x[0], x[1], x[32] = 32767, -32767, 1
	rows := make([]byte, Q4.RowSize(k))
	for i := range rows {
		rows[i] = 0x88
	}
	rows[0], rows[16] = 0x0b, 0x8f
	src, scale := d.Alloc(uint64(len(rows))), d.Floats([]float32{0.5, 2})
	d.Write(src, rows)
	w := d.NewWeight(Q4, 1, k, true)
	d.PackQ4(w, 0, 1, src, scale.At)
	y := d.NewTensor(1, 1)
	d.Linear(y, tensor(d, k, x...), w, None, nil)
	near(t, get(t, d, y), []float32{0.5*11*32767 + 14}, 0.02)
}

// The error of a layer of normally distributed weights in 4 bits: the step is an eighth of a
// block's largest number, for 32 numbers about 2.1 standard deviations, so the error is
// about 2.1/8/√12 = 8 % of a standard deviation.
func TestLinearQ4OfQuantisedWeights(t *testing.T) {
	const m, k, n = 4, 200, 24
	r := rand.New(rand.NewPCG(7, 7))
	d := newDevice()
	xs, ws := normal(r, m*k), normal(r, n*k)
	src := tensor(d, k, ws...)
	q, s := d.Alloc(n*Q4.RowSize(k)), d.Alloc(4*n*blocksQ4(k))
	d.QuantizeQ4(q, s, src.At, n, k)
	w := d.NewWeight(Q4, n, k, false)
	d.PackQ4(w, 0, 16, q, s)
	d.PackQ4(w, 16, n-16, q+16*uint32(Q4.RowSize(k)), s+16*4*uint32(blocksQ4(k)))
	y, want := d.NewTensor(m, n), d.NewTensor(m, n)
	x := tensor(d, k, xs...)
	d.Linear(y, x, w, None, nil)
	d.Linear(want, x, weight(d, n, k, ws, nil), None, nil)
	a, b := get(t, d, y), get(t, d, want)
	var square, sum float64
	for i := range a {
		square += math.Pow(float64(a[i]-b[i]), 2)
		sum += math.Pow(float64(b[i]), 2)
	}
	if e := math.Sqrt(square / sum); e > 0.1 || e < 0.05 {
		t.Errorf("relative error %.3f, expected 0.08", e)
	}
}

// Int8 sums of more columns than MaxIn could overflow.
func TestLinearQ8OfTooManyColumns(t *testing.T) {
	d := newDevice()
	w := d.NewWeight(I8, 1, MaxIn+1, false)
	d.Linear(d.NewTensor(1, 1), d.NewTensor(1, MaxIn+1), w, None, nil)
	if err := d.Err(); !errors.Is(err, ErrArgument) {
		t.Errorf("error %v", err)
	}
}
