package prune

import (
	"fmt"

	"github.com/lodestone-wasm/lodestone/models/routing"
	"github.com/lodestone-wasm/lodestone/models/transformer"
)

// Report is what was found out about a model.
type Report struct {
	Layers []LayerReport `json:"layers"`
}

// LayerReport is one mixture of experts: its number among the layers, the expert that
// stays, and how it came to that.
type LayerReport struct {
	Layer int `json:"layer"`
	Kept  int `json:"kept"`
	// Gate is the mean gate of the expert that stays when it is alone: 1 for a softmax,
	// which makes the dense layer exact; less for a sigmoid, whose layer is then scaled
	// by it and approximate.
	Gate    float64  `json:"gate"`
	Windows []Window `json:"windows"`
}

// Options of Calibrate.
type Options struct {
	// Beta is the share of an even load below which an expert is dropped; 0 is 0.5.
	Beta float64
	// Windows is the number of parts that the texts are cut into; 0 is 5.
	Windows int
	// Pause, if set, is called before each layer; its error ends the run.
	Pause func() error
	// Progress, if set, is called with how many sequences were run, of how many: each runs
	// twice, for the windows and for the gates of the experts that stay.
	Progress func(done, total int)
}

// Calibrate runs a model over sequences of tokens, dropping experts after each window,
// and says which one of each layer stays. The model's experts are all alive again when
// it returns. Encoder–decoders are refused.
func Calibrate(m *transformer.Model, sequences [][]int32, o Options) (*Report, error) {
	if o.Beta == 0 {
		o.Beta = 0.5
	}
	if o.Windows == 0 {
		o.Windows = 5
	}
	if m.Encoder != nil || m.Config.MoE == nil || len(sequences) == 0 || o.Windows < 1 {
		return nil, fmt.Errorf("prune: %w: %d sequences in %d windows; needs texts and one stack with experts", ErrInput, len(sequences), o.Windows)
	}
	c := &calibration{model: m, layers: map[int]*Layer{}, options: o, total: 2 * len(sequences)}
	r := &Report{}
	for i := range m.Config.NumLayers {
		if e := m.Experts(i); e != nil {
			l, err := NewLayer(e.Len(), o.Beta)
			if err != nil {
				return nil, err
			}
			c.layers[i] = l
			r.Layers = append(r.Layers, LayerReport{Layer: i})
		}
	}
	defer c.revive()
	for w := range o.Windows {
		part := sequences[len(sequences)*w/o.Windows : len(sequences)*(w+1)/o.Windows]
		if len(part) == 0 {
			continue
		}
		if err := c.window(part); err != nil {
			return nil, err
		}
	}
	for _, l := range c.layers {
		l.Keep()
	}
	gates, err := c.gates(sequences)
	if err != nil {
		return nil, err
	}
	for i := range r.Layers {
		l := c.layers[r.Layers[i].Layer]
		r.Layers[i].Kept, r.Layers[i].Windows, r.Layers[i].Gate = l.Alive[0], l.Trace, gates[r.Layers[i].Layer]
	}
	return r, nil
}

// calibration is a run of Calibrate.
type calibration struct {
	model   *transformer.Model
	layers  map[int]*Layer
	options Options

	done, total int // sequences
}

// revive makes all experts take part again.
func (c *calibration) revive() {
	for i := range c.layers {
		e := c.model.Experts(i)
		all := make([]int, e.Len())
		for j := range all {
			all[j] = j
		}
		e.SetAlive(all)
	}
}

// drop leaves the experts that are alive in each layer.
func (c *calibration) drop() error {
	for i, l := range c.layers {
		if err := c.model.Experts(i).SetAlive(l.Alive); err != nil {
			return err
		}
	}
	return nil
}

// window runs sequences and observes them.
func (c *calibration) window(sequences [][]int32) error {
	if err := c.drop(); err != nil {
		return err
	}
	hits, alpha := map[int][]float64{}, map[int][]float64{}
	for i, l := range c.layers {
		hits[i], alpha[i] = make([]float64, l.Experts), make([]float64, l.Experts)
	}
	err := c.run(sequences, func(layer int, d *routing.Decision) {
		ids := c.layers[layer].Alive
		for at, e := range d.Expert {
			e := ids[e]
			if at%d.K == 0 {
				hits[layer][e]++
			}
			alpha[layer][e] += float64(d.Weight[at])
		}
	})
	if err != nil {
		return err
	}
	for i, l := range c.layers {
		if _, err := l.Observe(hits[i], alpha[i]); err != nil {
			return err
		}
	}
	return nil
}

// gates runs sequences with the experts that stay and returns their mean gates.
func (c *calibration) gates(sequences [][]int32) (map[int]float64, error) {
	if err := c.drop(); err != nil {
		return nil, err
	}
	sum, n := map[int]float64{}, map[int]float64{}
	err := c.run(sequences, func(layer int, d *routing.Decision) {
		for _, g := range d.Gates { // of one expert: one for each token
			sum[layer] += float64(g)
			n[layer]++
		}
	})
	if err != nil {
		return nil, err
	}
	for i := range sum {
		sum[i] /= n[i]
	}
	return sum, nil
}

func (c *calibration) run(sequences [][]int32, see func(int, *routing.Decision)) error {
	d := c.model.Device()
	lengths := make([]int, len(sequences))
	for i, ids := range sequences {
		lengths[i] = len(ids)
	}
	for first := 0; first < len(sequences); {
		next := first + transformer.BatchSize(lengths[first:])
		b := transformer.Batch{Pause: c.options.Pause, Routing: see, Lengths: lengths[first:next]}
		for _, ids := range sequences[first:next] {
			b.IDs = append(b.IDs, ids...)
		}
		first = next
		mark := d.Mark()
		_, err := c.model.Forward(b)
		d.Release(mark)
		if err != nil {
			return err
		}
		c.done += len(b.Lengths)
		if c.options.Progress != nil {
			c.options.Progress(c.done, c.total)
		}
	}
	return nil
}
