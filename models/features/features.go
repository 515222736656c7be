package features

import (
	"errors"

	"github.com/lodestone-wasm/lodestone/kernels"
	"github.com/lodestone-wasm/lodestone/kernels/lean"
	"github.com/lodestone-wasm/lodestone/models/promptbert"
	"github.com/lodestone-wasm/lodestone/models/tokenizer"
	"github.com/lodestone-wasm/lodestone/models/transformer"
)

// ErrPooling: the pooling is unknown, or the model cannot do it.
var ErrPooling = errors.New("unsupported pooling")

// Extractor makes vectors of texts with a model. It is not safe for concurrent use.
type Extractor struct {
	model  *transformer.Model
	tok    *tokenizer.Tokenizer
	prompt *promptbert.Encoder // nil if the model has no prompt
}

// New makes an Extractor. config is the model's config.json.
func New(m *transformer.Model, t *tokenizer.Tokenizer, config []byte) (*Extractor, error) {
	e := &Extractor{model: m, tok: t}
	p, err := promptbert.New(m, t, config)
	switch {
	case err == nil:
		e.prompt = p
	case !errors.Is(err, promptbert.ErrNoPrompt):
		return nil, err
	}
	if t.VocabSize() > m.Config.VocabSize {
		return nil, lean.Errorf("features: %w: the tokenizer has %d pieces, the model %d: do they belong together?",
			transformer.ErrConfig, t.VocabSize(), m.Config.VocabSize)
	}
	return e, nil
}

// Prompt is the prompt encoder of the model, nil if it has none.
func (e *Extractor) Prompt() *promptbert.Encoder { return e.prompt }

// Options of Extract.
type Options struct {
	// Pooling is "none": the states of every token; "mean": their mean; "cls": the
	// first token's; "last": the last token's; "prompt": the state at the mask of the model's template. ""
	// means "prompt" where there is one, else "mean".
	Pooling string
	// Normalize divides each vector by its length.
	Normalize bool
	// Pause, if set, is called between layers; its error ends the run.
	Pause func() error
	// Progress, if set, hears how many texts are done.
	Progress func(done, total int)
}

// Result of Extract.
type Result struct {
	// Data has the shape Dims: (texts, D), or (texts, T, D) for "none", where T is the
	// longest text's number of tokens and shorter texts end in zeros.
	Data []float32
	Dims []int
	// Truncated tells which texts were longer than the model and were cut.
	Truncated []bool
}

// Extract makes vectors of texts.
func (e *Extractor) Extract(texts []string, o Options) (Result, error) {
	if o.Pooling == "" {
		if o.Pooling = "mean"; e.prompt != nil {
			o.Pooling = "prompt"
		}
	}
	switch o.Pooling {
	case "prompt":
		return e.prompted(texts, o)
	case "none", "mean", "cls", "last":
		return e.pooled(texts, o)
	}
	return Result{}, lean.Errorf("features: %w: %q; supported: none, mean, cls, last, prompt", ErrPooling, o.Pooling)
}

func (e *Extractor) prompted(texts []string, o Options) (Result, error) {
	if e.prompt == nil {
		return Result{}, lean.Errorf("features: %w: \"prompt\" needs a \"prompt\" block in config.json; use \"mean\"", ErrPooling)
	}
	r, err := e.prompt.Embed(texts, promptbert.Options{Normalize: o.Normalize, Pause: o.Pause, Progress: o.Progress})
	if err != nil {
		return Result{}, err
	}
	return Result{Data: r.Data, Dims: []int{len(texts), e.model.Dim()}, Truncated: r.Truncated}, nil
}

func (e *Extractor) pooled(texts []string, o Options) (Result, error) {
	dim, limit := e.model.Dim(), e.model.Config.MaxPositions
	r := Result{Dims: []int{len(texts), dim}, Truncated: make([]bool, len(texts))}
	encodings := make([][]int32, len(texts))
	lengths, longest := make([]int, len(texts)), 0
	for i, text := range texts {
		enc, err := e.tok.Encode(text, tokenizer.Options{AddSpecialTokens: true, MaxLength: limit})
		if err != nil {
			return Result{}, lean.Errorf("text %d: %w", i, err)
		}
		encodings[i], r.Truncated[i] = enc.IDs, enc.Overflowed
		lengths[i] = len(enc.IDs)
		longest = max(longest, len(enc.IDs))
	}
	row := dim
	if o.Pooling == "none" {
		row = longest * dim
		r.Dims = []int{len(texts), longest, dim}
	}
	r.Data = make([]float32, len(texts)*row)
	for first := 0; first < len(texts); {
		b := transformer.Batch{Pause: o.Pause}
		next := first + transformer.BatchSize(lengths[first:])
		for _, ids := range encodings[first:next] {
			if n := len(ids); n > 0 {
				switch o.Pooling {
				case "cls":
					b.Select = append(b.Select, int32(len(b.IDs)))
				case "last":
					b.Select = append(b.Select, int32(len(b.IDs)+n-1))
				}
				b.IDs = append(b.IDs, ids...)
				b.Lengths = append(b.Lengths, n)
			}
		}
		if err := e.pool(b, encodings[first:next], o, row, r.Data[first*row:next*row]); err != nil {
			return Result{}, err
		}
		first = next
		if o.Progress != nil {
			o.Progress(first, len(texts))
		}
	}
	return r, nil
}

// pool runs one batch and writes a row for each text. A text without a token, which
// only a tokenizer without special tokens gives, is a row of zeros.
func (e *Extractor) pool(b transformer.Batch, encodings [][]int32, o Options, row int, out []float32) error {
	d, dim := e.model.Device(), e.model.Dim()
	mark := d.Mark()
	defer d.Release(mark)
	x, err := e.model.Forward(b)
	if err != nil {
		return err
	}
	at := 0
	for i, ids := range encodings {
		n := len(ids)
		if n == 0 {
			continue
		}
		var y kernels.Tensor
		switch o.Pooling {
		case "none":
			y = x.Slice(at, at+n)
			at += n
		case "cls", "last":
			y = x.Slice(at, at+1)
			at++
		case "mean":
			y = d.NewTensor(1, dim)
			d.MeanRows(y, x.Slice(at, at+n))
			at += n
		}
		if o.Normalize {
			d.L2Normalize(y, y, 1e-12)
		}
		d.Get(out[i*row:i*row+y.Rows*dim], y)
	}
	return d.Err()
}
