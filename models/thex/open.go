//go:build !js

package thex

import (
	"github.com/lodestone-wasm/lodestone/kernels"
	"github.com/lodestone-wasm/lodestone/models/pipeline"
	"github.com/lodestone-wasm/lodestone/weights/folder"
	"github.com/lodestone-wasm/lodestone/weights/safetensors"
)

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
	tensors, err := safetensors.OpenFolder(dir)
	if err != nil {
		return nil, err
	}
	defer tensors.Close()
	f := &Folder{Labels: labels.Names, Tokenizer: read.Tokenizer}
	return f, f.read(shape, tensors)
}
