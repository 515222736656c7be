package main

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"

	"github.com/lodestone-wasm/lodestone/kernels"
	"github.com/lodestone-wasm/lodestone/kernels/simd"
	"github.com/lodestone-wasm/lodestone/models/pipeline"
	"github.com/lodestone-wasm/lodestone/models/tokenizer"
)

// device makes the device that --backend names.
func (f *flags) device() (*kernels.Device, error) {
	switch *f.backend {
	case "simd128":
		b, err := simd.New(context.Background())
		if err != nil {
			return nil, err
		}
		return kernels.NewDevice(b), nil
	case "reference":
		return kernels.NewDevice(kernels.NewReference(0)), nil
	}
	return nil, fmt.Errorf("%w: --backend %q; known: simd128, reference", errUsage, *f.backend)
}

// openModel opens a model folder, with a progress bar. Every command that runs a model
// opens it here.
func (f *flags) openModel(e *env, dir, dtype string, head pipeline.Head) (*pipeline.Model, error) {
	dev, err := f.device()
	if err != nil {
		return nil, err
	}
	bar := newBar(e.err, "loading "+filepath.Base(dir), "B")
	defer bar.end()
	o := pipeline.Options{DType: dtype, Progress: bar.set}
	folder, err := pipeline.Read(dev, pipeline.Dir(dir), o)
	if err != nil {
		return nil, inFolder(dir, err)
	}
	m, err := folder.Load(dev, head, o)
	if err != nil {
		return nil, inFolder(dir, err)
	}
	return m, nil
}

// openTask opens a model folder for a task.
func openTask[T any](f *flags, e *env, dir, dtype string, task pipeline.Task[T]) (T, error) {
	m, err := f.openModel(e, dir, dtype, task.Head)
	if err != nil {
		var none T
		return none, err
	}
	t, err := task.Of(m)
	if err != nil {
		err = inFolder(dir, err)
	}
	return t, err
}

// openTokenizer reads the tokenizer of a model folder.
func (f *flags) openTokenizer(dir string) (*tokenizer.Tokenizer, error) {
	dev, err := f.device()
	if err != nil {
		return nil, err
	}
	t, err := pipeline.ReadTokenizer(dev, pipeline.Dir(dir))
	if err != nil {
		return nil, inFolder(dir, err)
	}
	return t, nil
}

// inFolder names a folder in an error that does not name it.
func inFolder(dir string, err error) error {
	if strings.Contains(err.Error(), filepath.Clean(dir)) {
		return err
	}
	return fmt.Errorf("%s: %w", dir, err)
}
