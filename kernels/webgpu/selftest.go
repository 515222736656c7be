package webgpu

import (
	"math"

	"github.com/lodestone-wasm/lodestone/kernels"
	"github.com/lodestone-wasm/lodestone/kernels/lean"
)

// SelfTest runs every kernel on small inputs and compares the results with those of another
// backend: browsers and drivers have shipped shaders that compute wrongly. The error names
// the first operation that is wrong. Neither device keeps memory of it.
func SelfTest(known, gpu *kernels.Device) error {
	want, err := answers(known)
	if err != nil {
		return err
	}
	have, err := answers(gpu)
	if err != nil {
		return err
	}
	for i, w := range want {
		largest := float32(1e-3)
		for _, v := range w.values {
			largest = max(largest, abs(v))
		}
		for j, v := range w.values {
			if d := abs(have[i].values[j] - v); !(d <= w.within*largest) {
				return lean.Errorf("webgpu: self-test: %s: number %d differs by more than %d millionths of the largest", w.name, j, int(w.within*1e6))
			}
		}
	}
	return nil
}

func abs(x float32) float32 { return float32(math.Abs(float64(x))) }

// answer is the result of an operation, and the error that it may have, relative to its
// largest number.
type answer struct {
	name   string
	within float32
	values []float32
	of     kernels.Tensor
}

// The errors of float32, and of int8 and 4-bit layers, whose backends round activations to
// different numbers of levels.
const (
	float    = 1e-4
	integers = 0.03
)

// test records operations on a device.
type test struct {
	d       *kernels.Device
	state   uint32
	answers []answer
}

// answers runs all operations.
func answers(d *kernels.Device) ([]answer, error) {
	mark := d.Mark()
	defer d.Release(mark)
	t := &test{d: d, state: 1}
	t.elements()
	t.lookups()
	t.scan()
	t.largest()
	for _, dtype := range []kernels.DType{kernels.F32, kernels.F16, kernels.I8, kernels.Q4} {
		t.layers(dtype)
	}
	t.attention()
	for i := range t.answers {
		a := &t.answers[i]
		a.values = make([]float32, a.of.Rows*a.of.Cols)
		d.Get(a.values, a.of)
	}
	h := d.NewHash()
	at := d.Floats(t.numbers(40)).At
	h.Update(at, 130)
	sum := h.Sum()
	bytes := answer{name: "sha256"}
	for _, b := range sum {
		bytes.values = append(bytes.values, float32(b))
	}
	t.answers = append(t.answers, bytes)
	return t.answers, d.Err()
}

// numbers are n numbers between −1 and 1, the same on every device.
func (t *test) numbers(n int) []float32 {
	v := make([]float32, n)
	for i := range v {
		t.state = t.state*1664525 + 1013904223
		v[i] = float32(int32(t.state)) / (1 << 31)
	}
	return v
}

func (t *test) tensor(rows, cols int) kernels.Tensor {
	x := t.d.NewTensor(rows, cols)
	t.d.Set(x, t.numbers(rows*cols))
	return x
}

func (t *test) vector(n int) kernels.Vector { return t.d.Floats(t.numbers(n)) }

func (t *test) result(name string, within float32, x kernels.Tensor) {
	t.answers = append(t.answers, answer{name: name, within: within, of: x})
}

func (t *test) elements() {
	const rows, cols = 3, 70
	d := t.d
	x, w, b := t.tensor(rows, cols), t.vector(cols), t.vector(cols)
	out := func(name string, run func(y kernels.Tensor)) {
		y := d.NewTensor(rows, cols)
		run(y)
		t.result(name, float, y)
	}
	out("layer norm", func(y kernels.Tensor) { d.LayerNorm(y, x, w, b, 1e-5) })
	out("rms norm", func(y kernels.Tensor) { d.RMSNorm(y, x, w, 1e-5) })
	out("l2 normalize", func(y kernels.Tensor) { d.L2Normalize(y, x, 1e-12) })
	for act := kernels.ReLU; act <= kernels.GELUTanh; act++ {
		out(act.String(), func(y kernels.Tensor) { d.Activate(y, x, act) })
	}
	other := t.tensor(rows, cols)
	out("add", func(y kernels.Tensor) { d.Add(y, x, other, -0.5) })
	out("gate", func(y kernels.Tensor) { d.Gate(y, x, other, kernels.SiLU) })
	mean := d.NewTensor(1, cols)
	d.MeanRows(mean, x)
	t.result("mean", float, mean)
	turned := t.tensor(rows, 16)
	d.Rotate(turned, 2, t.tensor(rows, 4), t.tensor(rows, 4))
	t.result("rotate", float, turned)
	turned = t.tensor(rows, 16)
	d.RotateHalves(turned, 2, t.tensor(rows, 3), t.tensor(rows, 3))
	t.result("rotate halves", float, turned)
	var halves []byte
	for _, v := range t.numbers(33) {
		halves = append(halves, byte(kernels.ToBF16(v)), byte(kernels.ToBF16(v)>>8))
	}
	at, wide := d.Alloc(66), d.NewTensor(1, 33)
	d.Write(at, halves)
	d.WidenBF16(wide.At, at, 33)
	t.result("widen bf16", float, wide)
}

// scan compares a query with the rows of a table, one of which is left out.
func (t *test) scan() {
	const rows, dim = 5, 48
	d := t.d
	table := d.NewTable(kernels.I8, rows, dim)
	d.QuantizeRows(table.At, table.Scale.At, t.tensor(rows, dim).At, rows, dim)
	q, scale, keep := d.Alloc(dim), d.Floats(make([]float32, 1)), d.Alloc(rows)
	d.QuantizeRows(q, scale.At, t.tensor(1, dim).At, 1, dim)
	d.Write(keep, []byte{1, 1, 1, 255, 1})
	y := d.NewTensor(1, rows)
	d.Scan(kernels.Vector{At: y.At, Len: rows}, q, table, keep)
	t.result("scan q8", float, y)
}

// largest is the columns of the largest numbers of two rows.
func (t *test) largest() {
	const rows, cols, k = 2, 300, 5
	ids, values := make([]int32, rows*k), make([]float32, rows*k)
	t.d.TopK(ids, values, t.tensor(rows, cols), k)
	y := make([]float32, rows*k)
	for i, id := range ids {
		y[i] = float32(id)
	}
	of := t.d.NewTensor(1, rows*k)
	t.d.Set(of, y)
	t.result("top k", 0, of)
}

func (t *test) lookups() {
	const rows, dim = 5, 21
	d := t.d
	src := t.tensor(rows, dim)
	ids := []int32{4, -1, 0, 2}
	for _, dtype := range []kernels.DType{kernels.F32, kernels.F16, kernels.I8} {
		table := kernels.Table{DType: kernels.F32, At: src.At, Rows: rows, Dim: dim}
		switch dtype {
		case kernels.F16:
			table = d.NewTable(dtype, rows, dim)
			d.NarrowF16(table.At, src.At, rows*dim)
			wide := d.NewTensor(rows, dim)
			d.WidenF16(wide.At, table.At, rows*dim)
			t.result("widen f16", float, wide)
		case kernels.I8:
			table = d.NewTable(dtype, rows, dim)
			d.QuantizeRows(table.At, table.Scale.At, src.At, rows, dim)
		}
		y := t.tensor(len(ids), dim)
		d.Embed(y, table, ids, 1.5, true)
		t.result("embed "+dtype.String(), float, y)
	}
}

// layers are a layer with many rows and one with few, which are kernels of their own.
func (t *test) layers(dtype kernels.DType) {
	const in, out = 70, 37
	d := t.d
	src, w := t.tensor(out, in), d.NewWeight(dtype, out, in, false)
	within := float32(float)
	switch dtype {
	case kernels.F32:
		d.Pack(w, 0, out, src.At)
	case kernels.F16:
		halves := d.Alloc(2 * out * in)
		d.NarrowF16(halves, src.At, out*in)
		d.Pack(w, 0, out, halves)
	case kernels.I8:
		within = integers
		q := d.Alloc(out * in)
		d.QuantizeRows(q, w.Scale.At, src.At, out, in)
		d.Pack(w, 0, out, q)
	case kernels.Q4:
		within = integers
		q, scales := d.Alloc(out*kernels.Q4.RowSize(in)), d.Alloc(4*out*((in+kernels.BlockQ4-1)/kernels.BlockQ4))
		d.QuantizeQ4(q, scales, src.At, out, in)
		d.PackQ4(w, 0, out, q, scales)
	}
	w.Bias = t.vector(out)
	for _, rows := range []int{fewest + 30, 3} {
		y := d.NewTensor(rows, out)
		d.Linear(y, t.tensor(rows, in), w, kernels.GELU, &kernels.Residual{X: t.tensor(rows, out), Alpha: 0.5})
		t.result("linear "+dtype.String(), within, y)
	}
}

func (t *test) attention() {
	const tq, tk, heads, h = 6, 70, 4, 10
	d := t.d
	y, keep := d.NewTensor(tq, heads*h), make([]byte, tk)
	for i := range keep {
		keep[i] = byte(i % 5)
	}
	d.Attention(y, t.tensor(tq, heads*h), t.tensor(tk, 2*h), t.tensor(tk, 2*h), heads, 0.3, kernels.AttentionMask{
		Keep: keep, Add: t.tensor(tq, tk), Causal: true, Offset: tk - tq - 1, Rel: t.tensor(heads, tq+tk-1), RelBase: tq - 1,
	})
	t.result("attention", float, y)
}
