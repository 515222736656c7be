package rate

import (
	"github.com/lodestone-wasm/lodestone/kernels"
	"github.com/lodestone-wasm/lodestone/kernels/lean"
)

// layers is the number of layers of a Pass, as small models have.
const layers = 6

// Pass measures what a forward pass takes on rows of a model that is hidden numbers wide, in
// milliseconds: linear layers hidden → 4·hidden → hidden of type t, six times, and reading the
// result. The fastest of three passes counts. Two devices can be compared by it, because it
// includes what a GPU takes to begin and to answer. Pass releases all device memory that it
// uses.
func Pass(d *kernels.Device, t kernels.DType, rows, hidden int, c Clock) (float64, error) {
	if rows < 1 || hidden < 1 || hidden > maxElements/(4*hidden) || rows > maxElements/(4*hidden) {
		return 0, lean.Errorf("rate: %w: %d rows of %d", ErrShape, rows, hidden)
	}
	mark := d.Mark()
	defer d.Release(mark)
	up, err := weights(d, t, 4*hidden, hidden)
	if err != nil {
		return 0, err
	}
	down, err := weights(d, t, hidden, 4*hidden)
	if err != nil {
		return 0, err
	}
	x, y := d.NewTensor(rows, hidden), d.NewTensor(rows, 4*hidden)
	best := 0.0
	var result [4]byte
	for n := range 4 { // the first one compiles kernels
		if c.Pause != nil {
			if err := c.Pause(); err != nil {
				return 0, err
			}
		}
		d.Set(x, sawtooth(rows*hidden))
		start := c.Now()
		for range layers {
			d.Linear(y, x, up, kernels.ReLU, nil)
			d.Linear(x, y, down, kernels.None, nil)
		}
		d.Read(x.At, result[:])
		if err := d.Err(); err != nil {
			return 0, err
		}
		if took := c.Now() - start; n == 1 || n > 1 && took < best {
			best = took
		}
	}
	return best, nil
}
