// Package rate measures the multiply-adds per second of a device, so that a page can show
// them and machines can be compared.
//
// Begin with [Linear]: linear layers are nearly all of a transformer's work.
package rate

import (
	"errors"

	"github.com/lodestone-wasm/lodestone/kernels"
	"github.com/lodestone-wasm/lodestone/kernels/lean"
)

// ErrShape is wrapped when the layer is empty, too large, or of a type that is not measured.
var ErrShape = errors.New("invalid shape")

// maxElements limits weights and activations to 64 MB of f32 each.
const maxElements = 1 << 24

// Clock is the host of a measurement.
type Clock struct {
	// Now returns the time in milliseconds.
	Now func() float64
	// Pause, if not nil, is called between rounds. Its error ends the measurement.
	Pause func() error
}

// round is the minimum duration of a round in milliseconds: several ticks of the coarsest
// clock of a browser.
const round = 10

// Linear measures a linear layer on x [rows, in] with weights [out, in] of type t for about
// milliseconds, at least three rounds. It returns the multiply-adds per second of the
// fastest round, because other programs make a round slower, never faster. The numbers are
// made up: they do not affect the time. Linear releases all device memory that it uses.
func Linear(d *kernels.Device, t kernels.DType, rows, in, out int, milliseconds float64, c Clock) (float64, error) {
	for _, n := range [][2]int{{rows, in}, {rows, out}, {in, out}} {
		if n[0] < 1 || n[1] < 1 || n[0] > maxElements/n[1] {
			return 0, lean.Errorf("rate: %w: %d×%d×%d, expected at least 1 each and at most %d elements a matrix", ErrShape, rows, in, out, maxElements)
		}
	}
	mark := d.Mark()
	defer d.Release(mark)
	w, err := weights(d, t, out, in)
	if err != nil {
		return 0, err
	}
	x, y := d.NewTensor(rows, in), d.NewTensor(rows, out)
	d.Set(x, sawtooth(rows*in))
	if err := d.Err(); err != nil {
		return 0, err
	}

	var last [4]byte
	best, calls := 0.0, 1
	begin := c.Now()
	for n := 0; n < 3 || c.Now()-begin < milliseconds; {
		if c.Pause != nil {
			if err := c.Pause(); err != nil {
				return 0, err
			}
		}
		start := c.Now()
		for range calls {
			d.Linear(y, x, w, kernels.None, nil)
		}
		d.Read(y.At, last[:]) // a device that records calls runs them now
		took := c.Now() - start
		if err := d.Err(); err != nil {
			return 0, err
		}
		if took < round && calls < 1<<20 {
			calls *= 2 // too short for a round
			continue
		}
		n++
		best = max(best, float64(rows)*float64(in)*float64(out)*float64(calls)/took*1000)
	}
	return best, nil
}

// weights packs numbers that are neither zero nor subnormal, with which some processors are slow.
func weights(d *kernels.Device, t kernels.DType, out, in int) (kernels.Weight, error) {
	w := d.NewWeight(t, out, in, false)
	mark := d.Mark()
	defer d.Release(mark)
	src := d.NewTensor(out, in)
	d.Set(src, sawtooth(out*in))
	switch t {
	case kernels.F32:
		d.Pack(w, 0, out, src.At)
	case kernels.F16:
		halves := d.Alloc(2 * uint64(out) * uint64(in))
		d.NarrowF16(halves, src.At, out*in)
		d.Pack(w, 0, out, halves)
	case kernels.I8:
		q := d.Alloc(uint64(out) * uint64(in))
		d.QuantizeRows(q, w.Scale.At, src.At, out, in)
		d.Pack(w, 0, out, q)
	case kernels.Q4:
		blocks := uint64(in+kernels.BlockQ4-1) / kernels.BlockQ4
		q, scale := d.Alloc(uint64(out)*kernels.Q4.RowSize(in)), d.Alloc(uint64(out)*blocks*4)
		d.QuantizeQ4(q, scale, src.At, out, in)
		d.PackQ4(w, 0, out, q, scale)
	default:
		return w, lean.Errorf("rate: %w: weights of type %s", ErrShape, t)
	}
	return w, d.Err()
}

func sawtooth(n int) []float32 {
	p := make([]float32, n)
	for i := range p {
		p[i] = float32(i%127-63) / 64
	}
	return p
}
