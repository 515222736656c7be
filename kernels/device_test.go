package kernels

import (
	"bytes"
	"errors"
	"math"
	"strings"
	"testing"
)

// fixture is a device with one operand of every kind, valid in combination.
type fixture struct {
	d          *Device
	x, y, z    Tensor // [4,8]
	wide       Tensor // [4,16]
	w, q, q4   Weight // 8×8 of f32, i8 and 4 bits
	gain       Vector // [8]
	table, tq8 Table  // 4×8
	half       Tensor // [4,2], cosines of 2 heads of 4
	one        Tensor // [1,8]
	rel        Tensor // [2,7]
	bytes      uint32 // 256 of them
}

func newFixture() *fixture {
	d := newDevice()
	f := &fixture{d: d}
	f.x, f.y, f.z, f.wide = d.NewTensor(4, 8), d.NewTensor(4, 8), d.NewTensor(4, 8), d.NewTensor(4, 16)
	f.w, f.q, f.q4 = d.NewWeight(F32, 8, 8, true), d.NewWeight(I8, 8, 8, true), d.NewWeight(Q4, 8, 8, true)
	f.gain = d.Floats(make([]float32, 8))
	f.table, f.tq8 = d.NewTable(F32, 4, 8), d.NewTable(I8, 4, 8)
	f.half, f.one, f.rel = d.NewTensor(4, 2), d.NewTensor(1, 8), d.NewTensor(2, 7)
	f.bytes = d.Alloc(256)
	// Memory is 1.0 everywhere, so that any operation changes it.
	var ones []float32
	for range int(d.Used())/4 - Alignment/4 {
		ones = append(ones, 1)
	}
	d.Write(Alignment, f32Bytes(ones))
	return f
}

func (f *fixture) memory() []byte {
	p := make([]byte, f.d.Backend().Size())
	f.d.Backend().Read(0, p)
	return p
}

const huge = math.MaxInt32

func shifted(t Tensor, by int) Tensor { t.At += uint32(by); return t }
func sized(t Tensor, rows, cols int) Tensor {
	t.Rows, t.Cols = rows, cols
	return t
}
func strided(t Tensor, stride int) Tensor { t.Stride = stride; return t }
func short(v Vector) Vector               { v.Len--; return v }

// end is a matrix that extends beyond the allocated memory.
func (f *fixture) end(rows, cols int) Tensor {
	return Tensor{At: uint32(f.d.Used()) - 4, Rows: rows, Cols: cols, Stride: cols}
}

// Each call fails with ErrArgument and a word that names the cause, and changes no byte of
// memory.
func TestDeviceRefusals(t *testing.T) {
	att := func(f *fixture, m AttentionMask) { f.d.Attention(f.y, f.x, f.z, f.z, 2, 1, m) }
	for _, c := range []struct {
		name, want string
		do         func(f *fixture)
	}{
		// Extents: every operand of the first operation, one operand of the others.
		{"linear: input outside", "input", func(f *fixture) { f.d.Linear(f.y, f.end(4, 8), f.w, None, nil) }},
		{"linear: output outside", "output", func(f *fixture) { f.d.Linear(f.end(4, 8), f.x, f.w, None, nil) }},
		{"linear: weight outside", "weight", func(f *fixture) { f.w.At = uint32(f.d.Used()) &^ 15; f.d.Linear(f.y, f.x, f.w, None, nil) }},
		{"linear: weight absent", "weight", func(f *fixture) { f.d.Linear(f.y, f.x, Weight{Out: 8, In: 8}, None, nil) }},
		{"linear: weight misaligned", "weight", func(f *fixture) { f.w.At += 4; f.d.Linear(f.y, f.x, f.w, None, nil) }},
		{"linear: bias outside", "bias", func(f *fixture) { f.w.Bias.At = uint32(f.d.Used()); f.d.Linear(f.y, f.x, f.w, None, nil) }},
		{"linear: bias of another length", "bias", func(f *fixture) { f.w.Bias = short(f.w.Bias); f.d.Linear(f.y, f.x, f.w, None, nil) }},
		{"linear: no scale", "scale", func(f *fixture) { f.q.Scale = Vector{}; f.d.Linear(f.y, f.x, f.q, None, nil) }},
		{"linear: scale outside", "scale", func(f *fixture) { f.q.Scale.At = math.MaxUint32 - 3; f.d.Linear(f.y, f.x, f.q, None, nil) }},
		{"linear: unknown type", "unknown type", func(f *fixture) { f.w.DType = 9; f.d.Linear(f.y, f.x, f.w, None, nil) }},
		{"linear: residual outside", "residual", func(f *fixture) { f.d.Linear(f.y, f.x, f.w, None, &Residual{X: f.end(4, 8)}) }},
		{"linear: offset 0", "input", func(f *fixture) { f.x.At = 0; f.d.Linear(f.y, f.x, f.w, None, nil) }},
		{"linear: misaligned", "input", func(f *fixture) { f.d.Linear(f.y, shifted(f.x, 2), f.w, None, nil) }},
		{"linear: 4-bit weight outside", "weight", func(f *fixture) { f.q4.At = uint32(f.d.Used()) &^ 15; f.d.Linear(f.y, f.x, f.q4, None, nil) }},
		{"quantise to 4 bits: outside", "not inside", func(f *fixture) { f.d.QuantizeQ4(f.bytes, uint32(f.d.Used())-12, f.x.At, 4, 8) }},
		{"quantise to 4 bits: misaligned", "not inside", func(f *fixture) { f.d.QuantizeQ4(f.bytes+2, f.bytes+128, f.x.At, 4, 8) }},
		{"pack 4 bits: of another type", "4-bit", func(f *fixture) { f.d.PackQ4(f.q, 0, 8, f.bytes, f.bytes) }},
		{"pack 4 bits: without scales", "PackQ4", func(f *fixture) { f.d.Pack(f.q4, 0, 8, f.bytes) }},
		{"pack 4 bits: part of a panel", "panels", func(f *fixture) { f.d.PackQ4(f.q4, 0, 4, f.bytes, f.bytes) }},
		{"pack 4 bits: scales outside", "not inside", func(f *fixture) { f.d.PackQ4(f.q4, 0, 8, f.bytes, uint32(f.d.Used())-4) }},
		// Overlaps.
		{"linear: output is input", "overlaps", func(f *fixture) { f.d.Linear(f.x, f.x, f.w, None, nil) }},
		{"linear: output in input", "overlaps", func(f *fixture) { f.d.Linear(shifted(f.x, 32), f.x, f.w, None, nil) }},
		{"linear: output in weight", "overlaps", func(f *fixture) { f.y.At = f.w.At + 64; f.d.Linear(f.y, f.x, f.w, None, nil) }},
		{"linear: residual in output", "overlaps", func(f *fixture) { f.d.Linear(f.y, f.x, f.w, None, &Residual{X: shifted(f.y, 4)}) }},
		{"linear: residual of another stride", "same view", func(f *fixture) {
			f.d.Linear(sized(f.wide, 4, 8), f.x, f.w, None, &Residual{X: strided(sized(f.wide, 4, 8), 8)})
		}},
		// Shapes.
		{"linear: input of other columns", "input", func(f *fixture) { f.d.Linear(f.y, sized(f.x, 4, 7), f.w, None, nil) }},
		{"linear: output of other rows", "output", func(f *fixture) { f.d.Linear(sized(f.y, 3, 8), f.x, f.w, None, nil) }},
		{"linear: residual of other rows", "residual", func(f *fixture) { f.d.Linear(f.y, f.x, f.w, None, &Residual{X: sized(f.z, 3, 8)}) }},
		{"linear: stride less than a row", "stride", func(f *fixture) { f.d.Linear(f.y, strided(f.x, 7), f.w, None, nil) }},
		{"linear: unknown activation", "activation", func(f *fixture) { f.d.Linear(f.y, f.x, f.w, GELUTanh+1, nil) }},
		// Sizes that no memory has.
		{"linear: negative rows", "input", func(f *fixture) { f.d.Linear(sized(f.y, -4, 8), sized(f.x, -4, 8), f.w, None, nil) }},
		{"linear: negative columns", "input", func(f *fixture) { f.w.In = -8; f.d.Linear(f.y, sized(f.x, 4, -8), f.w, None, nil) }},
		{"linear: huge rows", "input", func(f *fixture) { f.d.Linear(sized(f.y, huge, 8), sized(f.x, huge, 8), f.w, None, nil) }},
		{"linear: huge stride", "input", func(f *fixture) { f.d.Linear(f.y, strided(f.x, huge), f.w, None, nil) }},
		{"linear: extent that wraps 32 bits", "input", func(f *fixture) { f.d.Linear(f.y, strided(f.x, 1<<28), f.w, None, nil) }},

		{"embed: id beyond the table", "id 4", func(f *fixture) { f.d.Embed(f.y, f.table, []int32{0, 1, 2, 4}, 1, false) }},
		{"embed: largest id", "id 2147483647", func(f *fixture) { f.d.Embed(f.y, f.tq8, []int32{0, 1, 2, math.MaxInt32}, 1, false) }},
		{"embed: other number of ids", "output", func(f *fixture) { f.d.Embed(f.y, f.table, []int32{0}, 1, false) }},
		{"embed: table outside", "table", func(f *fixture) { f.table.Rows = 1 << 20; f.d.Embed(f.y, f.table, []int32{0, 1, 2, 3}, 1, false) }},
		{"embed: negative table", "table", func(f *fixture) { f.table.Rows = -1; f.d.Embed(f.y, f.table, []int32{-1, -1, -1, -1}, 1, false) }},
		{"embed: scale of another length", "scale", func(f *fixture) {
			f.tq8.Scale = short(f.tq8.Scale)
			f.d.Embed(f.y, f.tq8, []int32{0, 1, 2, 3}, 1, false)
		}},
		{"embed: output in table", "overlaps", func(f *fixture) { f.y.At = f.table.At; f.d.Embed(f.y, f.table, []int32{0, 1, 2, 3}, 1, false) }},
		{"embed: output with gaps", "stride", func(f *fixture) { f.d.Embed(sized(f.wide, 4, 8), f.table, []int32{0, 1, 2, 3}, 1, false) }},
		{"gather: row beyond", "id 4", func(f *fixture) { f.d.Gather(f.y, f.x, []int32{0, 1, 2, 4}) }},
		{"gather: output is input", "overlaps", func(f *fixture) { f.d.Gather(f.x, f.x, []int32{0, 1, 2, 3}) }},

		{"layer norm: output outside", "output", func(f *fixture) { f.d.LayerNorm(f.end(4, 8), f.x, f.gain, f.gain, 0) }},
		{"layer norm: short weight", "weight", func(f *fixture) { f.d.LayerNorm(f.y, f.x, short(f.gain), f.gain, 0) }},
		{"layer norm: no bias", "bias", func(f *fixture) { f.d.LayerNorm(f.y, f.x, f.gain, Vector{}, 0) }},
		{"layer norm: gaps", "stride", func(f *fixture) { f.d.LayerNorm(f.y, sized(f.wide, 4, 8), f.gain, f.gain, 0) }},
		{"layer norm: partial overlap", "overlaps", func(f *fixture) { f.d.LayerNorm(shifted(f.x, 4), f.x, f.gain, f.gain, 0) }},

		{"activate: unknown", "activation", func(f *fixture) { f.d.Activate(f.y, f.x, GELUTanh+1) }},
		{"activate: other shape", "output", func(f *fixture) { f.d.Activate(f.y, sized(f.x, 2, 8), GELU) }},
		{"activate: partial overlap", "overlaps", func(f *fixture) { f.d.Activate(shifted(f.x, 4), f.x, GELU) }},
		{"add: other shape", "b is", func(f *fixture) { f.d.Add(f.y, f.x, sized(f.z, 4, 7), 1) }},
		{"add: partial overlap", "overlaps", func(f *fixture) { f.d.Add(shifted(f.x, 4), f.x, f.z, 1) }},
		{"add: outside", "a of", func(f *fixture) { f.d.Add(f.y, f.end(4, 8), f.z, 1) }},

		{"attention: no heads", "heads", func(f *fixture) { f.d.Attention(f.y, f.x, f.z, f.z, 0, 1, AttentionMask{}) }},
		{"attention: heads that do not divide", "heads", func(f *fixture) { f.d.Attention(f.y, f.x, f.z, f.z, 3, 1, AttentionMask{}) }},
		{"attention: negative heads", "heads", func(f *fixture) { f.d.Attention(f.y, f.x, f.z, f.z, -2, 1, AttentionMask{}) }},
		{"attention: keys outside", "key", func(f *fixture) { f.d.Attention(f.y, f.x, f.end(4, 8), f.z, 2, 1, AttentionMask{}) }},
		{"attention: other number of values", "value", func(f *fixture) { f.d.Attention(f.y, f.x, f.z, sized(f.z, 3, 8), 2, 1, AttentionMask{}) }},
		{"attention: keys and values of other strides", "stride", func(f *fixture) { f.d.Attention(f.y, f.x, f.z, sized(f.wide, 4, 8), 2, 1, AttentionMask{}) }},
		{"attention: output is query", "overlaps", func(f *fixture) { f.d.Attention(f.x, f.x, f.z, f.z, 2, 1, AttentionMask{}) }},
		{"attention: output is value", "overlaps", func(f *fixture) { f.d.Attention(f.z, f.x, f.y, f.z, 2, 1, AttentionMask{}) }},
		{"attention: mask of other keys", "mask", func(f *fixture) { att(f, AttentionMask{Keep: []byte{1, 1, 1}}) }},
		{"attention: added mask of another shape", "mask", func(f *fixture) { att(f, AttentionMask{Add: f.half}) }},
		{"attention: added mask outside", "mask", func(f *fixture) { att(f, AttentionMask{Add: f.end(4, 4)}) }},
		{"attention: bias of other heads", "relative", func(f *fixture) { att(f, AttentionMask{Rel: sized(f.rel, 1, 7), RelBase: 3}) }},
		{"attention: bias base too low", "relative", func(f *fixture) { att(f, AttentionMask{Rel: f.rel, RelBase: 2}) }},
		{"attention: bias base too high", "relative", func(f *fixture) { att(f, AttentionMask{Rel: f.rel, RelBase: 4}) }},
		{"attention: bias base that wraps", "relative", func(f *fixture) { att(f, AttentionMask{Rel: f.rel, RelBase: math.MaxInt}) }},
		{"attention: bias base negative", "relative", func(f *fixture) { att(f, AttentionMask{Rel: f.rel, RelBase: math.MinInt}) }},
		{"attention: causal offset negative", "causal", func(f *fixture) { att(f, AttentionMask{Causal: true, Offset: -1}) }},
		{"attention: causal offset huge", "causal", func(f *fixture) { att(f, AttentionMask{Causal: true, Offset: math.MaxInt}) }},

		{"rotate: odd head", "pairs", func(f *fixture) { f.d.Rotate(sized(f.x, 4, 6), 2, f.half, f.half) }},
		{"rotate: no heads", "pairs", func(f *fixture) { f.d.Rotate(f.x, 0, f.half, f.half) }},
		{"rotate: table of other rows", "cosines", func(f *fixture) { f.d.Rotate(f.x, 2, sized(f.half, 3, 2), f.half) }},
		{"rotate: table outside", "sines", func(f *fixture) { f.d.Rotate(f.x, 2, f.half, f.end(4, 2)) }},
		{"rotate: table in the data", "overlaps", func(f *fixture) { f.d.Rotate(f.x, 2, Tensor{At: f.x.At, Rows: 4, Cols: 2, Stride: 2}, f.half) }},
		{"mean: of nothing", "no rows", func(f *fixture) { f.d.MeanRows(f.one, sized(f.x, 0, 8)) }},
		{"mean: other columns", "output", func(f *fixture) { f.d.MeanRows(sized(f.one, 1, 7), f.x) }},
		{"mean: output in input", "overlaps", func(f *fixture) { f.d.MeanRows(f.x.Slice(0, 1), f.x) }},
		{"l2: outside", "input", func(f *fixture) { f.d.L2Normalize(f.end(4, 8), f.end(4, 8), 0) }},
		{"l2: other shape", "output", func(f *fixture) { f.d.L2Normalize(f.y, sized(f.x, 3, 8), 0) }},

		{"pack: rows from the middle of a panel", "panels", func(f *fixture) { f.d.Pack(f.w, 3, 5, f.x.At) }},
		{"pack: too many rows", "panels", func(f *fixture) { f.d.Pack(f.w, 0, 16, f.x.At) }},
		{"pack: negative rows", "panels", func(f *fixture) { f.d.Pack(f.w, 0, -16, f.x.At) }},
		{"pack: rows that wrap", "panels", func(f *fixture) { f.w.Out = 32; f.d.Pack(f.w, 16, math.MaxInt-15, f.x.At) }},
		{"pack: negative columns", "panels", func(f *fixture) { f.w.In = -8; f.d.Pack(f.w, 0, 8, f.x.At) }},
		{"pack: source outside", "inside", func(f *fixture) { f.d.Pack(f.w, 0, 8, uint32(f.d.Used())-4) }},
		{"pack: weight outside", "inside", func(f *fixture) { f.w.At = uint32(f.d.Used()) - 4; f.d.Pack(f.w, 0, 8, f.x.At) }},
		{"quantise: negative", "inside", func(f *fixture) { f.d.QuantizeRows(f.bytes, f.gain.At, f.x.At, -1, -8) }},
		{"quantise: outside", "inside", func(f *fixture) { f.d.QuantizeRows(f.bytes, f.gain.At, f.x.At, 1<<20, 8) }},
		{"widen: overlap", "widen", func(f *fixture) { f.d.WidenF16(f.bytes, f.bytes+8, 8) }},
		{"widen: outside", "widen", func(f *fixture) { f.d.WidenBF16(f.bytes, f.x.At, 1<<20) }},
		{"widen: negative", "widen", func(f *fixture) { f.d.WidenF16(f.bytes, f.x.At, -1) }},
		{"hash: outside", "inside", func(f *fixture) { h := &Hash{d: f.d, state: f.bytes, tail: f.bytes + 64}; h.Update(f.bytes, 1<<20) }},
		{"write: outside", "write", func(f *fixture) { f.d.Write(uint32(f.d.Used())-4, make([]byte, 8)) }},
		{"write: at 0", "write", func(f *fixture) { f.d.Write(0, make([]byte, 8)) }},
		{"read: outside", "read", func(f *fixture) { f.d.Read(math.MaxUint32, make([]byte, 8)) }},
		{"set: other length", "numbers", func(f *fixture) { f.d.Set(f.x, make([]float32, 31)) }},
		{"get: other length", "room", func(f *fixture) { f.d.Get(make([]float32, 33), f.x) }},
		{"set: outside", "write", func(f *fixture) { f.d.Set(f.end(4, 8), make([]float32, 32)) }},
		{"zero: outside", "write", func(f *fixture) { f.d.Zero(uint32(f.d.Used()), 1) }},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := newFixture()
			if err := f.d.Err(); err != nil {
				t.Fatal(err)
			}
			before, used := f.memory(), f.d.Used()
			c.do(f)
			err := f.d.Err()
			if !errors.Is(err, ErrArgument) || !strings.Contains(err.Error(), c.want) {
				t.Errorf("error %v, want %v with %q", err, ErrArgument, c.want)
			}
			// Scratch was allocated above what was in use.
			if after := f.memory(); !bytes.Equal(before[:used], after[:used]) {
				t.Error("memory was changed")
			}
			if f.d.Used() != used {
				t.Errorf("%d bytes are in use, %d before", f.d.Used(), used)
			}
		})
	}
}

// Valid calls on the fixture succeed: the errors above have no other cause.
func TestDeviceAcceptsTheFixture(t *testing.T) {
	f := newFixture()
	d := f.d
	d.QuantizeQ4(f.bytes, f.bytes+128, f.x.At, 4, 8)
	d.PackQ4(f.q4, 0, 8, f.bytes, f.bytes+128)
	for _, w := range []Weight{f.w, f.q, f.q4} {
		d.Linear(f.y, f.x, w, GELU, &Residual{X: f.z, Alpha: 1})
		d.Linear(f.y, f.x, w, GELU, &Residual{X: f.y, Alpha: 1})
		d.Linear(sized(f.wide, 4, 8), f.x, w, GELU, nil)
		if w.DType != Q4 {
			d.Pack(w, 0, 8, f.bytes)
		}
	}
	d.Embed(f.y, f.table, []int32{0, 3, -1, 3}, 1, false)
	d.Embed(f.y, f.tq8, []int32{0, 3, -1, 3}, 1, true)
	d.Gather(f.y, f.x, []int32{3, 3, 0, 0})
	d.LayerNorm(f.x, f.x, f.gain, f.gain, 1e-5)
	d.Activate(f.x, f.x, SiLU)
	d.Add(f.x, f.x, f.x, 1)
	d.Attention(f.y, f.x, f.z, f.z, 2, 1, AttentionMask{Keep: []byte{1, 1, 0, 1}, Rel: f.rel, RelBase: 3, Causal: true, Offset: 1 << 20})
	d.Rotate(f.x, 2, f.half, f.half)
	d.MeanRows(f.one, f.x)
	d.L2Normalize(f.x, f.x, 0)
	d.QuantizeRows(f.bytes, f.gain.At, f.x.At, 4, 8)
	d.WidenF16(f.bytes, f.x.At, 8)
	if err := d.Err(); err != nil {
		t.Error(err)
	}
}

// A call without rows does nothing and is no error.
func TestDeviceTakesEmptyMatrices(t *testing.T) {
	f := newFixture()
	before := f.memory()
	none := Tensor{At: f.x.At, Cols: 8, Stride: 8}
	f.d.Linear(none, none, f.w, None, nil)
	f.d.Embed(none, f.table, nil, 1, false)
	f.d.LayerNorm(none, none, f.gain, f.gain, 0)
	f.d.Activate(none, none, ReLU)
	f.d.Add(none, none, none, 1)
	f.d.Attention(none, none, f.x, f.x, 2, 1, AttentionMask{})
	f.d.L2Normalize(none, none, 1)
	f.d.QuantizeRows(f.bytes, f.bytes, f.bytes, 0, 8)
	f.d.QuantizeQ4(f.bytes, f.bytes, f.bytes, 0, 8)
	f.d.PackQ4(f.q4, 0, 0, f.bytes, f.bytes)
	f.d.WidenF16(0, 0, 0)
	if err := f.d.Err(); err != nil {
		t.Error(err)
	}
	if !bytes.Equal(before, f.memory()) {
		t.Error("memory was changed")
	}
	// Attention without keys gives zeros.
	f.d.Attention(f.y, f.x, none, none, 2, 1, AttentionMask{})
	near(t, get(t, f.d, f.y), make([]float32, 32), 0)
}

// After an error calls do nothing, and Err returns the first error.
func TestDeviceErrorSticksUntilAsked(t *testing.T) {
	f := newFixture()
	f.d.Linear(f.y, sized(f.x, 4, 7), f.w, None, nil)
	before := f.memory()
	f.d.Add(f.y, f.x, f.z, 1)
	f.d.Activate(f.y, f.x, 99)
	if at := f.d.Alloc(64); at != 0 {
		t.Errorf("memory at %d was allocated after an error", at)
	}
	f.d.Write(f.y.At, []byte{1, 2, 3, 4})
	if !bytes.Equal(before, f.memory()) {
		t.Error("an operation ran after an error")
	}
	if err := f.d.Err(); err == nil || !strings.Contains(err.Error(), "linear") {
		t.Errorf("%v, want the error of linear", err)
	}
	if err := f.d.Err(); err != nil {
		t.Errorf("the error is still there: %v", err)
	}
	f.d.Add(f.y, f.x, f.z, 1)
	if bytes.Equal(before, f.memory()) {
		t.Error("nothing runs after the error was taken")
	}
}

func TestDeviceMemory(t *testing.T) {
	t.Run("is aligned and does not overlap", func(t *testing.T) {
		d := newDevice()
		var last uint64
		for n := uint64(0); n < 300; n += 7 {
			at := uint64(d.Alloc(n))
			if at%Alignment != 0 || at < last {
				t.Fatalf("%d bytes at %d after %d", n, at, last)
			}
			last = at + n
		}
		if d.Backend().Size() < last+60 {
			t.Errorf("memory of %d bytes ends before the slack behind %d", d.Backend().Size(), last)
		}
	})
	t.Run("is given back", func(t *testing.T) {
		d := newDevice()
		mark := d.Mark()
		a := d.Alloc(1000)
		d.Release(mark)
		if b := d.Alloc(10); b != a {
			t.Errorf("allocated at %d, want %d again", b, a)
		}
		if d.Peak() < mark+1000 {
			t.Errorf("peak %d, want at least %d", d.Peak(), mark+1000)
		}
		d.ResetPeak()
		if d.Peak() != d.Used() {
			t.Errorf("peak %d after a reset, want %d", d.Peak(), d.Used())
		}
	})
	for name, do := range map[string]func(d *Device){
		"allocation beyond the limit": func(d *Device) { d.Alloc(1 << 20) },
		"allocation of 2⁶⁴−1":         func(d *Device) { d.Alloc(math.MaxUint64) },
		"allocation of 4 GiB":         func(d *Device) { d.Alloc(1 << 32) },
		"tensor beyond the limit":     func(d *Device) { d.NewTensor(1<<10, 1<<10) },
		"tensor of 2³²×2³²":           func(d *Device) { d.NewTensor(1<<32, 1<<32) },
		"negative tensor":             func(d *Device) { d.NewTensor(-1, 4) },
		"weight of 2²⁸×2²⁸":           func(d *Device) { d.NewWeight(I8, 1<<28, 1<<28, true) },
		"negative weight":             func(d *Device) { d.NewWeight(F32, -8, -8, true) },
		"table beyond the limit":      func(d *Device) { d.NewTable(F32, 1<<15, 1<<10) },
		"negative table":              func(d *Device) { d.NewTable(I8, 3, -1) },
	} {
		t.Run(name, func(t *testing.T) {
			d := NewDevice(NewReference(1 << 19))
			used := d.Used()
			do(d)
			if err := d.Err(); !errors.Is(err, ErrMemory) {
				t.Errorf("error %v, want %v", err, ErrMemory)
			}
			if d.Used() != used {
				t.Errorf("%d bytes are in use, %d before", d.Used(), used)
			}
		})
	}
}

// A view with gaps is set and read row by row; the gaps do not change.
func TestSetAndGetOfAView(t *testing.T) {
	f := newFixture()
	v := make([]float32, 12)
	for i := range v {
		v[i] = float32(i)
	}
	view := f.x.Columns(2, 5)
	f.d.Set(view, v)
	near(t, get(t, f.d, view), v, 0)
	all := get(t, f.d, f.x)
	for r := range 4 {
		for c := range 8 {
			want := float32(1)
			if c >= 2 && c < 5 {
				want = v[r*3+c-2]
			}
			if all[r*8+c] != want {
				t.Errorf("[%d,%d] is %g, want %g", r, c, all[r*8+c], want)
			}
		}
	}
}
