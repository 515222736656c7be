package depth

import (
	"math"

	"github.com/lodestone-wasm/lodestone/kernels"
	"github.com/lodestone-wasm/lodestone/models/transformer"
)

// Growth is what depth does in one stack. Both lists have an element for the embedding and one for each layer.
type Growth struct {
	Scheme Scheme
	// States are the root mean squares of the states.
	States []float32
	// Moved are the root mean squares of how far the states moved, once every matrix had moved by a step.
	Moved []float32
	// Parameters is the number of weights.
	Parameters int
}

// Measure runs a stack of seeded weights twice, the second time with every matrix moved by step, a share of the size of Xavier's
// initialisation. A step of training moves all weights along the gradient; here the direction is random, since nothing is
// differentiated. pause, if not nil, is called before each layer; its error ends the run. dev is as it was when Measure returns.
func Measure(dev *kernels.Device, s Scheme, seed uint64, step float64, pause func() error) (*Growth, error) {
	g := &Growth{Scheme: s}
	for _, t := range s.tensors() {
		g.Parameters += t.size()
	}
	first := make([][]float32, s.Layers+1)
	err := run(dev, s, seed, 0, pause, func(i int, x []float32) {
		first[i] = x
		g.States = append(g.States, rms(x, nil))
	})
	if err == nil {
		err = run(dev, s, seed, step, pause, func(i int, x []float32) { g.Moved = append(g.Moved, rms(x, first[i])) })
	}
	if err != nil {
		return nil, err
	}
	return g, nil
}

// run hands the states after the embedding, number 0, and after each layer to see.
func run(dev *kernels.Device, s Scheme, seed uint64, step float64, pause func() error, see func(i int, x []float32)) error {
	defer dev.Release(dev.Mark())
	m, err := transformer.Load(dev, s.config(), []transformer.Stream{newWeights(dev, s, seed, step)}, transformer.LoadOptions{})
	if err != nil {
		return err
	}
	b := transformer.Batch{Lengths: []int{tokens}, Pause: pause, Layer: func(i int, x kernels.Tensor) {
		v := make([]float32, x.Rows*x.Cols)
		dev.Get(v, x)
		see(i+1, v)
	}}
	for id := range tokens {
		b.IDs = append(b.IDs, int32(id))
	}
	if _, err = m.Forward(b); err != nil {
		return err
	}
	return dev.Err()
}

// rms is the root mean square of x − y; y may be nil.
func rms(x, y []float32) float32 {
	sum := 0.0
	for i, v := range x {
		d := float64(v)
		if y != nil {
			d -= float64(y[i])
		}
		sum += d * d
	}
	return float32(math.Sqrt(sum / float64(max(1, len(x)))))
}
