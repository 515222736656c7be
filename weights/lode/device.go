package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/lodestone-wasm/lodestone/kernels"
	"github.com/lodestone-wasm/lodestone/kernels/simd"
	"github.com/lodestone-wasm/lodestone/models/features"
	"github.com/lodestone-wasm/lodestone/models/tokenizer"
	"github.com/lodestone-wasm/lodestone/models/transformer"
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

// loadTokenizer reads the tokenizer.json of a model folder.
func loadTokenizer(dir string) (*tokenizer.Tokenizer, error) {
	path := filepath.Join(dir, "tokenizer.json")
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%s has no tokenizer.json: a model folder needs config.json, tokenizer.json and model.safetensors: %w", dir, err)
	}
	if err != nil {
		return nil, err
	}
	t, err := tokenizer.Parse(text)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return t, nil
}

// loadExtractor loads a model folder for feature extraction.
func (f *flags) loadExtractor(e *env, dir, dtype string) (*features.Extractor, error) {
	dev, err := f.device()
	if err != nil {
		return nil, err
	}
	t, err := loadTokenizer(dir)
	if err != nil {
		return nil, err
	}
	config, err := os.ReadFile(filepath.Join(dir, "config.json"))
	if err != nil {
		return nil, err
	}
	bar := newBar(e.err, "loading "+filepath.Base(dir), "B")
	m, err := transformer.LoadFolder(dev, dir, transformer.LoadOptions{DType: dtype, Progress: bar.set})
	bar.end()
	if err != nil {
		return nil, fmt.Errorf("%s: %w", dir, err)
	}
	return features.New(m, t, config)
}
