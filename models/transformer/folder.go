//go:build !js

package transformer

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/lodestone-wasm/lodestone/kernels"
	"github.com/lodestone-wasm/lodestone/weights/safetensors"
)

// fileStream is a Stream over a file of the operating system.
type fileStream struct {
	f    *os.File
	name string
	size int64
	dev  *kernels.Device
	buf  []byte
}

// OpenFile opens a safetensors file as a Stream into the memory of dev.
func OpenFile(dev *kernels.Device, path string) (Stream, io.Closer, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, nil, err
	}
	info, err := f.Stat()
	if err != nil {
		f.Close()
		return nil, nil, err
	}
	return &fileStream{f: f, name: filepath.Base(path), size: info.Size(), dev: dev, buf: make([]byte, 1<<18)}, f, nil
}

func (s *fileStream) Name() string               { return s.name }
func (s *fileStream) Size() int64                { return s.size }
func (s *fileStream) Read(p []byte) (int, error) { return s.f.Read(p) }

func (s *fileStream) Fill(at uint32, n int) error {
	for n > 0 {
		part := s.buf[:min(n, len(s.buf))]
		if _, err := io.ReadFull(s.f, part); err != nil {
			return err
		}
		s.dev.Write(at, part)
		at += uint32(len(part))
		n -= len(part)
	}
	return nil
}

// LoadFolder loads a Hugging Face folder: config.json and model.safetensors, or the
// shards that model.safetensors.index.json lists.
func LoadFolder(dev *kernels.Device, dir string, o LoadOptions) (*Model, error) {
	text, err := os.ReadFile(filepath.Join(dir, "config.json"))
	if err != nil {
		return nil, err
	}
	c, err := ParseConfig(text)
	if err != nil {
		return nil, err
	}
	return LoadWeights(dev, dir, c, o)
}

// LoadWeights is LoadFolder for a configuration that was read already.
func LoadWeights(dev *kernels.Device, dir string, c *Config, o LoadOptions) (*Model, error) {
	names, err := shardNames(dir)
	if err != nil {
		return nil, err
	}
	var files []Stream
	for _, name := range names {
		s, closer, err := OpenFile(dev, filepath.Join(dir, name))
		if err != nil {
			return nil, err
		}
		defer closer.Close()
		files = append(files, s)
	}
	return Load(dev, c, files, o)
}

func shardNames(dir string) ([]string, error) {
	const single, index = "model.safetensors", "model.safetensors.index.json"
	_, err := os.Stat(filepath.Join(dir, single))
	if err == nil {
		return []string{single}, nil
	}
	if !errors.Is(err, os.ErrNotExist) {
		return nil, err
	}
	text, err := os.ReadFile(filepath.Join(dir, index))
	if errors.Is(err, os.ErrNotExist) {
		return nil, fmt.Errorf("transformer: %s: neither %s nor %s: %w", dir, single, index, os.ErrNotExist)
	}
	if err != nil {
		return nil, err
	}
	x, err := safetensors.ReadIndex(text)
	if err != nil {
		return nil, fmt.Errorf("transformer: %s: %w", index, err)
	}
	return x.Shards, nil
}
