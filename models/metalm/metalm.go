package metalm

import (
	"github.com/lodestone-wasm/lodestone/kernels"
	"github.com/lodestone-wasm/lodestone/kernels/lean"
	"github.com/lodestone-wasm/lodestone/models/generate"
	"github.com/lodestone-wasm/lodestone/models/transformer"
)

// Piece is a part of an input: tokens for the decoder, or for the encoder if Span is
// set. The demonstrations of a few-shot input are spans, their labels tokens. States
// (n, Connector.From), row-major, are a span that an encoder has read elsewhere, in place
// of IDs.
type Piece struct {
	IDs    []int32
	Span   bool
	States []float32
}

// len is the number of states of a span.
func (p Piece) len(c *Connector) int { return max(len(p.IDs), len(p.States)/c.From) }

// Input is pieces in order.
type Input []Piece

// Layout is where the pieces of an input lie in the decoder: its tokens, with fill in
// the places of spans, and the places [from, to) of each span.
func (in Input) Layout(c *Connector, fill int32) (ids []int32, spans [][2]int) {
	for _, p := range in {
		if !p.Span {
			ids = append(ids, p.IDs...)
			continue
		}
		if p.len(c) == 0 {
			continue
		}
		at := len(ids)
		for range c.Slots(p.len(c)) {
			ids = append(ids, fill)
		}
		spans = append(spans, [2]int{at, len(ids)})
	}
	return ids, spans
}

// LossMask marks the positions of n tokens whose next token is predicted: all but those
// whose next token lies in a span, and the last. The token after a span is predicted
// from the span's last position.
func LossMask(n int, spans [][2]int) []bool {
	mask := make([]bool, n)
	for i := range n - 1 {
		mask[i] = true
	}
	for _, s := range spans {
		for t := s[0]; t < s[1]; t++ {
			if t >= 1 && t <= n {
				mask[t-1] = false
			}
		}
	}
	return mask
}

// Model is a decoder with an encoder and the connector between them.
type Model struct {
	Decoder   *transformer.Model
	Connector *Connector
}

// New makes a Model of a decoder that was loaded with its encoder, and of a connector
// that was loaded with it.
func New(decoder *transformer.Model, c *Connector) (*Model, error) {
	if err := c.Check(); err != nil {
		return nil, err
	}
	if decoder.Encoder == nil || decoder.Config.CrossAttention || c.From != decoder.Encoder.Dim() || c.To != decoder.Dim() {
		return nil, lean.Errorf("metalm: %w: from width %d to %d; the decoder, %d wide, must have an encoder and no cross-attention", ErrConnector, c.From, c.To, decoder.Dim())
	}
	return &Model{decoder, c}, nil
}

// Forward runs one input and returns the decoder's states (n, D) in device memory, see
// transformer.Model.Forward. b holds the hooks of the run, its cache and its selection;
// its sequence is the input's. Each span is read by the encoder on its own: positions
// begin anew, and spans do not see each other.
func (m *Model) Forward(in Input, b transformer.Batch) (kernels.Tensor, error) {
	d := m.Decoder.Device()
	mark := d.Mark()
	ids, spans := in.Layout(m.Connector, 0)
	x, err := m.forward(in, ids, spans, b)
	if err != nil {
		d.Release(mark)
		return kernels.Tensor{}, err
	}
	return x, nil
}

func (m *Model) forward(in Input, ids []int32, spans [][2]int, b transformer.Batch) (kernels.Tensor, error) {
	features, err := m.Read(in)
	if err != nil {
		return kernels.Tensor{}, err
	}
	b.IDs, b.Lengths, b.Spans = ids, []int{len(ids)}, nil
	if len(ids) == 0 {
		return kernels.Tensor{}, lean.Errorf("metalm: %w: an empty input", transformer.ErrInput)
	}
	for i, x := range features {
		b.Spans = append(b.Spans, transformer.Span{At: spans[i][0], X: x})
	}
	return m.Decoder.Forward(b)
}

// Prompt makes an input of pieces for models/generate. Its spans are in device memory
// until the caller releases it.
func (m *Model) Prompt(in Input) (generate.Input, error) {
	ids, places := in.Layout(m.Connector, 0)
	y := generate.Input{Prompt: ids}
	features, err := m.Read(in)
	for i, x := range features {
		y.Spans = append(y.Spans, transformer.Span{At: places[i][0], X: x})
	}
	return y, err
}

// Read runs the encoder over the spans of an input and connects their states: one
// tensor for each span that has tokens, in device memory until the caller releases it.
func (m *Model) Read(in Input) ([]kernels.Tensor, error) {
	d := m.Decoder.Device()
	var batch transformer.Batch
	for i, p := range in {
		if p.Span && len(p.IDs) > 0 {
			batch.IDs = append(batch.IDs, p.IDs...)
			batch.Lengths = append(batch.Lengths, len(p.IDs))
		}
		if n := len(p.States); n%m.Connector.From != 0 || n > 0 && (!p.Span || len(p.IDs) > 0) {
			return nil, lean.Errorf("metalm: %w: piece %d has %d numbers of states of width %d, and %d tokens", transformer.ErrInput, i, n, m.Connector.From, len(p.IDs))
		}
	}
	var x kernels.Tensor
	if len(batch.IDs) > 0 {
		var err error
		if x, err = m.Decoder.Encoder.Forward(batch); err != nil {
			return nil, err
		}
	}
	var features []kernels.Tensor
	first := 0
	for _, p := range in {
		n := p.len(m.Connector)
		if !p.Span || n == 0 {
			continue
		}
		var own kernels.Tensor
		if p.States == nil {
			own = x.Slice(first, first+n)
			first += n
		} else {
			own = d.NewTensor(n, m.Connector.From)
			d.Set(own, p.States)
		}
		y, err := m.Connector.Apply(d, own)
		if err != nil {
			return nil, err
		}
		features = append(features, y)
	}
	return features, nil
}
