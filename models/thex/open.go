//go:build !js

package thex

import (
	"github.com/lodestone-wasm/lodestone/kernels"
	"github.com/lodestone-wasm/lodestone/models/pipeline"
	"github.com/lodestone-wasm/lodestone/models/tokenizer"
	"github.com/lodestone-wasm/lodestone/weights/folder"
	"github.com/lodestone-wasm/lodestone/weights/safetensors"
)

// Folder is a model folder as both sides need it.
type Folder struct {
	Plan       *Plan
	Weights    *Weights             // the server's
	Embeddings *Embeddings          // the client's
	Tokenizer  *tokenizer.Tokenizer // the client's
	Labels     []string
}

// OpenFolder opens a model folder of the operating system for sentences of up to tokens
// tokens. Its files must be as manifest.json says, if it has one.
func OpenFolder(dir string, tokens int) (*Folder, error) {
	read, err := pipeline.Read(kernels.NewDevice(kernels.NewReference(0)), pipeline.Dir(dir), pipeline.Options{})
	if err != nil {
		return nil, err
	}
	if read.Manifest != nil {
		if err := folder.Verify(dir, nil); err != nil { // the weights are not read by pipeline
			return nil, err
		}
	}
	labels, err := read.Labels()
	if err != nil {
		return nil, err
	}
	shape, err := ShapeOf(read.Config, tokens, len(labels.Names))
	if err != nil {
		return nil, err
	}
	f := &Folder{Labels: labels.Names, Tokenizer: read.Tokenizer}
	if f.Plan, err = NewPlan(shape); err != nil {
		return nil, err
	}
	tensors, err := safetensors.OpenFolder(dir)
	if err != nil {
		return nil, err
	}
	defer tensors.Close()
	if f.Weights, err = ReadWeights(shape, tensors); err != nil {
		return nil, err
	}
	if f.Embeddings, err = ReadEmbeddings(shape, tensors); err != nil {
		return nil, err
	}
	return f, nil
}

// IDs are the tokens of a text, special tokens included. truncated tells whether its end
// was cut off.
func (f *Folder) IDs(text string) (ids []int32, truncated bool, err error) {
	e, err := f.Tokenizer.Encode(text, tokenizer.Options{AddSpecialTokens: true, MaxLength: f.Plan.Tokens})
	return e.IDs, e.Overflowed, err
}
