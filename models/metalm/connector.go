package metalm

import (
	"errors"

	"math"

	"github.com/lodestone-wasm/lodestone/kernels"
	"github.com/lodestone-wasm/lodestone/kernels/lean"
	"github.com/lodestone-wasm/lodestone/models/transformer"
)

// ErrConnector: the connector is none, or does not fit the model.
var ErrConnector = errors.New("invalid connector")

// Kind is the form of a Connector.
type Kind uint8

// The forms in use.
const (
	Simple   Kind = iota // dense (MetaLM)
	Complex              // predict(GELU(dense))
	Resample             // dense, then attention of latent queries over features and latents (Kosmos)
)

// Connector brings an encoder's states (n, De) to a decoder's width: (n, Dd), or
// (latents, Dd) if it resamples.
type Connector struct {
	Kind Kind
	// From and To are the widths De and Dd, Heads the decoder's heads, Latents the
	// number of latent queries.
	From, To, Heads, Latents int

	dense, predict kernels.Weight
	q, k, v, out   kernels.Weight
	latents        kernels.Tensor
}

// Extra are the connector's tensors under prefix, for transformer.LoadOptions.
func (c *Connector) Extra(prefix string) []transformer.Extra {
	linear := func(to *kernels.Weight, name string, out, in int) transformer.Extra {
		return transformer.Extra{Name: prefix + name + ".weight", Shape: []int{out, in}, Linear: to}
	}
	switch c.Kind {
	case Simple:
		return []transformer.Extra{linear(&c.dense, "dense", c.To, c.From)}
	case Complex:
		return []transformer.Extra{linear(&c.dense, "dense", c.From, c.From), linear(&c.predict, "predict", c.To, c.From)}
	}
	return []transformer.Extra{
		linear(&c.dense, "dense", c.To, c.From),
		{Name: prefix + "latent_query", Shape: []int{c.Latents, c.To}, Matrix: &c.latents},
		linear(&c.q, "x_attn.q_proj", c.To, c.To), linear(&c.k, "x_attn.k_proj", c.To, c.To),
		linear(&c.v, "x_attn.v_proj", c.To, c.To), linear(&c.out, "x_attn.out_proj", c.To, c.To),
	}
}

// Slots is the number of positions that n states take in the decoder.
func (c *Connector) Slots(n int) int {
	if c.Kind == Resample {
		return c.Latents
	}
	return n
}

// Check tests the connector's numbers.
func (c *Connector) Check() error {
	if c.Kind > Resample || c.From < 1 || c.To < 1 || c.Kind == Resample && (c.Latents < 1 || c.Heads < 1 || c.To%c.Heads != 0) {
		return lean.Errorf("metalm: %w: kind %d from width %d to %d, %d latents, %d heads", ErrConnector, int(c.Kind), c.From, c.To, c.Latents, c.Heads)
	}
	return nil
}

// Apply connects states x (n, De) of one span. The result is in device memory; what it
// needs on the way is too, until the caller releases it.
func (c *Connector) Apply(d *kernels.Device, x kernels.Tensor) (kernels.Tensor, error) {
	if x.Cols != c.From || c.dense.Out == 0 {
		return kernels.Tensor{}, lean.Errorf("metalm: %w: states of width %d, the connector takes %d (loaded: %v)", ErrConnector, x.Cols, c.From, c.dense.Out > 0)
	}
	switch c.Kind {
	case Simple:
		y := d.NewTensor(x.Rows, c.To)
		d.Linear(y, x, c.dense, kernels.None, nil)
		return y, d.Err()
	case Complex:
		y, h := d.NewTensor(x.Rows, c.To), d.NewTensor(x.Rows, c.From)
		d.Linear(h, x, c.dense, kernels.GELU, nil)
		d.Linear(y, h, c.predict, kernels.None, nil)
		return y, d.Err()
	}
	n := x.Rows + c.Latents
	y, both := d.NewTensor(c.Latents, c.To), d.NewTensor(n, c.To)
	d.Linear(both.Slice(0, x.Rows), x, c.dense, kernels.None, nil)
	ids := make([]int32, c.Latents)
	for i := range ids {
		ids[i] = int32(i)
	}
	d.Gather(both.Slice(x.Rows, n), c.latents, ids)
	q, k, v, att := d.NewTensor(c.Latents, c.To), d.NewTensor(n, c.To), d.NewTensor(n, c.To), d.NewTensor(c.Latents, c.To)
	d.Linear(q, c.latents, c.q, kernels.None, nil)
	d.Linear(k, both, c.k, kernels.None, nil)
	d.Linear(v, both, c.v, kernels.None, nil)
	d.Attention(att, q, k, v, c.Heads, 1/float32(math.Sqrt(float64(c.To/c.Heads))), kernels.AttentionMask{})
	d.Linear(y, att, c.out, kernels.None, nil)
	return y, d.Err()
}
