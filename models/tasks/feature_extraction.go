package tasks

import (
	"errors"

	"github.com/lodestone-wasm/lodestone/kernels"
	"github.com/lodestone-wasm/lodestone/kernels/lean"
	"github.com/lodestone-wasm/lodestone/models/promptbert"
	"github.com/lodestone-wasm/lodestone/models/tokenizer"
	"github.com/lodestone-wasm/lodestone/models/transformer"
	"github.com/lodestone-wasm/lodestone/weights/strictjson"
)

// FeatureExtraction makes vectors of texts.
type FeatureExtraction struct {
	model  *transformer.Model
	tok    *tokenizer.Tokenizer
	prompt *promptbert.Encoder // nil if the model has no prompt
}

// CheckFeatureExtraction is an error of the kind ErrModel for a model that does not make
// vectors of texts: an encoder–decoder writes texts.
func CheckFeatureExtraction(c *transformer.Config) error {
	if c.CrossAttention {
		return lean.Errorf("tasks: %w: a %s model with an encoder and a decoder has no feature-extraction; load it for translation, summarization or text2text-generation", ErrModel, c.ModelType)
	}
	return nil
}

// NewFeatureExtraction makes the task of a model. config is its config.json, whose prompt
// block says whether the model was trained with one (package promptbert).
func NewFeatureExtraction(m *transformer.Model, t *tokenizer.Tokenizer, config *strictjson.Document) (*FeatureExtraction, error) {
	if err := CheckFeatureExtraction(m.Config); err != nil {
		return nil, err
	}
	f := &FeatureExtraction{model: m, tok: t}
	p, err := promptbert.New(m, t, config)
	switch {
	case err == nil:
		f.prompt = p
	case !errors.Is(err, promptbert.ErrNoPrompt):
		return nil, err
	}
	return f, checkVocabulary(m, t)
}

// Prompt is the prompt encoder of the model, nil if it has none.
func (f *FeatureExtraction) Prompt() *promptbert.Encoder { return f.prompt }

// FeatureExtractionOptions are the options of [FeatureExtraction.Run].
type FeatureExtractionOptions struct {
	// Pooling makes a vector of the states of a text's tokens. "none": none, every state is
	// returned; "mean": their mean; "cls": the first token's; "last": the last token's;
	// "prompt": the state at the mask of the model's template. "" is "prompt" where the model
	// has one, else "mean".
	Pooling string
	// Normalize divides each vector by its Euclidean length.
	Normalize bool
	// Progress, if set, is called with the number of texts that are done.
	Progress func(done, total int)
}

// Vectors is the result of [FeatureExtraction.Run].
type Vectors struct {
	// Data has the shape Dims: (texts, D), or (texts, T, D) for "none", where T is the
	// number of tokens of the longest text and the rows of shorter texts end in zeros.
	Data []float32
	Dims []int
	// Truncated tells which texts were longer than the model, which read their beginning.
	Truncated []bool
}

// Run makes vectors of texts. A number that is NaN or infinite is ErrNotFinite.
func (f *FeatureExtraction) Run(ctx Context, texts []string, o FeatureExtractionOptions) (Vectors, error) {
	y, err := f.extract(ctx, texts, o)
	if err != nil {
		return Vectors{}, err
	}
	return y, finite(y.Data, len(texts))
}

func (f *FeatureExtraction) extract(ctx Context, texts []string, o FeatureExtractionOptions) (Vectors, error) {
	if o.Pooling == "" {
		if o.Pooling = "mean"; f.prompt != nil {
			o.Pooling = "prompt"
		}
	}
	switch o.Pooling {
	case "prompt":
		return f.prompted(ctx, texts, o)
	case "none", "mean", "cls", "last":
		return f.pooled(ctx, texts, o)
	}
	return Vectors{}, lean.Errorf("tasks: %w: pooling is %q; supported: none, mean, cls, last, prompt", ErrPooling, o.Pooling)
}

func (f *FeatureExtraction) prompted(ctx Context, texts []string, o FeatureExtractionOptions) (Vectors, error) {
	if f.prompt == nil {
		return Vectors{}, lean.Errorf("tasks: %w: \"prompt\" needs a \"prompt\" block in config.json; use \"mean\"", ErrPooling)
	}
	r, err := f.prompt.Embed(texts, promptbert.Options{Normalize: o.Normalize, Pause: pauseOf(ctx), Progress: o.Progress})
	if err != nil {
		return Vectors{}, err
	}
	return Vectors{Data: r.Data, Dims: []int{len(texts), f.model.Dim()}, Truncated: r.Truncated}, nil
}

func (f *FeatureExtraction) pooled(ctx Context, texts []string, o FeatureExtractionOptions) (Vectors, error) {
	encodings, truncated := make([][]int32, len(texts)), make([]bool, len(texts))
	for i, text := range texts {
		enc, err := f.tok.Encode(text, tokenizer.Options{AddSpecialTokens: true, MaxLength: f.model.Config.MaxPositions})
		if err != nil {
			return Vectors{}, lean.Errorf("tasks: text %d: %w", i, err)
		}
		encodings[i], truncated[i] = enc.IDs, enc.Overflowed
	}
	return f.poolAll(ctx, encodings, truncated, o)
}

// poolAll makes vectors of sequences that have their special tokens.
func (f *FeatureExtraction) poolAll(ctx Context, encodings [][]int32, truncated []bool, o FeatureExtractionOptions) (Vectors, error) {
	dim := f.model.Dim()
	r := Vectors{Dims: []int{len(encodings), dim}, Truncated: truncated}
	lengths, longest := make([]int, len(encodings)), 0
	for i, ids := range encodings {
		lengths[i] = len(ids)
		longest = max(longest, len(ids))
	}
	row := dim
	if o.Pooling == "none" {
		row = longest * dim
		r.Dims = []int{len(encodings), longest, dim}
	}
	r.Data = make([]float32, len(encodings)*row)
	for first := 0; first < len(encodings); {
		b := transformer.Batch{Pause: pauseOf(ctx)}
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
		if err := f.pool(b, encodings[first:next], o, row, r.Data[first*row:next*row]); err != nil {
			return Vectors{}, err
		}
		first = next
		if o.Progress != nil {
			o.Progress(first, len(encodings))
		}
	}
	return r, nil
}

// pool runs one batch and writes a row for each text. A text without a token, which
// only a tokenizer without special tokens gives, is a row of zeros.
func (f *FeatureExtraction) pool(b transformer.Batch, encodings [][]int32, o FeatureExtractionOptions, row int, out []float32) error {
	d, dim := f.model.Device(), f.model.Dim()
	mark := d.Mark()
	defer d.Release(mark)
	x, err := f.model.Forward(b)
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

// finite is an error if one of the numbers of data, texts vectors of equal size, is NaN
// or infinite. A wrong vector must not pass for a result.
func finite(data []float32, texts int) error {
	for i, v := range data {
		if v-v != 0 { // NaN − NaN and ∞ − ∞ are NaN
			return lean.Errorf("tasks: %w: %v in the vector of text %d", ErrNotFinite, v, i/max(1, len(data)/max(1, texts)))
		}
	}
	return nil
}
