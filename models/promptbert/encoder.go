package promptbert

import (
	"github.com/lodestone-wasm/lodestone/kernels"
	"github.com/lodestone-wasm/lodestone/kernels/lean"
	"github.com/lodestone-wasm/lodestone/models/tokenizer"
	"github.com/lodestone-wasm/lodestone/models/transformer"
	"github.com/lodestone-wasm/lodestone/weights/strictjson"
)

// Encoder embeds sentences with a model. It is not safe for concurrent use.
type Encoder struct {
	Prompt *Prompt

	model *transformer.Model
	tok   *tokenizer.Tokenizer
}

// New makes an Encoder of a model, its tokenizer and its config.json, whose "prompt"
// block names the template. It fails with ErrNoPrompt if there is none, and with
// ErrPrompt if it cannot be used.
func New(m *transformer.Model, t *tokenizer.Tokenizer, config *strictjson.Document) (*Encoder, error) {
	p, err := PromptOf(config, m.Config.MaxPositions, m.Config.VocabSize)
	if err != nil {
		return nil, err
	}
	return &Encoder{Prompt: p, model: m, tok: t}, nil
}

// Input is a sentence in its template.
type Input struct {
	IDs  []int32
	Mask int // the place of the template's mask in IDs
	// Sentence is the number of pieces of the sentence; Truncated tells whether it
	// had more.
	Sentence  int
	Truncated bool
}

// Prepare puts a sentence into template number t (0 is the one for embeddings).
func (e *Encoder) Prepare(text string, t int) (Input, error) {
	ids, truncated, err := e.Pieces(text)
	if err != nil {
		return Input{}, err
	}
	in, err := e.Place(ids, t)
	in.Truncated = in.Truncated || truncated
	return in, err
}

// Pieces are the ids of a sentence without a template, at most MaxSentence of them.
func (e *Encoder) Pieces(text string) (ids []int32, truncated bool, err error) {
	// One piece more than fits tells whether something was cut. A mask token in the
	// text may come out as its id, as SentencePiece gave it to the golden vectors; it
	// cannot move the read-out.
	enc, err := e.tok.Encode(e.Prompt.clean(text), tokenizer.Options{MaxLength: e.Prompt.MaxSentence + 1, SpecialPieces: true})
	if err != nil {
		return nil, false, err
	}
	if len(enc.IDs) > e.Prompt.MaxSentence {
		return enc.IDs[:e.Prompt.MaxSentence], true, nil
	}
	return enc.IDs, false, nil
}

// Place puts the pieces of a sentence into template number t. Pieces that do not fit are
// cut off.
func (e *Encoder) Place(pieces []int32, t int) (Input, error) {
	if t < 0 || t >= len(e.Prompt.Templates) {
		return Input{}, lean.Errorf("promptbert: template %d, the model has %d", t, len(e.Prompt.Templates))
	}
	tpl := e.Prompt.Templates[t]
	in := Input{Truncated: len(pieces) > e.Prompt.MaxSentence}
	if in.Truncated {
		pieces = pieces[:e.Prompt.MaxSentence]
	}
	in.Sentence = len(pieces)
	in.Mask = len(tpl.Prefix) + len(pieces) + tpl.Mask
	in.IDs = make([]int32, 0, tpl.Len()+len(pieces))
	in.IDs = append(append(append(in.IDs, tpl.Prefix...), pieces...), tpl.Suffix...)
	return in, nil
}

// Options of Embed.
type Options struct {
	// Normalize divides each embedding by its length.
	Normalize bool
	// Denoise subtracts what the template says without the sentence (δ: template denoising, PromptBERT section 3.2). The
	// models were trained with it; the unsupervised ones are evaluated without.
	Denoise bool
	// Template is the number of the template, 0 or 1.
	Template int
	// Pause, if set, is called between layers; its error ends the run.
	Pause func() error
	// Progress, if set, is called with the number of texts that are done.
	Progress func(done, total int)
}

// Result of Embed.
type Result struct {
	// Data is the embeddings (len(texts), D), row-major.
	Data []float32
	// Truncated tells which texts were cut.
	Truncated []bool
}

// Embed embeds texts.
func (e *Encoder) Embed(texts []string, o Options) (Result, error) {
	return e.embed(len(texts), func(i int) (Input, error) { return e.Prepare(texts[i], o.Template) }, o)
}

// EmbedPieces embeds sentences that are ids already, as [Encoder.Pieces] gives them.
func (e *Encoder) EmbedPieces(sentences [][]int32, o Options) (Result, error) {
	return e.embed(len(sentences), func(i int) (Input, error) { return e.Place(sentences[i], o.Template) }, o)
}

// embed embeds n sentences.
func (e *Encoder) embed(n int, prepare func(i int) (Input, error), o Options) (Result, error) {
	dim := e.model.Dim()
	r := Result{Data: make([]float32, n*dim), Truncated: make([]bool, n)}
	var ahead []Input // the next texts, as many as are prepared
	var tokens []int  // of each of these
	known := 0        // of all
	for first := 0; first < n; {
		for known <= transformer.BatchLimit && first+len(ahead) < n {
			one, err := prepare(first + len(ahead))
			if err != nil {
				return Result{}, lean.Errorf("text %d: %w", first+len(ahead), err)
			}
			ahead, tokens = append(ahead, one), append(tokens, len(one.IDs))
			known += len(one.IDs)
		}
		size := transformer.BatchSize(tokens)
		b := transformer.Batch{Lengths: tokens[:size], Pause: o.Pause}
		var lengths []int
		for i, one := range ahead[:size] {
			b.Select = append(b.Select, int32(len(b.IDs)+one.Mask))
			b.IDs = append(b.IDs, one.IDs...)
			lengths = append(lengths, one.Sentence)
			r.Truncated[first+i] = one.Truncated
		}
		next := first + size
		ahead, tokens, known = ahead[size:], tokens[size:], known-len(b.IDs)
		if err := e.run(b, lengths, o, r.Data[first*dim:next*dim]); err != nil {
			return Result{}, err
		}
		first = next
		if o.Progress != nil {
			o.Progress(first, n)
		}
	}
	return r, nil
}

// run embeds one batch into out (sentences, D).
func (e *Encoder) run(b transformer.Batch, lengths []int, o Options, out []float32) error {
	d := e.model.Device()
	mark := d.Mark()
	defer d.Release(mark)
	x, err := e.model.Forward(b)
	if err != nil {
		return err
	}
	if o.Denoise {
		delta, err := e.Delta(lengths, o.Template, o.Pause)
		if err != nil {
			return err
		}
		d.Add(x, delta, x, -1)
	}
	if o.Normalize {
		d.L2Normalize(x, x, 1e-12)
	}
	d.Get(out, x)
	return d.Err()
}

// Delta is Template.Delta of one of the model's templates.
func (e *Encoder) Delta(lengths []int, template int, pause func() error) (kernels.Tensor, error) {
	if template < 0 || template >= len(e.Prompt.Templates) {
		return kernels.Tensor{}, lean.Errorf("promptbert: template %d, the model has %d", template, len(e.Prompt.Templates))
	}
	return e.Prompt.Templates[template].Delta(e.model, lengths, false, pause)
}
