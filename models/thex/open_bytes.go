package thex

import (
	"bytes"

	"github.com/lodestone-wasm/lodestone/kernels/lean"
	"github.com/lodestone-wasm/lodestone/models/heads"
	"github.com/lodestone-wasm/lodestone/models/tokenizer"
	"github.com/lodestone-wasm/lodestone/models/transformer"
	"github.com/lodestone-wasm/lodestone/weights/safetensors"
	"github.com/lodestone-wasm/lodestone/weights/strictjson"
)

// Folder is a model folder as both sides need it.
type Folder struct {
	Plan       *Plan
	Weights    *Weights             // the server's
	Embeddings *Embeddings          // the client's
	Tokenizer  *tokenizer.Tokenizer // the client's
	Labels     []string
}

// Bytes are the files of a model folder. Tokenizer may be nil at the server.
type Bytes struct{ Config, Weights, Tokenizer []byte }

// OpenBytes opens a model folder for sentences of up to tokens tokens.
func OpenBytes(b Bytes, tokens int) (*Folder, error) {
	document, err := strictjson.ReadDocument(b.Config)
	if err != nil {
		return nil, lean.Errorf("thex: %w: config.json: %w", transformer.ErrConfig, err)
	}
	config, err := transformer.ConfigOf(document)
	if err != nil {
		return nil, err
	}
	labels, err := heads.LabelsOf(document)
	if err != nil {
		return nil, err
	}
	shape, err := ShapeOf(config, tokens, len(labels.Names))
	if err != nil {
		return nil, err
	}
	f := &Folder{Labels: labels.Names}
	if b.Tokenizer != nil {
		if f.Tokenizer, err = tokenizer.Parse(b.Tokenizer); err != nil {
			return nil, err
		}
	}
	header, err := safetensors.ReadHeader(bytes.NewReader(b.Weights), int64(len(b.Weights)))
	if err != nil {
		return nil, err
	}
	return f, f.read(shape, file{header, b.Weights})
}

// read makes the plan of a shape and reads both sides' weights.
func (f *Folder) read(s Shape, from Tensors) (err error) {
	if f.Plan, err = NewPlan(s); err != nil {
		return err
	}
	if f.Weights, err = ReadWeights(s, from); err != nil {
		return err
	}
	f.Embeddings, err = ReadEmbeddings(s, from)
	return err
}

// file is a safetensors file in memory.
type file struct {
	*safetensors.Header
	text []byte
}

// ReadTensor implements [Tensors].
func (f file) ReadTensor(name string) ([]byte, error) {
	t, ok := f.Lookup(name)
	if !ok {
		return nil, lean.Errorf("thex: %w: %q", transformer.ErrMissingTensor, name)
	}
	return f.text[f.DataStart+t.Begin : f.DataStart+t.End], nil
}

// IDs are the tokens of a text, special tokens included. truncated tells whether its end
// was cut off.
func (f *Folder) IDs(text string) (ids []int32, truncated bool, err error) {
	e, err := f.Tokenizer.Encode(text, tokenizer.Options{AddSpecialTokens: true, MaxLength: f.Plan.Tokens})
	return e.IDs, e.Overflowed, err
}
