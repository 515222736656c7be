// Package rate measures how fast a device multiplies, for a page that shows it and for
// people who compare machines.
//
// Begin with [Linear]: linear layers are nearly all of a transformer's work.
package rate

import (
	"errors"

	"github.com/lodestone-wasm/lodestone/kernels"
	"github.com/lodestone-wasm/lodestone/kernels/lean"
)

// ErrShape: the layer is empty, or too large to be measured.
var ErrShape = errors.New("invalid shape")

// maxElements bounds weights and activations: 64 MB of f32 each.
const maxElements = 1 << 24

// Clock is what a measurement needs of its host.
type Clock struct {
	// Now is a time in milliseconds.
	Now func() float64
	// Pause, if set, is called between rounds; its error ends the measurement.
	Pause func() error
}

// round is the least length of a round in milliseconds: several ticks of a browser's
// coarsest clock.
const round = 10

// Linear measures rows × in × out layers with weights of type t for about so many
// milliseconds, at least three rounds, and returns the multiply-adds a second of the
// fastest round: whatever else the machine does makes a round slower, never faster.
// Weights and activations are made up; values do not change the time. It leaves nothing
// in device memory.
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
		took := c.Now() - start
		if err := d.Err(); err != nil {
			return 0, err
		}
		if took < round && calls < 1<<20 {
			calls *= 2 // not a round yet
			continue
		}
		n++
		best = max(best, float64(rows)*float64(in)*float64(out)*float64(calls)/took*1000)
	}
	return best, nil
}

// weights packs numbers that are neither zero nor tiny, which some processors are slow with.
func weights(d *kernels.Device, t kernels.DType, out, in int) (kernels.Weight, error) {
	w := d.NewWeight(t, out, in, false)
	mark := d.Mark()
	defer d.Release(mark)
	src := d.NewTensor(out, in)
	d.Set(src, sawtooth(out*in))
	switch t {
	case kernels.F32:
		d.Pack(w, 0, out, src.At)
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
