package kernels

import (
	"bytes"
	"crypto/sha256"
	"math"
	"math/rand/v2"
	"testing"

	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/mat"
)

// The reference, with which the other backends are compared, is compared with numbers
// computed by hand, with gonum, and with Go's math.

func newDevice() *Device { return NewDevice(NewReference(0)) }

// tensor allocates a matrix of so many columns with the numbers v.
func tensor(d *Device, cols int, v ...float32) Tensor {
	t := d.NewTensor(len(v)/cols, cols)
	d.Set(t, v)
	return t
}

func get(t *testing.T, d *Device, x Tensor) []float32 {
	t.Helper()
	v := make([]float32, x.Rows*x.Cols)
	d.Get(v, x)
	if err := d.Err(); err != nil {
		t.Fatal(err)
	}
	return v
}

func near(t *testing.T, have, want []float32, tol float64) {
	t.Helper()
	if len(have) != len(want) {
		t.Fatalf("%d numbers, want %d", len(have), len(want))
	}
	for i := range have {
		if d := math.Abs(float64(have[i] - want[i])); !(d <= tol) {
			t.Fatalf("number %d is %g, want %g (all: %v, want %v)", i, have[i], want[i], have, want)
		}
	}
}

func normal(r *rand.Rand, n int) []float32 {
	v := make([]float32, n)
	for i := range v {
		v[i] = float32(r.NormFloat64())
	}
	return v
}

func dense(rows, cols int, v []float32) *mat.Dense {
	w := make([]float64, len(v))
	for i, x := range v {
		w[i] = float64(x)
	}
	return mat.NewDense(rows, cols, w)
}

func f32s(m *mat.Dense) []float32 {
	var out []float32
	for _, x := range m.RawMatrix().Data {
		out = append(out, float32(x))
	}
	return out
}

// weight packs w [out,in] as f32.
func weight(d *Device, out, in int, w, bias []float32) Weight {
	x := d.NewWeight(F32, out, in, bias != nil)
	d.Pack(x, 0, out, d.Floats(w).At)
	if bias != nil {
		d.Write(x.Bias.At, f32Bytes(bias))
	}
	return x
}

// By hand: [1 2 3]·[1 0 −1]ᵀ + 10 = 8, [1 2 3]·[2 1 0]ᵀ − 5 = −1; relu; + 2·[1 1].
func TestLinearByHand(t *testing.T) {
	d := newDevice()
	w := weight(d, 2, 3, []float32{1, 0, -1, 2, 1, 0}, []float32{10, -5})
	x, y := tensor(d, 3, 1, 2, 3), tensor(d, 2, 1, 1)
	d.Linear(y, x, w, None, nil)
	near(t, get(t, d, y), []float32{8, -1}, 0)
	d.Linear(y, x, w, ReLU, &Residual{X: tensor(d, 2, 1, 1), Alpha: 2})
	near(t, get(t, d, y), []float32{10, 2}, 0)
}

func TestLinearAgreesWithGonum(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	m, k, n := 7, 33, 18
	xs, ws := normal(r, m*k), normal(r, n*k)
	d := newDevice()
	y := d.NewTensor(m, n)
	d.Linear(y, tensor(d, k, xs...), weight(d, n, k, ws, nil), None, nil)
	var want mat.Dense
	want.Mul(dense(m, k, xs), dense(n, k, ws).T())
	near(t, get(t, d, y), f32s(&want), 1e-6)
}

// By hand: x = [2 −1], levels 32767: sx = 2/32767, q = [32767 −16384] (16383.5 to
// even). w = [3 4], ws = 0.5: 0.5·sx·(98301 − 65536) = 0.99993…
func TestLinearQ8ByHand(t *testing.T) {
	d := newDevice()
	w := d.NewWeight(I8, 1, 2, false)
	src := d.Alloc(2)
	d.Write(src, []byte{3, 4})
	d.Pack(w, 0, 1, src)
	d.Write(w.Scale.At, f32Bytes([]float32{0.5}))
	y := d.NewTensor(1, 1)
	d.Linear(y, tensor(d, 2, 2, -1), w, None, nil)
	near(t, get(t, d, y), []float32{0.5 * 2.0 / 32767 * (3*32767 - 4*16384)}, 1e-7)
}

// By hand: x = [2 −1], levels 127: sx = 2/127 + 1/127 = 3/127, z = round(42.33) = 42,
// q = [42+85 42−42] = [127 0], q − z = [85 −42]. w = [3 4], ws = 0.5:
// 0.5·3/127·(255 − 168) = 1.0275…
func TestLinearQ8WithAZeroPointByHand(t *testing.T) {
	r := NewReference(0)
	if err := r.Grow(1024); err != nil {
		t.Fatal(err)
	}
	row := func(x ...float32) float32 {
		r.Write(64, f32Bytes(x))
		r.Write(128, []byte{3, 4, 5, 0})
		r.Write(192, f32Bytes([]float32{0.5}))
		r.LinearQ8(256, 1, 64, uint32(len(x)), 128, 192, 0, 0, 0, 1, uint32(len(x)), 1, None, 0, 127, 0)
		return r.f32(256, 1)[0]
	}
	inf := float32(math.Inf(1))
	for _, c := range []struct {
		name       string
		have, want float32
	}{
		{"both signs", row(2, -1), 0.5 * 3 / 127 * (85*3 - 42*4)},
		{"positive", row(254, 2), 0.5 * 2 * (127*3 + 1*4)},
		{"negative", row(-127, -1), 0.5 * 1 * (-127*3 - 1*4)},
		{"zeros", row(0, 0), 0},
		// 10 and −117 span the whole range; ties round to even.
		{"ties", row(10, -117, 2.5), 0.5 * (10*3 - 117*4 + 2*5)},
	} {
		if math.Abs(float64(c.have-c.want)) > 1e-5*math.Abs(float64(c.want)) {
			t.Errorf("%s: %g, want %g", c.name, c.have, c.want)
		}
	}
	for _, x := range []float32{inf, -inf, float32(math.NaN())} {
		if y := row(1, x); y == y {
			t.Errorf("a row with %g gives %g, want NaN", x, y)
		}
	}
}

// The largest sum, k·128·levels, stays inside int32, and the next level would not.
func TestLevelsUseTheWholeInt32(t *testing.T) {
	for _, k := range []uint32{1, 2, 511, 512, 513, 768, 3072, MaxIn} {
		l := uint64(LevelsOf16Bits(k))
		if l*128*uint64(k) > math.MaxInt32 {
			t.Errorf("k=%d: %d levels overflow", k, l)
		}
		if l < math.MaxInt16 && (l+1)*128*uint64(k) <= math.MaxInt32 {
			t.Errorf("k=%d: %d levels, one more would fit", k, l)
		}
	}
	if l := LevelsOf16Bits(math.MaxUint32); l != MaxUnsignedLevels+1 {
		t.Errorf("the least is %d levels, want %d", l, MaxUnsignedLevels+1)
	}
	if uint64(LevelsOf16Bits(MaxIn))*128*MaxIn > math.MaxInt32 || MaxUnsignedLevels*128*MaxIn > math.MaxInt32 {
		t.Error("a sum of MaxIn products overflows")
	}
}

func TestQuantizeRowsByHand(t *testing.T) {
	d := newDevice()
	src := tensor(d, 3, 127, 0.5, -1.5, 0, 0, 0, -2.54, 1.27, 0.02)
	q, scale := d.Alloc(9), d.NewTensor(1, 3)
	d.QuantizeRows(q, scale.At, src.At, 3, 3)
	have := make([]byte, 9)
	d.Read(q, have)
	near(t, get(t, d, scale), []float32{1, 0, 0.02}, 1e-9)
	// Ties to even: 0.5 → 0, −1.5 → −2; 1.27/0.02 = 63.5 may fall either way in float32.
	for i, want := range []int8{127, 0, -2, 0, 0, 0, -127, int8(have[7]), 1} {
		if int8(have[i]) != want {
			t.Errorf("q[%d] = %d, want %d", i, int8(have[i]), want)
		}
	}
}

// Values of Φ and σ from tables of the normal and the logistic distribution.
func TestActivationsByTable(t *testing.T) {
	for _, c := range []struct {
		act  Activation
		x, y float64
	}{
		{None, -3, -3},
		{ReLU, -3, 0}, {ReLU, 2, 2},
		{GELU, 0, 0}, {GELU, 1, 0.8413447460685429}, {GELU, -1, -0.15865525393145707}, {GELU, 1.96, 1.96 * 0.9750021048517795},
		{SiLU, 0, 0}, {SiLU, 1, 0.7310585786300049}, {SiLU, -2, -2 * 0.11920292202211755},
		// 0.7978845608028654 is √(2/π).
		{GELUTanh, 0, 0}, {GELUTanh, 1, 0.5 * (1 + math.Tanh(0.7978845608028654*1.044715))}, {GELUTanh, math.Inf(-1), 0}, {GELUTanh, math.Inf(1), math.Inf(1)},
		{GELU, math.Inf(-1), 0}, {SiLU, math.Inf(-1), 0}, {ReLU, math.Inf(-1), 0}, {GELU, math.Inf(1), math.Inf(1)},
	} {
		if y := activate(c.x, c.act); y != c.y && math.Abs(y-c.y) > 1e-15 {
			t.Errorf("%s(%g) = %.17g, want %.17g", c.act, c.x, y, c.y)
		}
	}
	for a := None; a <= GELUTanh+1; a++ {
		if !math.IsNaN(activate(math.NaN(), a)) {
			t.Errorf("%s(NaN) is a number", a)
		}
	}
}

// By hand: the row 1 2 3 4 has mean 2.5 and variance 1.25.
func TestLayerNormByHand(t *testing.T) {
	d := newDevice()
	x := tensor(d, 4, 1, 2, 3, 4)
	d.LayerNorm(x, x, d.Floats([]float32{1, 1, 2, 1}), d.Floats([]float32{0, 0, 0, 10}), 0)
	s := float32(math.Sqrt(1.25))
	near(t, get(t, d, x), []float32{-1.5 / s, -0.5 / s, 2 * 0.5 / s, 10 + 1.5/s}, 1e-6)
}

func TestSmallOperationsByHand(t *testing.T) {
	d := newDevice()
	a, b := tensor(d, 2, 1, 2, 3, 4), tensor(d, 2, 10, 20, 30, 40)
	d.Add(a, a, b, 2)
	near(t, get(t, d, a), []float32{12, 24, 36, 48}, 0)

	mean := d.NewTensor(1, 2)
	d.MeanRows(mean, b)
	near(t, get(t, d, mean), []float32{20, 30}, 0)

	l := tensor(d, 2, 3, 4, 0, 0)
	d.L2Normalize(l, l, 1e-12)
	near(t, get(t, d, l), []float32{0.6, 0.8, 0, 0}, 1e-7)

	// A quarter turn maps (1,2) to (−2,1); no turn with length 3 maps (3,4) to (9,12).
	x := tensor(d, 4, 1, 2, 3, 4)
	d.Rotate(x, 1, tensor(d, 2, 0, 3), tensor(d, 2, 1, 0))
	near(t, get(t, d, x), []float32{-2, 1, 9, 12}, 0)

	y := tensor(d, 2, 100, 100, 100, 100)
	table := Table{DType: F32, At: b.At, Rows: 2, Dim: 2}
	d.Embed(y, table, []int32{1, -1}, 0.5, true)
	near(t, get(t, d, y), []float32{115, 120, 100, 100}, 0)
	d.Embed(y, table, []int32{-7, 0}, 1, false)
	near(t, get(t, d, y), []float32{0, 0, 10, 20}, 0)

	q := d.NewTable(I8, 2, 2)
	d.Write(q.At, []byte{1, 0xff, 3, 0x80})
	d.Write(q.Scale.At, f32Bytes([]float32{2, 0.5}))
	d.Embed(y, q, []int32{0, 1}, 1, false)
	near(t, get(t, d, y), []float32{2, -2, 1.5, -64}, 0)

	g := d.NewTensor(2, 2)
	d.Gather(g, b, []int32{1, 1})
	near(t, get(t, d, g), []float32{30, 40, 30, 40}, 0)
}

// One head, scores and softmax with gonum.
func TestAttentionAgreesWithGonum(t *testing.T) {
	r := rand.New(rand.NewPCG(2, 2))
	tq, tk, h, scale := 3, 5, 8, 0.3
	qs, ks, vs := normal(r, tq*h), normal(r, tk*h), normal(r, tk*h)
	d := newDevice()
	y := d.NewTensor(tq, h)
	d.Attention(y, tensor(d, h, qs...), tensor(d, h, ks...), tensor(d, h, vs...), 1, float32(scale), AttentionMask{})
	var s, want mat.Dense
	s.Mul(dense(tq, h, qs), dense(tk, h, ks).T())
	s.Scale(scale, &s)
	for i := range tq {
		row := s.RawRowView(i)
		total := floats.LogSumExp(row)
		for j := range row {
			row[j] = math.Exp(row[j] - total)
		}
	}
	want.Mul(&s, dense(tk, h, vs))
	near(t, get(t, d, y), f32s(&want), 1e-6)
}

// With equal keys the weights are equal, so a result is the mean of the values that the
// masks leave to a query.
func TestAttentionMasksByHand(t *testing.T) {
	inf := float32(math.Inf(-1))
	ln3 := float32(math.Log(3))
	for _, c := range []struct {
		name string
		mask func(d *Device) AttentionMask
		want []float32
	}{
		{"none", func(d *Device) AttentionMask { return AttentionMask{} }, []float32{14. / 3, 14. / 3}},
		{"keep", func(d *Device) AttentionMask { return AttentionMask{Keep: []byte{1, 0, 1}} }, []float32{6, 6}},
		{"keep nothing", func(d *Device) AttentionMask { return AttentionMask{Keep: []byte{0, 0, 0}} }, []float32{0, 0}},
		{"causal", func(d *Device) AttentionMask { return AttentionMask{Causal: true} }, []float32{2, 2}},
		{"causal, one key before", func(d *Device) AttentionMask { return AttentionMask{Causal: true, Offset: 1} }, []float32{2, 14. / 3}},
		{"added", func(d *Device) AttentionMask {
			return AttentionMask{Add: tensor(d, 3, 0, inf, 0, inf, inf, 0)}
		}, []float32{6, 10}},
		// Key j and query i get entry 1+j−i: query 0 sees [ln3 0 0], query 1 [0 ln3 0].
		{"relative", func(d *Device) AttentionMask {
			return AttentionMask{Rel: tensor(d, 4, 0, ln3, 0, 0), RelBase: 1}
		}, []float32{(3*2 + 2 + 10) / 5., (2 + 3*2 + 10) / 5.}},
	} {
		t.Run(c.name, func(t *testing.T) {
			d := newDevice()
			y := d.NewTensor(2, 1)
			d.Attention(y, tensor(d, 1, 1, 5), tensor(d, 1, 0, 0, 0), tensor(d, 1, 2, 2, 10), 1, 1, c.mask(d))
			near(t, get(t, d, y), c.want, 1e-6)
		})
	}
}

// Two heads are two independent attentions.
func TestAttentionHeadsAreIndependent(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 3))
	d := newDevice()
	q, k, v := tensor(d, 6, normal(r, 24)...), tensor(d, 6, normal(r, 30)...), tensor(d, 6, normal(r, 30)...)
	both, each := d.NewTensor(4, 6), d.NewTensor(4, 6)
	d.Attention(both, q, k, v, 2, 1, AttentionMask{})
	for c := 0; c < 6; c += 3 {
		d.Attention(each.Columns(c, c+3), q.Columns(c, c+3), k.Columns(c, c+3), v.Columns(c, c+3), 1, 1, AttentionMask{})
	}
	near(t, get(t, d, each), get(t, d, both), 0)
}

// IEEE 754 half precision: the bit patterns are those of the standard's table.
func TestWidenByTable(t *testing.T) {
	d := newDevice()
	widen := func(f func(dst, src uint32, n int), bits ...uint16) []float32 {
		var p []byte
		for _, b := range bits {
			p = append(p, byte(b), byte(b>>8))
		}
		src, dst := d.Alloc(uint64(len(p))), d.NewTensor(1, len(bits))
		d.Write(src, p)
		f(dst.At, src, len(bits))
		return get(t, d, dst)
	}
	near(t, widen(d.WidenF16, 0x3c00, 0xc000, 0x7bff, 0x0400, 0x0001, 0x03ff, 0x3555),
		[]float32{1, -2, 65504, 1. / 16384, 1. / (1 << 24), 1023. / (1 << 24), 0.333251953125}, 0)
	near(t, widen(d.WidenBF16, 0x3f80, 0xc000, 0x4049), []float32{1, -2, 3.140625}, 0)
	odd := widen(d.WidenF16, 0x7c00, 0xfc00, 0x7e00, 0x8000)
	if !math.IsInf(float64(odd[0]), 1) || !math.IsInf(float64(odd[1]), -1) || odd[2] == odd[2] || math.Float32bits(odd[3]) != 1<<31 {
		t.Errorf("∞, −∞, NaN and −0 became %v", odd)
	}
}

// Every length around a block, in pieces of several sizes, against crypto/sha256.
func TestHashAgreesWithStandardLibrary(t *testing.T) {
	d := newDevice()
	p := make([]byte, 300)
	for i := range p {
		p[i] = byte(i * 7)
	}
	at := d.Alloc(300)
	d.Write(at, p)
	for n := 0; n <= 300; n++ {
		for _, piece := range []int{1, 13, 64, 100, 300} {
			if piece == 1 && n > 140 {
				continue
			}
			h := d.NewHash()
			for i := 0; i < n; i += piece {
				h.Update(at+uint32(i), min(piece, n-i))
			}
			if have, want := h.Sum(), sha256.Sum256(p[:n]); !bytes.Equal(have[:], want[:]) {
				t.Fatalf("%d bytes in pieces of %d: %x, want %x", n, piece, have, want)
			}
		}
	}
	if err := d.Err(); err != nil {
		t.Fatal(err)
	}
}
