package golden

import (
	"fmt"

	"github.com/lodestone-wasm/lodestone/kernels"
	"github.com/lodestone-wasm/lodestone/models/routing"
	"github.com/lodestone-wasm/lodestone/models/transformer"
)

// mixture is the configuration of a single mixture of experts.
func mixture(d, f int, m *transformer.MoEConfig) *transformer.Config {
	return &transformer.Config{HiddenSize: d, IntermediateSize: f, Activation: kernels.GELU, Norm: transformer.PostLN, Eps: 1e-5, Alpha: 1, MoE: m}
}

// runExperts computes one layer of X-MoE or MoEC on tokens x [S,D], routed by cosine:
// scores among the experts that were not dropped, expert (numbered among all of them),
// gate, kept; y_blend_code = g·E(x) + (1−g)·x and y_residual_paper = x + g·E(x), both x
// where an expert was full; and the terms of the training losses.
func runExperts(dev *kernels.Device, config []byte, v *Vectors, weights transformer.Stream, dtype string) (*outputs, error) {
	f, err := readFields(config)
	if err != nil {
		return nil, err
	}
	if g := f.strings["gate"]; g != "softmax" && g != "sigmoid" {
		return nil, fmt.Errorf("golden: %w: gate %q", ErrKind, g)
	}
	n := f.int("experts")
	c := mixture(f.int("d"), f.int("ffn"), &transformer.MoEConfig{Freq: 1, Experts: n, TopK: 1, Router: transformer.RouterCosine,
		RoutingDim: f.int("routing_dim"), Sigmoid: f.strings["gate"] == "sigmoid",
		Capacity: routing.Capacity{Kind: routing.FixedTokens, Tokens: f.int("capacity")}})
	var alive []int
	dropped := map[int]bool{}
	for _, j := range f.ints("dropped") {
		dropped[j] = true
	}
	for j := range n {
		if !dropped[j] {
			alive = append(alive, j)
		}
	}
	p, err := v.pass(dev, c, weights, dtype, alive)
	if err != nil {
		return nil, err
	}
	o, r, x, y := collect(dev), p.route, p.x, p.y
	o.route(r)
	o.got["scores"] = r.Scores
	for t := range r.Tokens {
		at := int(r.Expert[t])
		o.got["expert"] = append(o.got["expert"], float32(alive[at]))
		o.got["gate"] = append(o.got["gate"], r.Gates[t*r.Experts+at])
		kept := float32(0)
		if r.Kept[t] {
			kept = 1
		}
		o.got["kept"] = append(o.got["kept"], kept)
	}
	o.add("y_blend_code", y)
	in := make([]float32, x.Rows*x.Cols)
	dev.Get(in, x)
	for i, g := range in {
		o.got["y_blend_code"][i] += (1 - r.Weight[i/x.Cols]) * g
	}
	dev.Add(y, x, y, 1)
	o.add("y_residual_paper", y)
	tau0 := float32(f.numbers["tau0"])
	q, err := r.Diagnose(tau0, f.int("group_num"))
	if err != nil {
		// The official code takes all experts as one cluster where it cannot divide them.
		if q, err = r.Diagnose(tau0, 1); err != nil {
			return nil, err
		}
	}
	experts, coef := float64(r.Experts), f.numbers["var_coef"]
	for name, value := range map[string]float64{"balance_loss_code": q.Balance, "moec_var_type0": q.Variance,
		"moec_var_intra_type1": q.VarianceIn, "moec_var_type2": q.VarianceApart,
		"moec_loss_type1": q.Balance + experts*coef*q.VarianceIn, "moec_loss_type2": q.Balance + experts*coef*q.VarianceApart} {
		o.got[name] = []float32{float32(value)}
	}
	return o, dev.Err()
}

// passed is what a mixture of experts made of tokens x (S, D): y (S, D).
type passed struct {
	x, y  kernels.Tensor
	route *routing.Decision
}

// pass loads the mixture of a directory and lets its input x [S,D] through the experts
// that are alive.
func (v *Vectors) pass(dev *kernels.Device, c *transformer.Config, weights transformer.Stream, dtype string, alive []int) (p passed, err error) {
	e, err := transformer.LoadExperts(dev, c, "", []transformer.Stream{weights}, transformer.LoadOptions{DType: dtype})
	if err != nil {
		return p, err
	}
	if err = e.SetAlive(alive); err != nil {
		return p, err
	}
	if p.x, err = v.tensor(dev, "x", c.HiddenSize); err != nil {
		return p, err
	}
	if p.route, err = e.Route(p.x, nil); err != nil {
		return p, err
	}
	p.y = dev.NewTensor(p.x.Rows, p.x.Cols)
	return p, e.Apply(p.y, p.x, p.route)
}

// tensor brings an input [n, width] into device memory.
func (v *Vectors) tensor(dev *kernels.Device, name string, width int) (kernels.Tensor, error) {
	t, err := v.input(name, 2)
	if err != nil {
		return kernels.Tensor{}, err
	}
	if t.Shape[1] != width {
		return kernels.Tensor{}, fmt.Errorf("golden: %w: input %q is %v, the model is %d wide", ErrVectors, name, t.Shape, width)
	}
	x := dev.NewTensor(t.Shape[0], width)
	dev.Set(x, t.Floats())
	return x, dev.Err()
}

// runPruned computes a mixture of which one expert was kept, on tokens x [n,D]: its gate
// is a softmax over one score, which is 1, so the layer is dense.
func runPruned(dev *kernels.Device, config []byte, v *Vectors, weights transformer.Stream, dtype string) (*outputs, error) {
	f, err := readFields(config)
	if err != nil {
		return nil, err
	}
	shape, weights, err := shapes(weights)
	if err != nil {
		return nil, err
	}
	c := mixture(shape("experts.0.fc1.weight", 1), shape("experts.0.fc1.weight", 0), &transformer.MoEConfig{Freq: 1, Experts: f.int("experts"), TopK: 1})
	p, err := v.pass(dev, c, weights, dtype, []int{f.int("kept")})
	if err != nil {
		return nil, err
	}
	o := collect(dev)
	o.route(p.route)
	o.add("dense_out_gate1", p.y)
	return o, dev.Err()
}
