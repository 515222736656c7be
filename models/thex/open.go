//go:build !js

package thex

import (
	"fmt"
	"os"
	"path/filepath"

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

// OpenFolder opens a model folder of the operating system for sentences of up to tokens
// tokens. It does not verify the manifest: see package folder.
func OpenFolder(dir string, tokens int) (*Folder, error) {
	text, err := os.ReadFile(filepath.Join(dir, "config.json"))
	if err != nil {
		return nil, fmt.Errorf("thex: %w", err)
	}
	doc, err := strictjson.ReadDocument(text)
	if err != nil {
		return nil, fmt.Errorf("thex: %w: config.json: %w", transformer.ErrConfig, err)
	}
	config, err := transformer.ConfigOf(doc)
	if err != nil {
		return nil, err
	}
	labels, err := heads.LabelsOf(doc)
	if err != nil {
		return nil, err
	}
	shape, err := ShapeOf(config, tokens, len(labels.Names))
	if err != nil {
		return nil, err
	}
	f := &Folder{Labels: labels.Names}
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
	if text, err = os.ReadFile(filepath.Join(dir, "tokenizer.json")); err != nil {
		return nil, fmt.Errorf("thex: %w", err)
	}
	f.Tokenizer, err = tokenizer.Parse(text)
	return f, err
}

// IDs are the tokens of a text, special tokens included. truncated tells whether its end
// was cut off.
func (f *Folder) IDs(text string) (ids []int32, truncated bool, err error) {
	e, err := f.Tokenizer.Encode(text, tokenizer.Options{AddSpecialTokens: true, MaxLength: f.Plan.Tokens})
	return e.IDs, e.Overflowed, err
}
