package kernels

import (
	"slices"
	"testing"
)

// sizes is a backend of which only the sizes may be used; every other method panics.
type sizes struct {
	Backend
	of *Reference
}

func (s sizes) Base() uint32                              { return s.of.Base() }
func (s sizes) Size() uint64                              { return s.of.Size() }
func (s sizes) Place(from, n uint64) uint64               { return s.of.Place(from, n) }
func (s sizes) PackedSize(t DType, n, k uint32) uint64    { return s.of.PackedSize(t, n, k) }
func (s sizes) Levels(t DType, k uint32) uint32           { return s.of.Levels(t, k) }
func (s sizes) LinearScratch(t DType, m, k uint32) uint64 { return s.of.LinearScratch(t, m, k) }
func (s sizes) AttentionScratch(tq, tk, h uint32) uint64  { return s.of.AttentionScratch(tq, tk, h) }

func TestAMeasuredRunCallsNoOperation(t *testing.T) {
	d := NewDevice(sizes{of: NewReference(0)})
	const rows, wide = 4, 32
	_, err := d.Measure(func() error {
		x, y, v := d.NewTensor(rows, wide), d.NewTensor(rows, wide), Vector{At: d.Alloc(4 * wide), Len: wide}
		one := d.NewTensor(1, wide)
		half := d.NewTensor(rows, wide/2)
		table := d.NewTensor(rows, wide)
		hash := d.NewHash()
		for name, op := range map[string]func(){
			"Set": func() { d.Set(x, make([]float32, rows*wide)) }, "Get": func() { d.Get(make([]float32, rows*wide), x) },
			"Zero": func() { d.Zero(x.At, 64) }, "Floats": func() { d.Floats(make([]float32, 3)) },
			"EmbedF32": func() { d.Embed(y, Table{DType: F32, At: x.At, Rows: rows, Dim: wide}, make([]int32, rows), 1, false) },
			"EmbedQ8": func() {
				d.Embed(y, Table{DType: I8, At: x.At, Rows: rows, Dim: wide, Scale: Vector{At: v.At, Len: rows}}, make([]int32, rows), 1, true)
			},
			"EmbedF16":  func() { d.Embed(y, Table{DType: F16, At: x.At, Rows: rows, Dim: wide}, make([]int32, rows), 1, false) },
			"Narrow":    func() { d.NarrowF16(y.At, x.At, 8) },
			"Gather":    func() { d.Gather(y, x, make([]int32, rows)) },
			"LayerNorm": func() { d.LayerNorm(y, x, v, v, 1) },
			"RMSNorm":   func() { d.RMSNorm(y, x, v, 1) },
			"Activate":  func() { d.Activate(y, x, GELU) },
			"Add":       func() { d.Add(y, x, x, 1) },
			"Gate":      func() { d.Gate(y, x, x, SiLU) },
			"ScanQ8": func() {
				d.Scan(Vector{At: y.At, Len: rows}, v.At, Table{DType: I8, At: x.At, Rows: rows, Dim: wide, Scale: Vector{At: v.At, Len: rows}}, 0)
			},
			"TopK":      func() { d.TopK(make([]int32, rows), make([]float32, rows), x, 1) },
			"Attention": func() { d.Attention(y, x, table, table, 2, 1, AttentionMask{}) },
			"grouped": func() {
				d.Attention(one, x.Slice(0, 1), table.Columns(0, 16), table.Columns(16, 32), 2, 1, AttentionMask{})
			},
			"Rotate":       func() { d.Rotate(x, 1, half, half) },
			"RotateHalves": func() { d.RotateHalves(x, 1, half, half) },
			"MeanRows":     func() { d.MeanRows(one, x) },
			"L2Normalize":  func() { d.L2Normalize(y, x, 1) },
			"QuantizeRows": func() { d.QuantizeRows(y.At, v.At, x.At, rows, wide) },
			"QuantizeQ4":   func() { d.QuantizeQ4(y.At, v.At, x.At, rows, wide) },
			"Widen":        func() { d.WidenF16(y.At, x.At, 8); d.WidenBF16(y.At, x.At, 8) },
			"SHA256":       func() { hash.Update(x.At, 100); hash.Sum() },
		} {
			if op(); d.err != nil {
				t.Errorf("%s: %v", name, d.Err())
			}
		}
		for _, kind := range []DType{F32, I8, Q4, F16} {
			w := d.NewWeight(kind, 32, wide, true)
			if kind == Q4 {
				d.PackQ4(w, 0, 16, x.At, x.At)
			} else {
				d.Pack(w, 0, 4*rows, d.Alloc(64*wide))
			}
			d.Linear(y, x, w, ReLU, &Residual{X: y, Alpha: 1})
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
}

func TestMeasureCountsAndLeavesTheDeviceAsItWas(t *testing.T) {
	d := NewDevice(NewReference(0))
	x := d.NewTensor(2, 3)
	d.Set(x, []float32{1, 2, 3, 4, 5, 6})
	used, peak, size := d.Used(), d.Peak(), d.Backend().Size()
	n, err := d.Measure(func() error {
		mark := d.Mark()
		y := d.NewTensor(1000, 1000)
		d.Add(x, x, x, 1)
		d.Release(mark)
		d.NewTensor(10, 16)
		d.Get(make([]float32, 6), x)
		d.Zero(y.At, 0)
		return d.Err()
	})
	if err != nil || n != 1000*1000*4 {
		t.Errorf("%d bytes, %v", n, err)
	}
	got := make([]float32, 6)
	d.Get(got, x)
	if err := d.Err(); err != nil || !slices.Equal(got, []float32{1, 2, 3, 4, 5, 6}) || d.Used() != used || d.Peak() != peak || d.Backend().Size() != size {
		t.Errorf("%v, %v, %d used of %d, peak %d", got, err, d.Used(), d.Backend().Size(), d.Peak())
	}
	// Measure returns the error of run and leaves none in the device.
	if _, err := d.Measure(func() error { d.Alloc(MaxMemory); return nil }); err == nil {
		t.Error("more than a memory holds was measured")
	}
	if err := d.Err(); err != nil {
		t.Error(err)
	}
}
