package transformer

import (
	"math"
	"slices"
	"strconv"

	"github.com/lodestone-wasm/lodestone/kernels"
	"github.com/lodestone-wasm/lodestone/kernels/lean"
	"github.com/lodestone-wasm/lodestone/models/routing"
)

// Experts is a mixture of experts: feed-forwards of which each token passes through
// one or two. The router stays f32 whatever the rest is quantised to.
type Experts struct {
	config  *Config
	dev     *kernels.Device
	experts []feedForward
	reduce  kernels.Weight // (R, D), X-MoE only
	rows    kernels.Weight // (E, R), or (E, D): what tokens are compared with
	rowsF32 []float32      // the same, on the host
	alive   []int          // the experts that take part, ascending
	tau     []float32      // (1), cosine router only
}

// experts plans the mixture under a layer's prefix.
func (p *planner) experts(c *Config, at string) *Experts {
	p.cosineRouter(c, at)
	m, k, d := c.MoE, p.keys, c.HiddenSize
	y := &Experts{config: c, dev: p.dev, experts: make([]feedForward, m.Experts)}
	for j := range y.experts {
		name := at + k.experts + strconv.Itoa(j) + "."
		p.feedForward(&y.experts[j], c, name+k.expertFC1, name+k.expertFC2, name+k.expertInner)
		y.alive = append(y.alive, j)
	}
	width, router := d, p.prefix+at+k.router
	if m.Router != RouterLinear {
		width = m.RoutingDim
		p.exact(&y.reduce, width, d, p.prefix+at+k.routerReduction, width, d)
	}
	if m.Router == RouterUnit {
		router = p.prefix + at + k.routerUnitName
	}
	if m.Router == RouterCosine {
		y.tau = p.host(p.prefix+at+k.routerTemper, 1)
	}
	y.rowsF32 = p.host(router, m.Experts, width)
	p.after = append(p.after, func() error {
		if m.Router != RouterLinear {
			unitRows(y.rowsF32, width)
		}
		y.rows = p.dev.NewWeight(kernels.F32, m.Experts, width, false)
		return y.pack()
	})
	return y
}

// cosineRouter turns X-MoE's router as torchscale has it into the paper's (arXiv 2204.09179) if the checkpoint has a temperature,
// which torchscale's lacks: config.json names both use_xmoe. The paper compares in as many dimensions as the reduction has rows.
func (p *planner) cosineRouter(c *Config, at string) {
	at = p.prefix + at
	if _, paper := p.tensors[at+p.keys.routerTemper]; !paper || c.MoE.Router != RouterUnit {
		return
	}
	m := *c.MoE
	m.Router = RouterCosine
	if t := p.tensors[at+p.keys.routerReduction]; len(t.Shape) == 2 && t.Shape[0] >= 1 && t.Shape[0] <= maxHidden {
		m.RoutingDim = t.Shape[0]
	}
	c.MoE = &m
}

// unitRows divides rows of n numbers by their length.
func unitRows(v []float32, n int) {
	for row := range slices.Chunk(v, n) {
		sq := 0.0
		for _, x := range row {
			sq += float64(x) * float64(x)
		}
		length := max(math.Sqrt(sq), float64(scoreFloor))
		for i := range row {
			row[i] = float32(float64(row[i]) / length)
		}
	}
}

// pack brings the rows of the experts that take part into the form of a linear layer.
func (e *Experts) pack() error {
	d, n := e.dev, e.rows.In
	defer d.Release(d.Mark())
	stage := d.NewTensor(len(e.alive), n)
	v := make([]float32, 0, len(e.alive)*n)
	for _, j := range e.alive {
		v = append(v, e.rowsF32[j*n:(j+1)*n]...)
	}
	e.rows.Out = len(e.alive)
	d.Set(stage, v)
	d.Pack(e.rows, 0, e.rows.Out, stage.At)
	return d.Err()
}

// Len is the number of experts.
func (e *Experts) Len() int { return len(e.experts) }

// Alive lists the experts that take part. What a Decision calls expert i is Alive()[i].
func (e *Experts) Alive() []int { return e.alive }

// SetAlive leaves only the named experts, ascending, in the game: the others' rows are
// not scored at all (MoEC's dropout, expert pruning).
func (e *Experts) SetAlive(ids []int) error {
	for i, j := range ids {
		if j < 0 || j >= len(e.experts) || i > 0 && j <= ids[i-1] {
			return lean.Errorf("transformer: %w: experts %v, expected ascending numbers below %d", ErrInput, ids, len(e.experts))
		}
	}
	if len(ids) == 0 {
		return lean.Errorf("transformer: %w: no expert left", ErrInput)
	}
	e.alive = slices.Clone(ids)
	return e.pack()
}

// Scores compares tokens x (S, D) with the experts: (S, alive), before the temperature.
func (e *Experts) Scores(x kernels.Tensor) ([]float32, error) {
	d := e.dev
	defer d.Release(d.Mark())
	if e.reduce.Out > 0 {
		y := d.NewTensor(x.Rows, e.reduce.Out)
		d.Linear(y, x, e.reduce, kernels.None, nil)
		if e.config.MoE.Router == RouterCosine {
			d.L2Normalize(y, y, scoreFloor)
		}
		x = y
	}
	s := d.NewTensor(x.Rows, len(e.alive))
	d.Linear(s, x, e.rows, kernels.None, nil)
	v := make([]float32, x.Rows*len(e.alive))
	d.Get(v, s)
	return v, d.Err()
}

// Temperature is what scores are divided by.
func (e *Experts) Temperature() float32 {
	if e.tau == nil {
		return 1
	}
	return max(e.tau[0], scoreFloor)
}

// Route decides where tokens x (S, D) go. order is the one in which experts fill up,
// see routing.Route.
func (e *Experts) Route(x kernels.Tensor, order []int32) (*routing.Decision, error) {
	scores, err := e.Scores(x)
	if err != nil {
		return nil, err
	}
	m := e.config.MoE
	return routing.Route(scores, x.Rows, len(e.alive), order, routing.Rule{TopK: m.TopK, Temperature: e.Temperature(),
		Sigmoid: m.Sigmoid, NormalizeBefore: m.NormalizeBefore, Capacity: m.Capacity})
}

// Apply is y = Σ weight·E(x) over the experts of each token; y and x are (S, D), apart.
// Only experts that were hit are computed, each for its tokens at once.
func (e *Experts) Apply(y, x kernels.Tensor, r *routing.Decision) error {
	d := e.dev
	defer d.Release(d.Mark())
	// The choices that count, by expert.
	var choices []int
	for i, w := range r.Weight {
		if r.Kept[i] && w != 0 {
			choices = append(choices, i)
		}
	}
	lean.Sort(len(choices), func(i, j int) bool {
		a, b := choices[i], choices[j]
		return r.Expert[a] < r.Expert[b] || r.Expert[a] == r.Expert[b] && a < b
	}, func(i, j int) { choices[i], choices[j] = choices[j], choices[i] })
	tokens, weights := make([]int32, len(choices)), make([]float32, len(choices))
	rows := make([][]int32, r.K) // for each choice, the row of each token's result; −1: none
	for k := range rows {
		rows[k] = slices.Repeat([]int32{-1}, r.Tokens)
	}
	for i, c := range choices {
		tokens[i], weights[i] = int32(c/r.K), r.Weight[c]
		rows[c%r.K][c/r.K] = int32(i)
	}
	in, out := d.NewTensor(len(choices), x.Cols), d.NewTensor(len(choices), x.Cols)
	room := d.NewTensor(len(choices), e.config.IntermediateSize)
	if len(choices) == 0 {
		d.Zero(y.At, uint64(y.Rows)*uint64(y.Cols)*4)
		return d.Err()
	}
	d.Gather(in, x, tokens)
	for from := 0; from < len(choices); {
		expert, to := r.Expert[choices[from]], from+1
		for to < len(choices) && r.Expert[choices[to]] == expert {
			to++
		}
		e.experts[e.alive[expert]].apply(d, out.Slice(from, to), in.Slice(from, to), room.Slice(from, to), e.config, nil)
		from = to
	}
	scaleRows(d, out, weights)
	table := kernels.Table{DType: kernels.F32, At: out.At, Rows: out.Rows, Dim: out.Cols}
	for k, ids := range rows {
		d.Embed(y, table, ids, 1, k > 0)
	}
	return d.Err()
}

// mixture is x = α·x + Σ weight·E(in).
func (r *run) mixture(i int, x, in kernels.Tensor) error {
	d, e := r.dev, r.layers[i].experts
	decision, err := e.Route(in, r.order())
	if err != nil {
		return err
	}
	if r.batch.Routing != nil {
		r.batch.Routing(i, decision)
	}
	defer d.Release(d.Mark())
	y := d.NewTensor(x.Rows, x.Cols)
	if err := e.Apply(y, in, decision); err != nil {
		return err
	}
	d.Add(x, x, y, r.layers[i].alpha)
	return d.Err()
}

// order is the one in which tokens take the places of an expert, as in torchscale: a
// decoder goes through one sequence after the other, an encoder through the first
// token of all, then the second of all.
func (r *run) order() []int32 {
	if r.Config.Causal || r.Config.MoE.Capacity.Kind == routing.Unlimited || len(r.batch.Lengths) == 1 {
		return nil
	}
	y := make([]int32, 0, len(r.batch.IDs))
	for column := range r.longest {
		first := 0
		for _, n := range r.batch.Lengths {
			if column < n {
				y = append(y, int32(first+column))
			}
			first += n
		}
	}
	return y
}

// scaleRows multiplies row i of x by w[i]: a rotation of its pairs by no angle and of
// that length. An odd width has no pairs and goes through the host.
func scaleRows(d *kernels.Device, x kernels.Tensor, w []float32) {
	if x.Cols%2 == 0 {
		defer d.Release(d.Mark())
		cos, sin := d.NewTensor(x.Rows, 1), d.NewTensor(x.Rows, 1)
		d.Set(cos, w)
		d.Zero(sin.At, uint64(x.Rows)*4)
		d.Rotate(x, x.Cols/2, cos, sin)
		return
	}
	v := make([]float32, x.Rows*x.Cols)
	d.Get(v, x)
	for i := range v {
		v[i] *= w[i/x.Cols]
	}
	d.Set(x, v)
}

// LoadExperts loads a single mixture, outside any stack: under prefix the names are
// those of torchscale's moe_layer, "experts.0.fc1.weight" and so on. Of c it needs MoE,
// HiddenSize, IntermediateSize, Activation, Norm and Eps.
func LoadExperts(dev *kernels.Device, c *Config, prefix string, files []Stream, o LoadOptions) (*Experts, error) {
	if c.MoE == nil || c.HiddenSize < 1 || c.HiddenSize > maxHidden || c.IntermediateSize < 1 || c.IntermediateSize > 4*maxHidden {
		return nil, lean.Errorf("transformer: %w: no mixture of experts, or of width %d and %d", ErrConfig, c.HiddenSize, c.IntermediateSize)
	}
	if err := c.MoE.check(); err != nil {
		return nil, err
	}
	var e *Experts
	l := &loader{dev: dev, options: o}
	err := l.run(files, func() error {
		p := &planner{loader: l, prefix: prefix, config: c, keys: torchscale.with(func(k *keyMap) {
			k.experts, k.router, k.routerUnitName = "experts.", "gate.wg.weight", "gate.wg"
			k.routerReduction, k.routerTemper = "gate.wg_reduction.weight", "gate.gating_t"
		})}
		l.stacks = append(l.stacks, p)
		e = p.experts(c, "")
		return p.err
	})
	if err != nil {
		return nil, err
	}
	return e, nil
}

// Experts is the mixture of layer i, nil if that is dense.
func (m *Model) Experts(i int) *Experts { return m.layers[i].experts }
